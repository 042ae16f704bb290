package io.fairlead.engine.frame;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/// A sink that writes down each frame as one line of text, a DATA frame when its last piece has come, so that two ways of splitting
/// the same bytes can be compared with `equals`. Checks by itself what every sink may rely on: pieces of a frame follow each other, no
/// piece but the last is marked as the end, and FIN comes only with the end.
final class RecordedFrames implements FrameSink {
    final List<String> frames = new ArrayList<>();
    int pieces;
    private final ByteArrayOutputStream payload = new ByteArrayOutputStream();
    private int openStream;

    @Override
    public void onSynStream(int streamId, int priority, boolean fin, ByteBuf headerBlock) {
        add("SYN_STREAM " + streamId + " priority " + priority + fin(fin) + " block " + ByteBufUtil.hexDump(headerBlock));
    }

    @Override
    public void onSynReply(int streamId, boolean fin, ByteBuf headerBlock) {
        add("SYN_REPLY " + streamId + fin(fin) + " block " + ByteBufUtil.hexDump(headerBlock));
    }

    @Override
    public void onHeaders(int streamId, boolean fin, ByteBuf headerBlock) {
        add("HEADERS " + streamId + fin(fin) + " block " + ByteBufUtil.hexDump(headerBlock));
    }

    @Override
    public void onData(int streamId, ByteBuf source, int index, int length, boolean frameEnd, boolean fin) {
        if (openStream != 0 && openStream != streamId) {
            throw new AssertionError("piece of stream " + streamId + " inside a frame of stream " + openStream);
        }
        if (fin && !frameEnd) {
            throw new AssertionError("FIN on a piece that does not end its frame");
        }
        if (length == 0 && (!frameEnd || openStream != 0)) {
            throw new AssertionError("empty piece of a frame that is not empty");
        }
        pieces++;
        byte[] bytes = new byte[length];
        source.getBytes(index, bytes);
        payload.writeBytes(bytes);
        openStream = frameEnd ? 0 : streamId;
        if (frameEnd) {
            frames.add("DATA " + streamId + fin(fin) + " " + HexFormat.of().formatHex(payload.toByteArray()));
            payload.reset();
        }
    }

    @Override
    public void onRstStream(int streamId, int status) {
        add("RST_STREAM " + streamId + " status " + status);
    }

    @Override
    public void onPing(int id) {
        add("PING " + id);
    }

    @Override
    public void onGoAway(int lastGoodStreamId, int status) {
        add("GOAWAY " + lastGoodStreamId + " status " + status);
    }

    private void add(String frame) {
        if (openStream != 0) {
            throw new AssertionError(frame + " inside a DATA frame of stream " + openStream);
        }
        frames.add(frame);
    }

    private static String fin(boolean fin) {
        return fin ? " FIN" : "";
    }
}

package io.fairlead.engine.frame;

import io.netty.buffer.ByteBuf;

/// Frames to bytes. Every method appends one whole frame to `out`, or writes a header in front of a payload that is already in place, so
/// that a frame is one contiguous range of one buffer. Stateless; any thread. Borrows its buffers.
public final class FrameEncoder {
    private FrameEncoder() {}

    /// Writes the 8-byte DATA header at `index` for `length` payload bytes that follow it.
    ///
    /// @param length 0 to {@link Spdy#LENGTH_MAX}
    public static void dataHeader(ByteBuf buffer, int index, int streamId, boolean fin, int length) {
        assert streamId > 0 && length >= 0 && length <= Spdy.LENGTH_MAX;
        buffer.setInt(index, streamId);
        buffer.setInt(index + 4, (fin ? Spdy.FLAG_FIN << 24 : 0) | length);
    }

    /// An empty DATA frame with FIN: half-closes our direction of `streamId`.
    public static void fin(ByteBuf out, int streamId) {
        out.writeInt(streamId).writeInt(Spdy.FLAG_FIN << 24);
    }

    /// SYN_STREAM at priority 0, the only one at which frames keep the order of their arrival (docs/PROTOCOL.md 3.3).
    ///
    /// @param headers name, value, name, value ...; see {@link HeaderBlockEncoder#encode}
    public static void synStream(ByteBuf out, HeaderBlockEncoder blocks, int streamId, boolean fin, String... headers) {
        int start = out.writerIndex();
        out.writeInt(control(Spdy.SYN_STREAM)).writeInt(0);
        out.writeInt(streamId).writeInt(0).writeShort(0);
        blocks.encode(out, headers);
        length(out, start, fin);
    }

    public static void synReply(ByteBuf out, HeaderBlockEncoder blocks, int streamId, boolean fin, String... headers) {
        int start = out.writerIndex();
        out.writeInt(control(Spdy.SYN_REPLY)).writeInt(0);
        out.writeInt(streamId);
        blocks.encode(out, headers);
        length(out, start, fin);
    }

    /// @param status not 0, which is fatal to the receiver
    public static void rstStream(ByteBuf out, int streamId, int status) {
        assert status != 0;
        out.writeInt(control(Spdy.RST_STREAM)).writeInt(8).writeInt(streamId).writeInt(status);
    }

    /// @param id odd from a client, even from a server; never 0, which is fatal to the receiver
    public static void ping(ByteBuf out, int id) {
        assert id != 0;
        out.writeInt(control(Spdy.PING)).writeInt(4).writeInt(id);
    }

    public static void goAway(ByteBuf out, int lastGoodStreamId, int status) {
        out.writeInt(control(Spdy.GOAWAY)).writeInt(8).writeInt(lastGoodStreamId).writeInt(status);
    }

    private static int control(int type) {
        return 0x8000_0000 | Spdy.VERSION << 16 | type;
    }

    private static void length(ByteBuf out, int start, boolean fin) {
        int length = out.writerIndex() - start - Spdy.HEADER_BYTES;
        out.setInt(start + 4, (fin ? Spdy.FLAG_FIN << 24 : 0) | length);
    }
}

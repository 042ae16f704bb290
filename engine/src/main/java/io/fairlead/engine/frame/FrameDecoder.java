package io.fairlead.engine.frame;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/// Bytes to frames, for both ends of a session. Payload of DATA goes to the sink the moment it arrives, as a range of the input: nothing
/// is gathered or copied but a header or control frame that the input splits. Split headers are the normal case, as Go peers write a
/// frame's fields one by one, each in a TLS record of its own (docs/PROTOCOL.md 3.4).
///
/// Thread: one, the tunnel's event loop. Ownership: borrows what it is fed. Bound: holds at most {@link #CONTROL_BYTES_MAX} bytes.
/// Invariant: between two calls, either a header or control frame is incomplete in `partial`, or `dataLeft` bytes of a DATA frame are awaited.
public final class FrameDecoder {
    /// Largest control frame accepted, without its header. A port-forward header block has some 60 bytes, spdystream's own writer stays
    /// below 1 MiB only; 64 KiB leaves room for odd peers and bounds what a hostile one can make us hold.
    public static final int CONTROL_BYTES_MAX = 64 * 1024;

    private final FrameSink sink;
    /// Collects a header (8 bytes) or a whole control frame (8 + length) that the input splits.
    private final ByteBuf partial = Unpooled.buffer(64, Spdy.HEADER_BYTES + CONTROL_BYTES_MAX);
    private int dataStreamId;
    private int dataLeft;
    private boolean dataFin;

    public FrameDecoder(FrameSink sink) {
        this.sink = sink;
    }

    /// Reads all of `bytes` and moves its reader index to the end. Borrows it.
    ///
    /// @throws FrameException the input is not a SPDY/3 frame sequence; the decoder must not be used again
    public void feed(ByteBuf bytes) {
        int index = bytes.readerIndex();
        int end = bytes.writerIndex();
        while (index < end) {
            if (dataLeft > 0) {
                index = data(bytes, index, end);
            } else if (partial.writerIndex() > 0) {
                index = resume(bytes, index, end);
            } else if (end - index < Spdy.HEADER_BYTES) {
                index = hold(bytes, index, end - index);
            } else {
                index = frame(bytes, index, end);
            }
        }
        bytes.readerIndex(end);
    }

    /// Whether the input so far ends between two frames.
    public boolean atFrameBoundary() {
        return dataLeft == 0 && partial.writerIndex() == 0;
    }

    private int frame(ByteBuf bytes, int index, int end) {
        int word = bytes.getInt(index);
        int length = bytes.getUnsignedMedium(index + 5);
        if (word >= 0) {
            return dataHeader(bytes, index, word, bytes.getByte(index + 4), length);
        }
        int size = controlSize(word, length);
        if (end - index < size) {
            return hold(bytes, index, end - index);
        }
        control(bytes, index, length);
        return index + size;
    }

    private int dataHeader(ByteBuf bytes, int index, int streamId, int flags, int length) {
        if (streamId == 0) {
            throw new FrameException("DATA on stream 0");
        }
        dataStreamId = streamId;
        dataFin = (flags & Spdy.FLAG_FIN) != 0;
        dataLeft = length;
        int payload = index + Spdy.HEADER_BYTES;
        if (length == 0) {
            sink.onData(streamId, bytes, payload, 0, true, dataFin);
        }
        return payload;
    }

    private int data(ByteBuf bytes, int index, int end) {
        int length = Math.min(dataLeft, end - index);
        dataLeft -= length;
        boolean last = dataLeft == 0;
        sink.onData(dataStreamId, bytes, index, length, last, last && dataFin);
        return index + length;
    }

    private int hold(ByteBuf bytes, int index, int length) {
        partial.writeBytes(bytes, index, length);
        return index + length;
    }

    /// Adds to `partial` what its header, then its control frame, still lacks.
    private int resume(ByteBuf bytes, int index, int end) {
        int have = partial.writerIndex();
        int need = Spdy.HEADER_BYTES;
        if (have >= Spdy.HEADER_BYTES) {
            need = controlSize(partial.getInt(0), partial.getUnsignedMedium(5));
        }
        int next = hold(bytes, index, Math.min(need - have, end - index));
        if (partial.writerIndex() < need) {
            return next;
        }
        int word = partial.getInt(0);
        int length = partial.getUnsignedMedium(5);
        if (word >= 0) {
            dataHeader(partial, 0, word, partial.getByte(4), length);
            partial.clear();
        } else if (partial.writerIndex() == controlSize(word, length)) {
            control(partial, 0, length);
            partial.clear();
        }
        return next;
    }

    private static int controlSize(int word, int length) {
        if (length > CONTROL_BYTES_MAX) {
            throw new FrameException("control frame of type " + (word & 0xFFFF) + " with " + length + " bytes; at most " + CONTROL_BYTES_MAX);
        }
        return Spdy.HEADER_BYTES + length;
    }

    /// One whole control frame. The version is not checked, as spdystream does not check it either.
    private void control(ByteBuf bytes, int index, int length) {
        int type = bytes.getUnsignedShort(index + 2);
        boolean fin = (bytes.getByte(index + 4) & Spdy.FLAG_FIN) != 0;
        int body = index + Spdy.HEADER_BYTES;
        switch (type) {
            case Spdy.SYN_STREAM -> {
                need(type, length, 10);
                int priority = bytes.getUnsignedByte(body + 8) >>> 5;
                sink.onSynStream(streamId(bytes, body), priority, fin, bytes.slice(body + 10, length - 10));
            }
            case Spdy.SYN_REPLY -> {
                need(type, length, 4);
                sink.onSynReply(streamId(bytes, body), fin, bytes.slice(body + 4, length - 4));
            }
            case Spdy.HEADERS -> {
                need(type, length, 4);
                sink.onHeaders(streamId(bytes, body), fin, bytes.slice(body + 4, length - 4));
            }
            case Spdy.RST_STREAM -> {
                need(type, length, 8);
                sink.onRstStream(streamId(bytes, body), bytes.getInt(body + 4));
            }
            case Spdy.PING -> {
                need(type, length, 4);
                sink.onPing(bytes.getInt(body));
            }
            case Spdy.GOAWAY -> {
                need(type, length, 8);
                sink.onGoAway(bytes.getInt(body) & Spdy.STREAM_ID_MAX, bytes.getInt(body + 4));
            }
            case Spdy.SETTINGS, Spdy.WINDOW_UPDATE -> { } // parsed and dropped by every Go peer; nobody grants windows here
            default -> throw new FrameException("control frame of unknown type " + type);
        }
    }

    private static int streamId(ByteBuf bytes, int index) {
        return bytes.getInt(index) & Spdy.STREAM_ID_MAX;
    }

    private static void need(int type, int length, int bytes) {
        if (length < bytes) {
            throw new FrameException("control frame of type " + type + " has " + length + " bytes, needs " + bytes);
        }
    }
}

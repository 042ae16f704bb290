package io.fairlead.engine.frame;

/// Numbers that the SPDY/3 draft sets, as moby/spdystream uses them. "3.1" changes nothing on this wire: there is no flow control.
/// Source: SPDY/3 draft section 2.6; docs/PROTOCOL.md 3.1.
public final class Spdy {
    /// Bytes in front of every frame, control and data alike.
    public static final int HEADER_BYTES = 8;
    /// Largest value of the 24-bit length field; spdystream accepts a DATA frame of this size and reads it whole before it dispatches.
    public static final int LENGTH_MAX = 0xFF_FFFF;
    public static final int STREAM_ID_MAX = Integer.MAX_VALUE;

    public static final int VERSION = 3;
    public static final int SYN_STREAM = 1;
    public static final int SYN_REPLY = 2;
    public static final int RST_STREAM = 3;
    public static final int SETTINGS = 4;
    public static final int PING = 6;
    public static final int GOAWAY = 7;
    public static final int HEADERS = 8;
    public static final int WINDOW_UPDATE = 9;

    /// Flag of DATA, SYN_STREAM, SYN_REPLY and HEADERS: the sender's direction of the stream ends here.
    public static final int FLAG_FIN = 0x01;

    /// RST_STREAM status; spdystream sends only these two.
    public static final int PROTOCOL_ERROR = 1;
    public static final int CANCEL = 5;

    /// spdystream's frame workers: a frame of stream `id` goes to worker `id % WORKERS`, PING n (counted from 0) to worker `n % WORKERS`.
    /// Source: moby/spdystream connection.go, `FRAME_WORKERS`; docs/PROTOCOL.md 3.5.
    public static final int WORKERS = 5;
    /// Frames that wait in one worker's queue before the peer's reader blocks, and with it the whole session. Source: `QUEUE_SIZE`, same place.
    public static final int WORKER_QUEUE_FRAMES = 50;

    private Spdy() {}
}

package io.fairlead.engine.session;

import io.netty.buffer.ByteBuf;

/// The one interface through which a session speaks; the tunnel implements it. Frames leave in call order. Nothing here blocks or fails:
/// what a broken channel cannot take is released and dropped, as the session hears of its loss.
public interface FrameOut {
    /// Bytes in front of a payload's reader index that belong to the frame header, so that a frame is one buffer.
    int HEADROOM = 8;

    /// SYN_STREAM of one half of a pair.
    void synStream(int streamId, boolean fin, String streamType, int port, int requestId);

    /// SYN_STREAM without any header, which the runtime answers by RST.
    void synStreamToRefuse(int streamId);

    /// One DATA frame without FIN. Takes `payload`, which has {@link #HEADROOM} writable bytes in front of its reader index.
    void data(int streamId, ByteBuf payload);

    void fin(int streamId);

    /// RST_STREAM with status CANCEL.
    void reset(int streamId);

    void ping(int id);
}

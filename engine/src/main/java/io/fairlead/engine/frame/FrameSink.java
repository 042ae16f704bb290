package io.fairlead.engine.frame;

import io.netty.buffer.ByteBuf;

/// What a {@link FrameDecoder} calls, in wire order, on the thread that feeds it. Every buffer is borrowed: valid during the call,
/// to be retained (or sliced with `retainedSlice`) by whoever keeps it, and its indices are not to be moved.
public interface FrameSink {
    /// A stream opened by the peer. `headerBlock` is the whole compressed block, at most {@link FrameDecoder#CONTROL_BYTES_MAX}.
    void onSynStream(int streamId, int priority, boolean fin, ByteBuf headerBlock);

    void onSynReply(int streamId, boolean fin, ByteBuf headerBlock);

    void onHeaders(int streamId, boolean fin, ByteBuf headerBlock);

    /// One piece of a DATA frame: bytes `[index, index + length)` of `source`. A frame arrives in as many pieces as the input was split
    /// into; `frameEnd` is true on its last one and `fin` only there. `length` is 0 for an empty frame.
    void onData(int streamId, ByteBuf source, int index, int length, boolean frameEnd, boolean fin);

    void onRstStream(int streamId, int status);

    void onPing(int id);

    void onGoAway(int lastGoodStreamId, int status);
}

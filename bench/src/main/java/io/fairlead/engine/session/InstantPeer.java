package io.fairlead.engine.session;

import io.netty.buffer.ByteBuf;

/// A session's other side for benchmarks: drops what it gets, and answers pings at the end of each burst. Time moves by a microsecond a burst.
final class InstantPeer implements FrameOut {
    /// A local side that wants nothing.
    static final Downstream NOBODY = new Downstream() {
        @Override
        public void onData(ByteBuf source, int index, int length) {}

        @Override
        public void onUpstreamReady() {}

        @Override
        public void onClosed(CloseReason why) {}

        @Override
        public void onForgotten() {}
    };

    final Session session = new Session(this, 0);
    /// A port that is known to accept: payload leaves at once.
    final PortHistory known = new PortHistory();
    long dataFrames;
    long dataBytes;
    long otherFrames;
    private final int[] pings = new int[64];
    private int pingsHeld;
    private long nowNanos;

    InstantPeer() {
        known.accepted();
    }

    void begin() {
        nowNanos += 1000;
        session.begin(nowNanos);
    }

    void endBurst() {
        session.beforeFlush();
        int count = pingsHeld;
        pingsHeld = 0;
        for (int i = 0; i < count; i++) {
            session.onPing(pings[i]);
        }
    }

    @Override
    public void data(int streamId, ByteBuf payload) {
        dataFrames++;
        dataBytes += payload.readableBytes();
        payload.release();
    }

    @Override
    public void ping(int id) {
        pings[pingsHeld++] = id;
    }

    @Override
    public void synStream(int streamId, boolean fin, String streamType, int port, int requestId) {
        otherFrames++;
    }

    @Override
    public void synStreamToRefuse(int streamId) {
        throw new IllegalStateException("a probe, though all pings are answered");
    }

    @Override
    public void fin(int streamId) {
        otherFrames++;
    }

    @Override
    public void reset(int streamId) {
        otherFrames++;
    }
}

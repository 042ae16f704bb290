package io.fairlead.engine.session;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fairlead.engine.testkit.FakeClock;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// A real {@link Session} on no channel: what it sends is written down, what the peer says is called by the test.
final class InMemoryTunnel implements FrameOut {
    final FakeClock clock = new FakeClock();
    final UnpooledByteBufAllocator alloc = new UnpooledByteBufAllocator(true, true); // its own, so that it can be asked what is not released
    final Session session = new Session(this, clock.nowNanos());
    final List<SentFrame> sent = new ArrayList<>();
    final List<LocalEnd> locals = new ArrayList<>();
    /// A port that is known to accept: payload leaves at once.
    final PortHistory known = new PortHistory();
    Consumer<SentFrame> onSent = _ -> { };

    InMemoryTunnel() {
        known.accepted();
    }

    // ---- our side

    LocalEnd open() {
        return open(80, known);
    }

    LocalEnd open(int port, PortHistory history) {
        var local = new LocalEnd(alloc);
        locals.add(local);
        begin();
        local.pair = session.open(port, history, local);
        return local;
    }

    /// As many pairs as it takes for one on each lane, in the order of the lanes.
    LocalEnd[] openOnEachLane() {
        var byLane = new LocalEnd[5];
        for (int i = 0; i < 5; i++) {
            LocalEnd local = open();
            byLane[local.pair.lane.index] = local;
        }
        return byLane;
    }

    void begin() {
        session.begin(clock.nowNanos());
    }

    String tick() {
        begin();
        String dead = session.tick();
        session.beforeFlush();
        return dead;
    }

    /// Time passes, with a tick whenever one is due and, every five seconds, a look for what expired.
    void pass(long millis) {
        for (long left = millis; left > 0; left -= 10) {
            clock.advanceMillis(Math.min(10, left));
            assertEquals(null, tick());
            if (clock.nowNanos() / 1_000_000 % 5000 < 10) {
                session.expire();
            }
        }
    }

    /// What was sent since the last call, without pings.
    List<String> said() {
        List<String> texts = sent.stream().filter(f -> f.kind() != SentFrame.Kind.PING).map(SentFrame::toString).toList();
        sent.clear();
        return texts;
    }

    void assertNothingHeld() {
        assertEquals(0, alloc.metric().usedDirectMemory(), "bytes of buffers that were not released");
    }

    // ---- the peer's side

    void reply(LocalEnd local) {
        begin();
        session.onSynReply(local.pair.errorId, false, Unpooled.EMPTY_BUFFER);
        session.onSynReply(local.pair.dataId, false, Unpooled.EMPTY_BUFFER);
    }

    void data(int streamId, String text, boolean fin) {
        begin();
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        session.onData(streamId, Unpooled.wrappedBuffer(bytes), 0, bytes.length, true, fin);
    }

    void fromPod(LocalEnd local, String text) {
        data(local.pair.dataId, text, false);
    }

    void podEof(LocalEnd local) {
        data(local.pair.dataId, "", true);
    }

    void errorText(LocalEnd local, String text) {
        data(local.pair.errorId, text, false);
    }

    void errorEof(LocalEnd local) {
        data(local.pair.errorId, "", true);
    }

    void peerResets(int streamId) {
        begin();
        session.onRstStream(streamId, 5);
    }

    /// Answers every ping that was not answered yet.
    void pongs() {
        begin();
        for (SentFrame frame : List.copyOf(sent)) {
            if (frame.kind() == SentFrame.Kind.PING) {
                sent.remove(frame);
                session.onPing(frame.id());
            }
        }
    }

    // ---- FrameOut

    private void sent(SentFrame frame) {
        sent.add(frame);
        onSent.accept(frame);
    }

    @Override
    public void synStream(int streamId, boolean fin, String streamType, int port, int requestId) {
        assertEquals(streamType.equals("error"), fin, "only the error stream is half-closed at once");
        sent(new SentFrame(SentFrame.Kind.SYN, streamId, streamType, port, requestId, new byte[0]));
    }

    @Override
    public void synStreamToRefuse(int streamId) {
        sent(SentFrame.of(SentFrame.Kind.PROBE, streamId));
    }

    @Override
    public void data(int streamId, ByteBuf payload) {
        assertEquals(true, payload.readerIndex() >= HEADROOM, "no room for the header");
        byte[] bytes = new byte[payload.readableBytes()];
        payload.readBytes(bytes);
        payload.release();
        sent(new SentFrame(SentFrame.Kind.DATA, streamId, "", 0, 0, bytes));
    }

    @Override
    public void fin(int streamId) {
        sent(SentFrame.of(SentFrame.Kind.FIN, streamId));
    }

    @Override
    public void reset(int streamId) {
        sent(SentFrame.of(SentFrame.Kind.RST, streamId));
    }

    @Override
    public void ping(int id) {
        sent(SentFrame.of(SentFrame.Kind.PING, id));
    }
}

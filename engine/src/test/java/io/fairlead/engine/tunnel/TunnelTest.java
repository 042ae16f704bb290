package io.fairlead.engine.tunnel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.engine.Limits;
import io.fairlead.engine.frame.FrameDecoder;
import io.fairlead.engine.frame.FrameEncoder;
import io.fairlead.engine.frame.FrameSink;
import io.fairlead.engine.frame.HeaderBlockDecoder;
import io.fairlead.engine.frame.HeaderBlockEncoder;
import io.fairlead.engine.session.CloseReason;
import io.fairlead.engine.session.Downstream;
import io.fairlead.engine.session.FrameOut;
import io.fairlead.engine.session.PortHistory;
import io.fairlead.engine.session.StreamPair;
import io.fairlead.engine.testkit.LeakCheck;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class TunnelTest {
    private static final class Flushes extends ChannelOutboundHandlerAdapter {
        int count;

        @Override
        public void flush(ChannelHandlerContext ctx) {
            count++;
            ctx.flush();
        }
    }

    private static final class Local implements Downstream {
        final StringBuilder received = new StringBuilder();
        StreamPair pair;
        CloseReason closed;
        int forgotten;

        @Override
        public void onData(ByteBuf source, int index, int length) {
            received.append(source.toString(index, length, StandardCharsets.UTF_8));
        }

        @Override
        public void onUpstreamReady() {}

        @Override
        public void onClosed(CloseReason why) {
            closed = why;
        }

        @Override
        public void onForgotten() {
            forgotten++;
        }
    }

    /// What the peer reads.
    private static final class Read implements FrameSink {
        final List<String> frames = new ArrayList<>();
        final HeaderBlockDecoder blocks = new HeaderBlockDecoder();
        final FrameDecoder decoder = new FrameDecoder(this);
        private ByteBuf data = Unpooled.buffer();

        @Override
        public void onSynStream(int streamId, int priority, boolean fin, ByteBuf headerBlock) {
            frames.add("SYN " + streamId + (fin ? " FIN " : " ") + blocks.decode(headerBlock) + (priority == 0 ? "" : " priority " + priority));
        }

        @Override
        public void onSynReply(int streamId, boolean fin, ByteBuf headerBlock) {
            frames.add("REPLY");
        }

        @Override
        public void onHeaders(int streamId, boolean fin, ByteBuf headerBlock) {
            frames.add("HEADERS");
        }

        @Override
        public void onData(int streamId, ByteBuf source, int index, int length, boolean frameEnd, boolean fin) {
            data.writeBytes(source, index, length);
            if (frameEnd) {
                int size = data.readableBytes();
                frames.add("DATA " + streamId + (fin ? " FIN" : "") + (size > 20 ? " of " + size : " " + data.toString(StandardCharsets.UTF_8)));
                data = Unpooled.buffer();
            }
        }

        @Override
        public void onRstStream(int streamId, int status) {
            frames.add("RST " + streamId + " " + status);
        }

        @Override
        public void onPing(int id) {
            frames.add("PING " + id);
        }

        @Override
        public void onGoAway(int lastGoodStreamId, int status) {
            frames.add("GOAWAY " + lastGoodStreamId + " " + status);
        }
    }

    private final Flushes flushes = new Flushes();
    private final Tunnel tunnel = new Tunnel("web-1", 80);
    private final EmbeddedChannel channel = new EmbeddedChannel(flushes, tunnel);
    private final Read peer = new Read();
    private final PortHistory history = new PortHistory();
    private final List<Local> locals = new ArrayList<>();

    @AfterEach
    void theEndOfTheChannelEndsAll() {
        channel.finishAndReleaseAll();
        assertTrue(tunnel.closed().toCompletableFuture().isDone());
        for (Local local : locals) {
            assertFalse(local.closed == null);
            assertEquals(1, local.forgotten);
        }
        peer.blocks.close();
    }

    /// And its loop looks at the clock only when a test lets time pass: that would be a flush more.
    @BeforeEach
    void theChannelTakesAsMuchAsARealOne() {
        channel.freezeTime();
        channel.config().setWriteBufferWaterMark(new WriteBufferWaterMark(Limits.SESSION_QUEUE_LOW_BYTES, Limits.SESSION_QUEUE_HIGH_BYTES));
    }

    private Local open() {
        var local = new Local();
        locals.add(local);
        local.pair = tunnel.open(80, history, local);
        return local;
    }

    /// A pair whose port is known to accept.
    private Local openAccepted() {
        Local local = open();
        sent();
        in(reply(local));
        in(data(local, "!"));
        local.received.setLength(0);
        return local;
    }

    private void send(Local local, int length) {
        ByteBuf payload = channel.alloc().directBuffer(FrameOut.HEADROOM + length).setIndex(FrameOut.HEADROOM, FrameOut.HEADROOM);
        tunnel.begin();
        local.pair.send(payload.writeZero(length));
    }

    /// Frames that reached the wire since the last call, pings left out.
    private List<String> sent() {
        channel.runPendingTasks();
        for (ByteBuf bytes; (bytes = channel.readOutbound()) != null; bytes.release()) {
            peer.decoder.feed(bytes);
        }
        var frames = peer.frames.stream().filter(f -> !f.startsWith("PING")).toList();
        peer.frames.clear();
        return frames;
    }

    private void in(ByteBuf bytes) {
        channel.writeInbound(bytes);
    }

    private int dataId(Local local) {
        return locals.indexOf(local) == 0 ? 15 : 31; // the second pair is the second lane's
    }

    private ByteBuf reply(Local local) {
        ByteBuf out = channel.alloc().buffer();
        FrameEncoder.synReply(out, new HeaderBlockEncoder(), dataId(local), false);
        return out;
    }

    private ByteBuf data(Local local, String text) {
        ByteBuf out = channel.alloc().buffer().writeZero(8).writeBytes(text.getBytes(StandardCharsets.UTF_8));
        FrameEncoder.dataHeader(out, 0, dataId(local), false, text.length());
        return out;
    }

    @Test
    void aPairOpensWithTwoStreamsInOneWriteAndOneFlush() {
        open();
        channel.runPendingTasks();
        assertEquals(1, flushes.count);
        assertEquals(1, channel.outboundMessages().size(), "one buffer");
        assertEquals(List.of("SYN 5 FIN {streamtype=error, port=80, requestid=0}", "SYN 15 {streamtype=data, port=80, requestid=0}"), sent());
    }

    @Test
    void smallAndLargePayloadsLeaveInTheirOrderAsTheyAre() {
        Local first = openAccepted();
        send(first, 100);
        send(first, Limits.COALESCE_BYTES);
        send(first, 30);
        send(first, Limits.COALESCE_BYTES - 1);
        send(first, 120_000);
        assertEquals(List.of("DATA 15 of 100", "DATA 15 of 4096", "DATA 15 of 30", "DATA 15 of 4095", "DATA 15 of 120000"), sent());
    }

    @Test
    void smallPayloadsOfATurnShareABufferAndAFlush() {
        Local local = openAccepted();
        int before = flushes.count;
        for (int i = 0; i < 10; i++) {
            send(local, 1_000);
        }
        channel.runPendingTasks();
        assertEquals(1, channel.outboundMessages().size());
        assertEquals(before + 1, flushes.count);
        assertEquals(10, sent().size());
    }

    @Test
    void whatThePodSendsReachesItsPairWhateverTheSplit() {
        Local local = openAccepted();
        ByteBuf bytes = data(local, "hello");
        while (bytes.isReadable()) {
            in(bytes.readBytes(1));
        }
        bytes.release();
        assertEquals("hello", local.received.toString());
    }

    @Test
    void aLocalSocketIsFlushedOnceABurst() {
        Local local = openAccepted();
        int[] flushed = new int[1];
        tunnel.flushLater(() -> flushed[0]++);
        channel.writeInbound(data(local, "a"), data(local, "b"));
        assertEquals(1, flushed[0]);
        channel.writeInbound(data(local, "c"));
        assertEquals(1, flushed[0]);
        assertEquals("abc", local.received.toString());
    }

    @Test
    void aGoAwayEndsTheTunnelAndItsPairs() {
        Local local = open();
        ByteBuf bytes = channel.alloc().buffer();
        FrameEncoder.goAway(bytes, 0, 0);
        in(bytes);
        assertEquals(new CloseReason.SessionLost("the server said go-away"), local.closed);
        assertFalse(channel.isOpen());
        assertFalse(tunnel.isAccepting());
        assertEquals(1, tunnel.pairsAtEnd());
        assertNull(tunnel.open(80, history, new Local()));
    }

    @Test
    void anUnknownControlFrameEndsTheTunnel() {
        Local local = open();
        in(Unpooled.copyInt(0x8003_00FF, 0));
        assertInstanceOf(CloseReason.SessionLost.class, local.closed);
        assertTrue(local.closed.text().contains("no SPDY frame"), local.closed.text());
        assertFalse(channel.isOpen());
    }

    @Test
    void theEndOfTheConnectionEndsEveryPairOnce() {
        Local first = open();
        Local second = open();
        channel.close();
        channel.runPendingTasks();
        assertInstanceOf(CloseReason.SessionLost.class, first.closed);
        assertInstanceOf(CloseReason.SessionLost.class, second.closed);
        assertEquals(2, tunnel.pairsAtEnd());
    }

    /// A loop says nothing of a scheduled task that throws, and the session would be watched no more.
    @Test
    void aBugInWhatTheClockDoesEndsTheTunnel() {
        Local local = open();
        tunnel.behind(() -> {
            throw new IllegalStateException("a bug");
        }, true);
        channel.advanceTimeBy(1, TimeUnit.SECONDS);
        channel.runScheduledPendingTasks();
        assertEquals(new CloseReason.SessionLost("the connection to the API server failed: a bug"), local.closed);
        assertFalse(channel.isOpen());
    }

    @Test
    void closingResetsPairsSaysGoAwayAndCloses() {
        Local local = open();
        sent();
        tunnel.close();
        tunnel.close();
        assertEquals(List.of("RST 15 5", "GOAWAY 0 0"), sent());
        assertEquals(new CloseReason.Stopped(), local.closed);
        assertEquals(new CloseReason.Stopped(), tunnel.closed().toCompletableFuture().join());
        assertFalse(channel.isOpen());
    }

    @Test
    void aRetiredTunnelClosesWithItsLastConnection() {
        tunnel.placed(0, 0);
        tunnel.retire();
        assertTrue(channel.isOpen());
        assertFalse(tunnel.isAccepting());
        tunnel.gone(0);
        assertFalse(channel.isOpen());
    }

    @Test
    void bytesOfADataFrameAreTheSameOnTheWire() {
        Local local = openAccepted();
        byte[] bytes = new byte[10_000];
        new java.util.Random(1).nextBytes(bytes);
        tunnel.begin();
        local.pair.send(channel.alloc().directBuffer(8 + bytes.length).setIndex(8, 8).writeBytes(bytes));
        channel.runPendingTasks();
        ByteBuf frame = channel.readOutbound();
        byte[] sent = new byte[bytes.length];
        frame.skipBytes(8).readBytes(sent).release();
        assertArrayEquals(bytes, sent);
    }
}

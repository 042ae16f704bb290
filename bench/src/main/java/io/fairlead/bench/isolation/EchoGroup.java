package io.fairlead.bench.isolation;

import io.fairlead.testbed.load.Unanswered;
import io.fairlead.testbed.loop.Loops;
import io.fairlead.testbed.pod.Pattern;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/// Connections that exchange small messages with an echo from the moment they are open, through any number of measured phases, and of each of which
/// is known how long it ever had to wait. All bytes that come back are compared.
///
/// Closed loop: the next message leaves when the last one is back. With a rate each connection sends on a schedule of its own, whatever came back,
/// and is timed from the moment at which a message was meant to leave.
///
/// Each phase counts the waiting within itself: a message from before it is timed from its begin, and what is unanswered at its end is a sample of
/// that phase, see {@link Unanswered}, and goes on to wait in the next. With a rate these are all that were meant to leave meanwhile.
///
/// Thread: the caller's; the connections live on an event loop of the group's own.
final class EchoGroup implements AutoCloseable {
    private static final int MESSAGE_BYTES = 64;
    private static final long WAITED_NANOS = 1_000_000_000L;

    /// What one phase came to.
    ///
    /// @param asked connections that were to be
    /// @param opened connections that were opened
    /// @param alive those of them that have not ended, of themselves or by an error
    /// @param waited connections that had nothing back for more than a second while they waited for something
    /// @param silenceMillis the longest such time of any connection, also below a second
    /// @param unanswered connections that still wait for their first answer at the end
    /// @param errors of the group since it was opened: what broke in an earlier phase is broken in this one
    record Phase(double seconds, long ops, Histogram latencyNanos, int asked, int opened, int alive, int waited, double silenceMillis, int unanswered,
            Map<String, Long> errors) {
        double opsPerSecond() {
            return ops / seconds;
        }

        double millis(double percentile) {
            return latencyNanos.getValueAtPercentile(percentile) / 1e6;
        }

        /// Connections that run, of those that should, such as `197/200!`.
        String aliveText() {
            return alive + "/" + asked + (alive < asked ? "!" : "");
        }

        long errorCount() {
            return errors.values().stream().mapToLong(Long::longValue).sum();
        }

        Map<String, Object> values() {
            var all = new LinkedHashMap<String, Object>();
            all.put("seconds", seconds);
            all.put("ops_per_s", opsPerSecond());
            all.put("p50_ms", millis(50));
            all.put("p99_ms", millis(99));
            all.put("p99.9_ms", millis(99.9));
            all.put("max_ms", latencyNanos.getMaxValue() / 1e6);
            all.put("connections", asked);
            all.put("opened", opened);
            all.put("alive", alive);
            all.put("waited_1s", waited);
            all.put("silence_ms_max", silenceMillis);
            all.put("unanswered", unanswered);
            all.put("errors", errors);
            return all;
        }
    }

    private final Loops loops = Loops.start("echo", 1);
    private final EventLoop loop = loops.next();
    private final long periodNanos;
    private final int asked;
    private final List<One> all = new ArrayList<>();
    private final Histogram latency = new Histogram(3);
    private final Map<String, Long> errors = new TreeMap<>();
    private long ops;
    private long phaseNanos;
    private boolean over;

    /// @param ratePerSecond messages of all connections together; 0 for a closed loop
    EchoGroup(double ratePerSecond, int connections) {
        asked = connections;
        periodNanos = ratePerSecond > 0 ? (long) (1e9 * connections / ratePerSecond) : 0;
    }

    /// Opens `connections`, in turn to the addresses; they begin at once. Their local sockets are connected when this returns.
    ///
    /// @param select first line of each, or ""
    static EchoGroup open(InetSocketAddress address, String select, int connections, double ratePerSecond) throws InterruptedException {
        var group = new EchoGroup(ratePerSecond, connections);
        group.begin();
        for (int i = 0; i < connections; i++) {
            One one = group.new One(i, select);
            ChannelFuture connected = group.loops.client(group.loop).handler(one).connect(address).await();
            if (!connected.isSuccess()) {
                group.onLoop(() -> group.error("connect: " + connected.cause().getMessage()));
            }
        }
        return group;
    }

    /// A phase begins: nothing of before counts, but for errors and for connections that have ended.
    void begin() throws InterruptedException {
        onLoop(() -> {
            ops = 0;
            latency.reset();
            phaseNanos = System.nanoTime();
            all.forEach(one -> one.silenceNanos = 0);
        });
    }

    /// The phase ends. The connections go on.
    Phase end() throws InterruptedException {
        var phase = new Phase[1];
        onLoop(() -> {
            long now = System.nanoTime();
            var waits = new Unanswered();
            all.forEach(one -> one.finish(now, waits));
            Histogram samples = latency.copy();
            waits.recordIn(samples);
            phase[0] = new Phase((now - phaseNanos) / 1e9, ops, samples, asked, all.size(), (int) all.stream().filter(one -> !one.ended).count(),
                    (int) all.stream().filter(one -> one.silenceNanos > WAITED_NANOS).count(),
                    all.stream().mapToLong(one -> one.silenceNanos).max().orElse(0) / 1e6,
                    (int) all.stream().filter(one -> one.received == 0).count(), new TreeMap<>(errors));
        });
        return phase[0];
    }

    @Override
    public void close() {
        try {
            onLoop(() -> {
                over = true;
                all.forEach(one -> one.ctx.close());
            });
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        loops.close();
    }

    private void error(String kind) {
        errors.merge(kind, 1L, Long::sum);
    }

    private void onLoop(Runnable work) throws InterruptedException {
        try {
            loop.submit(work).get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    private final class One extends ChannelInboundHandlerAdapter {
        private final int index;
        private final long start;
        private final String select;
        private final ArrayDeque<Long> meant = new ArrayDeque<>();
        private ChannelHandlerContext ctx;
        private long sent;
        private long received;
        private long silenceNanos;
        private long answeredNanos;
        private boolean ended;

        One(int index, String select) {
            this.index = index;
            this.start = index * 1009L;
            this.select = select;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            ctx = context;
            all.add(this);
            if (!select.isEmpty()) {
                ctx.write(Unpooled.copiedBuffer(select + "\n", StandardCharsets.US_ASCII), ctx.voidPromise());
            }
            answeredNanos = System.nanoTime();
            if (periodNanos == 0) {
                send(answeredNanos);
            } else {
                due(answeredNanos + periodNanos * (index % 100) / 100);
            }
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            try {
                if (received + bytes.readableBytes() > sent || Pattern.mismatch(start + received, bytes.nioBuffer()) >= 0) {
                    fail("wrong byte");
                    return;
                }
                long before = received / MESSAGE_BYTES;
                received += bytes.readableBytes();
                for (long done = received / MESSAGE_BYTES - before; done > 0; done--) {
                    answered();
                }
            } finally {
                bytes.release();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            fail("closed");
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            fail(String.valueOf(cause.getMessage()));
        }

        /// The phase ends: each message without an answer.
        void finish(long now, Unanswered waits) {
            if (!ended && !meant.isEmpty()) {
                waited(now);
                meant.forEach(at -> waits.add(inPhase(now, at)));
            }
        }

        private void due(long at) {
            long delay = at - System.nanoTime();
            if (delay > 0) {
                loop.schedule(() -> due(at), delay, TimeUnit.NANOSECONDS);
            } else if (!ended && !over) {
                send(at);
                due(at + periodNanos);
            }
        }

        private void send(long at) {
            meant.add(at);
            ctx.writeAndFlush(Pattern.slice(start + sent, MESSAGE_BYTES), ctx.voidPromise());
            sent += MESSAGE_BYTES;
        }

        private void answered() {
            long now = System.nanoTime();
            waited(now);
            ops++;
            latency.recordValue(Math.max(0, inPhase(now, meant.remove())));
            answeredNanos = now;
            if (periodNanos == 0 && !over) {
                send(now);
            }
        }

        /// How much of the time from `at` to `now` is in this phase.
        private long inPhase(long now, long at) {
            return Math.min(now - at, now - phaseNanos);
        }

        /// From the phase's begin, the last answer or the oldest message on its way, whichever was last.
        private void waited(long now) {
            long since = Math.max(answeredNanos - phaseNanos, Math.max(0, meant.peek() - phaseNanos)) + phaseNanos;
            silenceNanos = Math.max(silenceNanos, now - since);
        }

        private void fail(String kind) {
            if (!ended) {
                ended = true;
                if (!over) {
                    error(kind);
                }
                ctx.close();
            }
        }
    }
}

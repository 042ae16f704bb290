package io.fairlead.testbed.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fairlead.testbed.loop.Loops;
import io.fairlead.testbed.pod.Pattern;
import io.fairlead.testbed.pod.PodBehaviour;
import io.fairlead.testbed.pod.PodMain;
import io.fairlead.testbed.pod.PodServer;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.SocketChannel;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The generator against servers on loopback: it counts what there is, and finds what is wrong.
class LoadIT {
    private final Loops loops = Loops.start("server", 1);

    @AfterEach
    void stop() {
        loops.close();
    }

    @ParameterizedTest(name = "{0} against {1}")
    @CsvSource({"download, source", "upload, check", "upload-blind, sink", "rr, echo", "rr-open, echo", "connect, echo", "echo, echo"})
    void timedModesMoveVerifiedBytesWithoutAnError(String mode, String server) throws Exception {
        LoadResult result = run(LoadIT::hasMoved, mode, PodMain.behaviour(server), "connections", "4", "warmup", "0.1", "seconds", "0.5");
        assertEquals(Map.of(), result.errors());
        assertTrue(result.bytes() > 0 || result.ops() > 0, result::json);
        assertTrue(result.verifiedBytes() > 0 || mode.equals("upload-blind"), result::json);
        assertTrue(result.seconds() >= 0.5, result::json);
    }

    @ParameterizedTest(name = "{0} against {1}")
    @CsvSource({"hash, echo, 20", "hash-up, hash, 20", "hash-down, source, 20", "idle, echo, 20", "client-reset, echo, 30", "churn, echo, 30"})
    void countedModesDoAllTheirWork(String mode, String server, long ops) throws Exception {
        LoadResult result = run(mode, PodMain.behaviour(server), "connections", "20", "bytes", "300000", "count", "30", "idle", "0.1", "deadline", "20");
        assertEquals(Map.of(), result.errors());
        assertEquals(ops, result.ops());
        if (mode.startsWith("hash")) {
            assertEquals(20 * 300_000, result.verifiedBytes());
        }
    }

    @ParameterizedTest(name = "{0} of {1}")
    @CsvSource({"download, source", "upload, check", "rr, echo"})
    void oneServerOfManyBehavioursIsToldWhichToBe(String mode, String behaviour) throws Exception {
        LoadResult result = run(LoadIT::hasMoved, mode, PodBehaviour.any(), "select", behaviour, "connections", "3", "warmup", "0", "seconds", "0.3");
        assertEquals(Map.of(), result.errors());
        assertTrue(result.verifiedBytes() > 0, result::json);
    }

    @Test
    void howABurstOfConnectionsEndsIsCounted() throws Exception {
        assertEquals(Map.of("reset", 40L), run("burst", PodBehaviour.reset(), "connections", "4", "count", "40").outcomes());
        LoadResult closed = run("burst", PodBehaviour.close(), "connections", "4", "count", "40");
        assertEquals(40, closed.outcomes().values().stream().mapToLong(Long::longValue).sum());
        assertTrue(closed.outcomes().keySet().stream().allMatch(outcome -> outcome.startsWith("data, then ")), closed::json);
    }

    @Test
    void aRefusedConnectionIsAnErrorByName() throws Exception {
        PodServer server = PodServer.listen(loops, PodBehaviour.echo(), "127.0.0.1", 0);
        int port = server.port();
        server.close();
        var spec = LoadSpec.of(Mode.RR, new InetSocketAddress("127.0.0.1", port)).with("connections", "3").with("seconds", "0.1").with("warmup", "0");
        assertEquals(Map.of("connect: refused", 3L), Load.run(List.of(spec), Load.Window.IGNORED).getFirst().errors());
    }

    @ParameterizedTest(name = "{0}: {2}")
    @CsvSource({"download, 1, wrong byte", "echo, 1, wrong byte", "rr, 2, wrong byte", "rr-open, 2, wrong byte", "hash, 2, not done after 2 s", "hash-down, 1, SHA-256 differs"})
    void aLostByteIsFound(String mode, int connections, String error) throws Exception {
        var server = new LosesOneByte(mode.startsWith("rr") ? 1000 : 200_000, mode.equals("download") || mode.equals("hash-down"));
        LoadResult result = run(LoadIT::hasFailed, mode, server, "connections", Integer.toString(connections), "warmup", "0", "seconds", "0.1",
                "message", "64", "bytes", "1000000", "deadline", mode.equals("hash") ? "2" : "60");
        assertTrue(result.errors().containsKey(error), result::json);
    }

    @Test
    void aLostByteOfAnUploadIsFound() throws Exception {
        PodBehaviour check = PodBehaviour.check();
        LoadResult result = run(LoadIT::hasFailed, "upload", connection -> {
            connection.pipeline().addLast(new DropOne(300_000));
            check.serve(connection);
        }, "warmup", "0", "seconds", "0.1");
        assertEquals(Map.of("wrong byte", 1L), result.errors());
    }

    @Test
    void theOpenLoopShowsAStallThatTheClosedLoopHardlySees() throws Exception {
        // A second of silence once in the run, for all connections: every message that was due meanwhile waited.
        var openStalls = new StallsOnce(50 * 64, 1000);
        var closedStalls = new StallsOnce(50 * 64, 1000);
        LoadResult open = run(load -> load.tally.ops >= 800 && openStalls.over.get() == 4, "rr-open", openStalls, "connections", "4", "rate", "400",
                "warmup", "0", "seconds", "0.1");
        LoadResult closed = run(load -> load.tally.ops >= 800 && closedStalls.over.get() == 4, "rr", closedStalls, "connections", "4",
                "warmup", "0", "seconds", "0.1");
        assertEquals(Map.of(), open.errors());
        assertEquals(Map.of(), closed.errors());
        // 400 of about 800 messages were due in the stall, so one in ten waited for more than 200 ms; a closed loop has only its 4 in 800.
        assertTrue(open.latency().getValueAtPercentile(90) > TimeUnit.MILLISECONDS.toNanos(200), open::json);
        assertTrue(open.latency().getMaxValue() > TimeUnit.MILLISECONDS.toNanos(400), open::json);
        assertTrue(closed.latency().getValueAtPercentile(90) < TimeUnit.MILLISECONDS.toNanos(100), closed::json);
        assertTrue(closed.latency().getMaxValue() > TimeUnit.MILLISECONDS.toNanos(400), closed::json);
    }

    @Test
    void aStallThatLastsIntoTheEndOfTheWindowIsInTheOpenLoopsPercentiles() throws Exception {
        // Silence after 200 messages, and the window ends when 120 more are unanswered: those waited 150 ms on average, the last tenth of all 216 ms
        // or more.
        var stalls = new StallsOnce(50 * 64, 60_000);
        LoadResult open = run(load -> load.tally.verifiedBytes == 200 * 64 && stalls.keptBytes.get() >= 120 * 64, "rr-open", stalls,
                "connections", "4", "rate", "400", "warmup", "0", "seconds", "0.1");
        assertEquals(Map.of(), open.errors());
        assertTrue(open.outcomes().isEmpty() || open.latency().getMaxValue() > TimeUnit.SECONDS.toNanos(1),
                () -> "none has waited for a second: " + open.json());
        assertEquals(200 * 64, open.verifiedBytes());
        assertTrue(open.latency().getValueAtPercentile(90) > TimeUnit.MILLISECONDS.toNanos(100), open::json);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({"rr, 5", "rr-open, 12", "connect, 5"})
    void whatIsStillWaitingAtTheEndIsNotLeftOut(String mode, long unanswered) throws Exception {
        // Nothing ever comes back. The open loop's first 12 messages, 10 a second, have waited for more than a second after 2.2 s.
        LoadResult result = run(mode, PodBehaviour.stall(), "connections", "5", "rate", "10", "warmup", "0", "seconds", "2.2");
        assertEquals(0, result.ops());
        double longest = result.latency().getMaxValue() / 1e9;
        assertTrue(longest > 2, result::json);
        long more = mode.equals("rr-open") ? (long) (10 * (longest - 2.2)) : 0; // the window was longer
        assertEquals(unanswered + more, result.outcomes().get("unanswered for more than 1 s"), 1, result::json);
    }

    /// Of its 200 connections the listener takes two or so; the others are still connecting when the load is closed, and that ends them.
    @ParameterizedTest(name = "{0}")
    @CsvSource({"rr, 64", "connect, 200"})
    @Timeout(20)
    void anInterruptedLoadBeginsNoFurtherConnectionsAndCountsNoErrors(String mode, int atOnce) throws Exception {
        try (var full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var load = new Workload(LoadSpec.of(Mode.of(mode), (InetSocketAddress) full.getLocalSocketAddress()).with("connections", "200"));
            try {
                Thread.currentThread().interrupt();
                assertTrue(isInterrupted(load), "the interrupt got lost");
                while (load.loop.submit(() -> load.opened).get() == 0) {
                    Thread.onSpinWait(); // once the first is open all have been begun
                }
            } finally {
                load.close();
            }
            assertTrue(load.begun >= atOnce && load.begun <= atOnce + load.opened, load.begun + " begun, " + load.opened + " opened");
            assertEquals(Map.of(), load.tally.errors);
        }
    }

    /// Opens and starts `load`. Tells whether its thread's interrupt ended that, or is kept for the next wait, as what the loop has done already is
    /// not waited for.
    private static boolean isInterrupted(Workload load) {
        try {
            load.open();
            load.go();
        } catch (InterruptedException _) {
            return true;
        }
        return Thread.interrupted();
    }

    /// Every port is in TIME_WAIT when its turn comes again, and some are somebody else's.
    @Test
    void moreConnectionsGoStraightToAServerThanThereArePorts() throws Exception {
        SourcePorts ports = SourcePorts.ofThisMachine().orElse(null);
        assumeTrue(ports != null, "not on Linux");
        var taken = new ArrayList<ServerSocket>();
        Set<Integer> used = ConcurrentHashMap.newKeySet();
        try {
            for (int port = ports.first; taken.size() < 10; port++) { // fewer than one connection tries, if it meets them alone
                var other = new ServerSocket();
                other.setReuseAddress(false);
                taken.add(other);
                try {
                    other.bind(new InetSocketAddress(port));
                } catch (BindException _) {
                    continue; // in TIME_WAIT since another run
                }
            }
            int count = ports.count + 500;
            LoadResult result = run("churn", connection -> {
                used.add(connection.remoteAddress().getPort());
                PodBehaviour.echo().serve(connection);
            }, "connections", "4", "count", Integer.toString(count), "direct", "true");
            assertEquals(Map.of(), result.errors());
            assertEquals(count, result.ops());
            assertTrue(used.stream().allMatch(port -> port >= ports.first && port < ports.first + ports.count), "of the last quarter");
            assertTrue(used.size() < count, "each but a few again");
        } finally {
            for (ServerSocket other : taken) {
                other.close();
            }
        }
    }

    @Test
    void toAForwarderOnLoopbackTheKernelChoosesThePort() throws Exception {
        Set<Integer> used = ConcurrentHashMap.newKeySet();
        LoadResult result = run("churn", connection -> {
            used.add(connection.remoteAddress().getPort());
            PodBehaviour.echo().serve(connection);
        }, "connections", "4", "count", "200");
        assertEquals(Map.of(), result.errors());
        assumeTrue(SourcePorts.ofThisMachine().isPresent(), "not on Linux");
        // The kernel takes every second port from anywhere; our own ones would stand in a row.
        int span = Collections.max(used) - Collections.min(used) + 1;
        assertTrue(span > 1.5 * used.size(), () -> new TreeSet<>(used).toString());
    }

    private static boolean hasMoved(Workload load) {
        return (load.tally.bytes > 0 || load.tally.ops > 0) && (load.tally.verifiedBytes > 0 || load.spec.mode() == Mode.UPLOAD_BLIND);
    }

    private static boolean hasFailed(Workload load) {
        return !load.tally.errors.isEmpty();
    }

    private LoadResult run(String mode, PodBehaviour behaviour, String... options) throws IOException, InterruptedException {
        return run(_ -> true, mode, behaviour, options);
    }

    /// The window lasts until there is `enough` to judge, too: in any fixed time a machine may just stand still.
    private LoadResult run(Predicate<Workload> enough, String mode, PodBehaviour behaviour, String... options)
            throws IOException, InterruptedException {
        try (PodServer server = PodServer.listen(loops, behaviour, "127.0.0.1", 0)) {
            LoadSpec spec = LoadSpec.of(Mode.of(mode), new InetSocketAddress("127.0.0.1", server.port()));
            for (int i = 0; i < options.length; i += 2) {
                spec = spec.with(options[i], options[i + 1]);
            }
            return Load.run(List.of(spec), Load.Window.IGNORED, enough).getFirst();
        }
    }

    /// Drops the byte at an offset of what a connection sends.
    private static final class DropOne extends ChannelInboundHandlerAdapter {
        private long left;

        DropOne(long offset) {
            left = offset;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            if (left >= 0 && left < bytes.readableBytes()) {
                int at = bytes.readerIndex() + (int) left;
                ByteBuf shorter = ctx.alloc().buffer(bytes.readableBytes());
                shorter.writeBytes(bytes, bytes.readerIndex(), at - bytes.readerIndex()).writeBytes(bytes, at + 1, bytes.writerIndex() - at - 1);
                left = -1;
                bytes.release();
                ctx.fireChannelRead(shorter);
            } else {
                left -= left < 0 ? 0 : bytes.readableBytes();
                ctx.fireChannelRead(bytes);
            }
        }
    }

    /// An echo, or a source, that loses the byte at an offset.
    private record LosesOneByte(long offset, boolean source) implements PodBehaviour {
        @Override
        public void serve(SocketChannel connection) {
            if (!source) {
                connection.pipeline().addLast(new DropOne(offset));
                PodBehaviour.echo().serve(connection);
                return;
            }
            connection.pipeline().addLast(new ChannelInboundHandlerAdapter() {
                private long at;

                @Override
                public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                    ctx.close(); // the client went as soon as it saw the loss
                }

                @Override
                public void channelRead(ChannelHandlerContext ctx, Object message) {
                    ((ByteBuf) message).release();
                    for (int i = 0; i < 20; i++) {
                        at += at <= offset && at + 50_000 > offset ? 1 : 0;
                        ctx.write(Pattern.slice(at, 50_000));
                        at += 50_000;
                    }
                    ctx.flush();
                }
            });
        }
    }

    /// An echo that, once a connection has brought `afterBytes`, answers nothing more for `millis`, and then all of it.
    private record StallsOnce(int afterBytes, int millis, AtomicInteger keptBytes, AtomicInteger over) implements PodBehaviour {
        StallsOnce(int afterBytes, int millis) {
            this(afterBytes, millis, new AtomicInteger(), new AtomicInteger());
        }

        @Override
        public void serve(SocketChannel connection) {
            connection.pipeline().addLast(new Gate(this));
            PodBehaviour.echo().serve(connection);
        }
    }

    /// Keeps what comes behind the first bytes, for some time.
    private static final class Gate extends ChannelInboundHandlerAdapter {
        private final StallsOnce stall;
        private final ArrayDeque<ByteBuf> kept = new ArrayDeque<>();
        private int left;
        private boolean isOver;

        Gate(StallsOnce stall) {
            this.stall = stall;
            left = stall.afterBytes();
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            if (isOver) {
                context.fireChannelRead(bytes);
                return;
            }
            int passing = Math.min(left, bytes.readableBytes());
            if (passing > 0) {
                left -= passing;
                context.fireChannelRead(bytes.readRetainedSlice(passing));
            }
            if (!bytes.isReadable()) {
                bytes.release();
                return;
            }
            if (kept.isEmpty()) {
                context.executor().schedule(() -> open(context), stall.millis(), TimeUnit.MILLISECONDS);
            }
            stall.keptBytes().addAndGet(bytes.readableBytes());
            kept.add(bytes);
        }

        private void open(ChannelHandlerContext context) {
            isOver = true;
            stall.over().incrementAndGet();
            while (!kept.isEmpty()) {
                context.fireChannelRead(kept.remove());
            }
            context.fireChannelReadComplete();
        }

        @Override
        public void handlerRemoved(ChannelHandlerContext context) {
            kept.forEach(ByteBuf::release);
            kept.clear();
        }
    }
}

package io.fairlead.testbed.load;

import io.fairlead.testbed.loop.Loops;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;

/// One workload on an event loop of its own: {@link #open}, {@link #go}, {@link #begin}, {@link #end}, in this order, from one thread.
/// What the loop holds (workers, tally) is touched on the loop only.
final class Workload implements AutoCloseable {
    private static final int CONNECTING_MAX = 64;
    private static final int BULK_READ_BYTES = 128 * 1024;
    /// Then the kernel chooses, as it does elsewhere.
    private static final int PORTS_TRIED = 16;

    final LoadSpec spec;
    final EventLoop loop;
    final Tally tally = new Tally();
    long begun; // connections, whatever became of them; those in another's place are not counted
    long opened;

    private final Loops loops = Loops.start("load", 1);
    private final List<Worker> workers = new ArrayList<>();
    private final CompletableFuture<Void> allOpen = new CompletableFuture<>();
    private final CompletableFuture<Void> allDone = new CompletableFuture<>();
    private final long threadId;
    /// Where the mode has short connections.
    private final Optional<SourcePorts> ports;
    private ShortConnections shortConnections; // where the mode has them
    private byte[] patternDigest;
    private int endedConnects;
    private int workersDone;
    private volatile boolean over; // set on the loop, or by whoever closes
    private long windowNanos;
    private long windowCpuNanos;
    private long scheduled;
    private long scheduleNanos;

    Workload(LoadSpec spec) throws InterruptedException {
        this.spec = spec;
        this.loop = loops.next();
        this.ports = isShort() ? SourcePorts.ofThisMachine() : Optional.empty();
        this.threadId = onLoop(() -> Thread.currentThread().threadId());
    }

    /// Opens all connections, {@link #CONNECTING_MAX} at a time. Those that fail are counted and missing afterwards.
    void open() throws InterruptedException {
        if (isShort()) {
            return;
        }
        if (spec.mode() == Mode.HASH_DOWN) {
            patternDigest = HashWorkers.ofPattern(spec.bytes());
        }
        loop.execute(() -> {
            for (int i = 0; i < Math.min(CONNECTING_MAX, spec.connections()); i++) {
                openNext();
            }
        });
        if (!await(allOpen)) {
            onLoop(() -> {
                tally.error("not open after " + spec.deadline().toSeconds() + " s");
                return null;
            });
        }
    }

    /// Starts the traffic.
    void go() throws InterruptedException {
        if (spec.mode() == Mode.IDLE) {
            Thread.sleep(spec.idle());
        }
        onLoop(() -> {
            tally.begin();
            windowNanos = System.nanoTime();
            windowCpuNanos = cpuNanos();
            if (isShort()) {
                shortConnections = new ShortConnections(this);
                shortConnections.go();
            } else if (spec.mode() == Mode.RR_OPEN) {
                scheduleNanos = System.nanoTime();
                sendDue();
            } else {
                List.copyOf(workers).forEach(Worker::go);
            }
            if (!isShort() && workersDone == workers.size()) {
                allDone();
            }
            return null;
        });
    }

    /// The warm-up is over: counts from here on.
    void begin() throws InterruptedException {
        onLoop(() -> {
            tally.begin();
            windowNanos = System.nanoTime();
            windowCpuNanos = cpuNanos();
            return null;
        });
    }

    /// Waits until a mode that is not timed has done its work, or its deadline.
    void awaitDone() throws InterruptedException {
        if (!spec.mode().timed && !await(allDone)) {
            onLoop(() -> {
                tally.error("not done after " + spec.deadline().toSeconds() + " s");
                return null;
            });
        }
    }

    /// Asks `question` on the loop, behind all that is due there.
    boolean holds(Predicate<Workload> question) throws InterruptedException {
        try {
            return loop.schedule(() -> question.test(this), 0, TimeUnit.NANOSECONDS).get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    /// Ends the window and the traffic.
    LoadResult end() throws InterruptedException {
        return onLoop(() -> {
            var waits = new Unanswered();
            workers.forEach(worker -> worker.finish(waits));
            if (shortConnections != null) {
                shortConnections.finish(waits);
            }
            tally.unanswered(waits);
            double seconds = (System.nanoTime() - windowNanos) / 1e9;
            double cpu = (cpuNanos() - windowCpuNanos) / 1e9;
            over = true;
            var result = new LoadResult(spec, seconds, opened, tally.bytes, tally.ops, tally.verifiedBytes, tally.silenceNanosMax, cpu,
                    tally.latencyNanos.copy(), tally.errors, tally.outcomes);
            List.copyOf(workers).forEach(worker -> worker.ctx.close());
            return result;
        });
    }

    @Override
    public void close() {
        over = true; // of a run that was interrupted: its connections would begin others while the loop ends. At once, as those then fail at once
        loops.close();
    }

    boolean over() {
        return over;
    }

    long windowNanos() {
        return windowNanos;
    }

    byte[] patternDigest() {
        return patternDigest;
    }

    void workerDone() {
        if (++workersDone == workers.size() && allOpen.isDone()) {
            allDone();
        }
    }

    void allDone() {
        allDone.complete(null);
    }

    Bootstrap bootstrap(int readBytes) {
        return loops.client(loop)
                .option(ChannelOption.ALLOW_HALF_CLOSURE, false)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) Math.min(30_000, spec.deadline().toMillis()))
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(128 * 1024, 256 * 1024))
                .option(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(readBytes).maxMessagesPerRead(4));
    }

    /// `listener` hears how it ended. Where a port of {@link SourcePorts} is somebody else's, others are tried first, so a handler may be added to several
    /// channels, one after another.
    void connect(Bootstrap bootstrap, int index, ChannelFutureListener listener) {
        InetSocketAddress target = spec.targets().get(index % spec.targets().size());
        if (spec.sources() > 0) {
            bootstrap.connect(target, new InetSocketAddress("127.0.0." + (2 + index % spec.sources()), 0)).addListener(listener);
        } else if (ports.isPresent() && isDirect(target)) {
            connectFrom(ports.get(), bootstrap.option(ChannelOption.SO_REUSEADDR, true), target, PORTS_TRIED, listener);
        } else {
            bootstrap.connect(target).addListener(listener);
        }
    }

    private boolean isDirect(InetSocketAddress target) {
        return !target.isUnresolved() && (spec.direct() || !target.getAddress().isLoopbackAddress());
    }

    private static void connectFrom(SourcePorts ports, Bootstrap bootstrap, InetSocketAddress target, int tries, ChannelFutureListener listener) {
        ChannelFuture connecting = tries == 0 ? bootstrap.connect(target) : bootstrap.connect(target, ports.next(target.getAddress()));
        connecting.addListener((ChannelFuture connected) -> {
            if (tries > 0 && !connected.isSuccess() && isPortTaken(connected.cause())) {
                connectFrom(ports, bootstrap, target, tries - 1, listener);
            } else {
                listener.operationComplete(connected);
            }
        });
    }

    private static boolean isPortTaken(Throwable cause) {
        String text = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
        return text.contains("address already in use") || text.contains("cannot assign requested address");
    }

    /// The kind under which a failure is counted.
    static String kind(Throwable cause) {
        String text = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
        return text.contains("reset by peer") ? "reset"
                : text.contains("broken pipe") ? "broken pipe"
                : text.contains("refused") ? "refused"
                : text.contains("timed out") ? "timeout" : cause.getClass().getSimpleName() + ": " + cause.getMessage();
    }

    private void openNext() {
        if (over || begun == spec.connections()) {
            return;
        }
        int index = (int) begun++;
        Worker worker = worker(index);
        int readBytes = switch (spec.mode()) {
            case RR, RR_OPEN, IDLE -> Math.clamp(spec.messageBytes(), 2048, BULK_READ_BYTES);
            default -> BULK_READ_BYTES;
        };
        Bootstrap bootstrap = bootstrap(readBytes).handler(new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel channel) {}
        });
        connect(bootstrap, index, connected -> {
            if (over) {
                connected.channel().close();
                return;
            }
            if (connected.isSuccess()) {
                opened++;
                workers.add(worker);
                connected.channel().pipeline().addLast(worker);
                if (!spec.select().isEmpty()) {
                    connected.channel().writeAndFlush(Unpooled.copiedBuffer(spec.select() + "\n", StandardCharsets.US_ASCII));
                }
            } else {
                tally.error("connect: " + kind(connected.cause()));
            }
            if (++endedConnects == spec.connections()) {
                allOpen.complete(null);
            }
            loop.execute(this::openNext);
        });
    }

    /// `next` goes on with the work of `worker`, on a new connection.
    void again(Worker worker, Worker next) {
        worker.passOn();
        workers.remove(worker);
        if (over) {
            return;
        }
        connect(bootstrap(BULK_READ_BYTES).handler(new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel channel) {}
        }), worker.index, connected -> {
            if (!connected.isSuccess()) {
                if (!over) {
                    tally.error("connect: " + kind(connected.cause()));
                }
            } else if (over) {
                connected.channel().close();
            } else {
                opened++;
                workers.add(next);
                connected.channel().pipeline().addLast(next);
                next.go();
            }
        });
    }

    private Worker worker(int index) {
        return switch (spec.mode()) {
            case DOWNLOAD -> new BulkWorkers.Download(this, index);
            case DOWNLOAD_UNREAD -> new BulkWorkers.DownloadUnread(this, index);
            case UPLOAD -> new BulkWorkers.Upload(this, index, true);
            case UPLOAD_BLIND -> new BulkWorkers.Upload(this, index, false);
            case RR -> new ExchangeWorkers.ClosedLoop(this, index);
            case RR_OPEN -> new ExchangeWorkers.OpenLoop(this, index);
            case IDLE -> new ExchangeWorkers.AfterIdle(this, index);
            case HASH -> new HashWorkers.Hashing(this, index, true, true);
            case HASH_UP -> new HashWorkers.Hashing(this, index, true, false);
            case HASH_DOWN -> new HashWorkers.Hashing(this, index, false, true);
            case ECHO -> new ExchangeWorkers.Stream(this, index);
            case DRAIN -> new BulkWorkers.Drain(this, index);
            case HTTP -> new HttpWorkers.Get(this, index);
            case CONNECT, CHURN, ASK, TOUCH, BURST, CLIENT_RESET -> throw new IllegalStateException("short connections have no worker");
        };
    }

    /// Message k is meant to leave at k / rate after the start, on connection k mod N. Sends what is due, then sleeps until the next.
    private void sendDue() {
        if (over || workers.isEmpty()) {
            return;
        }
        double spacing = 1e9 / spec.rate();
        long now = System.nanoTime();
        long next = scheduleNanos + (long) (scheduled * spacing);
        while (next - now <= 0) {
            ((ExchangeWorkers.OpenLoop) workers.get((int) (scheduled % workers.size()))).due(next);
            scheduled++;
            next = scheduleNanos + (long) (scheduled * spacing);
        }
        loop.schedule(this::sendDue, next - System.nanoTime(), TimeUnit.NANOSECONDS);
    }

    private boolean isShort() {
        return switch (spec.mode()) {
            case CONNECT, CHURN, ASK, TOUCH, BURST, CLIENT_RESET -> true;
            default -> false;
        };
    }

    private long cpuNanos() {
        return ManagementFactory.getThreadMXBean().getThreadCpuTime(threadId);
    }

    private boolean await(CompletableFuture<Void> future) throws InterruptedException {
        try {
            future.get(spec.deadline().toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException _) {
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    private <T> T onLoop(java.util.concurrent.Callable<T> work) throws InterruptedException {
        try {
            return loop.submit(work).get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }
}

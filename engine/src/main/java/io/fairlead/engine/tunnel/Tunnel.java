package io.fairlead.engine.tunnel;

import io.fairlead.engine.ForwardEvent;
import io.fairlead.engine.Limits;
import io.fairlead.engine.frame.FrameDecoder;
import io.fairlead.engine.frame.FrameEncoder;
import io.fairlead.engine.frame.FrameException;
import io.fairlead.engine.frame.HeaderBlockEncoder;
import io.fairlead.engine.frame.Spdy;
import io.fairlead.engine.session.CloseReason;
import io.fairlead.engine.session.Counters;
import io.fairlead.engine.session.Downstream;
import io.fairlead.engine.session.FrameOut;
import io.fairlead.engine.session.LaneWatch;
import io.fairlead.engine.session.PortHistory;
import io.fairlead.engine.session.Session;
import io.fairlead.engine.session.StreamPair;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.DecoderException;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.Consumer;

/// A {@link Session} on a channel. Puts frames into buffers, small ones side by side and large ones as they are, and flushes once a turn
/// of its loop; on the way in feeds the decoder and has each local socket of the burst flushed once.
///
/// Thread: the channel's loop, where its local connections live, too; only what is marked "any thread" may be called from elsewhere.
/// Ownership: takes what it reads and what {@link FrameOut#data} brings. Bound: {@link Limits#UNFLUSHED_BYTES} and the channel's watermarks.
/// Invariant: `batch` holds whole frames only, and nothing was handed to the channel after them.
public final class Tunnel extends ChannelInboundHandlerAdapter implements FrameOut {
    /// What a local connection asks to be told at the end of a burst.
    public interface Flushable {
        void flush();
    }

    /// A local connection with much on disk whose program still reads.
    public interface Behind {
        /// Whether its program still reads; asked once a second.
        boolean isMoving();
    }

    private static final System.Logger LOG = System.getLogger(Tunnel.class.getName());
    private static final long EXPIRE_EVERY_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final FrameDecoder decoder;
    private final Session session;
    private final HeaderBlockEncoder blocks = new HeaderBlockEncoder();
    private final ArrayList<Flushable> dirty = new ArrayList<>();
    private final Runnable flushTask = () -> guarded(this::flushNow);
    private final Runnable tickTask = () -> guarded(this::tick);
    private final CompletableFuture<CloseReason> closed = new CompletableFuture<>();
    private final String pod;
    private final int[] ports;

    private ChannelHandlerContext ctx;
    private ReadPacing pacing;
    private ByteBuf batch;
    private int unflushed;
    private boolean flushScheduled;
    /// Local connections whose sockets take no more for now, those far behind, and whether the session is not read for their sake.
    private int backlogged;
    private final HashSet<Behind> behind = new HashSet<>();
    private boolean paused;
    private long queuedBytes;
    private String lostCause;
    private boolean mute;
    private int pairsAtEnd;
    private long expiredNanos = System.nanoTime();
    private long tickDueNanos;
    private ScheduledFuture<?> nextTick;
    private volatile boolean accepting = true;
    private volatile boolean retired;
    /// Pairs promised by other threads or open: what placement goes by.
    private final AtomicInteger load = new AtomicInteger();
    private final AtomicIntegerArray loadByPort;
    private volatile int bulkPairs;
    private volatile boolean stalled;
    private volatile boolean stalledWorker;
    private volatile boolean suspect;
    private volatile Runnable onStall = () -> { };
    private volatile long firstPlacedNanos;
    private volatile long emptySinceNanos = System.nanoTime();

    /// @param pod name of the pod behind it, for messages
    /// @param ports the pod's ports, in the order of the forward's
    public Tunnel(String pod, int... ports) {
        this.pod = pod;
        this.ports = ports;
        loadByPort = new AtomicIntegerArray(ports.length);
        session = new Session(this, System.nanoTime());
        decoder = new FrameDecoder(session);
    }

    // ---- any thread

    public String pod() {
        return pod;
    }

    public EventLoop eventLoop() {
        return ctx.channel().eventLoop();
    }

    /// The pod's port behind the forward's port number `index`.
    public int port(int index) {
        return ports[index];
    }

    /// Completes when the tunnel is over, with what its pairs were told.
    public CompletionStage<CloseReason> closed() {
        return closed;
    }

    /// Pairs that were open when it ended; to be asked once {@link #closed} is complete.
    public int pairsAtEnd() {
        return pairsAtEnd;
    }

    /// Whether new connections may be placed here.
    public boolean isAccepting() {
        return accepting;
    }

    /// No new pairs; those that are open go on to their end, and then it closes. To be called where connections are placed.
    public void retire() {
        accepting = false;
        retired = true;
        closeIfDone();
    }

    /// Connections placed here and not yet forgotten.
    public int load() {
        return load.get();
    }

    /// A connection of the forward's port number `portIndex` is placed here.
    ///
    /// @param nowNanos by the clock that {@link #isFresh} goes by
    void placed(int portIndex, long nowNanos) {
        if (load.getAndIncrement() == 0) {
            firstPlacedNanos = nowNanos;
        }
        loadByPort.incrementAndGet(portIndex);
    }

    /// A connection that was placed here is gone from both ends.
    public void gone(int portIndex) {
        loadByPort.decrementAndGet(portIndex);
        if (load.decrementAndGet() == 0) {
            emptySinceNanos = System.nanoTime();
            closeIfDone();
        }
    }

    /// Whether it carries connections of no other port.
    boolean isFreeForPort(int portIndex) {
        return load.get() == loadByPort.get(portIndex);
    }

    /// Whether none of its connections has been here long enough to have shown what it is.
    boolean isFresh(long nowNanos) {
        return load.get() == 0 || nowNanos - firstPlacedNanos < Limits.FRESH_NANOS;
    }

    /// `onStall` is run on the tunnel's loop when {@link #isStalled} changes; must not block.
    void onStall(Runnable onStall) {
        this.onStall = onStall;
    }

    /// `events` hears of connections that wait on a stalled worker. To be called before the first connection comes.
    public void tell(Consumer<ForwardEvent> events) {
        session.watch(new LaneWatch() {
            @Override
            public void onWaiting(int unreadPort, Map<Integer, Integer> connections, List<InetSocketAddress> programs) {
                events.accept(new ForwardEvent.PairsWaiting(pod, unreadPort, connections, programs));
            }

            @Override
            public void onMoving(Map<Integer, Integer> connections) {
                events.accept(new ForwardEvent.PairsMoving(pod, connections));
            }
        });
    }

    /// Connections that turned bulk.
    int bulkPairs() {
        return bulkPairs;
    }

    /// Whether one of the peer's workers does not move, or a slow local reader has the tunnel not read: nobody new should come here while
    /// there is another choice.
    boolean isStalled() {
        return stalled;
    }

    /// Whether one of the peer's workers may be stuck; known within a round trip or so.
    boolean isSuspect() {
        return suspect;
    }

    /// Whether one of the peer's workers does not move.
    boolean hasStalledWorker() {
        return stalledWorker;
    }

    /// Since when it has had no connection; meaningless while it has one.
    long emptySinceNanos() {
        return emptySinceNanos;
    }

    private void closeIfDone() {
        if (!accepting && load.get() == 0) {
            close();
        }
    }

    /// Counters of the session; a snapshot may lag.
    public Counters counters() {
        return session.counters();
    }

    public int pairs() {
        return session.pairs();
    }

    /// Bytes that wait for slow local readers; a snapshot may lag.
    public long queuedBytes() {
        return queuedBytes;
    }

    /// Resets every pair, says go-away and closes. A second call does nothing.
    public void close() {
        EventLoop loop = eventLoop();
        if (!loop.inEventLoop()) {
            loop.execute(this::close);
            return;
        }
        if (lostCause == null) {
            accepting = false;
            lostCause = "closed by us"; // first: the last pair that is forgotten closes, too
            pairsAtEnd = session.pairs();
            session.begin(System.nanoTime());
            session.resetAll();
            FrameEncoder.goAway(room(16), 0, 0);
            flushNow();
            ctx.close();
        }
    }

    /// Ends the tunnel for `cause`, which its connections are told. Nothing happens when it is over.
    public void end(String cause) {
        eventLoop().execute(() -> {
            if (lostCause == null) {
                lose(cause);
            }
        });
    }

    // ---- local connections of this loop

    /// Opens a pair to `port` of the pod; null when the session takes no more.
    public StreamPair open(int port, PortHistory history, Downstream downstream) {
        assert eventLoop().inEventLoop();
        if (lostCause != null || !session.isOpen()) {
            accepting = false;
            return null;
        }
        begin();
        StreamPair pair = session.open(port, history, downstream);
        pauseOrResume();
        flushSoon();
        return pair;
    }

    /// Begins a burst of calls to the session's pairs; to be ended by {@link #flushSoon}.
    public void begin() {
        session.begin(System.nanoTime());
    }

    /// Has what was written flushed at the end of this turn of the loop.
    public void flushSoon() {
        if (!flushScheduled) {
            flushScheduled = true;
            eventLoop().execute(flushTask);
        }
    }

    /// `local` has bytes to flush when the burst ends; to be called once a burst.
    public void flushLater(Flushable local) {
        dirty.add(local);
    }

    /// Capacity of the next read of a local socket.
    public int readBytes() {
        return session.readBytesMax();
    }

    /// A local socket's queue grew by `delta` bytes, or shrank.
    public void queued(long delta) {
        queuedBytes += delta;
    }

    /// One more local socket takes no more for now, or one fewer.
    public void backlogged(int delta) {
        backlogged += delta;
        pauseOrResume();
    }

    /// `local` has so much on disk that it had better not get more, or has it no longer.
    public void behind(Behind local, boolean is) {
        if (is ? behind.add(local) : behind.remove(local)) {
            pauseOrResume();
        }
    }

    /// Whether the session is not read, as its local programs are slower than the pod.
    public boolean isPaused() {
        pauseOrResume();
        return paused;
    }

    /// A fast pod waits for slow local programs, instead of filling the disk, where that costs nobody else: while none of them takes more, or
    /// while one is far behind and at least half of them take no more for now. A few slow ones among others do not stop those.
    private void pauseOrResume() {
        int pairs = session.pairs();
        boolean pause = backlogged > 0 && (backlogged >= pairs || !behind.isEmpty() && 2 * backlogged >= pairs);
        if (pause != paused) {
            paused = pause;
            session.unread();
            ctx.channel().config().setAutoRead(!pause);
            publish();
        }
    }

    // ---- channel

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        this.ctx = ctx;
        pacing = new ReadPacing(ctx.channel());
        session.begin(System.nanoTime());
        ctx.channel().config().setAutoRead(true);
        scheduleTick();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        ByteBuf bytes = (ByteBuf) msg;
        try {
            if (lostCause == null) {
                long now = System.nanoTime();
                pacing.onRead(bytes.readableBytes(), now);
                session.begin(now);
                decoder.feed(bytes);
            }
        } catch (FrameException e) {
            lose("the server sent what is no SPDY frame: " + e.getMessage());
        } finally {
            bytes.release();
        }
        if (session.isGoneAway()) {
            lose("the server said go-away");
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        // Not an iterator: a flush may fail, close its pair and so come back here.
        for (int i = 0; i < dirty.size(); i++) {
            dirty.get(i).flush();
        }
        dirty.clear();
        if (batch != null || unflushed > 0) {
            flushNow();
        } else {
            publish();
            hurryTick(); // a reply may have begun a wait that is shorter than the next look at the clock
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        session.begin(System.nanoTime());
        session.onWritable(ctx.channel().isWritable());
        if (ctx.channel().isWritable()) {
            flushSoon();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        lose("the connection to the API server was closed");
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (!(cause instanceof IOException || cause instanceof DecoderException)) { // the latter: what is no TLS
            LOG.log(Level.ERROR, "a session to pod " + pod + " failed by a bug of ours", cause);
        }
        lose("the connection to the API server failed: " + (cause.getMessage() == null ? cause : cause.getMessage()));
    }

    private void lose(String cause) {
        boolean asked = lostCause != null;
        if (!asked) {
            lostCause = cause;
            pairsAtEnd = session.pairs();
        }
        accepting = false;
        session.begin(System.nanoTime());
        CloseReason why = asked ? new CloseReason.Stopped() : new CloseReason.SessionLost(cause);
        session.lost(why);
        if (batch != null) {
            batch.release();
            batch = null;
        }
        ctx.close();
        closed.complete(why);
    }

    private void scheduleTick() {
        long nanos = session.tickNanos();
        tickDueNanos = System.nanoTime() + nanos;
        nextTick = ctx.executor().schedule(tickTask, nanos, TimeUnit.NANOSECONDS);
    }

    /// A task of the loop would keep what it throws to itself, and the session would be flushed or watched no more.
    private void guarded(Runnable task) {
        try {
            task.run();
        } catch (Throwable e) {
            exceptionCaught(ctx, e);
        }
    }

    /// Brings the next look at the clock forward when something became urgent.
    private void hurryTick() {
        if (lostCause == null && session.tickNanos() < Limits.TICK_NANOS && tickDueNanos - System.nanoTime() > session.tickNanos()
                && nextTick.cancel(false)) {
            scheduleTick();
        }
    }

    /// Publishes what placement goes by. Cheap: nothing is written that did not change.
    private void publish() {
        if (bulkPairs != session.bulkPairs()) {
            bulkPairs = session.bulkPairs();
        }
        if (suspect != session.isSuspect()) {
            suspect = session.isSuspect();
        }
        boolean worker = session.stalledLanes() > 0;
        if (accepting && session.stalledLanes() == Spdy.WORKERS) {
            accepting = false; // nothing sent here arrives
            onStall.run();
        }
        boolean any = worker || paused && session.pairs() == 1;
        if (stalled != any || stalledWorker != worker) {
            stalledWorker = worker;
            stalled = any;
            onStall.run();
        }
        // The peer would hold pairs on a stuck worker for good, and we for 30 s: sessions that nobody uses, and the pod's sockets with them. No
        // connection is on its way here: none was placed since it retired, and all that were have opened their pairs.
        if (retired && lostCause == null && session.isSpent() && load.get() == session.pairs()) {
            close();
        }
    }

    private void tick() {
        if (lostCause != null) {
            return;
        }
        session.begin(System.nanoTime());
        if (!behind.isEmpty() && behind.removeIf(local -> !local.isMoving())) {
            pauseOrResume();
        }
        if (paused) {
            session.unread();
        }
        String dead = session.tick();
        if (dead != null) {
            lose(dead);
            return;
        }
        if (mute != session.isMute()) {
            mute = session.isMute();
            if (mute) {
                LOG.log(Level.WARNING, "the server behind pod " + pod + " answers no SPDY pings: a pod that does not read what it is sent may stop its session");
            }
        }
        if (System.nanoTime() - expiredNanos > EXPIRE_EVERY_NANOS) {
            expiredNanos = System.nanoTime();
            session.expire();
        }
        flushNow();
        scheduleTick();
    }

    // ---- frames out

    @Override
    public void synStream(int streamId, boolean fin, String streamType, int port, int requestId) {
        FrameEncoder.synStream(room(256), blocks, streamId, fin, "streamtype", streamType, "port", Integer.toString(port),
                "requestid", Integer.toString(requestId));
        flushSoon();
    }

    @Override
    public void synStreamToRefuse(int streamId) {
        FrameEncoder.synStream(room(64), blocks, streamId, true);
    }

    @Override
    public void data(int streamId, ByteBuf payload) {
        int length = payload.readableBytes();
        int header = payload.readerIndex() - HEADROOM;
        FrameEncoder.dataHeader(payload, header, streamId, false, length);
        payload.readerIndex(header);
        if (length < Limits.COALESCE_BYTES) {
            room(HEADROOM + length).writeBytes(payload);
            payload.release();
        } else {
            writeBatch();
            write(payload);
        }
        flushSoon();
    }

    @Override
    public void fin(int streamId) {
        FrameEncoder.fin(room(8), streamId);
        flushSoon();
    }

    @Override
    public void reset(int streamId) {
        FrameEncoder.rstStream(room(16), streamId, Spdy.CANCEL);
        flushSoon();
    }

    @Override
    public void ping(int id) {
        FrameEncoder.ping(room(12), id);
        flushSoon();
    }

    /// The batch with room for `bytes` more.
    private ByteBuf room(int bytes) {
        if (batch != null && batch.writableBytes() < bytes) {
            writeBatch();
        }
        if (batch == null) {
            batch = ctx.alloc().directBuffer(Limits.BATCH_BYTES, Limits.BATCH_BYTES);
        }
        return batch;
    }

    private void writeBatch() {
        if (batch != null) {
            ByteBuf whole = batch;
            batch = null;
            write(whole);
        }
    }

    private void write(ByteBuf frames) {
        unflushed += frames.readableBytes();
        ctx.write(frames, ctx.voidPromise());
        if (unflushed >= Limits.UNFLUSHED_BYTES) {
            unflushed = 0;
            ctx.flush();
        }
    }

    private void flushNow() {
        flushScheduled = false;
        publish();
        hurryTick();
        if (lostCause != null && batch == null) {
            return;
        }
        flushScheduled = true; // fences leave with this flush and need no other
        session.beforeFlush();
        writeBatch();
        unflushed = 0;
        flushScheduled = false;
        ctx.flush();
    }
}

package io.fairlead.testbed.node;

import io.fairlead.engine.frame.FrameDecoder;
import io.fairlead.engine.frame.FrameEncoder;
import io.fairlead.engine.frame.FrameException;
import io.fairlead.engine.frame.FrameSink;
import io.fairlead.engine.frame.HeaderBlockDecoder;
import io.fairlead.engine.frame.HeaderBlockEncoder;
import io.fairlead.engine.frame.Spdy;
import io.fairlead.testbed.fault.Faults;
import io.fairlead.testbed.loop.Loops;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// The node's end of one upgraded connection: reads SPDY frames, pairs streams, and forwards each pair to its pod. Sends nothing before the
/// client's first frame, as every frame here answers one (docs/PROTOCOL.md 2.3).
///
/// Thread: the connection's loop; {@link #drop}, {@link #goAway} and {@link #refreshFreeze} any. Ownership: takes what is read.
/// Bound: in containerd's mode as {@link FrameWorkers} says; in ideal mode {@link #IDEAL_PENDING_BYTES_MAX}, then it stops reading.
public final class NodeSession extends ChannelInboundHandlerAdapter implements FrameSink {
    /// What an ideal session holds for its pods before it stops reading: far more than a client in good order has under way.
    static final long IDEAL_PENDING_BYTES_MAX = 256L << 20;

    /// A frame between reader and worker; payload is owned by it.
    private sealed interface Frame {
        record Syn(NodeStream stream) implements Frame {}

        record BadSyn(int streamId) implements Frame {}

        record Data(int streamId, ByteBuf payload, boolean fin) implements Frame {}

        record Rst(int streamId) implements Frame {}

        record Headers(int streamId) implements Frame {}

        record Ping(int id) implements Frame {}
    }

    /// An error and a data stream on their way to each other.
    private static final class Half {
        NodeStream data;
        NodeStream error;
    }

    private final PodTarget target;
    private final NodeSettings settings;
    private final Faults faults;
    private final Loops loops;
    private final EventLoop loop;
    private final Consumer<NodeSession> onClosed;
    private final FrameDecoder decoder = new FrameDecoder(this);
    private final HeaderBlockDecoder headersIn = new HeaderBlockDecoder();
    private final HeaderBlockEncoder headersOut = new HeaderBlockEncoder();
    private final FrameWorkers<Frame> workers = new FrameWorkers<>(this::handle);
    private final IntObjectMap<NodeStream> streams = new IntObjectHashMap<>();
    private final Map<String, Half> halves = new HashMap<>();
    private final Set<Pair> pairs = new LinkedHashSet<>();
    /// Pairs that do not read their pods until the session can write. The others stop when they have something to write.
    private final Set<Pair> pausedPairs = new LinkedHashSet<>();
    private final Deque<Integer> workersAwaitingWrite = new ArrayDeque<>();
    private final Set<Channel> podsToFlush = new LinkedHashSet<>();
    private final List<ByteBuf> pieces = new ArrayList<>();
    private ChannelHandlerContext ctx;
    private int nextStreamId = 1;
    private long pendingBytes;
    private long lastFrameNanos;
    private boolean flushScheduled;
    private boolean ended;
    private volatile int pairsOpen;

    /// @param loop of the connection whose pipeline the session joins, within the same turn of the loop
    /// @param onClosed called once, on the loop, when the session has ended
    public NodeSession(PodTarget target, NodeSettings settings, Faults faults, Loops loops, EventLoop loop,
            Consumer<NodeSession> onClosed) {
        this.target = target;
        this.settings = settings;
        this.faults = faults;
        this.loops = loops;
        this.loop = loop;
        this.onClosed = onClosed;
    }

    public PodTarget target() {
        return target;
    }

    /// Forwarded connections open now. Any thread.
    public int pairsOpen() {
        return pairsOpen;
    }

    /// Ends the TCP connection: with a reset if `abort`, else with FIN; without a word of SPDY. Any thread.
    public void drop(boolean abort) {
        eventLoop().execute(() -> {
            if (abort) {
                Loops.reset(ctx.channel());
            } else {
                ctx.channel().close();
            }
        });
    }

    /// Ends the session as a server that shuts down: RST on every stream, GOAWAY, close. Any thread.
    public void goAway() {
        eventLoop().execute(this::shutdown);
    }

    /// Looks at {@link Faults#isFrozen} again. Any thread.
    public void refreshFreeze() {
        eventLoop().execute(this::onWritable);
    }

    // What a byte from the client meets, in order.

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        ctx = added;
        lastFrameNanos = System.nanoTime();
        long idle = settings.idleTimeout().toNanos();
        var check = added.executor().scheduleAtFixedRate(this::checkIdle, idle, Math.max(idle / 8, 1_000_000), TimeUnit.NANOSECONDS);
        added.channel().closeFuture().addListener(_ -> check.cancel(false));
        refreshReading();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        try {
            if (!ended) {
                lastFrameNanos = System.nanoTime();
                decoder.feed(bytes);
            }
        } catch (FrameException _) {
            shutdown();
        } finally {
            bytes.release();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        podsToFlush.forEach(Channel::flush);
        podsToFlush.clear();
        refreshReading();
    }

    @Override
    public void onSynStream(int streamId, int priority, boolean fin, ByteBuf headerBlock) {
        if (ended) {
            return;
        }
        Optional<NodeHeaders> headers = NodeHeaders.of(streamId, headersIn.decode(headerBlock));
        if (streamId < nextStreamId) {
            reset(streamId, Spdy.PROTOCOL_ERROR);
            return;
        }
        nextStreamId = streamId + 2;
        if (headers.isEmpty()) {
            dispatch(streamId, priority, new Frame.BadSyn(streamId));
            return;
        }
        var stream = new NodeStream(streamId, priority, headers.get());
        stream.remoteClosed = fin;
        streams.put(streamId, stream);
        dispatch(streamId, priority, new Frame.Syn(stream));
    }

    @Override
    public void onSynReply(int streamId, boolean fin, ByteBuf headerBlock) {
        if (!ended) {
            headersIn.decode(headerBlock); // a client that answers: spdystream takes it for its own stream and drops it
        }
    }

    @Override
    public void onHeaders(int streamId, boolean fin, ByteBuf headerBlock) {
        if (ended) {
            return;
        }
        headersIn.decode(headerBlock);
        dispatch(streamId, priority(streamId), new Frame.Headers(streamId));
    }

    @Override
    public void onData(int streamId, ByteBuf source, int index, int length, boolean frameEnd, boolean fin) {
        if (settings.runtime() == Runtime.IDEAL) {
            NodeStream stream = streams.get(streamId);
            if (stream != null) {
                onIdealData(stream, length == 0 ? null : source.retainedSlice(index, length), fin);
            }
            return;
        }
        if (length > 0 && !ended) {
            pieces.add(source.retainedSlice(index, length));
        }
        if (frameEnd) {
            dispatch(streamId, priority(streamId), new Frame.Data(streamId, gather(), fin));
        }
    }

    @Override
    public void onRstStream(int streamId, int status) {
        if (status == 0) {
            throw new FrameException("RST_STREAM with status 0");
        }
        dispatch(streamId, priority(streamId), new Frame.Rst(streamId));
    }

    @Override
    public void onPing(int id) {
        if (id == 0) {
            throw new FrameException("PING 0");
        }
        if (ended) {
            return;
        }
        var ping = new Frame.Ping(id);
        if (settings.runtime() == Runtime.IDEAL) {
            handle(0, ping);
        } else {
            workers.onPing(ping);
        }
    }

    /// The client goes: nothing more is read, and no GOAWAY answers.
    @Override
    public void onGoAway(int lastGoodStreamId, int status) {
        end();
        ctx.close();
    }

    private int priority(int streamId) {
        NodeStream stream = streams.get(streamId);
        return stream == null ? 7 : stream.priority;
    }

    private void dispatch(int streamId, int priority, Frame frame) {
        if (ended) {
            release(frame);
        } else if (settings.runtime() == Runtime.IDEAL) {
            handle(0, frame);
        } else {
            workers.onStreamFrame(streamId, priority, frame);
        }
    }

    /// The payload of one whole frame; empty buffer for none.
    private ByteBuf gather() {
        if (pieces.size() <= 1) {
            return pieces.isEmpty() ? Unpooled.EMPTY_BUFFER : pieces.removeLast();
        }
        CompositeByteBuf whole = ctx.alloc().compositeBuffer(pieces.size());
        pieces.forEach(piece -> whole.addComponent(true, piece));
        pieces.clear();
        return whole;
    }

    /// A worker's work. False: it waits with this frame.
    private boolean handle(int worker, Frame frame) {
        return switch (frame) {
            case Frame.Syn(var stream) -> canSend(worker) && open(worker, stream);
            case Frame.BadSyn(var id) -> {
                reset(id, Spdy.CANCEL);
                yield true;
            }
            case Frame.Data data -> data(worker, data);
            case Frame.Rst(var id) -> {
                onReset(id);
                yield true;
            }
            case Frame.Headers(var id) -> headers(worker, id);
            case Frame.Ping(var id) -> canSend(worker) && pong(id);
        };
    }

    /// A goroutine that writes waits for the session's socket; in ideal mode nobody does.
    private boolean canSend(int worker) {
        if (settings.runtime() == Runtime.IDEAL || canWrite()) {
            return true;
        }
        workersAwaitingWrite.addLast(worker);
        return false;
    }

    private boolean open(int worker, NodeStream stream) {
        if (stream.replyHeld && !stream.replyDue) {
            return false;
        }
        if (!stream.replyDue && faults.takeReplyDrop()) {
            return true;
        }
        if (!stream.replyDue && !faults.replyDelay().isZero()) {
            stream.replyHeld = true;
            eventLoop().schedule(() -> onReplyDue(worker, stream), faults.replyDelay().toNanos(), TimeUnit.NANOSECONDS);
            return false;
        }
        if (streams.get(stream.id) != stream) {
            return true;
        }
        ByteBuf reply = ctx.alloc().buffer(64);
        FrameEncoder.synReply(reply, headersOut, stream.id, false);
        write(reply);
        stream.replied = true;
        pair(stream);
        return true;
    }

    private void onReplyDue(int worker, NodeStream stream) {
        stream.replyDue = true;
        if (ended) {
            return;
        }
        if (settings.runtime() == Runtime.IDEAL) {
            open(worker, stream);
        } else {
            workers.resume(worker);
            refreshReading();
        }
    }

    private boolean data(int worker, Frame.Data frame) {
        NodeStream stream = streams.get(frame.streamId());
        if (stream == null || !stream.replied) {
            frame.payload().release();
            return true;
        }
        if (!frame.payload().isReadable() || stream.remoteClosed) {
            frame.payload().release();
        } else if (stream.reader != null && stream.reader.takes()) {
            stream.reader.onClientData(frame.payload());
        } else {
            stream.waitingWorker = worker;
            return false;
        }
        if (frame.fin()) {
            onFin(stream);
        }
        return true;
    }

    /// `payload` may be null; takes it.
    private void onIdealData(NodeStream stream, ByteBuf payload, boolean fin) {
        if (payload != null) {
            if (stream.remoteClosed || !stream.headers.data()) {
                payload.release();
            } else if (stream.reader == null) {
                stream.early.addLast(payload);
            } else {
                stream.reader.onClientData(payload);
            }
        }
        if (fin) {
            onFin(stream);
        }
    }

    /// Nobody reads headers: the worker waits until the stream ends.
    private boolean headers(int worker, int streamId) {
        NodeStream stream = streams.get(streamId);
        if (stream == null || !stream.replied || stream.remoteClosed || settings.runtime() == Runtime.IDEAL) {
            return true;
        }
        stream.waitingWorker = worker;
        return false;
    }

    private boolean pong(int id) {
        if ((id & 1) == 1) {
            ByteBuf pong = ctx.alloc().buffer(12);
            FrameEncoder.ping(pong, id);
            write(pong);
        }
        return true;
    }

    private void onFin(NodeStream stream) {
        closeRemote(stream, false);
        if (stream.finished) {
            streams.remove(stream.id);
        }
    }

    private void onReset(int streamId) {
        NodeStream stream = streams.remove(streamId);
        if (stream != null) {
            stream.finished = true;
            closeRemote(stream, true);
        }
    }

    /// The client's direction is over; whoever waits to hand over to this stream need not any more.
    private void closeRemote(NodeStream stream, boolean reset) {
        boolean first = !stream.remoteClosed;
        stream.remoteClosed = true;
        if (stream.reader != null && (first || reset)) {
            stream.reader.onClientEnd(reset);
        }
        onTakes(stream);
    }

    // Pairs.

    private void pair(NodeStream stream) {
        String requestId = stream.headers.requestId();
        Half half = halves.get(requestId);
        if (half == null) {
            half = new Half();
            halves.put(requestId, half);
            Half waiting = half;
            eventLoop().schedule(() -> onPairTimeout(requestId, waiting), settings.pairTimeout().toNanos(), TimeUnit.NANOSECONDS);
        }
        boolean data = stream.headers.data();
        if ((data ? half.data : half.error) != null) {
            if (half.error != null) {
                text(half.error, "error processing stream for request " + requestId + ": " + (data ? "data" : "error") + " stream already assigned");
            }
            return;
        }
        if (data) {
            half.data = stream;
        } else {
            half.error = stream;
        }
        if (half.data != null && half.error != null) {
            halves.remove(requestId);
            Pair pair = settings.runtime() == Runtime.IDEAL ? new IdealPair(this, half.data, half.error) : new ContainerdPair(this, half.data, half.error);
            half.data.reader = pair;
            pair.start();
            half.data.early.forEach(pair::onClientData);
            half.data.early.clear();
            if (half.data.remoteClosed) {
                pair.onClientEnd(false);
            }
        }
    }

    private void onPairTimeout(String requestId, Half half) {
        if (halves.remove(requestId, half) && half.error != null) {
            text(half.error, "(conn=0x" + Integer.toHexString(System.identityHashCode(this)) + ", request=" + requestId + ") timed out waiting for streams");
        }
    }

    // What pairs ask of the session.

    void onPairOpen(Pair pair) {
        pairs.add(pair);
        pairsOpen = pairs.size();
    }

    void onPairClosed(Pair pair) {
        pairs.remove(pair);
        pausedPairs.remove(pair);
        pairsOpen = pairs.size();
    }

    void onPaused(Pair pair) {
        pausedPairs.add(pair);
    }

    Loops loops() {
        return loops;
    }

    EventLoop eventLoop() {
        return loop;
    }

    boolean isOpen() {
        return !ended;
    }

    /// Whether pods may be read: the client takes more, and the session is not frozen.
    boolean canWrite() {
        return ctx.channel().isWritable() && !faults.isFrozen();
    }

    /// Takes `frame`; the flush follows within this turn of the loop.
    void write(ByteBuf frame) {
        if (ended) {
            frame.release();
            return;
        }
        lastFrameNanos = System.nanoTime();
        ctx.write(frame, ctx.voidPromise());
        if (!flushScheduled) {
            flushScheduled = true;
            eventLoop().execute(this::flush);
        }
    }

    /// The reader of `stream` can take a frame again, or never will.
    void onTakes(NodeStream stream) {
        int worker = stream.waitingWorker;
        if (worker >= 0) {
            stream.waitingWorker = -1;
            workers.resume(worker);
            refreshReading();
        }
    }

    /// FIN, unless our direction has ended already.
    void finish(NodeStream stream) {
        if (stream.remoteClosed) {
            streams.remove(stream.id);
        }
        if (!stream.finished) {
            stream.finished = true;
            ByteBuf fin = ctx.alloc().buffer(Spdy.HEADER_BYTES);
            FrameEncoder.fin(fin, stream.id);
            write(fin);
        }
    }

    /// RST, unless our direction has ended already; in any case the stream is gone.
    void reset(NodeStream stream) {
        streams.remove(stream.id);
        stream.remoteClosed = true;
        if (!stream.finished) {
            stream.finished = true;
            reset(stream.id, Spdy.CANCEL);
        }
        onTakes(stream);
    }

    /// One DATA frame with `message`.
    void text(NodeStream stream, String message) {
        byte[] bytes = message.getBytes(StandardCharsets.UTF_8);
        ByteBuf frame = ctx.alloc().buffer(Spdy.HEADER_BYTES + bytes.length);
        FrameEncoder.dataHeader(frame, 0, stream.id, false, bytes.length);
        write(frame.writerIndex(Spdy.HEADER_BYTES).writeBytes(bytes));
    }

    /// Bytes taken for a pod (negative: passed on to it).
    void onPending(long bytes) {
        boolean full = pendingBytes >= IDEAL_PENDING_BYTES_MAX;
        pendingBytes += bytes;
        if (full != pendingBytes >= IDEAL_PENDING_BYTES_MAX) {
            refreshReading();
        }
    }

    void flushLater(Channel pod) {
        podsToFlush.add(pod);
    }

    private void reset(int streamId, int status) {
        ByteBuf frame = ctx.alloc().buffer(16);
        FrameEncoder.rstStream(frame, streamId, status);
        write(frame);
    }

    private void flush() {
        flushScheduled = false;
        ctx.flush();
    }

    // Reading and writing, stop and go.

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        onWritable();
    }

    private void onWritable() {
        if (ended) {
            return;
        }
        refreshReading();
        if (canWrite() || faults.isFrozen()) {
            List<Pair> concerned = List.copyOf(faults.isFrozen() ? pairs : pausedPairs);
            pausedPairs.clear();
            concerned.forEach(Pair::readPod);
        }
        while (canWrite() && !workersAwaitingWrite.isEmpty()) {
            workers.resume(workersAwaitingWrite.removeFirst());
        }
        refreshReading();
    }

    private void refreshReading() {
        if (!ended) {
            ctx.channel().config().setAutoRead(!faults.isFrozen() && !workers.readerBlocked() && pendingBytes < IDEAL_PENDING_BYTES_MAX);
        }
    }

    private void checkIdle() {
        if (System.nanoTime() - lastFrameNanos >= settings.idleTimeout().toNanos()) {
            shutdown();
        }
    }

    // The end.

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            shutdown();
        }
        context.fireUserEventTriggered(event);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        context.close();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        end();
        context.fireChannelInactive();
    }

    /// RST on every stream whose direction to the client is open, GOAWAY, close.
    private void shutdown() {
        if (ended) {
            return;
        }
        ByteBuf frames = ctx.alloc().buffer(256);
        for (NodeStream stream : streams.values()) {
            if (!stream.finished) {
                FrameEncoder.rstStream(frames, stream.id, Spdy.CANCEL);
            }
        }
        FrameEncoder.goAway(frames, nextStreamId > 2 ? nextStreamId - 2 : 0, 0);
        end();
        ctx.writeAndFlush(frames).addListener(ChannelFutureListener.CLOSE);
    }

    /// Lets go of everything. The pods' sockets: in ideal mode at once; containerd sees the streams end and gives each pod its second.
    private void end() {
        if (ended) {
            return;
        }
        ended = true;
        pieces.forEach(ByteBuf::release);
        pieces.clear();
        workers.clear(NodeSession::release);
        halves.clear();
        for (NodeStream stream : streams.values()) {
            stream.early.forEach(ByteBuf::release);
            stream.early.clear();
        }
        streams.clear();
        List.copyOf(pairs).forEach(Pair::onSessionEnd);
        headersIn.close();
        onClosed.accept(this);
    }

    private static void release(Frame frame) {
        if (frame instanceof Frame.Data data) {
            data.payload().release();
        }
    }
}

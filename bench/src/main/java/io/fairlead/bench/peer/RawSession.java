package io.fairlead.bench.peer;

import io.fairlead.bench.cluster.PodAccess;
import io.fairlead.testbed.load.LoadSpec;
import io.fairlead.testbed.load.Mode;
import io.fairlead.testbed.load.Unanswered;
import io.fairlead.engine.frame.FrameDecoder;
import io.fairlead.engine.frame.FrameEncoder;
import io.fairlead.engine.frame.FrameSink;
import io.fairlead.engine.frame.HeaderBlockEncoder;
import io.fairlead.engine.frame.Spdy;
import io.fairlead.testbed.loop.Loops;
import io.fairlead.testbed.loop.OncePerTurn;
import io.fairlead.testbed.pod.Pattern;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.ssl.SslHandler;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/// One upgraded connection that speaks frames and has no local sockets: what the chain of servers allows, whatever a client does better.
/// Runs one workload over all its pairs; both streams of a pair and its first data leave in one write, without waiting for a reply.
///
/// Thread: its event loop, but for the futures. Bound: stops writing while the channel's buffer is full; keeps nothing of what it reads.
final class RawSession extends ChannelInboundHandlerAdapter implements FrameSink {
    /// Header and payload are a whole number of TLS records.
    private static final int FRAME_BYTES = 128 * 1024;
    private static final int UPGRADE_BYTES_MAX = 64 * 1024;

    final CompletableFuture<Void> ready = new CompletableFuture<>();
    final Map<String, Long> errors = new TreeMap<>();
    final Map<String, Long> outcomes = new TreeMap<>();
    final Histogram latencyNanos = new Histogram(3);
    long bytes;
    long ops;
    long verifiedBytes;

    private final PodAccess access;
    private final String path;
    private final LoadSpec spec;
    private final int remotePort;
    private final FrameDecoder decoder = new FrameDecoder(this);
    private final HeaderBlockEncoder blocks = new HeaderBlockEncoder();
    private final StringBuilder head = new StringBuilder();
    private final Map<Integer, Pair> pairs = new HashMap<>();
    private final ArrayDeque<Pair> turns = new ArrayDeque<>();
    private final OncePerTurn pump = new OncePerTurn(this::pump);
    private ChannelHandlerContext ctx;
    private boolean upgraded;
    private boolean running;
    private int replies;
    private int opened;
    private long scheduled;
    private long scheduleNanos;

    private static final class Pair {
        final int dataId;
        final long start;
        final ByteBuf count = Unpooled.buffer(8, 8);
        long sent;
        long received;
        long sentNanos;
        /// Open loop: when each message under way was meant to leave.
        final ArrayDeque<Long> meant = new ArrayDeque<>();

        Pair(int index) {
            this.dataId = 4 * index + 3;
            this.start = index * 1009L;
        }
    }

    RawSession(PodAccess access, String namespace, String pod, LoadSpec spec, int remotePort) {
        this.access = access;
        this.path = access.pathPrefix() + "/api/v1/namespaces/" + namespace + "/pods/" + pod + "/portforward";
        this.spec = spec;
        this.remotePort = remotePort;
    }

    void connect(Loops loops, EventLoop loop) {
        loops.client(loop)
                .option(ChannelOption.ALLOW_HALF_CLOSURE, false)
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(256 * 1024, 512 * 1024))
                .option(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(64 * 1024).maxMessagesPerRead(4))
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        SslHandler tls = access.tls().newHandler(channel.alloc(), access.host(), access.port());
                        channel.pipeline().addLast(tls, RawSession.this);
                        tls.handshakeFuture().addListener(done -> {
                            if (done.isSuccess()) {
                                upgrade();
                            } else {
                                ready.completeExceptionally(done.cause());
                            }
                        });
                    }
                }).connect(access.address()).addListener(done -> {
                    if (!done.isSuccess()) {
                        ready.completeExceptionally(done.cause());
                    }
                });
    }

    /// Starts the traffic. Own loop only.
    void go() {
        running = true;
        switch (spec.mode()) {
            case DOWNLOAD -> pairs.values().forEach(pair -> data(pair, Unpooled.copyLong(-1)));
            case UPLOAD -> turns.addAll(pairs.values());
            case RR -> pairs.values().forEach(this::exchange);
            case RR_OPEN -> {
                turns.addAll(pairs.values());
                scheduleNanos = System.nanoTime();
                sendDue();
            }
            case CONNECT -> {
                for (int i = 0; i < spec.connections(); i++) {
                    exchange(openPair());
                }
            }
            default -> throw new IllegalStateException("no raw form of " + spec.mode());
        }
        if (spec.mode() == Mode.UPLOAD) {
            pump.soon(ctx);
        }
        ctx.flush();
    }

    /// The measured window starts. Own loop only.
    void begin() {
        bytes = 0;
        ops = 0;
        latencyNanos.reset();
    }

    /// Ends the traffic; what is unanswered is counted as the generator does. Own loop only.
    void end() {
        running = false;
        long now = System.nanoTime();
        var waits = new Unanswered();
        for (Pair pair : pairs.values()) {
            switch (spec.mode()) {
                case RR_OPEN -> pair.meant.forEach(from -> waits.add(now - from));
                case RR, CONNECT -> {
                    if (pair.received < pair.sent) {
                        waits.add(now - pair.sentNanos);
                    }
                }
                default -> { // bulk has no exchanges
                }
            }
        }
        long waitedLong = waits.recordIn(latencyNanos);
        if (waitedLong > 0) {
            outcomes.put(Unanswered.OUTCOME, waitedLong);
        }
        ctx.close();
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        ctx = context;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf input = (ByteBuf) message;
        try {
            if (!upgraded) {
                readHead(input);
            }
            if (upgraded) {
                decoder.feed(input);
            }
        } finally {
            input.release();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        context.flush();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (spec.mode() == Mode.UPLOAD) {
            pump.soon(context);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        ready.completeExceptionally(new IllegalStateException("the server closed the connection"));
        if (running) {
            error("session closed");
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        ready.completeExceptionally(cause);
        if (running) {
            error(cause.toString());
        }
        context.close();
    }

    @Override
    public void onSynReply(int streamId, boolean fin, ByteBuf headerBlock) {
        if (pairs.containsKey(streamId) && ++replies == spec.connections()) {
            ready.complete(null);
        }
    }

    @Override
    public void onData(int streamId, ByteBuf source, int index, int length, boolean frameEnd, boolean fin) {
        Pair pair = pairs.get(streamId);
        if (pair == null) {
            if (length > 0) {
                error("error stream: " + source.toString(index, length, StandardCharsets.UTF_8));
            }
            return;
        }
        switch (spec.mode()) {
            case UPLOAD -> acknowledged(pair, source, index, length);
            case DOWNLOAD -> check(pair, 0, source, index, length);
            case RR_OPEN -> {
                long before = pair.received / spec.messageBytes();
                check(pair, pair.start, source, index, length);
                for (long done = pair.received / spec.messageBytes() - before; done > 0; done--) {
                    op(pair.meant.remove());
                }
            }
            default -> {
                check(pair, pair.start, source, index, length);
                if (pair.received == pair.sent && length > 0) {
                    op(pair.sentNanos);
                    again(pair);
                }
            }
        }
        if (fin && running) {
            error("closed");
        }
    }

    @Override
    public void onRstStream(int streamId, int status) {
        error("RST_STREAM " + status);
    }

    @Override
    public void onGoAway(int lastGoodStreamId, int status) {
        error("GOAWAY " + status);
    }

    @Override
    public void onSynStream(int streamId, int priority, boolean fin, ByteBuf headerBlock) {}

    @Override
    public void onHeaders(int streamId, boolean fin, ByteBuf headerBlock) {}

    @Override
    public void onPing(int id) {}

    private void upgrade() {
        String request = "POST " + path + " HTTP/1.1\r\nHost: " + access.host() + ":" + access.port()
                + "\r\nContent-Length: 0\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: portforward.k8s.io\r\n"
                + (access.token() == null ? "" : "Authorization: Bearer " + access.token() + "\r\n") + "\r\n";
        ctx.writeAndFlush(Unpooled.copiedBuffer(request, StandardCharsets.US_ASCII));
    }

    private void readHead(ByteBuf input) {
        while (input.isReadable() && !upgraded) {
            head.append((char) input.readByte());
            if (head.length() > UPGRADE_BYTES_MAX) {
                throw new IllegalStateException("endless answer to the upgrade");
            }
            if (head.length() >= 4 && head.substring(head.length() - 4).equals("\r\n\r\n")) {
                if (!head.toString().startsWith("HTTP/1.1 101")) {
                    throw new IllegalStateException("upgrade refused: " + head.substring(0, head.indexOf("\r\n")));
                }
                upgraded = true;
                openPairs();
            }
        }
    }

    private void openPairs() {
        if (spec.mode() == Mode.CONNECT) {
            ready.complete(null);
            return;
        }
        for (int i = 0; i < spec.connections(); i++) {
            openPair();
        }
        ctx.flush();
    }

    private Pair openPair() {
        var pair = new Pair(opened);
        pairs.put(pair.dataId, pair);
        ByteBuf out = ctx.alloc().ioBuffer(256);
        String port = Integer.toString(remotePort);
        String request = Integer.toString(opened++);
        FrameEncoder.synStream(out, blocks, pair.dataId - 2, true, "streamtype", "error", "port", port, "requestid", request);
        FrameEncoder.synStream(out, blocks, pair.dataId, false, "streamtype", "data", "port", port, "requestid", request);
        ctx.write(out, ctx.voidPromise());
        return pair;
    }

    private void op(long sinceNanos) {
        ops++;
        latencyNanos.recordValue(System.nanoTime() - sinceNanos);
    }

    /// The next message of this pair, or the next pair.
    private void again(Pair pair) {
        if (spec.mode() == Mode.RR) {
            exchange(pair);
            return;
        }
        pairs.remove(pair.dataId);
        ByteBuf out = ctx.alloc().ioBuffer(Spdy.HEADER_BYTES);
        FrameEncoder.fin(out, pair.dataId);
        ctx.write(out, ctx.voidPromise());
        if (running) {
            exchange(openPair());
        }
    }

    /// As the generator's schedule: message k is meant to leave at k / rate, on pair k mod N.
    private void sendDue() {
        if (!running) {
            return;
        }
        double spacing = 1e9 / spec.rate();
        long now = System.nanoTime();
        long next = scheduleNanos + (long) (scheduled * spacing);
        while (next - now <= 0) {
            Pair pair = turns.remove();
            turns.add(pair);
            pair.meant.add(next);
            exchange(pair);
            next = scheduleNanos + (long) (++scheduled * spacing);
        }
        ctx.flush();
        ctx.executor().schedule(this::sendDue, next - System.nanoTime(), TimeUnit.NANOSECONDS);
    }

    private void exchange(Pair pair) {
        pair.sentNanos = System.nanoTime();
        int length = spec.mode() == Mode.CONNECT ? 1 : spec.messageBytes();
        data(pair, Pattern.slice(pair.start + pair.sent, length));
        pair.sent += length;
    }

    /// One frame for each pair in turn while the channel takes them.
    private void pump() {
        while (running && !turns.isEmpty() && ctx.channel().isWritable()) {
            Pair pair = turns.remove();
            int length = FRAME_BYTES - Spdy.HEADER_BYTES;
            data(pair, Pattern.slice(pair.sent, length));
            pair.sent += length;
            turns.add(pair);
        }
        ctx.flush();
    }

    private void data(Pair pair, ByteBuf payload) {
        int length = payload.readableBytes();
        ByteBuf frame = ctx.alloc().ioBuffer(Spdy.HEADER_BYTES + length).writerIndex(Spdy.HEADER_BYTES);
        FrameEncoder.dataHeader(frame, 0, pair.dataId, false, length);
        frame.writeBytes(payload, payload.readerIndex(), length);
        ctx.write(frame, ctx.voidPromise());
    }

    private void check(Pair pair, long start, ByteBuf source, int index, int length) {
        if (Pattern.mismatch(start + pair.received, source.nioBuffer(index, length)) >= 0) {
            error("wrong byte");
        }
        pair.received += length;
        bytes += length;
        verifiedBytes += length;
    }

    private void acknowledged(Pair pair, ByteBuf source, int index, int length) {
        for (int i = 0; i < length; i++) {
            pair.count.writeByte(source.getByte(index + i));
            if (!pair.count.isWritable()) {
                long total = pair.count.readLong();
                pair.count.clear();
                if (total < 0) {
                    error("wrong byte");
                    return;
                }
                bytes += total - pair.received;
                verifiedBytes += total - pair.received;
                pair.received = total;
            }
        }
    }

    private void error(String kind) {
        errors.merge(kind, 1L, Long::sum);
    }
}

package io.fairlead.engine.listen;

import io.fairlead.engine.Limits;
import io.fairlead.engine.session.CloseReason;
import io.fairlead.engine.session.Downstream;
import io.fairlead.engine.session.FrameOut;
import io.fairlead.engine.session.PortHistory;
import io.fairlead.engine.session.StreamPair;
import io.fairlead.engine.tunnel.Tunnel;
import io.fairlead.engine.wire.HeadroomReads;
import io.fairlead.engine.wire.Transport;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.channel.socket.SocketChannel;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;

/// One accepted socket: its bytes to the pair, the pair's bytes to it, half-close and reset both ways.
///
/// Thread: the tunnel's loop, on which its socket is registered, too. Ownership: takes what it reads and gives it to the pair; retains
/// what it queues for the socket, which Netty releases. Bound: upward one read, see {@link StreamPair}; downward
/// {@link Limits#LOCAL_QUEUE_HARD_BYTES} in memory, if others on its tunnel still take bytes; if none does, the tunnel is not read. Past it
/// the pair goes on into a {@link SpillFile}; when that is full, too, it is reset.
/// Invariant: the socket is read exactly while its pair wants bytes, or while it lingers.
final class LocalConnection extends ChannelInboundHandlerAdapter implements Downstream, Tunnel.Flushable, Tunnel.Behind {
    private static final System.Logger LOG = System.getLogger(LocalConnection.class.getName());
    /// For the spill files of this process. A test sets another.
    static volatile SpillRoom spillRoom = SpillRoom.in(Path.of(System.getProperty("java.io.tmpdir")), Limits.SPILL_TOTAL_BYTES);
    /// Bytes in the queues of all local sockets of this process. A test adds to it.
    static final AtomicLong QUEUED = new AtomicLong();

    private final Tunnel tunnel;
    private final int port;
    private final PortHistory history;
    private final Observer observer;

    /// Who hears how it ends.
    interface Observer {
        /// The connection failed for `why`; not called for an orderly end. On the tunnel's loop.
        void onFailed(CloseReason why);

        /// The peer holds nothing of the pair any more. On the tunnel's loop, exactly once.
        void onForgotten();

        /// That, and the local socket is closed, too. On the tunnel's loop, exactly once.
        void onGone();
    }

    private ChannelHandlerContext ctx;
    private StreamPair pair;
    private CloseReason closeReason;
    private boolean flushPending;
    private boolean unspillDue;
    private boolean backlogged;
    private long movedNanos;
    private boolean lingering;
    private long dropped;
    private boolean forgotten;
    private boolean inactive;
    private long queuedBytes;
    private SpillFile spill; // non-null while bytes wait on disk: all later ones have to queue behind them
    private LongFunction<CloseReason> noSpill; // why there is no file for so many bytes, until the socket takes bytes again

    LocalConnection(Tunnel tunnel, int port, PortHistory history, Observer observer) {
        this.tunnel = tunnel;
        this.port = port;
        this.history = history;
        this.observer = observer;
    }

    /// Options of an accepted socket, to be set before it is registered.
    static void configure(SocketChannel socket, Tunnel tunnel) {
        socket.config().setOption(ChannelOption.TCP_NODELAY, true);
        socket.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        socket.config().setOption(ChannelOption.AUTO_READ, true);
        socket.config().setAllocator(Transport.ALLOCATOR);
        socket.config().setWriteBufferWaterMark(new WriteBufferWaterMark(Limits.LOCAL_QUEUE_LOW_BYTES, Limits.LOCAL_QUEUE_SOFT_BYTES));
        socket.config().setRecvByteBufAllocator(new HeadroomReads(FrameOut.HEADROOM, Limits.READ_BYTES, tunnel::readBytes));
    }

    // ---- local socket to pod

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        this.ctx = ctx;
        pair = tunnel.open(port, history, this);
        if (pair == null) {
            fail(new CloseReason.SessionLost("it takes no more connections"));
            onForgotten();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        ByteBuf bytes = (ByteBuf) msg;
        if (lingering || pair == null) {
            drop(bytes);
            return;
        }
        tunnel.begin();
        pair.send(bytes);
    }

    /// The pod has closed: nobody is there to take them. A program that sends on and on is no longer read, and hears of the end by its own writes.
    private void drop(ByteBuf bytes) {
        dropped += bytes.readableBytes();
        bytes.release();
        if (dropped > Limits.LINGER_BYTES) {
            ctx.channel().config().setAutoRead(false);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (!lingering && pair != null) {
            ctx.channel().config().setAutoRead(pair.wantsUpstream());
        }
    }

    @Override
    public void onUpstreamReady() {
        if (pair != null && !lingering) { // null while the pair is being opened: nothing was read yet
            ctx.channel().config().setAutoRead(pair.wantsUpstream());
        }
    }

    @Override
    public InetSocketAddress program() {
        return ctx.channel().remoteAddress() instanceof InetSocketAddress address ? address : null;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            if (lingering) {
                ctx.close();
            } else if (closeReason == null && pair != null) {
                tunnel.begin();
                pair.localEof();
                tunnel.flushSoon();
            }
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        count();
        endSpill();
        backlog();
        if (pair != null && closeReason == null) {
            tunnel.begin();
            pair.localReset();
            tunnel.flushSoon();
        }
        if (!inactive) {
            inactive = true;
            tellIfGone();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (!(cause instanceof IOException)) {
            LOG.log(Level.ERROR, "a local connection failed by a bug of ours", cause);
        }
        reset(ctx.channel()); // mostly the program has reset or is gone; else it must not take this for the end. channelInactive tells the pair
    }

    // ---- pod to local socket

    @Override
    public void onData(ByteBuf source, int index, int length) {
        if (!ctx.channel().isActive()) {
            return;
        }
        if (spill != null) {
            spill(source, index, length);
            return;
        }
        ctx.write(keep(source, index, length), ctx.voidPromise());
        if (!flushPending) {
            flushPending = true;
            tunnel.flushLater(this);
        }
    }

    /// A slice, or a copy when it is small and has to wait: a waiting slice keeps its whole read buffer alive.
    private ByteBuf keep(ByteBuf source, int index, int length) {
        if (length < Limits.COPY_OUT_BYTES && !ctx.channel().isWritable()) {
            return ctx.alloc().directBuffer(length).writeBytes(source, index, length);
        }
        return source.retainedSlice(index, length);
    }

    @Override
    public void flush() {
        flushPending = false;
        ctx.flush();
        long bytes = count();
        int bound = QUEUED.get() > Limits.LOCAL_QUEUES_TOTAL_BYTES ? Limits.LOCAL_QUEUE_LOW_BYTES : Limits.LOCAL_QUEUE_HARD_BYTES;
        if (bytes > bound && spill == null && pair != null && closeReason == null && !tunnel.isPaused()) {
            beginSpill(bytes, bound);
        }
    }

    private void beginSpill(long bytes, int bound) {
        if (noSpill == null) {
            movedNanos = System.nanoTime();
            SpillRoom room = spillRoom;
            try {
                if (room.left() >= Limits.SPILL_LEAST_BYTES) {
                    spill = new SpillFile(room, Limits.SPILL_BYTES, Limits.SPILL_BLOCK_BYTES);
                } else {
                    noSpill = room.isDiskShort() ? queued -> noDisk(queued, "no space left") : LocalConnection::allFull;
                }
            } catch (IOException e) {
                String cause = cause(e);
                noSpill = queued -> noDisk(queued, cause);
            }
            if (ctx.channel().isWritable()) { // below the watermark, so no change of it will tell that the socket has taken what is queued
                ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(_ -> socketTook());
            }
        }
        if (spill != null) {
            return;
        }
        // No file: the tunnel waits for this one, if it may; as many bytes again as fit before may come until then.
        if (isMoving()) {
            tunnel.behind(this, true);
        }
        if (bytes > 2L * bound && !tunnel.isPaused()) {
            pair.fail(noSpill.apply(bytes));
        }
    }

    /// What the system said, without the name of a file that nobody knows.
    private static String cause(IOException e) {
        return switch (e) {
            case NoSuchFileException _ -> "no such directory";
            case AccessDeniedException _ -> "permission denied";
            case FileSystemException f when f.getReason() != null -> f.getReason();
            default -> String.valueOf(e.getMessage());
        };
    }

    private void spill(ByteBuf source, int index, int length) {
        CloseReason why;
        try {
            why = switch (spill.append(source, index, length)) {
                case DONE -> null;
                case FILE_FULL -> new CloseReason.TooSlow(waiting(), Limits.SPILL_BYTES, CloseReason.TooSlow.Bound.CONNECTION);
                case ALL_FULL -> allFull(waiting());
                case DISK_FULL -> noDisk(waiting(), spill.roomLeft() + " bytes are free, fewer than it has there");
            };
        } catch (IOException e) {
            why = noDisk(waiting(), cause(e));
        }
        if (why != null) {
            endSpill();
            pair.fail(why);
        } else if (spill.waiting() > behindBytes() && isMoving()) {
            tunnel.behind(this, true);
        }
    }

    private long waiting() {
        return count() + spill.waiting();
    }

    private static CloseReason allFull(long waiting) {
        return new CloseReason.TooSlow(waiting, Limits.SPILL_TOTAL_BYTES, CloseReason.TooSlow.Bound.PROCESS);
    }

    private static CloseReason noDisk(long waiting, String cause) {
        return new CloseReason.NoDisk(waiting, spillRoom.directory().toString(), cause);
    }

    /// Past so many on disk the connection is far behind: the fewer the less room is left, so that many slow readers share a small disk.
    private long behindBytes() {
        return Math.min(Limits.SPILL_BEHIND_BYTES, spill.roomLeft() / Limits.SPILL_BEHIND_SHARE);
    }

    private void socketTook() {
        if (spill != null) {
            unspillNextTurn();
        } else if (noSpill != null) {
            noSpill = null;
            tunnel.behind(this, false);
        }
    }

    /// The socket takes bytes again: those on disk come first, one queue of them in a turn of the loop, which reads for everybody else in between.
    /// Scheduled, as a flush tells of room while it writes and goes on with what is added, and as Netty runs what is executed before it reads.
    private void unspillNextTurn() {
        if (!unspillDue) {
            unspillDue = true;
            ctx.executor().schedule(this::unspillTurn, 0, TimeUnit.NANOSECONDS);
        }
    }

    private void unspillTurn() {
        unspillDue = false;
        if (spill == null) {
            return;
        }
        try {
            unspill();
        } catch (IOException e) {
            unreadable(e);
        } catch (Throwable e) { // a scheduled task would keep it to itself, and the connection would wait for ever
            exceptionCaught(ctx, e);
        }
    }

    private void unspill() throws IOException {
        while (spill != null && ctx.channel().isActive() && ctx.channel().isWritable()) {
            if (spill.waiting() == 0) {
                endSpill();
            } else {
                ctx.write(spill.take(ctx.alloc(), Limits.LOCAL_QUEUE_SOFT_BYTES), ctx.voidPromise());
            }
        }
        ctx.flush();
        backlog();
        if (spill != null && spill.waiting() <= behindBytes() / 2) {
            tunnel.behind(this, false);
        }
        if (spill == null && closeReason != null) {
            finishAfterQueue();
        }
    }

    /// What waits on disk is lost: the program must not take what it has for all, even if the pod has ended in good order.
    private void unreadable(IOException e) {
        CloseReason why = noDisk(waiting(), cause(e));
        endSpill();
        if (closeReason == null) {
            tunnel.begin();
            pair.fail(why);
            tunnel.flushSoon();
        } else {
            fail(why);
        }
    }

    @Override
    public boolean isMoving() {
        return System.nanoTime() - movedNanos < Limits.MOVING_NANOS;
    }

    private void endSpill() {
        if (spill != null) {
            spill.close();
            spill = null;
            tunnel.behind(this, false);
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        count();
        if (ctx.channel().isWritable()) {
            movedNanos = System.nanoTime();
            socketTook();
        }
        backlog();
    }

    /// Tells the tunnel when the socket ceases or begins to take bytes, those on disk first; once the pair is over that is nobody's concern.
    private void backlog() {
        boolean now = closeReason == null && ctx.channel().isActive() && (spill != null || !ctx.channel().isWritable());
        if (now != backlogged) {
            backlogged = now;
            tunnel.backlogged(now ? 1 : -1);
        }
    }

    /// Tells the tunnel how many bytes wait here, and returns them.
    private long count() {
        ChannelOutboundBuffer queue = ctx.channel().unsafe().outboundBuffer();
        long bytes = queue == null ? 0 : queue.totalPendingWriteBytes();
        if (bytes != queuedBytes) {
            tunnel.queued(bytes - queuedBytes);
            QUEUED.addAndGet(bytes - queuedBytes);
            queuedBytes = bytes;
        }
        return bytes;
    }

    // ---- the end

    @Override
    public void onClosed(CloseReason why) {
        fail(why);
    }

    @Override
    public void onForgotten() {
        forgotten = true;
        observer.onForgotten();
        tellIfGone();
    }

    private void tellIfGone() {
        if (forgotten && inactive) {
            observer.onGone();
        }
    }

    private void fail(CloseReason why) {
        closeReason = why;
        backlog();
        tunnel.behind(this, false);
        if (!why.isOrderly() && !(why instanceof CloseReason.LocalReset) && !(why instanceof CloseReason.Stopped)) {
            observer.onFailed(why);
        }
        if (!ctx.channel().isActive()) {
            return;
        }
        if (why instanceof CloseReason.TooSlow || why instanceof CloseReason.NoDisk || why instanceof CloseReason.Stopped) {
            reset(ctx.channel()); // nobody reads what is queued
        } else if (spill == null) {
            finishAfterQueue();
        }
    }

    /// An empty write stands behind all that is queued: when it is done, so are they.
    private void finishAfterQueue() {
        ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(_ -> finish());
    }

    /// All bytes for the local program are with the kernel: end the socket as the pod's ended.
    private void finish() {
        if (!ctx.channel().isActive()) {
            return;
        }
        var socket = (SocketChannel) ctx.channel();
        if (!closeReason.isOrderly()) {
            reset(socket);
        } else if (socket.isInputShutdown()) {
            ctx.close();
        } else {
            linger(socket);
        }
    }

    /// On the socket's loop.
    static void reset(Channel socket) {
        if (socket.isOpen()) { // or it has no option to set
            try {
                socket.config().setOption(ChannelOption.SO_LINGER, 0);
            } catch (ChannelException _) { // the other end has reset it: some systems take no option then
            }
            socket.close();
        }
    }

    /// FIN to the local program, and its own late bytes read and dropped for a moment: closing with unread bytes would reset the connection,
    /// which may cost the program the last bytes it was sent.
    private void linger(DuplexChannel socket) {
        lingering = true;
        socket.shutdownOutput();
        socket.config().setAutoRead(true);
        ctx.executor().schedule(() -> ctx.close(), Limits.LINGER_NANOS, TimeUnit.NANOSECONDS);
    }
}

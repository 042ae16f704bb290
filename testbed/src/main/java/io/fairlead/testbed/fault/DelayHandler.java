package io.fairlead.testbed.fault;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.util.ReferenceCountUtil;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;

/// Holds back what passes, each way by its own time, in order: a longer wire. First in the pipeline, so that it delays ciphertext.
///
/// Thread: the connection's loop. Ownership: takes what it holds, and releases it when the connection closes.
/// Bound: {@link #HELD_BYTES_MAX} each way; then it stops reading, or makes the channel unwritable.
public final class DelayHandler extends ChannelDuplexHandler {
    /// What may be on the wire: 1 GB/s at 64 ms.
    private static final int HELD_BYTES_MAX = 64 << 20;
    private static final int WRITABILITY_INDEX = 1;

    private record Held(Object message, ChannelPromise promise, long dueNanos) {}

    private final Faults faults;
    private final Deque<Held> in = new ArrayDeque<>();
    private final Deque<Held> out = new ArrayDeque<>();
    private long inBytes;
    private long outBytes;
    private boolean readWanted;

    public DelayHandler(Faults faults) {
        this.faults = faults;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        long delay = faults.toServerNanos();
        if (delay == 0 && in.isEmpty()) {
            ctx.fireChannelRead(message);
            return;
        }
        in.addLast(new Held(message, null, System.nanoTime() + delay));
        inBytes += size(message);
        ctx.executor().schedule(() -> releaseIn(ctx), delay, TimeUnit.NANOSECONDS);
    }

    @Override
    public void read(ChannelHandlerContext ctx) {
        readWanted = inBytes >= HELD_BYTES_MAX;
        if (!readWanted) {
            ctx.read();
        }
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        long delay = faults.toClientNanos();
        if (delay == 0 && out.isEmpty() || !ctx.channel().isActive()) { // nothing is held past channelInactive: nobody would let go of it
            ctx.write(message, promise);
            return;
        }
        out.addLast(new Held(message, promise.unvoid(), System.nanoTime() + delay));
        outBytes += size(message);
        writability(ctx);
        ctx.executor().schedule(() -> releaseOut(ctx), delay, TimeUnit.NANOSECONDS);
    }

    /// A close waits for what was written before it.
    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        if (out.isEmpty() || !ctx.channel().isActive()) {
            ctx.close(promise);
        } else {
            out.getLast().promise().addListener(_ -> ctx.close(promise));
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        in.forEach(held -> ReferenceCountUtil.release(held.message()));
        in.clear();
        for (Held held; (held = out.pollFirst()) != null;) {
            ReferenceCountUtil.release(held.message());
            held.promise().tryFailure(new ClosedChannelException());
        }
        ctx.fireChannelInactive();
    }

    private void releaseIn(ChannelHandlerContext ctx) {
        long now = System.nanoTime();
        boolean some = false;
        while (!in.isEmpty() && in.getFirst().dueNanos() - now <= 0) {
            Object message = in.removeFirst().message();
            inBytes -= size(message);
            ctx.fireChannelRead(message);
            some = true;
        }
        if (some) {
            ctx.fireChannelReadComplete();
        }
        if (readWanted && inBytes < HELD_BYTES_MAX) {
            readWanted = false;
            ctx.read();
        }
    }

    private void releaseOut(ChannelHandlerContext ctx) {
        long now = System.nanoTime();
        boolean some = false;
        while (!out.isEmpty() && out.getFirst().dueNanos() - now <= 0) {
            Held held = out.removeFirst();
            outBytes -= size(held.message());
            ctx.write(held.message(), held.promise());
            some = true;
        }
        if (some) {
            ctx.flush();
        }
        writability(ctx);
    }

    private void writability(ChannelHandlerContext ctx) {
        ChannelOutboundBuffer buffer = ctx.channel().unsafe().outboundBuffer();
        if (buffer != null) {
            buffer.setUserDefinedWritability(WRITABILITY_INDEX, outBytes < HELD_BYTES_MAX);
        }
    }

    private static int size(Object message) {
        return message instanceof ByteBuf bytes ? bytes.readableBytes() : 0;
    }
}

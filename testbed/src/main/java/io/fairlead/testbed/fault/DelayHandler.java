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
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Holds back what passes, each way by its own time, in order: a longer wire, with a window where {@link Faults#window} says so. First in the
/// pipeline, so that it delays ciphertext.
///
/// ```
/// sender ──> waiting: for room in the window ──> wire: for its delay ──> receiver
///                          └─── room again a round trip after it entered the wire ───┘
/// ```
/// Thread: the connection's loop. Ownership: takes what it holds, and releases it when the connection closes.
/// Bound: {@link #HELD_BYTES_MAX} each way, with a window twice that; then it stops reading, or makes the channel unwritable.
public final class DelayHandler extends ChannelDuplexHandler {
    /// What may be on the wire: 1 GB/s at 64 ms.
    private static final int HELD_BYTES_MAX = 64 << 20;
    private static final int WRITABILITY_INDEX = 1;

    private record Held(Object message, ChannelPromise promise, long dueNanos) {}

    private record Acknowledgement(int bytes, long dueNanos) {}

    /// One direction.
    private abstract class Way {
        private final Deque<Held> waiting = new ArrayDeque<>();
        private final Deque<Held> wire = new ArrayDeque<>();
        private final Deque<Acknowledgement> acknowledgements = new ArrayDeque<>();
        private long heldBytes;
        private long inFlightBytes;

        abstract long delayNanos();

        abstract void pass(ChannelHandlerContext ctx, Held held);

        abstract void passed(ChannelHandlerContext ctx);

        /// More room, or less.
        abstract void changed(ChannelHandlerContext ctx);

        final boolean passesAtOnce() {
            return delayNanos() == 0 && heldBytes == 0 && waiting.isEmpty() && wire.isEmpty();
        }

        final boolean hasRoom() {
            long window = faults.windowBytes();
            return heldBytes < (window > 0 ? 2 * window : HELD_BYTES_MAX);
        }

        final void enter(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
            waiting.addLast(new Held(message, promise, 0));
            heldBytes += size(message);
            advance(ctx);
        }

        private void advance(ChannelHandlerContext ctx) {
            long now = ctx.executor().ticker().nanoTime();
            while (!acknowledgements.isEmpty() && acknowledgements.getFirst().dueNanos() - now <= 0) {
                inFlightBytes -= acknowledgements.removeFirst().bytes();
            }
            long window = faults.windowBytes();
            while (!waiting.isEmpty() && (window == 0 || inFlightBytes < window)) {
                Held next = waiting.removeFirst();
                if (window > 0 && next.message() instanceof ByteBuf bytes && bytes.readableBytes() > window - inFlightBytes) {
                    Object part = bytes.readRetainedSlice((int) (window - inFlightBytes));
                    waiting.addFirst(next);
                    next = new Held(part, next.promise() == null ? null : ctx.newPromise(), 0);
                }
                leave(ctx, next, now);
            }
            boolean some = false;
            while (!wire.isEmpty() && wire.getFirst().dueNanos() - now <= 0) {
                Held held = wire.removeFirst();
                heldBytes -= size(held.message());
                pass(ctx, held);
                some = true;
            }
            if (some) {
                passed(ctx);
            }
            changed(ctx);
        }

        private void leave(ChannelHandlerContext ctx, Held held, long now) {
            long delay = delayNanos();
            wire.addLast(new Held(held.message(), held.promise(), now + delay));
            if (delay > 0) {
                ctx.executor().schedule(() -> advance(ctx), delay, TimeUnit.NANOSECONDS);
            }
            if (faults.windowBytes() > 0) {
                long roundTrip = faults.toServerNanos() + faults.toClientNanos();
                int bytes = size(held.message());
                inFlightBytes += bytes;
                acknowledgements.addLast(new Acknowledgement(bytes, now + roundTrip));
                ctx.executor().schedule(() -> advance(ctx), roundTrip, TimeUnit.NANOSECONDS);
            }
        }

        final Held last() {
            return waiting.isEmpty() ? wire.peekLast() : waiting.getLast();
        }

        final void drop() {
            for (Deque<Held> line : List.of(wire, waiting)) {
                for (Held held; (held = line.pollFirst()) != null;) {
                    ReferenceCountUtil.release(held.message());
                    if (held.promise() != null) {
                        held.promise().tryFailure(new ClosedChannelException());
                    }
                }
            }
            heldBytes = 0;
        }
    }

    private final Faults faults;
    private boolean readWanted;

    private final Way in = new Way() {
        @Override
        long delayNanos() {
            return faults.toServerNanos();
        }

        @Override
        void pass(ChannelHandlerContext ctx, Held held) {
            ctx.fireChannelRead(held.message());
        }

        @Override
        void passed(ChannelHandlerContext ctx) {
            ctx.fireChannelReadComplete();
        }

        @Override
        void changed(ChannelHandlerContext ctx) {
            if (readWanted && hasRoom()) {
                readWanted = false;
                ctx.read();
            }
        }
    };

    private final Way out = new Way() {
        @Override
        long delayNanos() {
            return faults.toClientNanos();
        }

        @Override
        void pass(ChannelHandlerContext ctx, Held held) {
            ctx.write(held.message(), held.promise());
        }

        @Override
        void passed(ChannelHandlerContext ctx) {
            ctx.flush();
        }

        @Override
        void changed(ChannelHandlerContext ctx) {
            ChannelOutboundBuffer buffer = ctx.channel().unsafe().outboundBuffer();
            if (buffer != null) {
                buffer.setUserDefinedWritability(WRITABILITY_INDEX, hasRoom());
            }
        }
    };

    public DelayHandler(Faults faults) {
        this.faults = faults;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (in.passesAtOnce()) {
            ctx.fireChannelRead(message);
        } else {
            in.enter(ctx, message, null);
        }
    }

    @Override
    public void read(ChannelHandlerContext ctx) {
        readWanted = !in.hasRoom();
        if (!readWanted) {
            ctx.read();
        }
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (out.passesAtOnce() || !ctx.channel().isActive()) { // nothing is held past channelInactive: nobody would let go of it
            ctx.write(message, promise);
        } else {
            out.enter(ctx, message, promise.unvoid());
        }
    }

    /// A close waits for what was written before it.
    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        Held last = out.last();
        if (last == null || !ctx.channel().isActive()) {
            ctx.close(promise);
        } else {
            last.promise().addListener(_ -> ctx.close(promise));
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        in.drop();
        out.drop();
        ctx.fireChannelInactive();
    }

    private static int size(Object message) {
        return message instanceof ByteBuf bytes ? bytes.readableBytes() : 0;
    }
}

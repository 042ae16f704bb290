package io.fairlead.bench.peer;

import io.fairlead.testbed.loop.Loops;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;

/// A longer wire: passes TCP connections on to one address and holds back what they carry, half a round trip each way, without a limit of rate.
///
/// ```
/// client                      relay                                         server
///   connect, accepted at once   ── 1 round trip, as a SYN would need ──>      accept
///   bytes, FIN, RST             ── half a round trip after they came ──>      the same, in order
/// ```
/// What a client sends in the first round trip after its connect counts as sent at the end of it: over a real wire it could not have been sent
/// before. What is not imitated: slow start, loss, and a limited window; a single connection is as fast as its two ends.
///
/// Thread: the event loop of each connection. Ownership: takes what it holds, and releases it when a connection ends.
/// Bound: {@link #HELD_BYTES_MAX} each way and connection; then it stops reading.
final class DelayRelay implements AutoCloseable {
    /// What may be on the wire: 640 MB/s at a round trip of 200 ms.
    private static final int HELD_BYTES_MAX = 64 << 20;

    /// An end, as a message behind the bytes.
    private enum End { FIN, RESET }

    private record Held(Object message, long dueNanos) {}

    private final Channel listener;

    private DelayRelay(Channel listener) {
        this.listener = listener;
    }

    /// Listens on a free port of 127.0.0.1.
    static DelayRelay start(Loops loops, InetSocketAddress target, Duration roundTrip) throws IOException {
        ChannelFuture bound = loops.server()
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, new AdaptiveRecvByteBufAllocator(512, 4096, 128 * 1024))
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(256 * 1024, 512 * 1024))
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel client) {
                        connect(loops, client, target, roundTrip.toNanos());
                    }
                }).bind("127.0.0.1", 0).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException("the delaying relay cannot listen: " + bound.cause().getMessage(), bound.cause());
        }
        return new DelayRelay(bound.channel());
    }

    InetSocketAddress address() {
        return (InetSocketAddress) listener.localAddress();
    }

    /// Takes no more connections. Those that are open live as long as the loops.
    @Override
    public void close() {
        listener.close().awaitUninterruptibly();
    }

    private static void connect(Loops loops, Channel client, InetSocketAddress target, long roundTripNanos) {
        long acceptedNanos = System.nanoTime();
        var front = new Side(client, roundTripNanos / 2, acceptedNanos + roundTripNanos);
        client.pipeline().addLast(front);
        client.eventLoop().schedule(() -> {
            loops.client(client.eventLoop())
                    .option(ChannelOption.RECVBUF_ALLOCATOR, new AdaptiveRecvByteBufAllocator(512, 4096, 128 * 1024))
                    .option(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(256 * 1024, 512 * 1024))
                    .handler(new ChannelInitializer<Channel>() {
                        @Override
                        protected void initChannel(Channel server) {
                            var back = new Side(server, roundTripNanos / 2, acceptedNanos);
                            back.other = front;
                            server.pipeline().addLast(back);
                        }
                    }).connect(target).addListener((ChannelFuture connected) -> {
                        if (!connected.isSuccess()) {
                            front.discard();
                            Loops.reset(client);
                            return;
                        }
                        front.other = connected.channel().pipeline().get(Side.class);
                        if (client.isActive()) {
                            front.deliver();
                        } else {
                            Loops.reset(connected.channel());
                        }
                    });
        }, roundTripNanos, TimeUnit.NANOSECONDS);
    }

    /// One of the two sockets, and what came in by it and is on its way to the other.
    private static final class Side extends ChannelInboundHandlerAdapter {
        private final Channel channel;
        private final long delayNanos;
        private final long sendingFromNanos;
        private final ArrayDeque<Held> held = new ArrayDeque<>();
        private Side other; // null until the server's socket is there
        private long heldBytes;
        private long wakeNanos;
        private boolean waking;
        private boolean inputEnded;
        private boolean outputEnded;

        Side(Channel channel, long delayNanos, long sendingFromNanos) {
            this.channel = channel;
            this.delayNanos = delayNanos;
            this.sendingFromNanos = sendingFromNanos;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            if (other != null && !other.channel.isActive()) { // its reset is on the way to us
                ReferenceCountUtil.release(message);
                return;
            }
            heldBytes += ((ByteBuf) message).readableBytes();
            hold(message);
            if (heldBytes >= HELD_BYTES_MAX) {
                channel.config().setAutoRead(false);
            }
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof ChannelInputShutdownEvent) {
                inputEnded = true;
                hold(End.FIN);
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }

        /// Broken, unless both directions have come to their ends.
        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            if (other == null || !other.channel.isActive()) {
                discard();
            } else if (!(inputEnded && outputEnded)) {
                hold(End.RESET);
            }
            if (other != null) {
                other.discard();
            }
        }

        /// In a turn of its own: this may be called from the middle of a write.
        @Override
        public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            if (channel.isWritable() && other != null) {
                channel.eventLoop().execute(other::deliver);
            }
        }

        private void hold(Object message) {
            long now = System.nanoTime();
            held.add(new Held(message, now + Math.max(0, sendingFromNanos - now) + delayNanos));
            if (held.size() == 1) {
                deliver();
            }
        }

        /// Passes on what is due, and wakes up for the next.
        private void deliver() {
            if (other == null) {
                return;
            }
            long now = System.nanoTime();
            boolean some = false;
            while (!held.isEmpty() && held.getFirst().dueNanos() - now <= 0 && (other.channel.isWritable() || !other.channel.isActive())) {
                some = true;
                pass(held.removeFirst().message());
            }
            if (some) {
                other.channel.flush();
            }
            if (heldBytes < HELD_BYTES_MAX / 2 && !channel.config().isAutoRead() && channel.isActive()) {
                channel.config().setAutoRead(true);
            }
            if (!held.isEmpty() && held.getFirst().dueNanos() - now > 0 && !(waking && wakeNanos == held.getFirst().dueNanos())) {
                waking = true;
                wakeNanos = held.getFirst().dueNanos();
                channel.eventLoop().schedule(() -> {
                    waking = false;
                    deliver();
                }, wakeNanos - now, TimeUnit.NANOSECONDS);
            }
        }

        private void pass(Object message) {
            switch (message) {
                case ByteBuf bytes -> {
                    heldBytes -= bytes.readableBytes();
                    other.channel.write(bytes, other.channel.voidPromise());
                }
                case End end when end == End.FIN -> {
                    // Netty drops what is not written yet when an output is shut: that has to go first.
                    other.channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(_ -> channel.eventLoop().execute(other::endOutput));
                }
                default -> Loops.reset(other.channel);
            }
        }

        private void endOutput() {
            outputEnded = true;
            ((DuplexChannel) channel).shutdownOutput();
            closeIfEnded();
            other.closeIfEnded();
        }

        private void closeIfEnded() {
            if (inputEnded && outputEnded) {
                channel.close();
            }
        }

        /// There is nobody left to pass it on to.
        private void discard() {
            held.removeIf(one -> {
                ReferenceCountUtil.release(one.message());
                return one.message() instanceof ByteBuf;
            });
            heldBytes = 0;
        }
    }
}

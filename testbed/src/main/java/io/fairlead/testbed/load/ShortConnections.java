package io.fairlead.testbed.load;

import io.fairlead.testbed.loop.Loops;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.socket.DuplexChannel;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/// A stream of short connections, `connections` under way at once: {@link Mode#CONNECT}, {@link Mode#CHURN}, {@link Mode#ASK}, {@link Mode#TOUCH},
/// {@link Mode#BURST} and {@link Mode#CLIENT_RESET}.
///
/// Thread: the workload's event loop.
final class ShortConnections {
    private static final int PAYLOAD = 0x5A;

    private final Workload load;
    private final Mode mode;
    private final Set<One> underWay = new HashSet<>();
    private long ended;

    ShortConnections(Workload load) {
        this.load = load;
        this.mode = load.spec.mode();
    }

    void go() {
        for (int i = 0; i < load.spec.connections(); i++) {
            next();
        }
    }

    /// The window ends: those still under way have waited, too.
    void finish(Unanswered waits) {
        if (mode.timed) {
            underWay.stream().filter(one -> !one.answered).forEach(one -> waits.add(System.nanoTime() - one.startNanos));
        }
    }

    private void next() {
        if (load.over() || !mode.timed && load.begun == load.spec.count()) {
            return;
        }
        int index = (int) (load.begun++ % Integer.MAX_VALUE);
        var one = new One(System.nanoTime());
        underWay.add(one);
        Bootstrap bootstrap = load.bootstrap(2048).handler(new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(one);
            }
        });
        load.connect(bootstrap, index, connected -> {
            if (!connected.isSuccess()) {
                if (!load.over()) { // the end of the load closes those under way
                    load.tally.error("connect: " + Workload.kind(connected.cause()));
                }
                ended(one);
            }
        });
    }

    /// One attempt has come to its end: begin another in a fresh turn of the loop, as a refused connect would recurse otherwise.
    private void ended(One one) {
        underWay.remove(one);
        ended++;
        if (!mode.timed && ended == load.spec.count()) {
            load.allDone();
        } else {
            load.loop.execute(this::next);
        }
    }

    @ChannelHandler.Sharable // by those channels that did not get their port
    private final class One extends ChannelInboundHandlerAdapter {
        private final long startNanos;
        private boolean answered;
        private boolean reset;
        private boolean timedOut;

        One(long startNanos) {
            this.startNanos = startNanos;
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            load.opened++;
            switch (mode) {
                case TOUCH -> ((DuplexChannel) ctx.channel()).shutdownOutput();
                case ASK -> ctx.writeAndFlush(Unpooled.copiedBuffer(load.spec.request(), StandardCharsets.ISO_8859_1));
                default -> ctx.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {PAYLOAD}));
            }
            var timer = ctx.executor().schedule(() -> {
                timedOut = true;
                ctx.close();
            }, Math.min(30_000, load.spec.deadline().toMillis()), TimeUnit.MILLISECONDS);
            ctx.channel().closeFuture().addListener(_ -> timer.cancel(false));
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            boolean right = mode == Mode.ASK || mode == Mode.TOUCH
                    || !answered && bytes.readableBytes() == 1 && bytes.getByte(bytes.readerIndex()) == PAYLOAD;
            bytes.release();
            boolean first = !answered;
            answered = true;
            if (mode == Mode.BURST) {
                return; // some servers speak before they close
            }
            if (!right) {
                load.tally.error("wrong byte");
            } else if (first) {
                load.tally.verifiedBytes++;
                load.tally.op(System.nanoTime() - startNanos);
            }
            if (mode == Mode.CLIENT_RESET) {
                Loops.reset(ctx.channel());
            } else {
                ctx.close();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            reset |= Workload.kind(cause).equals("reset");
            ctx.close();
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            String end = timedOut ? "timeout" : reset ? "reset" : "closed";
            if (mode == Mode.BURST) {
                load.tally.op(System.nanoTime() - startNanos);
                load.tally.outcome((answered ? "data, then " : "") + end);
            } else if (mode == Mode.TOUCH && !answered && end.equals("closed")) {
                load.tally.op(System.nanoTime() - startNanos);
            } else if (!answered && !load.over()) {
                load.tally.error(end + " before the answer");
            }
            ended(this);
        }
    }
}

package io.fairlead.engine.listen;

import io.fairlead.engine.ForwardEvent;
import io.fairlead.engine.Limits;
import io.fairlead.engine.session.CloseReason;
import io.fairlead.engine.session.PortHistory;
import io.fairlead.engine.tunnel.ShardSet;
import io.fairlead.engine.tunnel.Tunnel;
import io.fairlead.engine.wire.Transport;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.SocketProtocolFamily;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// One bound local address: accepts, has each connection placed on a tunnel, and hands its socket to that tunnel's loop.
///
/// Thread: the forward's home loop. Bound: the forward's {@link PairBudget}; past it, and while file handles are out, nothing is accepted and
/// connections wait in the kernel's listen queue.
public final class Listener {
    private static final int LISTEN_QUEUE = 4096; // the kernel cuts it to net.core.somaxconn

    private final ShardSet shards;
    private final PairBudget budget;
    private final Consumer<ForwardEvent> events;
    private final int portIndex;
    private final int remotePort;
    private final PortHistory history;
    private final Channel channel;
    private final ChannelGroup sockets;

    private Listener(EventLoop home, Channel channel, int portIndex, int remotePort, PortHistory history, ShardSet shards, PairBudget budget, Consumer<ForwardEvent> events) {
        this.channel = channel;
        sockets = new DefaultChannelGroup(home);
        this.portIndex = portIndex;
        this.remotePort = remotePort;
        this.history = history;
        this.shards = shards;
        this.budget = budget;
        this.events = events;
    }

    /// Binds `address` and starts to accept. Blocks.
    ///
    /// @param portIndex which of the forward's ports it is; a tunnel knows what its pod has there
    /// @param remotePort the same of the pod of now, for messages
    /// @throws IOException the address is taken, or not one of this machine's
    public static Listener bind(Transport transport, EventLoop home, InetSocketAddress address, int portIndex, int remotePort,
            PortHistory history, ShardSet shards, PairBudget budget, Consumer<ForwardEvent> events) throws IOException, InterruptedException {
        Channel channel = open(transport, address.getAddress());
        channel.config().setOption(ChannelOption.SO_BACKLOG, LISTEN_QUEUE);
        channel.config().setOption(ChannelOption.SO_REUSEADDR, true);
        channel.config().setOption(ChannelOption.SO_RCVBUF, Limits.LOCAL_RECEIVE_BUFFER_BYTES); // accepted sockets inherit it
        var listener = new Listener(home, channel, portIndex, remotePort, history, shards, budget, events);
        channel.pipeline().addLast(listener.new Accept());
        home.register(channel).sync();
        var bound = channel.bind(address).await();
        if (!bound.isSuccess()) {
            channel.close();
            throw bound.cause() instanceof IOException e ? e : new IOException(bound.cause());
        }
        return listener;
    }

    private static Channel open(Transport transport, InetAddress address) throws IOException {
        try {
            return transport.newServerChannel(address instanceof Inet6Address ? SocketProtocolFamily.INET6 : SocketProtocolFamily.INET);
        } catch (ChannelException e) {
            throw e.getCause() instanceof IOException cause ? cause : new IOException(e);
        }
    }

    /// What the system said, without the transport's own words: `Address already in use`.
    public static String cause(Throwable error) {
        String message = String.valueOf(error.getMessage());
        return message.replaceFirst("^.*failed with error\\(-?[0-9]+\\): ", "");
    }

    public InetSocketAddress local() {
        return (InetSocketAddress) channel.localAddress();
    }

    public int remotePort() {
        return remotePort;
    }

    /// Resets the accepted sockets that are still open: those that had bytes left for a local program that does not read. Any thread.
    public void resetSockets() {
        // On their loops: one that closes by itself just then has no option to set any more. One without a loop finds its session closed.
        sockets.stream().filter(Channel::isRegistered).forEach(socket -> socket.eventLoop().execute(() -> LocalConnection.reset(socket)));
        sockets.newCloseFuture().awaitUninterruptibly(Limits.CLOSE_NANOS, TimeUnit.NANOSECONDS);
    }

    /// Stops accepting and frees the address. Connections already accepted go on. Any thread.
    public void close() {
        channel.close().awaitUninterruptibly(Limits.CLOSE_NANOS, TimeUnit.NANOSECONDS);
    }

    private final class Accept extends ChannelInboundHandlerAdapter {
        private final HandleShortage shortage = new HandleShortage();
        private int localPort;

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            localPort = local().getPort();
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object msg) {
            var socket = (SocketChannel) msg;
            budget.accepted();
            events.accept(new ForwardEvent.Accepted(localPort));
            shards.place(portIndex, history, new Placement(socket, localPort));
            if (budget.isFull()) {
                pause(ctx);
            }
        }

        /// File handles are out, or the like: say so once, wait, go on. The socket itself is fine.
        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.channel().config().setAutoRead(false);
            budget.pausedForOtherReason();
            if (shortage.failed(System.nanoTime())) {
                events.accept(new ForwardEvent.AcceptPaused(localPort, cause(cause)));
            }
            ctx.executor().schedule(() -> resume(ctx), Limits.ACCEPT_PAUSE_NANOS, TimeUnit.NANOSECONDS);
            ctx.executor().schedule(() -> tellIfOver(ctx), Limits.ACCEPT_CALM_NANOS, TimeUnit.NANOSECONDS);
        }

        private void tellIfOver(ChannelHandlerContext ctx) {
            if (ctx.channel().isOpen() && shortage.isOver(System.nanoTime())) {
                events.accept(new ForwardEvent.AcceptResumed(localPort));
            }
        }

        private void pause(ChannelHandlerContext ctx) {
            ctx.channel().config().setAutoRead(false);
            if (budget.isFullNews()) {
                events.accept(new ForwardEvent.AcceptPaused(localPort, "the limit of " + budget.max() + " connections is reached"));
            }
            budget.paused(() -> ctx.executor().execute(() -> resume(ctx)));
        }

        private void resume(ChannelHandlerContext ctx) {
            if (!ctx.channel().isOpen()) {
                return;
            }
            if (budget.isFull()) {
                pause(ctx);
                return;
            }
            ctx.channel().config().setAutoRead(true);
        }
    }

    /// An accepted socket on its way to a tunnel. Not registered yet, so nothing reads it: what it sends waits in the kernel.
    private final class Placement implements ShardSet.Waiter {
        private final SocketChannel socket;
        private final int localPort;

        Placement(SocketChannel socket, int localPort) {
            this.socket = socket;
            this.localPort = localPort;
        }

        @Override
        public void placed(Tunnel tunnel) {
            sockets.add(socket);
            LocalConnection.configure(socket, tunnel);
            socket.pipeline().addLast(new LocalConnection(tunnel, tunnel.port(portIndex), history, new LocalConnection.Observer() {
                @Override
                public void onFailed(CloseReason why) {
                    if (why instanceof CloseReason.PodGone) {
                        shards.retire(tunnel);
                    }
                    events.accept(new ForwardEvent.PairFailed(localPort, remotePort, why.text()));
                }

                @Override
                public void onForgotten() {
                    tunnel.gone(portIndex);
                }

                @Override
                public void onGone() {
                    budget.gone();
                }
            }));
            tunnel.eventLoop().register(socket).addListener(registered -> {
                if (!registered.isSuccess()) {
                    tunnel.gone(portIndex);
                    refused(new CloseReason.SessionLost(String.valueOf(registered.cause().getMessage())));
                }
            });
        }

        @Override
        public void refused(CloseReason why) {
            budget.gone();
            events.accept(new ForwardEvent.PairFailed(localPort, remotePort, why.text()));
            socket.config().setOption(ChannelOption.SO_LINGER, 0);
            socket.unsafe().closeForcibly();
        }
    }
}

package io.fairlead.testbed.pod;

import io.fairlead.testbed.loop.Loops;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.SocketChannel;
import io.netty.util.AttributeKey;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/// One listening port of a pod: a {@link PodBehaviour} for every connection, and counters.
///
/// Thread: any; connections are served on the loops given.
public final class PodServer implements AutoCloseable {
    private static final AttributeKey<Boolean> STALLED = AttributeKey.valueOf(PodServer.class, "stalled");

    /// A caller counts on the port being free then; only a loop that hangs takes longer.
    private static final long CLOSE_MILLIS = 10_000;

    private final Channel listener;
    private final Set<Channel> open;
    private final AtomicLong accepted;
    private final AtomicBoolean stalled;

    private PodServer(Channel listener, Set<Channel> open, AtomicLong accepted, AtomicBoolean stalled) {
        this.listener = listener;
        this.open = open;
        this.accepted = accepted;
        this.stalled = stalled;
    }

    /// Listens on `host` and `port` (0: any free one).
    ///
    /// @throws IOException the port cannot be bound; the message names it
    public static PodServer listen(Loops loops, PodBehaviour behaviour, String host, int port) throws IOException {
        Set<Channel> open = ConcurrentHashMap.newKeySet();
        var accepted = new AtomicLong();
        var stalled = new AtomicBoolean();
        var bootstrap = loops.server().childHandler(new ChannelInitializer<SocketChannel>() {
            @Override
            protected void initChannel(SocketChannel connection) {
                open.add(connection);
                accepted.incrementAndGet();
                connection.pipeline().addLast(new Remover(open));
                behaviour.serve(connection);
                if (stalled.get()) {
                    stall(connection, true);
                }
            }
        });
        if (behaviour.receiveBufferBytes() > 0) {
            bootstrap.option(ChannelOption.SO_RCVBUF, behaviour.receiveBufferBytes());
        }
        ChannelFuture bound = bootstrap.bind(host, port).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException("cannot listen on " + host + ":" + port + ": " + bound.cause().getMessage(), bound.cause());
        }
        return new PodServer(bound.channel(), open, accepted, stalled);
    }

    public int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    /// Connections open now.
    public int connectionsOpen() {
        return open.size();
    }

    /// Connections accepted since the start.
    public long connectionsAccepted() {
        return accepted.get();
    }

    /// Stops reading from every connection, open or new; `false` goes on. Not for behaviours that never or slowly read.
    public void stall(boolean stall) {
        stalled.set(stall);
        open.forEach(connection -> connection.eventLoop().execute(() -> stall(connection, stall)));
    }

    /// Resets every connection that is open.
    public void resetConnections() {
        open.forEach(connection -> connection.eventLoop().execute(() -> Loops.reset(connection)));
    }

    /// What a behaviour calls instead of setting auto-read itself, so that a stalled connection stays stalled.
    static void readMore(Channel connection, boolean more) {
        connection.config().setAutoRead(more && connection.attr(STALLED).get() == null);
    }

    private static void stall(Channel connection, boolean stall) {
        connection.attr(STALLED).set(stall ? Boolean.TRUE : null);
        connection.config().setAutoRead(!stall);
    }

    /// Stops listening and resets every connection, as a killed container's kernel would.
    @Override
    public void close() {
        listener.close().awaitUninterruptibly(CLOSE_MILLIS);
        resetConnections();
    }

    /// Takes a closed connection out of the set.
    private static final class Remover extends ChannelDuplexHandler {
        private final Set<Channel> open;

        Remover(Set<Channel> open) {
            this.open = open;
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            open.remove(ctx.channel());
            ctx.fireChannelInactive();
        }
    }
}

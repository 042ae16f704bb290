package io.fairlead.testbed.loop;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.util.concurrent.TimeUnit;

/// Event loops of the testbed and the socket types that run on them: epoll where the native library loads, NIO elsewhere.
///
/// Thread: any. Bound: the number of threads given at start.
public final class Loops implements AutoCloseable {
    private final EventLoopGroup group;
    private final boolean epoll;
    private final ChannelGroup clients = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);

    private Loops(EventLoopGroup group, boolean epoll) {
        this.group = group;
        this.epoll = epoll;
    }

    /// @param name prefix of the thread names
    /// @param threads loops, 1 or more
    public static Loops start(String name, int threads) {
        boolean epoll = Epoll.isAvailable();
        var factory = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        return new Loops(new MultiThreadIoEventLoopGroup(threads, new DefaultThreadFactory(name, true), factory), epoll);
    }

    /// "epoll" or "nio".
    public String transport() {
        return epoll ? "epoll" : "nio";
    }

    /// One of the loops, in turn.
    public EventLoop next() {
        return group.next();
    }

    /// A listener on these loops. Accepted sockets allow half-close and have no Nagle delay.
    public ServerBootstrap server() {
        return new ServerBootstrap().group(group)
                .channel(epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, 4096)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
    }

    /// A client socket on `loop`, which is one of these. Allows half-close and has no Nagle delay.
    public Bootstrap client(EventLoop loop) {
        return new Bootstrap().group(loop)
                .channel(epoll ? EpollSocketChannel.class : NioSocketChannel.class)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.ALLOW_HALF_CLOSURE, true);
    }

    /// Closes `connection` with a TCP reset, past TLS and whatever else would say good-bye first. Its own loop only; nothing happens to one that
    /// is closed.
    public static void reset(Channel connection) {
        if (connection.isOpen()) {
            try {
                connection.config().setOption(ChannelOption.SO_LINGER, 0);
            } catch (ChannelException _) { // the peer was faster: the socket is gone already
            }
            var first = connection.pipeline().firstContext();
            if (first == null) {
                connection.close();
            } else {
                first.close();
            }
        }
    }

    /// `client` is closed with the loops at the latest, and what it still has to write is released.
    public void closeAtEnd(Channel client) {
        clients.add(client);
    }

    /// Ends the loops and waits for them, at most five seconds.
    @Override
    public void close() {
        clients.close().awaitUninterruptibly(1000); // a loop that ends lets go of a channel without releasing what waits in it
        group.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
    }
}

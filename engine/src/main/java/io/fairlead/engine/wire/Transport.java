package io.fairlead.engine.wire;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;

/// How sockets are driven: Netty's native epoll, or NIO where that cannot be loaded. Chosen once. Any thread.
public enum Transport {
    EPOLL {
        @Override
        public IoHandlerFactory handlerFactory() {
            return EpollIoHandler.newFactory();
        }

        @Override
        public Class<? extends SocketChannel> socketClass() {
            return EpollSocketChannel.class;
        }

        @Override
        public ServerChannel newServerChannel() {
            return new EpollServerSocketChannel();
        }
    },
    NIO {
        @Override
        public IoHandlerFactory handlerFactory() {
            return NioIoHandler.newFactory();
        }

        @Override
        public Class<? extends SocketChannel> socketClass() {
            return NioSocketChannel.class;
        }

        @Override
        public ServerChannel newServerChannel() {
            return new NioServerSocketChannel();
        }
    };

    public abstract IoHandlerFactory handlerFactory();

    public abstract Class<? extends SocketChannel> socketClass();

    public abstract ServerChannel newServerChannel();

    /// The best one that works here; the system property `fairlead.transport` (`epoll` or `nio`) overrides it, for tests.
    public static Transport best() {
        String wanted = System.getProperty("fairlead.transport", "epoll");
        return wanted.equals("epoll") && Epoll.isAvailable() ? EPOLL : NIO;
    }
}

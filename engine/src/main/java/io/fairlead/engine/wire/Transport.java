package io.fairlead.engine.wire;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.IntegerUnixChannelOption;
import java.nio.channels.spi.SelectorProvider;

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
        public ServerChannel newServerChannel(SocketProtocolFamily family) {
            var channel = new EpollServerSocketChannel(family);
            if (family == SocketProtocolFamily.INET6) {
                channel.config().setOption(IPV6_V6ONLY, 1);
            }
            return channel;
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
        public ServerChannel newServerChannel(SocketProtocolFamily family) {
            return new NioServerSocketChannel(SelectorProvider.provider(), family); // `::` takes IPv4, too: Java offers nothing else
        }
    };

    /// Buffers of all channels. Netty's default, the adaptive allocator, took fresh zeroed memory for buffers of 64 KiB and more again and again:
    /// a sixth of an upload's CPU time, an eighth of a download's.
    public static final ByteBufAllocator ALLOCATOR = PooledByteBufAllocator.DEFAULT;

    /// Linux: IPPROTO_IPV6 and IPV6_V6ONLY.
    private static final ChannelOption<Integer> IPV6_V6ONLY = new IntegerUnixChannelOption("IPV6_V6ONLY", 41, 26);

    public abstract IoHandlerFactory handlerFactory();

    public abstract Class<? extends SocketChannel> socketClass();

    /// A listener for one family alone, as Go's are: 0.0.0.0 is not reached by IPv6, and `::` can stand beside it.
    ///
    /// @throws io.netty.channel.ChannelException this machine does not have `family`, or file handles are out
    public abstract ServerChannel newServerChannel(SocketProtocolFamily family);

    /// The best one that works here; the system property `fairlead.transport` (`epoll` or `nio`) overrides it, for tests.
    public static Transport best() {
        String wanted = System.getProperty("fairlead.transport", "epoll");
        return wanted.equals("epoll") && Epoll.isAvailable() ? EPOLL : NIO;
    }
}

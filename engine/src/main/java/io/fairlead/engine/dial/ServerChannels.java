package io.fairlead.engine.dial;

import io.fairlead.engine.Limits;
import io.fairlead.engine.kube.Access;
import io.fairlead.engine.kube.ByteStream;
import io.fairlead.engine.kube.Connector;
import io.fairlead.engine.wire.TlsClient;
import io.fairlead.engine.wire.Transport;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// Channels to one API server, connected and with TLS where it wants it, for sessions and for the reads. One TLS context for all of them,
/// so that each later one resumes the TLS session of an earlier one.
///
/// Thread: any; blocks its caller. Bound: {@link Limits#DIAL_NANOS} for connecting to one address and for TLS.
public final class ServerChannels implements Connector {
    private final Transport transport;
    private final EventLoop readsLoop;
    private Access tlsOf;
    private TlsClient tls;

    /// @param readsLoop where the reads' channels live
    public ServerChannels(Transport transport, EventLoop readsLoop) {
        this.transport = transport;
        this.readsLoop = readsLoop;
    }

    EventLoop readsLoop() {
        return readsLoop;
    }

    @Override
    public ByteStream connect(Access access) throws IOException, InterruptedException {
        Channel channel = open(access, readsLoop);
        var stream = new ChannelStream(channel);
        channel.pipeline().addLast(stream);
        return stream;
    }

    /// The channel of a connection that {@link #connect} made, for another use. Empty, and the connection closed, when it is not fit for one.
    static Optional<Channel> release(ByteStream stream) {
        if (stream instanceof ChannelStream ours) {
            return ours.release();
        }
        stream.close();
        return Optional.empty();
    }

    /// A connected channel without automatic reads and, but for TLS, without handlers. The caller closes it.
    Channel open(Access access, EventLoop loop) throws IOException, InterruptedException {
        Channel channel = connected(access, loop);
        try {
            if (access.tls()) {
                secure(channel, access);
            }
            return channel;
        } catch (IOException | InterruptedException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /// Tries the host's addresses one after the other; the first one's error counts.
    private Channel connected(Access access, EventLoop loop) throws IOException, InterruptedException {
        var bootstrap = new Bootstrap()
                .group(loop)
                .channel(transport.socketClass())
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) TimeUnit.NANOSECONDS.toMillis(Limits.DIAL_NANOS))
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.SO_KEEPALIVE, true)
                .option(ChannelOption.AUTO_READ, false)
                .option(ChannelOption.ALLOCATOR, Transport.ALLOCATOR)
                .option(ChannelOption.RECVBUF_ALLOCATOR,
                        new FixedRecvByteBufAllocator(Limits.SESSION_READ_BYTES).maxMessagesPerRead(Limits.SESSION_READS))
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK,
                        new WriteBufferWaterMark(Limits.SESSION_QUEUE_LOW_BYTES, Limits.SESSION_QUEUE_HIGH_BYTES))
                .handler(new ChannelInboundHandlerAdapter());
        if (transport == Transport.EPOLL) {
            bootstrap.option(EpollChannelOption.TCP_NOTSENT_LOWAT, (long) Limits.SESSION_UNSENT_BYTES)
                    .option(EpollChannelOption.TCP_USER_TIMEOUT, (int) TimeUnit.NANOSECONDS.toMillis(Limits.SESSION_DEAD_NANOS))
                    .option(EpollChannelOption.TCP_KEEPIDLE, Limits.KEEPALIVE_IDLE_SECONDS)
                    .option(EpollChannelOption.TCP_KEEPINTVL, Limits.KEEPALIVE_EVERY_SECONDS);
        }
        IOException first = null;
        for (InetAddress address : InetAddress.getAllByName(access.host())) {
            ChannelFuture connected = bootstrap.connect(new InetSocketAddress(address, access.port()));
            try {
                connected.await();
            } catch (InterruptedException e) {
                connected.channel().close();
                throw e;
            }
            if (connected.isSuccess()) {
                return connected.channel();
            }
            first = first == null ? asIo(connected.cause()) : first;
        }
        throw first == null ? new UnknownHostException(access.host()) : first;
    }

    private void secure(Channel channel, Access access) throws IOException, InterruptedException {
        SslHandler handler = tls(access).handler(channel.alloc(), access.verifiedName(), access.port(),
                TimeUnit.NANOSECONDS.toMillis(Limits.DIAL_NANOS));
        var told = new Told();
        channel.pipeline().addFirst(handler).addLast(told);
        channel.read();
        var handshake = handler.handshakeFuture().await();
        if (!handshake.isSuccess()) {
            throw asIo(handshake.cause());
        }
        channel.pipeline().remove(told);
    }

    /// Last in the pipeline during the handshake, whose future tells of its failure: Netty would log it a second time.
    private static final class Told extends ChannelInboundHandlerAdapter {
        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }

    /// One TLS context as long as certificates and key stay the same.
    private synchronized TlsClient tls(Access access) throws IOException {
        boolean same = tlsOf != null && tlsOf.insecureSkipVerify() == access.insecureSkipVerify()
                && tlsOf.authorities().equals(access.authorities()) && tlsOf.certificates().equals(access.certificates())
                && tlsOf.key().equals(access.key());
        if (!same) {
            tls = new TlsClient(access.authorities(), access.insecureSkipVerify(), access.key(), access.certificates());
            tlsOf = access;
        }
        return tls;
    }

    private static IOException asIo(Throwable cause) {
        return cause instanceof IOException e ? e : new IOException(cause);
    }
}

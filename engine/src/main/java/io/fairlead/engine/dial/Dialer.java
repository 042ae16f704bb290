package io.fairlead.engine.dial;

import io.fairlead.engine.Failure;
import io.fairlead.engine.ForwardException;
import io.fairlead.engine.Limits;
import io.fairlead.engine.kube.Access;
import io.fairlead.engine.kube.Cluster;
import io.fairlead.engine.kube.ServerFailure;
import io.fairlead.engine.resolve.Endpoint;
import io.fairlead.engine.resolve.PortPair;
import io.fairlead.engine.tunnel.Tunnel;
import io.fairlead.engine.wire.TlsClient;
import io.fairlead.engine.wire.Transport;
import io.fairlead.engine.wire.Upgrade;
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
import java.net.SocketTimeoutException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Endpoint to tunnel: connects to the API server, TLS, upgrade. Blocks its caller, a virtual thread; the channel lives on the loop it is given.
///
/// Thread: any; one dial at a time per caller. Bound: {@link Limits#DIAL_NANOS} for each of the three steps.
public final class Dialer {
    private final Transport transport;
    private final Cluster cluster;
    private Access tlsOf;
    private TlsClient tls;

    public Dialer(Transport transport, Cluster cluster) {
        this.transport = transport;
        this.cluster = cluster;
    }

    /// A tunnel to the endpoint's pod, up and on `loop`. Credentials that the server calls expired are renewed once.
    ///
    /// @throws ForwardException says why there is none
    public Tunnel dial(Endpoint endpoint, EventLoop loop) throws ForwardException, InterruptedException {
        try {
            return dialOnce(endpoint, loop);
        } catch (ForwardException e) {
            if (!(e.failure() instanceof Failure.UpgradeRefused refused && refused.code() == 401)) {
                throw e;
            }
            cluster.rejected();
            return dialOnce(endpoint, loop);
        }
    }

    private Tunnel dialOnce(Endpoint endpoint, EventLoop loop) throws ForwardException, InterruptedException {
        Access access = cluster.access();
        Channel channel = null;
        try {
            channel = connect(access, loop);
            if (access.tls()) {
                secure(channel, access);
            }
            return upgrade(channel, access, endpoint);
        } catch (IOException e) {
            close(channel);
            throw new ForwardException(ServerFailure.of(cluster.server(), e));
        } catch (ForwardException | InterruptedException | RuntimeException e) {
            close(channel);
            throw e;
        }
    }

    /// Tries the host's addresses one after the other; the last one's error counts.
    private Channel connect(Access access, EventLoop loop) throws IOException, InterruptedException {
        var bootstrap = new Bootstrap()
                .group(loop)
                .channel(transport.socketClass())
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) TimeUnit.NANOSECONDS.toMillis(Limits.DIAL_NANOS))
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.SO_KEEPALIVE, true)
                .option(ChannelOption.AUTO_READ, false)
                .option(ChannelOption.RECVBUF_ALLOCATOR,
                        new FixedRecvByteBufAllocator(Limits.SESSION_READ_BYTES).maxMessagesPerRead(Limits.SESSION_READS))
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK,
                        new WriteBufferWaterMark(Limits.SESSION_QUEUE_LOW_BYTES, Limits.SESSION_QUEUE_HIGH_BYTES))
                .handler(new ChannelInboundHandlerAdapter());
        if (transport == Transport.EPOLL) {
            bootstrap.option(EpollChannelOption.TCP_NOTSENT_LOWAT, (long) Limits.SESSION_UNSENT_BYTES)
                    .option(EpollChannelOption.TCP_USER_TIMEOUT, (int) TimeUnit.NANOSECONDS.toMillis(Limits.SESSION_DEAD_NANOS));
        }
        IOException last = null;
        for (InetAddress address : InetAddress.getAllByName(access.host())) {
            ChannelFuture connected = bootstrap.connect(new InetSocketAddress(address, access.port())).await();
            if (connected.isSuccess()) {
                return connected.channel();
            }
            last = connected.cause() instanceof IOException e ? e : new IOException(connected.cause());
        }
        throw last;
    }

    private void secure(Channel channel, Access access) throws IOException, InterruptedException {
        SslHandler handler = tls(access).handler(channel.alloc(), access.verifiedName(), access.port(),
                TimeUnit.NANOSECONDS.toMillis(Limits.DIAL_NANOS));
        channel.pipeline().addFirst(handler);
        channel.read();
        var handshake = handler.handshakeFuture().await();
        if (!handshake.isSuccess()) {
            throw handshake.cause() instanceof IOException e ? e : new IOException(handshake.cause());
        }
    }

    /// One TLS context as long as certificates and key stay the same, so that later sessions resume the first one's.
    private synchronized TlsClient tls(Access access) throws IOException {
        boolean same = tlsOf != null && tlsOf.insecureSkipVerify() == access.insecureSkipVerify()
                && tlsOf.authorities().equals(access.authorities()) && tlsOf.certificates().equals(access.certificates());
        if (!same) {
            tls = new TlsClient(access.authorities(), access.insecureSkipVerify(), access.key(), access.certificates());
            tlsOf = access;
        }
        return tls;
    }

    private Tunnel upgrade(Channel channel, Access access, Endpoint endpoint) throws IOException, InterruptedException, ForwardException {
        String path = access.pathPrefix() + "/api/v1/namespaces/" + endpoint.namespace() + "/pods/" + endpoint.pod() + "/portforward";
        var upgrade = new Upgrade(access.authority(), path, access.headers(), Limits.UPGRADE_ANSWER_BYTES);
        var tunnel = new Tunnel(endpoint.pod(), endpoint.ports().stream().mapToInt(PortPair::remote).toArray());
        // On the loop and before the codec is removed, so that no byte behind the 101 is missed.
        CompletableFuture<Upgrade.Outcome> ready = upgrade.outcome().whenComplete((outcome, _) -> {
            if (outcome instanceof Upgrade.Outcome.Upgraded) {
                channel.pipeline().addLast(tunnel);
            }
        });
        channel.pipeline().addLast(new Reader(), upgrade);
        return switch (await(ready)) {
            case Upgrade.Outcome.Upgraded _ -> tunnel;
            case Upgrade.Outcome.Refused(var refusal) ->
                throw new ForwardException(ServerFailure.ofUpgrade(refusal.code(), refusal.contentType(), refusal.body()));
        };
    }

    private static Upgrade.Outcome await(CompletableFuture<Upgrade.Outcome> ready) throws IOException, InterruptedException {
        try {
            return ready.get(Limits.DIAL_NANOS, TimeUnit.NANOSECONDS);
        } catch (TimeoutException _) {
            throw new SocketTimeoutException("no answer to the upgrade within " + Limits.DIAL_NANOS / 1_000_000_000 + " s");
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
        }
    }

    private static void close(Channel channel) {
        if (channel != null) {
            channel.close();
        }
    }

    /// Keeps reads coming until the tunnel reads by itself.
    private static final class Reader extends ChannelInboundHandlerAdapter {
        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            ctx.fireChannelReadComplete();
            if (ctx.pipeline().get(Tunnel.class) == null) {
                ctx.read();
            } else {
                ctx.pipeline().remove(this);
            }
        }
    }
}

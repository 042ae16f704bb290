package io.fairlead.engine.dial;

import io.fairlead.engine.Failure;
import io.fairlead.engine.ForwardException;
import io.fairlead.engine.Limits;
import io.fairlead.engine.kube.Access;
import io.fairlead.engine.kube.Cluster;
import io.fairlead.engine.kube.ServerFailure;
import io.fairlead.engine.kube.UrlPath;
import io.fairlead.engine.resolve.Endpoint;
import io.fairlead.engine.resolve.PortPair;
import io.fairlead.engine.tunnel.Tunnel;
import io.fairlead.engine.wire.Upgrade;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Endpoint to tunnel: a channel to the API server, and the upgrade on it. Blocks its caller, a virtual thread; the channel lives on the loop
/// it is given.
///
/// Thread: any. Bound: {@link Limits#DIAL_NANOS} for each of connecting, TLS and upgrade.
public final class Dialer {
    private final ServerChannels channels;
    private final Cluster cluster;

    /// @param channels also opens the connections that the cluster's reads go over
    public Dialer(ServerChannels channels, Cluster cluster) {
        this.channels = channels;
        this.cluster = cluster;
    }

    /// A tunnel to the endpoint's pod, up and on `loop`. Credentials that the server calls expired are renewed once.
    ///
    /// @throws ForwardException says why there is none
    public Tunnel dial(Endpoint endpoint, EventLoop loop) throws ForwardException, InterruptedException {
        try {
            return dialOnce(endpoint, loop);
        } catch (ForwardException e) {
            if (!isExpired(e)) {
                throw e;
            }
            cluster.rejected();
            return dialOnce(endpoint, loop);
        }
    }

    /// The same right after the reads that found the endpoint, on the connection they left, or on a fresh one beside it when there is none
    /// or it does not live any more. This saves a TLS handshake where somebody waits.
    public Tunnel dialAfterReads(Endpoint endpoint) throws ForwardException, InterruptedException {
        Access access = cluster.access();
        Channel left = cluster.takeIdle(access).flatMap(ServerChannels::release).orElse(null);
        if (left != null) {
            try {
                return upgrade(left, access, endpoint);
            } catch (IOException _) {
                left.close(); // it died while idle: a fresh one tells whether the server did
            } catch (ForwardException e) {
                left.close();
                if (!isExpired(e)) {
                    throw e;
                }
                cluster.rejected();
            } catch (InterruptedException | RuntimeException e) {
                left.close();
                throw e;
            }
        }
        return dial(endpoint, channels.readsLoop());
    }

    private static boolean isExpired(ForwardException e) {
        return e.failure() instanceof Failure.UpgradeRefused refused && refused.code() == 401;
    }

    private Tunnel dialOnce(Endpoint endpoint, EventLoop loop) throws ForwardException, InterruptedException {
        Access access = cluster.access();
        Channel channel = null;
        try {
            channel = channels.open(access, loop);
            return upgrade(channel, access, endpoint);
        } catch (IOException e) {
            close(channel);
            throw new ForwardException(ServerFailure.of(cluster.server(), e));
        } catch (ForwardException | InterruptedException | RuntimeException e) {
            close(channel);
            throw e;
        }
    }

    private Tunnel upgrade(Channel channel, Access access, Endpoint endpoint) throws IOException, InterruptedException, ForwardException {
        String path = access.pathPrefix() + "/api/v1/namespaces/" + UrlPath.segment(endpoint.namespace())
                + "/pods/" + UrlPath.segment(endpoint.pod()) + "/portforward";
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

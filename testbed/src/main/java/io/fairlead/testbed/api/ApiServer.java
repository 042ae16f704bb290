package io.fairlead.testbed.api;

import io.fairlead.testbed.fault.DelayHandler;
import io.fairlead.testbed.fault.Faults;
import io.fairlead.testbed.fault.SplitHandler;
import io.fairlead.testbed.loop.Loops;
import io.fairlead.testbed.node.NodeSession;
import io.fairlead.testbed.node.NodeSettings;
import io.fairlead.testbed.node.PodTarget;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.X509ExtendedTrustManager;

/// The API server's socket: TLS on loopback, HTTP/1.1, and from an upgrade on a {@link NodeSession}.
///
/// ```
/// delay (ciphertext) | TLS | split | HTTP codec | aggregator | ApiHandler      until the upgrade
/// delay (ciphertext) | TLS | split | [WebSocket codec |] NodeSession           after it
/// ```
///
/// Thread: any. Bound: a request has at most {@link #REQUEST_BYTES_MAX}.
public final class ApiServer implements AutoCloseable {
    private static final int REQUEST_BYTES_MAX = 1 << 20;

    private final Channel listener;
    private final Set<Channel> connections = ConcurrentHashMap.newKeySet();
    private final Set<NodeSession> sessions = ConcurrentHashMap.newKeySet();
    private final AtomicLong sessionsAccepted = new AtomicLong();
    private final ObjectStore store;
    private final Access access;
    private final PodDirectory pods;
    private final NodeSettings settings;
    private final Faults faults;
    private final Loops loops;

    /// @param port 0 for any free one
    /// @throws IOException the port cannot be bound
    public ApiServer(Loops loops, int port, Pki pki, ObjectStore store, Access access, PodDirectory pods, NodeSettings settings, Faults faults)
            throws IOException {
        this.loops = loops;
        this.store = store;
        this.access = access;
        this.pods = pods;
        this.settings = settings;
        this.faults = faults;
        SslContext tls = tls(pki);
        ChannelFuture bound = loops.server()
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(256 * 1024, 512 * 1024))
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, new AdaptiveRecvByteBufAllocator(2048, 16 * 1024, 128 * 1024).maxMessagesPerRead(2))
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel connection) {
                        accept(connection, tls.newHandler(connection.alloc()));
                    }
                })
                .bind("127.0.0.1", port).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException("cannot listen on 127.0.0.1:" + port + ": " + bound.cause().getMessage(), bound.cause());
        }
        this.listener = bound.channel();
        faults.onFreeze(() -> sessions.forEach(NodeSession::refreshFreeze));
    }

    public int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    /// Sessions that are up.
    public Set<NodeSession> sessions() {
        return Set.copyOf(sessions);
    }

    /// Sessions upgraded since the start.
    public long sessionsAccepted() {
        return sessionsAccepted.get();
    }

    /// Closes every connection but the sessions: watches and idle clients.
    public void dropWatches() {
        connections.stream().filter(c -> c.pipeline().get(ApiHandler.class) != null).forEach(Channel::close);
    }

    /// Stops listening and closes every connection.
    @Override
    public void close() {
        listener.close().awaitUninterruptibly(1000);
        connections.forEach(connection -> connection.close().awaitUninterruptibly(1000));
    }

    NodeSession session(PodTarget target, EventLoop loop) {
        var session = new NodeSession(target, settings, faults, loops, loop, sessions::remove);
        sessions.add(session);
        sessionsAccepted.incrementAndGet();
        return session;
    }

    ObjectStore store() {
        return store;
    }

    Access access() {
        return access;
    }

    PodDirectory pods() {
        return pods;
    }

    NodeSettings settings() {
        return settings;
    }

    Faults faults() {
        return faults;
    }

    private void accept(SocketChannel connection, SslHandler tls) {
        connections.add(connection);
        connection.closeFuture().addListener(_ -> connections.remove(connection));
        connection.pipeline().addLast(new DelayHandler(faults), tls);
        if (faults.writeBytesMax() > 0) {
            connection.pipeline().addLast(new SplitHandler(faults.writeBytesMax()));
        }
        connection.pipeline().addLast("http", new HttpServerCodec());
        connection.pipeline().addLast("aggregator", new HttpObjectAggregator(REQUEST_BYTES_MAX));
        connection.pipeline().addLast("api", new ApiHandler(this));
    }

    /// BoringSSL where it loads, as it costs half of the JDK's TLS. Any client certificate passes here; {@link Access} judges it, so that a wrong one
    /// is answered with 401 as by a real server.
    private static SslContext tls(Pki pki) {
        Pki.Identity server = pki.server();
        try {
            return SslContextBuilder.forServer(server.key(), server.certificate())
                    .sslProvider(OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK)
                    .clientAuth(ClientAuth.OPTIONAL)
                    .trustManager(new Lenient(pki.authority()))
                    .protocols("TLSv1.3", "TLSv1.2")
                    .applicationProtocolConfig(new ApplicationProtocolConfig(ApplicationProtocolConfig.Protocol.ALPN,
                            ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                            ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT, List.of(ApplicationProtocolNames.HTTP_1_1)))
                    .build();
        } catch (SSLException e) {
            throw new IllegalStateException("cannot set up TLS", e);
        }
    }

    /// Names our authority to clients and accepts what they send.
    private static final class Lenient extends X509ExtendedTrustManager {
        private final X509Certificate authority;

        Lenient(X509Certificate authority) {
            this.authority = authority;
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {
            throw new UnsupportedOperationException();
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[] {authority};
        }
    }
}

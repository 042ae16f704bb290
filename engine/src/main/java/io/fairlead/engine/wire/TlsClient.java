package io.fairlead.engine.wire;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLException;

/// TLS towards one API server: BoringSSL where it loads, else the JDK's. TLS 1.2 and 1.3, no ALPN, as an upgrade needs HTTP/1.1.
/// Kept for all sessions of a forward, so that the second one resumes the first one's TLS session. Any thread.
public final class TlsClient {
    private final SslContext context;

    /// @param authorities certificates to trust; empty for the system's
    /// @param insecure trust any certificate
    /// @param key private key of the user's certificate
    /// @param certificates the user's certificate chain, leaf first; empty with an empty `key`
    /// @throws SSLException the key does not fit the certificate, or neither provider takes it
    public TlsClient(List<X509Certificate> authorities, boolean insecure, Optional<PrivateKey> key, List<X509Certificate> certificates)
            throws SSLException {
        SslContextBuilder builder = SslContextBuilder.forClient()
                .sslProvider(OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK)
                .protocols("TLSv1.3", "TLSv1.2");
        if (insecure) {
            builder.trustManager(InsecureTrustManagerFactory.INSTANCE).endpointIdentificationAlgorithm("");
        } else if (!authorities.isEmpty()) {
            builder.trustManager(authorities.toArray(X509Certificate[]::new));
        }
        if (key.isPresent()) {
            builder.keyManager(key.get(), certificates.toArray(X509Certificate[]::new));
        }
        context = builder.build();
    }

    /// A handler for one connection that sends `serverName` as SNI and expects it in the certificate.
    ///
    /// Records: whole buffers go to the engine as they are; putting small ones together is the tunnel's work, and it does so without
    /// copying large ones (setWrapDataSize(0)).
    public SslHandler handler(ByteBufAllocator alloc, String serverName, int port, long handshakeMillis) {
        SslHandler handler = context.newHandler(alloc, serverName, port);
        handler.setWrapDataSize(0);
        handler.setHandshakeTimeoutMillis(handshakeMillis);
        return handler;
    }
}

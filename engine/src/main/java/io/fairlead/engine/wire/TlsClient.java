package io.fairlead.engine.wire;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;

/// TLS towards one API server: BoringSSL where it loads, else the JDK's. TLS 1.2 and 1.3, no ALPN, as an upgrade needs HTTP/1.1.
/// Kept for all connections of a forward, so that the second one resumes the first one's TLS session. Any thread.
///
/// Uses no key store: putting a key into one encrypts it, which costs start-up time for nothing.
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
            builder.trustManager(trustOnly(authorities));
        }
        if (key.isPresent()) {
            builder.keyManager(new OneKey(key.get(), certificates.toArray(X509Certificate[]::new)));
        }
        context = builder.build();
    }

    /// Loads the libraries and classes that the first one needs, so that it is made faster later. A failure is left to that one to tell.
    public static void load() {
        try {
            new TlsClient(List.of(), true, Optional.empty(), List.of());
        } catch (SSLException | RuntimeException | LinkageError _) {
            // see above
        }
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

    private static TrustManagerFactory trustOnly(List<X509Certificate> authorities) throws SSLException {
        try {
            Set<TrustAnchor> anchors = authorities.stream().map(ca -> new TrustAnchor(ca, null)).collect(Collectors.toSet());
            var parameters = new PKIXBuilderParameters(anchors, new X509CertSelector());
            parameters.setRevocationEnabled(false);
            TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
            factory.init(new CertPathTrustManagerParameters(parameters));
            return factory;
        } catch (GeneralSecurityException e) {
            throw new SSLException("TLS can't be set up: " + e.getMessage(), e);
        }
    }

    /// Offers one certificate to any server that asks for one of its algorithm.
    private static final class OneKey extends X509ExtendedKeyManager {
        private static final String ALIAS = "client";
        /// What the JDK calls Ed25519 keys. BoringSSL signs with them, but Netty has no name for them among those it asks for.
        private static final String EDWARDS = "EdDSA";
        private final PrivateKey key;
        private final X509Certificate[] chain;

        OneKey(PrivateKey key, X509Certificate[] chain) {
            this.key = key;
            this.chain = chain;
        }

        @Override
        public String chooseClientAlias(String[] keyTypes, Principal[] issuers, Socket socket) {
            return key.getAlgorithm().equals(EDWARDS) || Arrays.asList(keyTypes).contains(key.getAlgorithm()) ? ALIAS : null;
        }

        @Override
        public String chooseEngineClientAlias(String[] keyTypes, Principal[] issuers, SSLEngine engine) {
            return chooseClientAlias(keyTypes, issuers, null);
        }

        @Override
        public String[] getClientAliases(String keyType, Principal[] issuers) {
            return new String[] {ALIAS};
        }

        @Override
        public X509Certificate[] getCertificateChain(String alias) {
            return chain.clone();
        }

        @Override
        public PrivateKey getPrivateKey(String alias) {
            return key;
        }

        @Override
        public String[] getServerAliases(String keyType, Principal[] issuers) {
            return null;
        }

        @Override
        public String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
            return null;
        }
    }
}

package io.fairlead.bench.cluster;

import io.kubernetes.client.util.KubeConfig;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.Reader;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;

/// What a bare client needs to reach the API server: its name and port, TLS context, and a bearer token or null. Client certificates and tokens only.
///
/// @param address where to connect: the API server itself, or a relay to it
public record PodAccess(String host, int port, InetSocketAddress address, String pathPrefix, SslContext tls, String token) {
    /// Reads the current context of `kubeconfig`.
    public static PodAccess read(Path kubeconfig) throws IOException {
        KubeConfig config;
        try (Reader reader = Files.newBufferedReader(kubeconfig)) {
            config = KubeConfig.loadKubeConfig(reader);
        }
        config.setFile(kubeconfig.toFile());
        URI server = URI.create(config.getServer());
        var tls = SslContextBuilder.forClient().sslProvider(OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK)
                .trustManager(new ByteArrayInputStream(config.getDataOrFileRelative(config.getCertificateAuthorityData(),
                        config.getCertificateAuthorityFile())));
        byte[] certificate = config.getDataOrFileRelative(config.getClientCertificateData(), config.getClientCertificateFile());
        if (certificate != null) {
            tls.keyManager(new ByteArrayInputStream(certificate),
                    new ByteArrayInputStream(config.getDataOrFileRelative(config.getClientKeyData(), config.getClientKeyFile())));
        }
        int port = server.getPort() < 0 ? 443 : server.getPort();
        return new PodAccess(server.getHost(), port, new InetSocketAddress(server.getHost(), port), server.getPath(), tls.build(),
                certificate == null && config.getCredentials() != null ? config.getCredentials().get("token") : null);
    }

    /// The same API server, reached by way of `relay`.
    public PodAccess at(InetSocketAddress relay) {
        return new PodAccess(host, port, relay, pathPrefix, tls, token);
    }
}

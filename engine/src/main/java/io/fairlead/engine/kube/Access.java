package io.fairlead.engine.kube;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What one TLS connection and one HTTP request to the API server need, as of the moment {@link Cluster#access} made it.
///
/// @param host name or IP literal to connect to; IPv6 without brackets
/// @param pathPrefix of the server URL, without a slash at its end; often empty
/// @param tlsServerName sent as SNI and verified instead of `host`
/// @param insecureSkipVerify accept any certificate
/// @param authorities the only roots to trust; empty for the system's
/// @param key of the client certificate, present when and only when `certificates` is not empty
/// @param certificates the client's chain, its own first
/// @param headers credentials and impersonation, in order; a name may repeat; they are not to be logged
public record Access(
        String host,
        int port,
        boolean tls,
        String pathPrefix,
        Optional<String> tlsServerName,
        boolean insecureSkipVerify,
        List<X509Certificate> authorities,
        Optional<PrivateKey> key,
        List<X509Certificate> certificates,
        List<Map.Entry<String, String>> headers) {

    public Access {
        authorities = List.copyOf(authorities);
        certificates = List.copyOf(certificates);
        headers = List.copyOf(headers);
    }

    /// The name that the server's certificate must carry.
    public String verifiedName() {
        return tlsServerName.orElse(host);
    }

    /// `host:port` as a `Host` header wants it.
    public String authority() {
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }

    @Override
    public String toString() {
        return "Access[" + (tls ? "https://" : "http://") + authority() + pathPrefix + ", headers "
                + headers.stream().map(Map.Entry::getKey).toList() + ", certificates " + certificates.size() + "]";
    }
}

package io.fairlead.engine.kube;

import io.fairlead.engine.Failure;
import io.fairlead.engine.ForwardException;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Makes an {@link Access} of a context's settings, reading its files anew each time. Any thread.
///
/// A token file that can't be read for a moment (it is being replaced) leaves the last token in use, until the server rejects it.
final class Credentials {
    private final KubeConfig.Settings settings;
    private volatile String lastToken = "";

    Credentials(KubeConfig.Settings settings) {
        this.settings = settings;
    }

    Access access() throws ForwardException {
        List<X509Certificate> authorities = settings.authority().isPresent() ? certificates(settings.authority().get()) : List.of();
        List<X509Certificate> chain = settings.certificate().isPresent() ? certificates(settings.certificate().get()) : List.of();
        Optional<PrivateKey> key = settings.key().isPresent() ? Optional.of(key(settings.key().get())) : Optional.empty();
        return new Access(settings.host(), settings.port(), settings.tls(), settings.pathPrefix(), settings.tlsServerName(),
                settings.insecureSkipVerify(), authorities, key, chain, headers());
    }

    void rejected() {
        lastToken = "";
    }

    private List<Map.Entry<String, String>> headers() throws ForwardException {
        List<Map.Entry<String, String>> headers = new ArrayList<>();
        String token = token();
        if (!token.isEmpty()) {
            headers.add(Map.entry("Authorization", "Bearer " + token));
        } else if (!settings.username().isEmpty() || !settings.password().isEmpty()) {
            byte[] pair = (settings.username() + ":" + settings.password()).getBytes(StandardCharsets.UTF_8);
            headers.add(Map.entry("Authorization", "Basic " + Base64.getEncoder().encodeToString(pair)));
        }
        headers.addAll(settings.impersonation());
        return headers;
    }

    private String token() throws ForwardException {
        if (settings.tokenFile().isEmpty()) {
            return settings.token();
        }
        Path file = settings.tokenFile().get();
        try {
            String token = new String(KubeConfig.read(file, "tokenFile"), StandardCharsets.UTF_8).strip();
            if (token.isEmpty()) {
                throw new ForwardException(new Failure.FileNotReadable(file.toString(), "tokenFile", "it is empty"));
            }
            if (!KubeConfig.isToken(token)) {
                throw new ForwardException(new Failure.FileNotReadable(file.toString(), "tokenFile", KubeConfig.NO_TOKEN));
            }
            lastToken = token;
            return token;
        } catch (ForwardException e) {
            String kept = lastToken.isEmpty() ? settings.token() : lastToken;
            if (kept.isEmpty()) {
                throw e;
            }
            return kept;
        }
    }

    private static List<X509Certificate> certificates(KubeConfig.Material material) throws ForwardException {
        try {
            return Pem.certificates(bytes(material));
        } catch (GeneralSecurityException e) {
            throw unusable(material, e);
        }
    }

    private static PrivateKey key(KubeConfig.Material material) throws ForwardException {
        try {
            return Pem.privateKey(bytes(material));
        } catch (GeneralSecurityException e) {
            throw unusable(material, e);
        }
    }

    private static byte[] bytes(KubeConfig.Material material) throws ForwardException {
        return switch (material) {
            case KubeConfig.Material.Inline inline -> inline.bytes();
            case KubeConfig.Material.Stored stored -> KubeConfig.read(stored.path(), stored.role());
        };
    }

    private static ForwardException unusable(KubeConfig.Material material, GeneralSecurityException e) {
        return switch (material) {
            case KubeConfig.Material.Inline inline -> new ForwardException(new Failure.BadKubeconfig(inline.file(),
                    inline.role().replaceFirst(" of ", "-data of ") + ": " + e.getMessage()));
            case KubeConfig.Material.Stored stored -> new ForwardException(
                    new Failure.FileNotReadable(stored.path().toString(), stored.role(), e.getMessage()));
        };
    }
}

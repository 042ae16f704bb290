package io.fairlead.testbed.api;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

/// Who may come in and what they may do: bearer tokens and client certificates, and deny rules. Whoever is known may do everything
/// that no rule denies.
///
/// Thread: any.
public final class Access {
    /// An authenticated user.
    record User(String name, List<String> groups) {}

    /// Denies to a user what matches; `*` in a field matches everything. `resource` is plural, with its subresource behind a slash: `pods/portforward`.
    public record Deny(String user, String verb, String resource, String namespace) {
        boolean matches(User who, String what, String on, String in) {
            return match(user, who.name()) && match(verb, what) && match(resource, on) && match(namespace, in);
        }

        private static boolean match(String pattern, String value) {
            return pattern.equals("*") || pattern.equals(value);
        }
    }

    private static final String BEARER_PROTOCOL = "base64url.bearer.authorization.k8s.io.";

    private final Pki pki;
    private final SecureRandom random = new SecureRandom();
    private final Map<String, User> tokens = new ConcurrentHashMap<>();
    private final List<Deny> rules = new CopyOnWriteArrayList<>();

    public Access(Pki pki) {
        this.pki = pki;
    }

    /// Makes a bearer token for `user`. Valid until {@link #expire}.
    public String token(String user, String... groups) {
        byte[] bytes = new byte[24];
        random.nextBytes(bytes);
        String token = HexFormat.of().formatHex(bytes);
        tokens.put(token, new User(user, List.of(groups)));
        return token;
    }

    /// From now on requests with `token` get 401. Sessions that are up go on, as credentials are checked at the upgrade only.
    public void expire(String token) {
        tokens.remove(token);
    }

    public void deny(Deny rule) {
        rules.add(rule);
    }

    public void allow(Deny rule) {
        rules.remove(rule);
    }

    boolean allows(User user, String verb, String resource, String namespace) {
        return rules.stream().noneMatch(rule -> rule.matches(user, verb, resource, namespace));
    }

    /// The user of a request: its bearer token, else the connection's certificate.
    ///
    /// @param certificate what the client presented in TLS, or null
    Optional<User> authenticate(HttpHeaders headers, X509Certificate certificate) {
        Optional<String> token = bearer(headers);
        if (token.isPresent()) {
            return token.map(tokens::get);
        }
        return Optional.ofNullable(certificate).filter(pki::issued).map(Access::user);
    }

    private static Optional<String> bearer(HttpHeaders headers) {
        String authorization = headers.get(HttpHeaderNames.AUTHORIZATION, "");
        if (authorization.regionMatches(true, 0, "Bearer ", 0, 7)) {
            return Optional.of(authorization.substring(7).strip());
        }
        for (String protocols : headers.getAll(HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL)) {
            for (String protocol : protocols.split(",")) {
                if (protocol.strip().startsWith(BEARER_PROTOCOL)) {
                    byte[] token = Base64.getUrlDecoder().decode(protocol.strip().substring(BEARER_PROTOCOL.length()));
                    return Optional.of(new String(token, StandardCharsets.UTF_8));
                }
            }
        }
        return Optional.empty();
    }

    private static User user(X509Certificate certificate) {
        String name = "";
        List<String> groups = new ArrayList<>();
        try {
            for (Rdn rdn : new LdapName(certificate.getSubjectX500Principal().getName()).getRdns()) {
                if (rdn.getType().equalsIgnoreCase("CN")) {
                    name = rdn.getValue().toString();
                } else if (rdn.getType().equalsIgnoreCase("O")) {
                    groups.add(rdn.getValue().toString());
                }
            }
        } catch (InvalidNameException e) {
            throw new IllegalStateException(e); // parsed once by the JDK already
        }
        return new User(name, List.copyOf(groups));
    }
}

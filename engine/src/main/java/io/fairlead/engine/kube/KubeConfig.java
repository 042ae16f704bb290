package io.fairlead.engine.kube;

import io.fairlead.engine.Failure;
import io.fairlead.engine.ForwardException;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// Reads kubeconfigs as kubectl does (client-go tools/clientcmd) into what one context means.
///
/// Several files are merged so that the first one that has an entry or a value wins, whole entries at a time. Relative paths belong to the
/// folder of their file; `...-data` beats the path beside it. The user's entry matters only where the connection is TLS.
final class KubeConfig {
    static final String IN_CLUSTER = "in-cluster";
    static final String NO_TOKEN = "it contains characters that no token has";

    /// A certificate or key: bytes of the kubeconfig, or a file that is read at each use.
    sealed interface Material {
        /// For instance `client-key of user "ci"`.
        String role();

        record Inline(String role, String file, byte[] bytes) implements Material {}

        record Stored(String role, Path path) implements Material {}
    }

    /// What a context says, checked. `key` is present when and only when `certificate` is.
    ///
    /// @param server the URL as it was written
    /// @param token empty for none; `tokenFile` wins over it while it can be read
    /// @param username for basic authentication; empty for none
    /// @param impersonation headers in order
    record Settings(
            String context,
            String namespace,
            String server,
            boolean tls,
            String host,
            int port,
            String pathPrefix,
            Optional<String> tlsServerName,
            boolean insecureSkipVerify,
            Optional<Material> authority,
            Optional<Material> certificate,
            Optional<Material> key,
            String token,
            Optional<Path> tokenFile,
            String username,
            String password,
            List<Map.Entry<String, String>> impersonation) {

        @Override
        public String toString() {
            return "Settings[" + context + " " + server + "]"; // never the token or the password
        }
    }

    /// One named cluster, user or context with the file it came from.
    private record Entry(String name, Path file, YamlMap body) {}

    private final List<Path> files = new ArrayList<>();
    private final Map<String, Entry> clusters = new LinkedHashMap<>();
    private final Map<String, Entry> users = new LinkedHashMap<>();
    private final Map<String, Entry> contexts = new LinkedHashMap<>();
    private String currentContext = "";

    private KubeConfig() {}

    static Settings load(Surroundings surroundings, Optional<Path> named, Optional<String> context, Optional<String> namespace)
            throws ForwardException {
        Optional<String> problem = namespace.flatMap(UrlPath::problem);
        if (problem.isPresent()) {
            throw new ForwardException(new Failure.MalformedNamespace(namespace.get(), problem.get()));
        }
        KubeConfig config = new KubeConfig();
        List<Path> looked = named.isPresent() ? List.of(named.get()) : places(surroundings);
        for (Path file : looked) {
            if (named.isPresent() || Files.exists(file)) {
                config.add(file);
            }
        }
        boolean empty = config.contexts.isEmpty() && config.clusters.isEmpty();
        if (empty && named.isEmpty() && context.isEmpty() && isInCluster(surroundings)) {
            return inCluster(surroundings, namespace);
        }
        if (config.files.isEmpty()) {
            throw new ForwardException(new Failure.NoKubeconfig(looked.stream().map(Path::toString).toList()));
        }
        return config.settings(context.orElse(config.currentContext), namespace);
    }

    private static List<Path> places(Surroundings surroundings) {
        List<Path> places = new ArrayList<>();
        for (String part : surroundings.variable("KUBECONFIG").split(File.pathSeparator)) {
            if (!part.isEmpty()) {
                places.add(Path.of(part));
            }
        }
        return places.isEmpty() ? List.of(surroundings.home().resolve(".kube").resolve("config")) : places;
    }

    // ---- reading and merging

    private void add(Path file) throws ForwardException {
        String text = new String(read(file, "kubeconfig"), StandardCharsets.UTF_8);
        try {
            YamlMap root = YamlMap.parse(text);
            merge(file, root, "clusters", "cluster", clusters);
            merge(file, root, "users", "user", users);
            merge(file, root, "contexts", "context", contexts);
            if (currentContext.isEmpty()) {
                currentContext = root.text("current-context");
            }
        } catch (YamlMap.Wrong e) {
            throw bad(file, e.getMessage());
        }
        files.add(file);
    }

    private static void merge(Path file, YamlMap root, String list, String item, Map<String, Entry> into)
            throws YamlMap.Wrong, ForwardException {
        Map<String, Entry> own = new LinkedHashMap<>();
        for (YamlMap named : root.maps(list)) {
            String name = named.text("name");
            if (own.put(name, new Entry(name, file, named.map(item))) != null) {
                throw bad(file, "duplicate name \"" + name + "\" in " + list);
            }
        }
        own.forEach(into::putIfAbsent);
    }

    // ---- one context

    private Settings settings(String name, Optional<String> namespace) throws ForwardException {
        Entry context = contexts.get(name);
        if (name.isEmpty() || context == null) {
            throw new ForwardException(new Failure.UnknownContext(name, List.copyOf(contexts.keySet()),
                    files.stream().map(Path::toString).toList()));
        }
        try {
            String clusterName = context.body.text("cluster");
            Entry cluster = clusters.get(clusterName);
            if (cluster == null) {
                throw bad(context.file, "context \"" + name + "\" names the cluster \"" + clusterName + "\", which does not exist");
            }
            String ownNamespace = context.body.text("namespace");
            Optional<String> problem = UrlPath.problem(ownNamespace);
            if (namespace.isEmpty() && problem.isPresent()) {
                throw bad(context.file, "context \"" + name + "\" has the namespace \"" + ownNamespace + "\": " + problem.get());
            }
            Draft draft = new Draft(name, namespace.orElse(ownNamespace.isEmpty() ? "default" : ownNamespace));
            readCluster(cluster, draft);
            if (draft.tls) {
                String userName = context.body.text("user");
                Entry user = users.get(userName);
                if (user != null) {
                    readUser(user, draft);
                } else if (!userName.isEmpty()) {
                    throw bad(context.file, "context \"" + name + "\" names the user \"" + userName + "\", which does not exist");
                }
            }
            return draft.settings();
        } catch (YamlMap.Wrong e) {
            throw bad(context.file, e.getMessage());
        }
    }

    /// Settings while they are put together.
    private static final class Draft {
        final String context;
        final String namespace;
        String server = "";
        boolean tls;
        String host = "";
        int port;
        String pathPrefix = "";
        String tlsServerName = "";
        boolean insecure;
        Optional<Material> authority = Optional.empty();
        Optional<Material> certificate = Optional.empty();
        Optional<Material> key = Optional.empty();
        String token = "";
        Optional<Path> tokenFile = Optional.empty();
        String username = "";
        String password = "";
        List<Map.Entry<String, String>> impersonation = List.of();

        Draft(String context, String namespace) {
            this.context = context;
            this.namespace = namespace;
        }

        Settings settings() {
            return new Settings(context, namespace, server, tls, host, port, pathPrefix,
                    Optional.of(tlsServerName).filter(name -> !name.isEmpty()), insecure, authority, certificate, key, token, tokenFile,
                    username, password, impersonation);
        }
    }

    private static void readCluster(Entry entry, Draft draft) throws YamlMap.Wrong, ForwardException {
        YamlMap cluster = entry.body;
        String whose = "cluster \"" + entry.name + "\"";
        if (!cluster.text("proxy-url").isEmpty()) {
            throw new ForwardException(new Failure.UnsupportedKubeconfig(entry.file.toString(), whose, "proxy-url"));
        }
        draft.insecure = cluster.flag("insecure-skip-tls-verify");
        draft.authority = material(entry, "certificate-authority", whose);
        draft.tlsServerName = cluster.text("tls-server-name");
        if (draft.insecure && draft.authority.isPresent()) {
            throw bad(entry.file, whose + ": specifying a root certificates file with the insecure flag is not allowed");
        }
        readServer(entry.file, whose, cluster.text("server"), draft);
    }

    private static void readServer(Path file, String whose, String server, Draft draft) throws ForwardException {
        if (server.isEmpty()) {
            throw bad(file, whose + " has no server defined");
        }
        draft.server = server;
        String url = server;
        if (!server.contains("://")) {
            url = (draft.insecure || draft.authority.isPresent() ? "https://" : "http://") + server; // as client-go guesses
        }
        try {
            URI uri = new URI(url);
            String scheme = uri.getScheme().toLowerCase(Locale.ROOT);
            if (uri.getHost() == null || !(scheme.equals("https") || scheme.equals("http"))) {
                throw bad(file, whose + ": server \"" + server + "\" is no http or https URL with a host");
            }
            draft.tls = scheme.equals("https");
            draft.host = uri.getHost().replaceAll("[\\[\\]]", "");
            draft.port = uri.getPort() > 0 ? uri.getPort() : draft.tls ? 443 : 80;
            draft.pathPrefix = Optional.ofNullable(uri.getRawPath()).orElse("").replaceFirst("/+$", "");
        } catch (URISyntaxException e) {
            throw bad(file, whose + ": server \"" + server + "\" is no URL: " + e.getReason());
        }
    }

    private static void readUser(Entry entry, Draft draft) throws YamlMap.Wrong, ForwardException {
        YamlMap user = entry.body;
        String whose = "user \"" + entry.name + "\"";
        draft.certificate = material(entry, "client-certificate", whose);
        draft.key = material(entry, "client-key", whose);
        draft.token = user.text("token");
        if (!isToken(draft.token)) {
            throw bad(entry.file, "token of " + whose + ": " + NO_TOKEN);
        }
        String tokenFile = user.text("tokenFile");
        draft.tokenFile = tokenFile.isEmpty() ? Optional.empty() : Optional.of(resolve(entry.file, tokenFile));
        draft.username = user.text("username");
        draft.password = user.text("password");
        boolean hasToken = !draft.token.isEmpty() || draft.tokenFile.isPresent();
        boolean hasBasic = !draft.username.isEmpty() || !draft.password.isEmpty();
        if (hasToken && hasBasic) {
            throw bad(entry.file, "more than one authentication method found for " + whose + "; found [token basicAuth], only one is allowed");
        }
        if (draft.certificate.isPresent() != draft.key.isPresent()) {
            throw bad(entry.file, whose + " has " + (draft.key.isPresent() ? "a client-key but no client-certificate"
                    : "a client-certificate but no client-key"));
        }
        for (String feature : List.of("exec", "auth-provider")) {
            if (user.has(feature) && !hasToken && !hasBasic && draft.certificate.isEmpty()) { // otherwise kubectl doesn't use it either
                throw new ForwardException(new Failure.UnsupportedKubeconfig(entry.file.toString(), whose, feature));
            }
        }
        draft.impersonation = impersonation(entry, whose);
    }

    /// Nothing that could end the header that carries it.
    static boolean isToken(String text) {
        return text.chars().allMatch(c -> c > ' ' && c < 0x7f);
    }

    private static List<Map.Entry<String, String>> impersonation(Entry entry, String whose) throws YamlMap.Wrong, ForwardException {
        YamlMap user = entry.body;
        String as = user.text("as");
        List<Map.Entry<String, String>> headers = new ArrayList<>();
        if (!as.isEmpty()) {
            headers.add(Map.entry("Impersonate-User", as));
        }
        if (!user.text("as-uid").isEmpty()) {
            headers.add(Map.entry("Impersonate-Uid", user.text("as-uid")));
        }
        for (String group : user.texts("as-groups")) {
            headers.add(Map.entry("Impersonate-Group", group));
        }
        YamlMap extra = user.map("as-user-extra");
        for (String key : extra.keys()) {
            for (String value : extra.texts(key)) {
                headers.add(Map.entry("Impersonate-Extra-" + headerKey(key), value));
            }
        }
        if (as.isEmpty() && !headers.isEmpty()) {
            throw bad(entry.file, "requesting uid, groups or user-extra for " + whose + " without impersonating a user");
        }
        for (Map.Entry<String, String> header : headers) {
            if (header.getValue().chars().anyMatch(c -> c < ' ' && c != '\t' || c == 0x7f)) {
                throw bad(entry.file, whose + ": " + header.getKey() + " contains a control character");
            }
        }
        return List.copyOf(headers);
    }

    /// Percent-encodes what may not stand in a header's name, `%` included; client-go transport/round_trippers.go.
    private static String headerKey(String key) {
        StringBuilder encoded = new StringBuilder();
        for (byte b : key.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            boolean token = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || "!#$&'*+-.^_`|~".indexOf(c) >= 0;
            encoded.append(token ? String.valueOf(c) : String.format("%%%02X", (int) c));
        }
        return encoded.toString();
    }

    private static Optional<Material> material(Entry entry, String key, String whose) throws YamlMap.Wrong, ForwardException {
        String role = key + " of " + whose;
        String data = entry.body.text(key + "-data");
        if (!data.isEmpty()) {
            try {
                return Optional.of(new Material.Inline(role, entry.file.toString(), Base64.getDecoder().decode(data.replaceAll("\\s", ""))));
            } catch (IllegalArgumentException e) {
                throw bad(entry.file, key + "-data of " + whose + " is not base64: " + e.getMessage());
            }
        }
        String path = entry.body.text(key);
        return path.isEmpty() ? Optional.empty() : Optional.of(new Material.Stored(role, resolve(entry.file, path)));
    }

    private static Path resolve(Path kubeconfig, String path) {
        return kubeconfig.toAbsolutePath().resolveSibling(path).normalize();
    }

    // ---- inside a pod

    private static boolean isInCluster(Surroundings surroundings) {
        return !surroundings.variable("KUBERNETES_SERVICE_HOST").isEmpty() && !surroundings.variable("KUBERNETES_SERVICE_PORT").isEmpty()
                && Files.isRegularFile(surroundings.serviceAccount().resolve("token"));
    }

    private static Settings inCluster(Surroundings surroundings, Optional<String> namespace) throws ForwardException {
        Path account = surroundings.serviceAccount();
        String own = surroundings.variable("POD_NAMESPACE");
        if (own.isEmpty() && Files.isRegularFile(account.resolve("namespace"))) {
            own = new String(read(account.resolve("namespace"), "the pod's namespace"), StandardCharsets.UTF_8).strip();
        }
        Optional<String> problem = UrlPath.problem(own);
        if (namespace.isEmpty() && problem.isPresent()) {
            throw bad(Path.of("$POD_NAMESPACE"), "\"" + own + "\" is no namespace: " + problem.get());
        }
        Draft draft = new Draft(IN_CLUSTER, namespace.orElse(own.isEmpty() ? "default" : own));
        draft.tls = true;
        draft.host = surroundings.variable("KUBERNETES_SERVICE_HOST");
        try {
            draft.port = Integer.parseInt(surroundings.variable("KUBERNETES_SERVICE_PORT"));
        } catch (NumberFormatException e) {
            throw bad(Path.of("$KUBERNETES_SERVICE_PORT"), "\"" + surroundings.variable("KUBERNETES_SERVICE_PORT") + "\" is no number");
        }
        draft.server = "https://" + (draft.host.contains(":") ? "[" + draft.host + "]" : draft.host) + ":" + draft.port;
        draft.tokenFile = Optional.of(account.resolve("token"));
        if (Files.isRegularFile(account.resolve("ca.crt"))) {
            draft.authority = Optional.of(new Material.Stored("certificate-authority of the service account", account.resolve("ca.crt")));
        }
        return draft.settings();
    }

    // ---- files

    static byte[] read(Path file, String role) throws ForwardException {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new ForwardException(new Failure.FileNotReadable(file.toString(), role, problem(file, e)));
        }
    }

    private static String problem(Path file, IOException e) {
        return switch (e) {
            case NoSuchFileException _ -> "no such file or directory";
            case AccessDeniedException _ -> "permission denied";
            default -> Files.isDirectory(file) ? "it is a directory" : String.valueOf(e.getMessage());
        };
    }

    private static ForwardException bad(Path file, String problem) {
        return new ForwardException(new Failure.BadKubeconfig(file.toString(), problem));
    }
}

package io.fairlead.bench.peer;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/// A kubeconfig, and the same with its API server at another address of this machine. TLS stays as it is: the certificate authority is kept, and
/// the server's name goes along as `tls-server-name` unless it is the relay's own address. (fabric8 does not read `tls-server-name`: it
/// needs a certificate that is valid for 127.0.0.1.)
final class RelayKubeconfig {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> FILES = List.of("certificate-authority", "client-certificate", "client-key", "tokenFile");

    private final ObjectNode config;
    private final ObjectNode cluster;
    private final URL server;

    private RelayKubeconfig(ObjectNode config, ObjectNode cluster, URL server) {
        this.config = config;
        this.cluster = cluster;
        this.server = server;
    }

    /// Reads the current context of `file`. Paths in it become absolute.
    ///
    /// @throws IOException it is no kubeconfig with a current context and a server, or goes through a proxy
    static RelayKubeconfig read(Path file) throws IOException {
        ObjectNode config;
        try {
            config = JSON.valueToTree(new Yaml(new SafeConstructor(new LoaderOptions())).load(Files.readString(file)));
        } catch (YAMLException | ClassCastException e) {
            throw new IOException(file + " is no kubeconfig: " + e.getMessage(), e);
        }
        for (String list : List.of("clusters", "users")) {
            for (var entry : config.withArray(list)) {
                absolute((ObjectNode) entry.path(list.substring(0, list.length() - 1)), file.toAbsolutePath().getParent());
            }
        }
        ObjectNode context = named(config, "context", config.path("current-context").asText());
        ObjectNode cluster = named(config, "cluster", context.path("cluster").asText());
        if (cluster.has("proxy-url")) {
            throw new IOException(file + " goes through a proxy (proxy-url): a delaying relay cannot be put before it");
        }
        return new RelayKubeconfig(config, cluster, server(file, cluster.path("server").asText()));
    }

    /// As a URL, for a URI knows no host with a _ in it.
    private static URL server(Path file, String text) throws IOException {
        try {
            URL server = URI.create(text).toURL();
            if (!server.getHost().isEmpty()) {
                return server;
            }
        } catch (MalformedURLException | IllegalArgumentException _) {
            // the same as one without a host
        }
        throw new IOException(file + " names no server by a URL with a host: \"" + text + "\"");
    }

    /// The API server's address.
    InetSocketAddress server() {
        return new InetSocketAddress(server.getHost(), server.getPort() > 0 ? server.getPort() : server.getDefaultPort());
    }

    /// The text of the same kubeconfig, as JSON (which is YAML, too), with the API server at `relay`.
    String through(InetSocketAddress relay) throws IOException {
        String host = relay.getAddress().getHostAddress();
        ObjectNode own = config.deepCopy();
        int index = indexOf((ArrayNode) config.get("clusters"), cluster);
        ObjectNode changed = (ObjectNode) own.get("clusters").get(index).get("cluster");
        try {
            changed.put("server", new URI(server.getProtocol(), null, host, relay.getPort(), server.getPath(), null, null).toString());
        } catch (URISyntaxException e) {
            throw new IOException(e);
        }
        if (!server.getHost().equals(host) && !changed.has("tls-server-name")) {
            changed.put("tls-server-name", server.getHost());
        }
        return JSON.writeValueAsString(own);
    }

    private static int indexOf(ArrayNode clusters, ObjectNode cluster) {
        int index = 0;
        while (clusters.get(index).get("cluster") != cluster) {
            index++;
        }
        return index;
    }

    private static ObjectNode named(ObjectNode config, String kind, String name) throws IOException {
        for (var entry : config.withArray(kind + "s")) {
            if (entry.path("name").asText().equals(name) && entry.get(kind) instanceof ObjectNode found) {
                return found;
            }
        }
        throw new IOException("the kubeconfig has no " + kind + " \"" + name + "\"");
    }

    private static void absolute(ObjectNode entry, Path folder) {
        for (String key : FILES) {
            if (entry.has(key)) {
                entry.put(key, folder.resolve(entry.get(key).asText()).toString());
            }
        }
    }
}

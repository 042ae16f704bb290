package io.fairlead.testbed;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.testbed.api.Access;
import io.fairlead.testbed.api.ApiServer;
import io.fairlead.testbed.api.EndpointSlices;
import io.fairlead.testbed.api.Json;
import io.fairlead.testbed.api.ObjectStore;
import io.fairlead.testbed.api.Pki;
import io.fairlead.testbed.api.PodDirectory;
import io.fairlead.testbed.api.Resource;
import io.fairlead.testbed.fault.Faults;
import io.fairlead.testbed.loop.Loops;
import io.fairlead.testbed.node.NodeSession;
import io.fairlead.testbed.node.NodeSettings;
import io.fairlead.testbed.node.PodTarget;
import io.fairlead.testbed.node.Runtime;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/// A miniature Kubernetes cluster in this process: an API server with real TLS on loopback, one node, and pods that are in-process servers. An unmodified
/// kubectl works against it: `kubectl --kubeconfig <kubeconfig()> get pods`, `... port-forward pod/echo 7000`.
///
/// ```java
/// try (Testbed testbed = Testbed.builder().start()) {
///     testbed.addDeployment("echo", 2, PodSpec.named("").port("tcp", 7000, PodBehaviour.echo()));
///     testbed.addService("echo", Map.of("app", "echo"), new ServicePort("tcp", 80, "tcp"));
///     use(testbed.kubeconfig());
/// }
/// ```
///
/// Thread: any. Own event loops, as many as asked for; a session and the sockets to its pods share one.
public final class Testbed implements AutoCloseable {
    /// The one node.
    public static final String NODE = "testbed-node";

    /// A port of a Service.
    ///
    /// @param name may be empty
    /// @param targetPort a number or a container port's name; empty for the same number
    public record ServicePort(String name, int port, String targetPort, String protocol) {
        public ServicePort(String name, int port, String targetPort) {
            this(name, port, targetPort, "TCP");
        }
    }

    /// How to start a testbed.
    public static final class Builder {
        private NodeSettings settings = NodeSettings.DEFAULT;
        private int threads = 1;
        private int port;

        private Builder() {}

        public Builder runtime(Runtime runtime) {
            settings = new NodeSettings(runtime, settings.pairTimeout(), settings.idleTimeout(), settings.webSocketNeedsCreate());
            return this;
        }

        /// A WebSocket request needs the right to `create` beside that to `get`, as from Kubernetes 1.35 on.
        public Builder webSocketNeedsCreate() {
            settings = new NodeSettings(settings.runtime(), settings.pairTimeout(), settings.idleTimeout(), true);
            return this;
        }

        /// How long a stream waits for its partner; 30 s if not said.
        public Builder pairTimeout(Duration timeout) {
            settings = new NodeSettings(settings.runtime(), timeout, settings.idleTimeout(), settings.webSocketNeedsCreate());
            return this;
        }

        /// Time without a frame after which a session is closed; 4 h if not said.
        public Builder idleTimeout(Duration timeout) {
            settings = new NodeSettings(settings.runtime(), settings.pairTimeout(), timeout, settings.webSocketNeedsCreate());
            return this;
        }

        /// Event loops; 1 if not said.
        public Builder threads(int count) {
            threads = count;
            return this;
        }

        /// The API server's port on 127.0.0.1; any free one if not said.
        public Builder port(int number) {
            port = number;
            return this;
        }

        /// @throws IOException the port cannot be bound, or the kubeconfig not written
        public Testbed start() throws IOException {
            return new Testbed(this);
        }
    }

    private final Loops loops;
    private final Pki pki = new Pki();
    private final ObjectStore store = new ObjectStore();
    private final EndpointSlices slices = new EndpointSlices(store);
    private final Access access = new Access(pki);
    private final Faults faults = new Faults();
    private final ApiServer server;
    private final Map<String, TestPod> pods = new ConcurrentHashMap<>();
    private final Set<TestPod> vanished = ConcurrentHashMap.newKeySet(); // their servers go on until the end
    private final Map<String, PodSpec> templates = new ConcurrentHashMap<>();
    private final AtomicInteger podsMade = new AtomicInteger();
    private final Path folder;
    private final Path kubeconfig;
    private volatile boolean closing;

    private Testbed(Builder builder) throws IOException {
        loops = Loops.start("testbed", builder.threads);
        try {
            server = new ApiServer(loops, builder.port, pki, store, access, new Directory(), builder.settings, faults);
            folder = Files.createTempDirectory("fairlead-testbed");
            store.put(Resource.NODES, named("", NODE));
            addNamespace("default");
            addNamespace("kube-system");
            Pki.Identity admin = pki.client("testbed-admin", "system:masters");
            kubeconfig = writeKubeconfig("admin", "client-certificate-data: " + base64(admin.certificatePem())
                    + "\n    client-key-data: " + base64(admin.keyPem()));
        } catch (IOException | RuntimeException e) {
            loops.close();
            throw e;
        }
    }

    public static Builder builder() {
        return new Builder();
    }

    /// A kubeconfig with the administrator's certificate; everything is embedded, only the owner can read it, and {@link #close} deletes it.
    public Path kubeconfig() {
        return kubeconfig;
    }

    /// Another kubeconfig, for `user` with a client certificate.
    public Path kubeconfigWithCertificate(String user, String... groups) throws IOException {
        Pki.Identity identity = pki.client(user, groups);
        return writeKubeconfig(user, "client-certificate-data: " + base64(identity.certificatePem()) + "\n    client-key-data: " + base64(identity.keyPem()));
    }

    /// Another kubeconfig, with a bearer token (see {@link #access()} to make and expire tokens).
    public Path kubeconfigWithToken(String token) throws IOException {
        return writeKubeconfig("token-" + TestPod.hex(4), "token: " + token);
    }

    /// Another kubeconfig with these lines for its user, each of which is indented like `token: x`.
    public Path kubeconfigWithUser(String... lines) throws IOException {
        return writeKubeconfig("user-" + TestPod.hex(4), String.join("\n    ", lines));
    }

    /// `https://127.0.0.1:PORT`.
    public String server() {
        return "https://127.0.0.1:" + server.port();
    }

    /// A folder of this testbed's own, deleted at {@link #close}.
    public Path folder() {
        return folder;
    }

    /// Certificates, for clients of a test's own.
    public Pki pki() {
        return pki;
    }

    /// Tokens and deny rules.
    public Access access() {
        return access;
    }

    public Faults faults() {
        return faults;
    }

    /// Sessions that are up now.
    public List<NodeSession> sessions() {
        return List.copyOf(server.sessions());
    }

    /// Sessions upgraded since the start.
    public long sessionsAccepted() {
        return server.sessionsAccepted();
    }

    /// Forwarded connections that are open now, over all sessions.
    public int pairsOpen() {
        return server.sessions().stream().mapToInt(NodeSession::pairsOpen).sum();
    }

    /// Ends every session's TCP connection, with a reset if `abort`, else in order.
    public void dropSessions(boolean abort) {
        server.sessions().forEach(session -> session.drop(abort));
    }

    /// Ends every session as a server does that shuts down: RST on all streams, GOAWAY, close.
    public void goAway() {
        server.sessions().forEach(NodeSession::goAway);
    }

    /// Closes every connection of the API server but the sessions: watches and idle clients.
    public void dropWatches() {
        server.dropWatches();
    }

    public void addNamespace(String name) {
        store.put(Resource.NAMESPACES, named("", name));
    }

    /// Starts a pod; one of the same name is stopped and replaced, and its object changes: so a pod goes from Pending to Running.
    public TestPod addPod(PodSpec spec) throws IOException {
        var pod = new TestPod(this, loops, spec);
        TestPod previous = pods.put(spec.namespace() + "/" + spec.name(), pod);
        if (previous != null) {
            previous.stop();
        }
        int number = podsMade.incrementAndGet();
        store.put(Resource.PODS, spec.json("10.244." + number / 250 + "." + (number % 250 + 1)));
        slices.refresh();
        return pod;
    }

    /// @throws IllegalArgumentException no such pod
    public TestPod pod(String namespace, String name) {
        TestPod pod = pods.get(namespace + "/" + name);
        if (pod == null) {
            throw new IllegalArgumentException("no pod " + namespace + "/" + name + "; there are " + pods.keySet());
        }
        return pod;
    }

    /// The pods that live, in order of their names; for those of a Deployment: whose name begins with `prefix`.
    public List<TestPod> pods(String prefix) {
        return pods.values().stream().filter(pod -> pod.name().startsWith(prefix)).sorted(Comparator.comparing(TestPod::name)).toList();
    }

    /// A Deployment in the template's namespace with its ReplicaSet and `replicas` pods like `template`, labelled `app=NAME`; one that is killed is replaced.
    public List<TestPod> addDeployment(String name, int replicas, PodSpec template) throws IOException {
        String hash = TestPod.hex(5);
        PodSpec labelled = template.label("app", name).label("pod-template-hash", hash);
        addWorkload(Resource.DEPLOYMENTS, template.namespace(), name, replicas, Map.of("app", name));
        addWorkload(Resource.REPLICA_SETS, template.namespace(), name + "-" + hash, replicas, Map.of("app", name, "pod-template-hash", hash));
        return replicas(name + "-" + hash, replicas, labelled);
    }

    /// Any workload kind with a selector, without pods of its own.
    public void addWorkload(Resource kind, String namespace, String name, int replicas, Map<String, String> selector) {
        ObjectNode object = named(namespace, name);
        ObjectNode spec = object.putObject("spec").put("replicas", replicas);
        ObjectNode labels = kind == Resource.REPLICATION_CONTROLLERS ? spec.putObject("selector") : spec.putObject("selector").putObject("matchLabels");
        selector.forEach(labels::put);
        spec.putObject("template").putObject("spec").putArray("containers").addObject().put("name", "main").put("image", "testbed");
        object.putObject("status").put("replicas", replicas).put("readyReplicas", replicas).put("availableReplicas", replicas);
        store.put(kind, object);
    }

    /// A Service in namespace `default`; an empty selector makes one without.
    public void addService(String name, Map<String, String> selector, ServicePort... ports) {
        addService("default", name, selector, "10.96.0." + (podsMade.incrementAndGet() % 250 + 1), ports);
    }

    /// @param clusterIp `None` for a headless service
    public void addService(String namespace, String name, Map<String, String> selector, String clusterIp, ServicePort... ports) {
        ObjectNode service = named(namespace, name);
        ObjectNode spec = service.putObject("spec").put("clusterIP", clusterIp).put("type", "ClusterIP");
        if (!selector.isEmpty()) {
            ObjectNode labels = spec.putObject("selector");
            selector.forEach(labels::put);
        }
        ArrayNode list = spec.putArray("ports");
        for (ServicePort port : ports) {
            ObjectNode json = list.addObject().put("port", port.port()).put("protocol", port.protocol());
            if (!port.name().isEmpty()) {
                json.put("name", port.name());
            }
            if (port.targetPort().isEmpty()) {
                json.put("targetPort", port.port());
            } else if (port.targetPort().chars().allMatch(Character::isDigit)) {
                json.put("targetPort", Integer.parseInt(port.targetPort()));
            } else {
                json.put("targetPort", port.targetPort());
            }
        }
        store.put(Resource.SERVICES, service);
        slices.refresh();
    }

    /// Adds or replaces any object, given as JSON with `apiVersion` and `kind`.
    public void addObject(String json) {
        ObjectNode object = Json.parse(json);
        String apiVersion = object.path("apiVersion").asText();
        String kind = object.path("kind").asText();
        store.put(Resource.ofKind(apiVersion, kind).orElseThrow(() -> new IllegalArgumentException("unknown kind " + apiVersion + " " + kind)), object);
    }

    /// Ends everything: pods, sessions, loops, and the folder with the kubeconfigs.
    @Override
    public void close() {
        closing = true;
        server.close();
        pods.values().forEach(TestPod::stop);
        vanished.forEach(TestPod::stop);
        loops.close();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void terminate(TestPod pod) {
        store.get(Resource.PODS, pod.namespace(), pod.name()).ifPresent(object -> {
            ObjectNode changed = object.deepCopy();
            changed.withObject("metadata").put("deletionTimestamp", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString())
                    .put("deletionGracePeriodSeconds", 30);
            store.put(Resource.PODS, changed);
            slices.refresh();
        });
    }

    void kill(TestPod pod) {
        remove(pod, pod::stop);
    }

    void vanish(TestPod pod) {
        vanished.add(pod);
        remove(pod, pod::end);
    }

    private void remove(TestPod pod, Runnable end) {
        if (!pods.remove(pod.namespace() + "/" + pod.name(), pod)) {
            return;
        }
        end.run();
        store.remove(Resource.PODS, pod.namespace(), pod.name());
        slices.refresh();
        String owner = pod.name().substring(0, Math.max(0, pod.name().lastIndexOf('-')));
        PodSpec template = templates.get(pod.namespace() + "/" + owner);
        if (template != null && !closing) {
            try {
                replicas(owner, 1, template);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private List<TestPod> replicas(String owner, int count, PodSpec template) throws IOException {
        templates.put(template.namespace() + "/" + owner, template);
        List<TestPod> made = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            made.add(addPod(template.renamed(owner + "-" + TestPod.hex(3).substring(1))));
        }
        return made;
    }

    private static ObjectNode named(String namespace, String name) {
        ObjectNode object = Json.object();
        ObjectNode metadata = object.putObject("metadata").put("name", name);
        if (!namespace.isEmpty()) {
            metadata.put("namespace", namespace);
        }
        return object;
    }

    private Path writeKubeconfig(String user, String credentials) throws IOException {
        String text = """
                apiVersion: v1
                kind: Config
                clusters:
                - name: testbed
                  cluster:
                    server: %s
                    certificate-authority-data: %s
                users:
                - name: %s
                  user:
                    %s
                contexts:
                - name: testbed
                  context: {cluster: testbed, user: %s, namespace: default}
                current-context: testbed
                """.formatted(server(), base64(pki.authorityPem()), user, credentials, user);
        Path file = Files.createFile(folder.resolve(user + ".kubeconfig"), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        return Files.writeString(file, text);
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    }

    /// The node's pods as the API server sees them.
    private final class Directory implements PodDirectory {
        @Override
        public Optional<PodTarget> running(String namespace, String pod) {
            return Optional.<PodTarget>ofNullable(pods.get(namespace + "/" + pod)).filter(p -> ((TestPod) p).isRunning());
        }

        @Override
        public void delete(String namespace, String name) {
            TestPod pod = pods.get(namespace + "/" + name);
            if (pod == null) {
                store.remove(Resource.PODS, namespace, name);
            } else {
                Thread.ofVirtual().start(() -> kill(pod)); // ends servers, and waits for them: not on a loop
            }
        }
    }
}

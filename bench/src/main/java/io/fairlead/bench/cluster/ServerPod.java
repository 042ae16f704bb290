package io.fairlead.bench.cluster;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.testbed.pod.PodMain;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.CoreV1Api;
import io.kubernetes.client.openapi.apis.VersionApi;
import io.kubernetes.client.openapi.models.V1Container;
import io.kubernetes.client.openapi.models.V1ContainerPort;
import io.kubernetes.client.openapi.models.V1ContainerState;
import io.kubernetes.client.openapi.models.V1ContainerStatus;
import io.kubernetes.client.openapi.models.V1EmptyDirVolumeSource;
import io.kubernetes.client.openapi.models.V1HostPathVolumeSource;
import io.kubernetes.client.openapi.models.V1Namespace;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.kubernetes.client.openapi.models.V1Pod;
import io.kubernetes.client.openapi.models.V1PodSpec;
import io.kubernetes.client.openapi.models.V1PodStatus;
import io.kubernetes.client.openapi.models.V1Volume;
import io.kubernetes.client.openapi.models.V1VolumeMount;
import io.kubernetes.client.util.ClientBuilder;
import io.kubernetes.client.util.KubeConfig;
import java.io.File;
import java.io.IOException;
import java.io.Reader;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.yaml.snakeyaml.error.MarkedYAMLException;

/// The servers of {@link PodMain} in a real pod of a real cluster, in a namespace of its own that goes when this is closed.
///
/// No image is built or pulled: the pod runs the JDK, the system libraries and the class files of this process out of read-only
/// hostPath mounts, so the node has to be this machine, as in a one-node cluster. Any image that the node holds will do (nothing
/// of it is run): {@link #IMAGE_VARIABLE} names it.
///
/// Thread: one at a time. Blocking.
public final class ServerPod implements AutoCloseable {
    /// Names the image; it must be on the node already.
    public static final String IMAGE_VARIABLE = "FAIRLEAD_POD_IMAGE";
    private static final String IMAGE_DEFAULT = "lab/box:1";
    private static final String POD = "servers";
    private static final Duration START_MAX = Duration.ofSeconds(60);
    private static final int NOT_FOUND = 404;

    /// What listens where. `refused` is a port on which nothing does.
    private static final Map<String, Integer> PORTS = ports();

    /// The servers did not start.
    public static final class NotDeployed extends IOException {
        private static final long serialVersionUID = 1L;

        NotDeployed(String message, Exception cause) {
            super(message, cause);
        }
    }

    private final CoreV1Api api;
    private final String namespace;
    private final String serverVersion;
    private final Path stage;
    private String ip;

    private ServerPod(CoreV1Api api, String namespace, String serverVersion, Path stage, String ip) {
        this.api = api;
        this.namespace = namespace;
        this.serverVersion = serverVersion;
        this.stage = stage;
        this.ip = ip;
    }

    /// The kubeconfig that the environment names, if it is there: what a test on a real cluster assumes.
    public static Optional<Path> kubeconfig() {
        return Optional.ofNullable(System.getenv("KUBECONFIG")).filter(text -> !text.isBlank()).map(Path::of).filter(Files::isReadable);
    }

    /// The image of the pod, of which nothing is run.
    public static String image() {
        return Optional.ofNullable(System.getenv(IMAGE_VARIABLE)).filter(name -> !name.isBlank()).orElse(IMAGE_DEFAULT);
    }

    /// Deploys the pod and waits until all its servers listen.
    ///
    /// @throws NotDeployed the cluster refused, the node has no such image, or the servers did not start within a minute; the message says which and
    /// quotes the pod's log
    public static ServerPod deploy(Path kubeconfig) throws IOException, InterruptedException {
        String namespace = "fairlead-" + Long.toString(ThreadLocalRandom.current().nextLong(1L << 30), 36);
        Path stage = stage();
        CoreV1Api created = null; // where there is a namespace to remove
        try {
            ApiClient client = client(kubeconfig);
            String version = new VersionApi(client).getCode().execute().getGitVersion(); // first: where nobody answers there is nothing to remove
            var api = new CoreV1Api(client);
            created = api;
            try {
                api.createNamespace(new V1Namespace().metadata(new V1ObjectMeta().name(namespace).putLabelsItem("app", "fairlead-servers")))
                        .execute();
            } catch (ApiException e) {
                created = e.getCode() == 0 ? api : null; // without an answer it may be there
                throw e;
            }
            api.createNamespacedPod(namespace, pod(stage)).execute();
            return new ServerPod(api, namespace, version, stage, awaitReady(api, namespace));
        } catch (ApiException e) {
            remove(created, namespace, stage);
            throw new NotDeployed("the cluster refused the servers' pod: " + reason(e), e);
        } catch (IOException e) {
            remove(created, namespace, stage);
            throw new NotDeployed(e.getMessage(), e);
        } catch (InterruptedException | RuntimeException e) {
            remove(created, namespace, stage);
            throw e;
        }
    }

    /// Why the cluster that `kubeconfig` names cannot be used: what, why and what to do, a line each. Empty where its API server answers.
    public static Optional<String> unusable(Path kubeconfig) {
        if (Files.isDirectory(kubeconfig)) {
            return Optional.of(problem("can't read " + kubeconfig + " (kubeconfig)", "it is a directory", "name a file in KUBECONFIG"));
        }
        try {
            ApiClient client = client(kubeconfig);
            try {
                new VersionApi(client).getCode().execute();
                return Optional.empty();
            } catch (ApiException e) {
                return Optional.of(problem("the cluster that " + kubeconfig + " names can't be used", client.getBasePath() + ": " + reason(e),
                        "check that the cluster runs (kubectl get --raw /version), or name another kubeconfig in KUBECONFIG"));
            }
        } catch (IOException | RuntimeException e) {
            String why = e instanceof MarkedYAMLException yaml ? "line " + (yaml.getProblemMark().getLine() + 1) + ": " + yaml.getProblem()
                    : e.getMessage() == null ? e.toString() : e.getMessage();
            return Optional.of(problem("the kubeconfig " + kubeconfig + " can't be used", firstLine(why),
                    "correct the file (kubectl config view shows how it is read), or name another in KUBECONFIG"));
        }
    }

    private static String problem(String what, String why, String remedy) {
        return what + "\n        why   " + why + "\n        do    " + remedy;
    }

    public String namespace() {
        return namespace;
    }

    public String name() {
        return POD;
    }

    /// The pod's own address: the direct path, where this machine has a route to it.
    public String ip() {
        return ip;
    }

    /// Version of the API server, such as `v1.34.4`.
    public String serverVersion() {
        return serverVersion;
    }

    /// Port of a server: a behaviour of {@link PodMain}, `slow`, `echo2` and `source2` for ports of their own, or `refused`.
    public static int port(String server) {
        Integer port = PORTS.get(server);
        if (port == null) {
            throw new IllegalArgumentException("no server \"" + server + "\"; there are " + PORTS.keySet());
        }
        return port;
    }

    /// All but `refused`.
    static List<String> servers() {
        return PORTS.keySet().stream().filter(server -> !server.equals("refused")).toList();
    }

    /// What {@link PodMain} is told for a server.
    static String behaviour(String server) {
        return server.equals("slow") ? "slow:1000000" : server.replace("2", "");
    }

    /// Deletes the pod, waits until it is gone, and deploys another one of the same name.
    ///
    /// @throws IOException as {@link #deploy}
    public void replace() throws IOException, InterruptedException {
        try {
            api.deleteNamespacedPod(POD, namespace).gracePeriodSeconds(0).execute();
            long deadline = System.nanoTime() + START_MAX.toNanos();
            while (!api.listNamespacedPod(namespace).execute().getItems().isEmpty()) {
                if (System.nanoTime() - deadline > 0) {
                    throw new IOException("the servers' pod is not gone after " + START_MAX.toSeconds() + " s");
                }
                Thread.sleep(100);
            }
            api.createNamespacedPod(namespace, pod(stage)).execute();
            ip = awaitReady(api, namespace);
        } catch (ApiException e) {
            throw new IOException("the cluster refused to replace the servers' pod: " + reason(e), e);
        }
    }

    /// Deletes the namespace, without waiting for its end.
    @Override
    public void close() {
        remove(api, namespace, stage);
    }

    private static Map<String, Integer> ports() {
        var ports = new LinkedHashMap<String, Integer>();
        int port = 7000;
        for (String server : List.of("echo", "sink", "source", "http", "reset", "stall", "close", "hash", "check", "slow", "echo2", "source2", "any",
                "refused")) {
            ports.put(server, port++);
        }
        return ports;
    }

    private static ApiClient client(Path kubeconfig) throws IOException {
        try (Reader reader = Files.newBufferedReader(kubeconfig)) {
            KubeConfig config = KubeConfig.loadKubeConfig(reader);
            config.setFile(kubeconfig.toFile());
            return ClientBuilder.kubeconfig(config).build();
        }
    }

    /// Copies what {@link PodMain} needs into one folder that the pod can mount: its own classes and Netty's jars.
    private static Path stage() throws IOException {
        Path stage = Files.createTempDirectory("fairlead-servers");
        try {
            Path own = Path.of(PodMain.class.getProtectionDomain().getCodeSource().getLocation().toURI());
            if (Files.isDirectory(own)) {
                copyTree(own, stage.resolve("classes"));
            } else {
                Files.copy(own, stage.resolve(own.getFileName()));
            }
            for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
                Path jar = Path.of(entry);
                if (jar.getFileName() != null && jar.getFileName().toString().startsWith("netty-")) {
                    Files.copy(jar, stage.resolve(jar.getFileName()), StandardCopyOption.REPLACE_EXISTING);
                }
            }
            return stage;
        } catch (URISyntaxException e) {
            throw new IOException(e);
        }
    }

    private static V1Pod pod(Path stage) {
        String javaHome = System.getProperty("java.home");
        var command = new ArrayList<>(List.of(javaHome + "/bin/java", "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow",
                "-XX:+UseSerialGC", "-Xmx256m", "-XX:MaxDirectMemorySize=2g", "-cp", "/servers/classes:/servers/*", PodMain.class.getName()));
        servers().forEach(server -> command.add(behaviour(server) + "=" + port(server)));
        var mounts = new ArrayList<V1VolumeMount>();
        var volumes = new ArrayList<V1Volume>();
        mount(mounts, volumes, "servers", stage.toString(), "/servers");
        mount(mounts, volumes, "usr", "/usr", "/usr");
        mount(mounts, volumes, "lib", "/lib", "/lib");
        if (Files.isDirectory(Path.of("/lib64"))) {
            mount(mounts, volumes, "lib64", "/lib64", "/lib64");
        }
        if (!javaHome.startsWith("/usr/")) {
            mount(mounts, volumes, "java", javaHome, javaHome);
        }
        mounts.add(new V1VolumeMount().name("tmp").mountPath("/tmp"));
        volumes.add(new V1Volume().name("tmp").emptyDir(new V1EmptyDirVolumeSource()));
        var container = new V1Container().name("servers").imagePullPolicy("IfNotPresent").command(command).volumeMounts(mounts)
                .image(image());
        PORTS.forEach((server, port) -> container.addPortsItem(new V1ContainerPort().name(server).containerPort(port)));
        return new V1Pod().metadata(new V1ObjectMeta().name(POD).putLabelsItem("app", "fairlead-servers"))
                .spec(new V1PodSpec().overhead(null).automountServiceAccountToken(false).dnsPolicy("Default").terminationGracePeriodSeconds(1L)
                        .addContainersItem(container).volumes(volumes));
    }

    // overhead(null): the client library would send an empty map, which the API server takes for one that needs a RuntimeClass.
    private static void mount(List<V1VolumeMount> mounts, List<V1Volume> volumes, String name, String hostPath, String path) {
        mounts.add(new V1VolumeMount().name(name).mountPath(path).readOnly(true));
        volumes.add(new V1Volume().name(name).hostPath(new V1HostPathVolumeSource().path(hostPath)));
    }

    private static String awaitReady(CoreV1Api api, String namespace) throws IOException, InterruptedException, ApiException {
        long deadline = System.nanoTime() + START_MAX.toNanos();
        String log = "";
        String phase = "";
        while (System.nanoTime() - deadline < 0) {
            var status = api.readNamespacedPod(POD, namespace).execute().getStatus();
            phase = status == null ? "" : String.valueOf(status.getPhase());
            Optional<String> missing = missingImage(status, image());
            if (missing.isPresent()) {
                throw new IOException(missing.get());
            }
            if (phase.equals("Running")) {
                log = String.valueOf(api.readNamespacedPodLog(POD, namespace).execute());
                if (log.contains("ready ")) {
                    return status.getPodIP();
                }
            }
            Thread.sleep(200);
        }
        throw new IOException("the servers' pod is not ready after " + START_MAX.toSeconds() + " s: phase " + phase + ", log: " + log);
    }

    /// The node does not hold the image, and cannot get it either: what to do about it.
    static Optional<String> missingImage(V1PodStatus status, String image) {
        if (status == null || status.getContainerStatuses() == null) {
            return Optional.empty();
        }
        return status.getContainerStatuses().stream().map(V1ContainerStatus::getState).filter(Objects::nonNull).map(V1ContainerState::getWaiting)
                .filter(Objects::nonNull)
                .filter(waiting -> String.valueOf(waiting.getReason()).matches("ErrImage.*|Image.*BackOff|InvalidImageName")).findFirst()
                .map(waiting -> "the node does not hold the image " + image + " and cannot get it (" + waiting.getReason() + ": "
                        + waiting.getMessage() + "); set "
                        + IMAGE_VARIABLE + " to any image that is on the node: nothing of it is run");
    }

    /// @param api null where there is no namespace
    private static void remove(CoreV1Api api, String namespace, Path stage) {
        boolean interrupted = Thread.interrupted(); // the request would not be sent
        try {
            if (api != null) {
                api.deleteNamespace(namespace).execute();
            }
        } catch (ApiException e) {
            leftBehind(namespace, e).ifPresent(System.err::println);
        }
        try (Stream<Path> files = Files.walk(stage)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        } catch (IOException _) { // a folder in the system's temporary files
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /// What to say of a namespace that could not be removed; nothing of one that is gone.
    static Optional<String> leftBehind(String namespace, ApiException e) {
        return e.getCode() == NOT_FOUND ? Optional.empty()
                : Optional.of("warning: namespace " + namespace + " is left behind: " + reason(e) + "; remove it: kubectl delete namespace " + namespace);
    }

    /// In a line: the code with the API server's own words, or why there was no answer.
    static String reason(ApiException e) {
        if (e.getCode() == 0) {
            return "no answer from the API server (" + firstLine(String.valueOf(e.getCause() == null ? e.getMessage() : e.getCause().getMessage())) + ")";
        }
        String body = e.getResponseBody() == null ? "" : e.getResponseBody();
        try {
            String words = new ObjectMapper().readTree(body).path("message").asText();
            return e.getCode() + " " + firstLine(words.isEmpty() ? body : words);
        } catch (JsonProcessingException _) { // of a proxy before it, perhaps
            return e.getCode() + " " + firstLine(body);
        }
    }

    private static String firstLine(String text) {
        return text.lines().map(String::strip).filter(line -> !line.isEmpty()).findFirst().orElse("without a word");
    }

    private static void copyTree(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target);
                }
            }
        }
    }
}

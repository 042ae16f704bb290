package io.fairlead.bench.agree;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.bench.Interruption;
import io.fairlead.bench.Program;
import io.fairlead.bench.TimeLeft;
import io.fairlead.bench.cluster.ServerPod;
import io.fairlead.bench.peer.Forwarder;
import io.fairlead.bench.peer.PeerCommand;
import io.fairlead.bench.peer.RunFolder;
import io.fairlead.bench.peer.Tool;
import io.fairlead.bench.record.Figure;
import io.fairlead.testbed.load.Load;
import io.fairlead.testbed.load.LoadResult;
import io.fairlead.testbed.load.LoadSpec;
import io.fairlead.testbed.load.Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// `bench/agreement`: does the traffic generator see of kubectl what others see? The generator against its own servers, iperf3 against
/// its server in a pod of its own, redis-benchmark and wrk against deployment `tools` (6379, 8080), in turns, each through a
/// `kubectl port-forward` of its own, three rounds; about two and a half minutes. Writes a folder under `jmh-results/`.
///
/// Why iperf3's servers are ours, and each is used once: an upload of iperf3 ends with its server closing a connection whose last bytes are
/// still on their way; kubectl then gives up its session, the runtime keeps the control connection open, and that server waits for ever.
///
/// Takes no arguments. Exit code 64 where there are some, 78 where the cluster or one of the programs is missing.
public final class AgreementMain {
    private static final String NAME = "bench/agreement";
    private static final int ROUNDS = 3;
    /// Of one round: ours and iperf3 down and up, then ours and the two others with one connection and with many.
    private static final int TURNS = 10;
    private static final int SECONDS = 3;
    private static final int PROGRAM_SECONDS_MAX = 20;
    private static final int KUBECTL_SECONDS_MAX = 90;
    private static final String TOOLS = "deployment/tools";
    private static final String IPERF = "iperf3";
    private static final int IPERF_PORT = 5201;
    /// The node's own iperf3, as {@link ServerPod} runs the node's own JDK; one server for each run.
    private static final String IPERF_POD = """
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "iperf3"},
             "spec": {"automountServiceAccountToken": false, "terminationGracePeriodSeconds": 0, "containers": [
              {"name": "iperf3", "image": "%s", "imagePullPolicy": "IfNotPresent",
              "command": ["/usr/bin/sh", "-c", "for i in $(seq 0 %d); do /usr/bin/iperf3 -s -1 -p $((%d + i)) & done; wait"],
              "volumeMounts": [{"name": "usr", "mountPath": "/usr", "readOnly": true}, {"name": "lib", "mountPath": "/lib", "readOnly": true},
               {"name": "lib64", "mountPath": "/lib64", "readOnly": true}, {"name": "tmp", "mountPath": "/tmp"}]}],
             "volumes": [{"name": "usr", "hostPath": {"path": "/usr"}}, {"name": "lib", "hostPath": {"path": "/lib"}},
              {"name": "lib64", "hostPath": {"path": "/lib64"}}, {"name": "tmp", "emptyDir": {}}]}}
            """;
    private static final ObjectMapper JSON = new ObjectMapper();

    /// What one generator saw in one round; NaN for what it does not tell.
    private record Seen(String work, String generator, int round, double rate, String unit, double p50Micros, double p99Micros) {}

    private final List<Seen> all = new ArrayList<>();
    private final Path folder;
    private final Path raw;
    private final Path kubeconfig;
    private final Interruption interruption;
    private TimeLeft left; // null until the first round
    private int iperfRuns;

    private AgreementMain(Path folder, Path kubeconfig, Interruption interruption) throws IOException {
        this.folder = folder;
        this.raw = Files.createDirectories(folder.resolve("raw"));
        this.kubeconfig = kubeconfig;
        this.interruption = interruption;
    }

    public static void main(String[] args) {
        if (args.length > 0) {
            boolean asked = args[0].equals("--help") || args[0].equals("-h");
            (asked ? System.out : System.err).println("Usage: bench/agreement, without arguments\nOur load generator beside iperf3, redis-benchmark and wrk,"
                    + " all through kubectl, on the cluster of $KUBECONFIG; about two and a half minutes.\nExit code 0: it ran. 1: a program failed, or the"
                    + " cluster did. 64: an argument. 78: no cluster, or a program is missing. 130: interrupted by Ctrl-C. 143: by SIGTERM.");
            System.exit(asked ? 0 : Program.EXIT_USAGE);
        }
        if (Program.lacksCluster(NAME)) {
            System.exit(Program.EXIT_CONFIG);
        }
        for (String program : List.of("kubectl", "iperf3", "redis-benchmark", "wrk")) {
            if (RunFolder.output("which", program).isEmpty()) {
                System.err.println(NAME + ": " + program + " is not on the PATH");
                System.exit(Program.EXIT_CONFIG);
            }
        }
        System.exit(Program.run(NAME, AgreementMain::run));
    }

    private static void run(Interruption interruption) throws IOException, InterruptedException {
        String machine = RunFolder.machine();
        Path kubeconfig = ServerPod.kubeconfig().orElseThrow();
        try (ServerPod pod = ServerPod.deploy(kubeconfig)) {
            var main = new AgreementMain(RunFolder.create(Path.of(RunFolder.RESULTS), "-agreement"), kubeconfig, interruption);
            main.setup(machine, pod);
            main.startIperf(pod.namespace());
            main.left = new TimeLeft(NAME, ROUNDS * TURNS);
            for (int round = 1; round <= ROUNDS; round++) {
                main.round(round, pod);
            }
            main.summary();
        }
    }

    private void round(int round, ServerPod pod) throws IOException, InterruptedException {
        ours("download, 1 connection", round, pod, "source", Mode.DOWNLOAD, 1);
        iperf("download, 1 connection", round, pod, "-R");
        ours("upload, 1 connection", round, pod, "check", Mode.UPLOAD, 1);
        iperf("upload, 1 connection", round, pod);
        for (int connections : new int[] {1, 64}) {
            String work = "small requests, " + connections + (connections == 1 ? " connection" : " connections");
            ours(work, round, pod, "echo", Mode.RR, connections);
            redis(work, round, connections);
            wrk(work, round, connections);
        }
    }

    private void ours(String work, int round, ServerPod pod, String server, Mode mode, int connections) throws IOException, InterruptedException {
        int port = ServerPod.port(server);
        try (Forwarder kubectl = kubectl(pod.namespace(), "pod/" + pod.name(), port)) {
            LoadSpec spec = LoadSpec.of(mode, kubectl.address(port)).with("connections", Integer.toString(connections))
                    .withTimes(Duration.ofSeconds(1), Duration.ofSeconds(SECONDS));
            LoadResult result = Load.run(List.of(spec), Load.Window.IGNORED).getFirst();
            Files.writeString(raw(work, "ours", round), result.json() + "\n");
            if (result.errorCount() > 0) {
                throw new IOException(work + ": " + result.errors());
            }
            boolean exchanges = mode == Mode.RR;
            saw(new Seen(work, "ours", round, exchanges ? result.opsPerSecond() : result.megabytesPerSecond(), exchanges ? "op/s" : "MB/s",
                    exchanges ? result.micros(50) : Double.NaN, exchanges ? result.micros(99) : Double.NaN));
        }
    }

    /// Rates of whole seconds after the first one, as the client counts them. Its final report is not used: kubectl ends when iperf3's server
    /// closes an upload whose last bytes are still on their way.
    private void iperf(String work, int round, ServerPod pod, String... options) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of("iperf3", "-c", "127.0.0.1", "-J", "-i", "1", "-t", Integer.toString(SECONDS + 1)));
        command.addAll(List.of(options));
        String text = through(work, IPERF, round, pod.namespace(), "pod/iperf3", IPERF_PORT + iperfRuns++, command);
        JsonNode report = JSON.readTree(text.substring(Math.max(text.indexOf('{'), 0))); // it may say a WARNING first
        var rates = new ArrayList<Double>();
        report.path("intervals").forEach(interval -> rates.add(interval.path("sum").path("bits_per_second").asDouble() / 8e6));
        if (rates.size() < SECONDS) {
            throw new IOException(work + ": iperf3 told " + rates.size() + " intervals; " + report.path("error").asText());
        }
        double rate = rates.subList(1, rates.size()).stream().mapToDouble(value -> value).average().orElseThrow();
        saw(new Seen(work, IPERF, round, rate, "MB/s", Double.NaN, Double.NaN));
    }

    /// `ECHO` of 64 bytes, the nearest it has to an echo server.
    private void redis(String work, int round, int connections) throws IOException, InterruptedException {
        int requests = SECONDS * (connections == 1 ? 1500 : 6000);
        String text = through(work, "redis-benchmark", round, "default", TOOLS, 6379, List.of("redis-benchmark", "-c",
                Integer.toString(connections), "-n",
                Integer.toString(requests), "--csv", "echo", "x".repeat(64)));
        String[] cells = text.lines().reduce("", (_, last) -> last).replace("\"", "").split(",");
        saw(new Seen(work, "redis-benchmark", round, Double.parseDouble(cells[1]), "op/s", Double.parseDouble(cells[4]) * 1e3,
                Double.parseDouble(cells[6]) * 1e3));
    }

    private void wrk(String work, int round, int connections) throws IOException, InterruptedException {
        String text = through(work, "wrk", round, "default", TOOLS, 8080, List.of("wrk", "-t", "1", "-c", Integer.toString(connections), "-d",
                Integer.toString(SECONDS), "--latency"));
        saw(new Seen(work, "wrk", round, Double.parseDouble(find(text, "Requests/sec: +([0-9.]+)", 1)), "op/s",
                micros(text, "50%"), micros(text, "99%")));
    }

    /// Runs a program against a remote port, for {@link #PROGRAM_SECONDS_MAX} at most.
    private String through(String work, String generator, int round, String namespace, String target, int remotePort, List<String> command)
            throws IOException, InterruptedException {
        try (Forwarder kubectl = kubectl(namespace, target, remotePort)) {
            int port = kubectl.address(remotePort).getPort();
            var words = new ArrayList<>(command);
            if (generator.equals("wrk")) {
                words.add("http://127.0.0.1:" + port + "/");
            } else {
                words.addAll(1, List.of("-p", Integer.toString(port)));
            }
            Path output = raw(work, generator, round);
            int code = Tool.run(new ProcessBuilder(words).redirectError(ProcessBuilder.Redirect.DISCARD), output, PROGRAM_SECONDS_MAX);
            String text = Files.readString(output);
            // An upload of iperf3 ends with an error by its nature, see above.
            Optional<String> trouble = trouble(generator, generator.equals(IPERF) && !command.contains("-R") ? 0 : code, text);
            if (trouble.isPresent()) {
                throw new IOException(work + ", round " + round + ": " + generator + " " + trouble.get() + "; its output is in " + raw.getFileName());
            }
            return text;
        }
    }

    /// A `kubectl port-forward` to one remote port.
    private Forwarder kubectl(String namespace, String target, int remotePort) throws IOException, InterruptedException {
        interruption.check();
        return Forwarder.start(PeerCommand.portForward(target, "kubectl"), kubeconfig, namespace, "", List.of(remotePort));
    }

    /// Why the figures of a run are none, if they are: its exit code, or what wrk only mentions.
    static Optional<String> trouble(String generator, int code, String text) {
        if (code != 0) {
            return Optional.of("ended with " + code);
        }
        return text.lines().map(String::strip)
                .filter(line -> generator.equals("wrk") && (line.startsWith("Socket errors:") || line.startsWith("Non-2xx"))).findFirst()
                .map(line -> "says \"" + line + "\"");
    }

    private void startIperf(String namespace) throws IOException, InterruptedException {
        Path manifest = Files.writeString(raw.resolve("iperf3-pod.json"), IPERF_POD.formatted(ServerPod.image(), 2 * ROUNDS, IPERF_PORT));
        Path output = raw.resolve("iperf3-pod.txt");
        for (var words : List.of(List.of("kubectl", "-n", namespace, "apply", "-f", manifest.toString()),
                List.of("kubectl", "-n", namespace, "wait", "--for=condition=Ready", "--timeout=60s", "pod/iperf3"))) {
            if (Tool.run(new ProcessBuilder(words).redirectErrorStream(true), output, KUBECTL_SECONDS_MAX) != 0) {
                throw new IOException(String.join(" ", words) + ": " + Files.readString(output).strip());
            }
        }
    }

    private Path raw(String work, String generator, int round) {
        String name = (work + "-" + generator + "-" + round).replaceAll("[^a-z0-9]+", "-");
        return raw.resolve(name + (generator.equals("ours") || generator.equals(IPERF) ? ".json" : ".txt"));
    }

    private void saw(Seen seen) throws IOException {
        all.add(seen);
        var values = new LinkedHashMap<String, Object>();
        values.put("work", seen.work());
        values.put("generator", seen.generator());
        values.put("round", seen.round());
        values.put(seen.unit().equals("op/s") ? "ops_per_s" : "MB_per_s", seen.rate());
        if (Double.isFinite(seen.p50Micros())) {
            values.put("p50_us", seen.p50Micros());
            values.put("p99_us", seen.p99Micros());
        }
        String line = JSON.writeValueAsString(values);
        Files.writeString(folder.resolve("agreement.jsonl"), line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        System.err.println(line);
        left.turnEnded();
    }

    private void setup(String machine, ServerPod pod) throws IOException {
        Files.writeString(folder.resolve("setup.md"), "# Setup\n\n" + machine
                + "- API server: " + pod.serverVersion() + "\n"
                + "- kubectl: " + RunFolder.output("kubectl", "version", "--client").replace("Client Version: ", "") + ", WebSocket (its default)\n"
                + "- " + RunFolder.output("iperf3", "--version").replaceAll(" \\(.*", "") + ", " + RunFolder.output("redis-benchmark", "--version")
                + ", " + RunFolder.output("sh", "-c", "wrk -v 2>&1").replaceAll(" \\[.*", "") + "\n"
                + "- command: `bench/agreement`\n"
                + "- " + ROUNDS + " rounds, the generators in turns, " + SECONDS
                        + " s measured each (ours after 1 s of warm-up, iperf3 after its first second,\n"
                + "  redis-benchmark a fixed number of requests), a `kubectl port-forward` of its own for each\n"
                + "- ours: `download` from `source`, `upload` to `check`, `rr` with 64 bytes to `echo`, servers in a pod on the JDK above\n"
                + "- iperf3: one stream, `-R` for download, from its second second on; redis-benchmark: `ECHO` of 64 bytes;\n"
                + "  wrk: one thread, `GET /` with an answer of about 180 bytes from nginx\n"
                + "- outputs as they were: `raw/`\n");
    }

    private void summary() throws IOException {
        var text = new StringBuilder("# Our generator beside others, through kubectl\n\n"
                + "Each cell: median (lowest-highest) of the rounds. Ratio: ours / theirs, of the medians.\n\n"
                + "| work | figure | ours | theirs | ratio | ranges |\n|---|---|---|---|---|---|\n");
        for (String work : all.stream().map(Seen::work).distinct().toList()) {
            for (String other : all.stream().filter(seen -> seen.work().equals(work)).map(Seen::generator).distinct()
                    .filter(name -> !name.equals("ours")).toList()) {
                String unit = all.stream().filter(seen -> seen.work().equals(work)).findFirst().orElseThrow().unit();
                row(text, work, other, unit, Seen::rate);
                row(text, work, other, "p50 us", Seen::p50Micros);
                row(text, work, other, "p99 us", Seen::p99Micros);
            }
        }
        Files.writeString(folder.resolve("summary.md"), text);
        System.out.println(text + "\nwritten to " + folder);
    }

    private void row(StringBuilder text, String work, String other, String figure, ToDoubleFunction<Seen> value) {
        double[] ours = values(work, "ours", value);
        double[] theirs = values(work, other, value);
        if (ours.length == 0 || theirs.length == 0) {
            return;
        }
        boolean overlap = ours[0] <= theirs[theirs.length - 1] && theirs[0] <= ours[ours.length - 1];
        text.append("| ").append(work).append(" | ").append(figure).append(" | ").append(Figure.range(ours)).append(" | ").append(other).append(' ')
                .append(Figure.range(theirs))
                .append(" | ").append(String.format(Locale.ROOT, "%.2f", Figure.median(ours) / Figure.median(theirs)))
                .append(overlap ? " | overlap |\n" : " | apart |\n");
    }

    private double[] values(String work, String generator, ToDoubleFunction<Seen> value) {
        return all.stream().filter(seen -> seen.work().equals(work) && seen.generator().equals(generator)).mapToDouble(value)
                .filter(Double::isFinite).sorted().toArray();
    }

    private static double micros(String text, String percentile) {
        String found = find(text, percentile + " +([0-9.]+[a-z]+)", 1);
        double value = Double.parseDouble(found.replaceAll("[a-z]+$", ""));
        return found.endsWith("us") ? value : found.endsWith("ms") ? value * 1e3 : value * 1e6;
    }

    private static String find(String text, String pattern, int group) {
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        if (!matcher.find()) {
            throw new IllegalStateException("no " + pattern + " in: " + text);
        }
        return matcher.group(group);
    }
}

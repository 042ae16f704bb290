package io.fairlead.bench.agree;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.bench.Interruption;
import io.fairlead.bench.cluster.ServerPod;
import io.fairlead.bench.peer.RunFolder;
import io.fairlead.bench.record.Figure;
import io.fairlead.testbed.load.Load;
import io.fairlead.testbed.load.LoadResult;
import io.fairlead.testbed.load.LoadSpec;
import io.fairlead.testbed.load.Mode;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
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
    private static final int ROUNDS = 3;
    private static final int SECONDS = 3;
    private static final int PROGRAM_SECONDS_MAX = 20;
    private static final int TIMEOUT_CODE = 124;
    private static final String TOOLS = "deployment/tools";
    private static final String IPERF = "iperf3";
    private static final int IPERF_PORT = 5201;
    /// The node's own iperf3, as {@link ServerPod} runs the node's own JDK; one server for each run.
    private static final String IPERF_POD = """
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "iperf3"}, "spec": {"automountServiceAccountToken": false, "terminationGracePeriodSeconds": 0,
             "containers": [{"name": "iperf3", "image": "%s", "imagePullPolicy": "IfNotPresent",
              "command": ["/usr/bin/sh", "-c", "for i in $(seq 0 %d); do /usr/bin/iperf3 -s -1 -p $((%d + i)) & done; wait"],
              "volumeMounts": [{"name": "usr", "mountPath": "/usr", "readOnly": true}, {"name": "lib", "mountPath": "/lib", "readOnly": true},
               {"name": "lib64", "mountPath": "/lib64", "readOnly": true}, {"name": "tmp", "mountPath": "/tmp"}]}],
             "volumes": [{"name": "usr", "hostPath": {"path": "/usr"}}, {"name": "lib", "hostPath": {"path": "/lib"}}, {"name": "lib64", "hostPath": {"path": "/lib64"}},
              {"name": "tmp", "emptyDir": {}}]}}
            """;
    private static final ObjectMapper JSON = new ObjectMapper();

    /// What one generator saw in one round; NaN for what it does not tell.
    private record Seen(String work, String generator, int round, double rate, String unit, double p50Micros, double p99Micros) {}

    private final List<Seen> all = new ArrayList<>();
    private final Path folder;
    private final Path raw;
    private int iperfRuns;

    private AgreementMain(Path folder) throws IOException {
        this.folder = folder;
        this.raw = Files.createDirectories(folder.resolve("raw"));
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        if (args.length > 0) {
            System.err.println("usage: bench/agreement, without arguments: our load generator beside iperf3, redis-benchmark and wrk, all through kubectl,"
                    + " on the cluster of $KUBECONFIG; about two and a half minutes");
            System.exit(args[0].equals("--help") || args[0].equals("-h") ? 0 : 64);
        }
        Path kubeconfig = ServerPod.kubeconfig().orElse(null);
        if (kubeconfig == null) {
            System.err.println("agreement: KUBECONFIG names no readable file; the run needs a real cluster");
            System.exit(78);
        }
        for (String program : List.of("kubectl", "iperf3", "redis-benchmark", "wrk")) {
            if (RunFolder.output("which", program).isEmpty()) {
                System.err.println("agreement: " + program + " is not on the PATH");
                System.exit(78);
            }
        }
        String machine = RunFolder.machine();
        Path made = RunFolder.create(Path.of("jmh-results"));
        var main = new AgreementMain(Files.move(made, made.resolveSibling(made.getFileName() + "-agreement")));
        try (Interruption _ = Interruption.guard(); ServerPod pod = ServerPod.deploy(kubeconfig)) {
            main.setup(machine, pod);
            startIperf(pod.namespace());
            for (int round = 1; round <= ROUNDS; round++) {
                main.round(round, pod);
            }
        } catch (InterruptedException _) {
            System.err.println("agreement: interrupted");
            System.exit(130);
        } catch (IOException e) {
            System.err.println("agreement: " + e.getMessage());
            System.exit(1);
        }
        main.summary();
        System.exit(0);
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
        try (var kubectl = new Kubectl(pod.namespace(), "pod/" + pod.name(), ServerPod.port(server))) {
            LoadSpec spec = LoadSpec.of(mode, new InetSocketAddress("127.0.0.1", kubectl.port)).with("connections", Integer.toString(connections))
                    .withTimes(Duration.ofSeconds(1), Duration.ofSeconds(SECONDS));
            LoadResult result = Load.run(List.of(spec), Load.Window.IGNORED).getFirst();
            keep(work, "ours", round, result.json());
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
        try (var kubectl = new Kubectl(namespace, target, remotePort)) {
            var words = new ArrayList<>(command);
            if (generator.equals("wrk")) {
                words.add("http://127.0.0.1:" + kubectl.port + "/");
            } else {
                words.addAll(1, List.of("-p", Integer.toString(kubectl.port)));
            }
            words.addAll(0, List.of("timeout", Integer.toString(PROGRAM_SECONDS_MAX)));
            Process process = new ProcessBuilder(words).redirectError(ProcessBuilder.Redirect.DISCARD).start();
            String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int code = process.waitFor();
            keep(work, generator, round, text);
            // An upload of iperf3 ends with an error by its nature, see above.
            Optional<String> trouble = trouble(generator, generator.equals(IPERF) && !command.contains("-R") ? 0 : code, text);
            if (trouble.isPresent()) {
                throw new IOException(work + ", round " + round + ": " + generator + " " + trouble.get() + "; its output is in " + raw.getFileName());
            }
            return text;
        }
    }

    /// Why the figures of a run are none, if they are: its exit code, or what wrk only mentions.
    static Optional<String> trouble(String generator, int code, String text) {
        if (code != 0) {
            return Optional.of("ended with " + code + (code == TIMEOUT_CODE ? " (not done after " + PROGRAM_SECONDS_MAX + " s)" : ""));
        }
        return text.lines().map(String::strip).filter(line -> generator.equals("wrk") && (line.startsWith("Socket errors:") || line.startsWith("Non-2xx"))).findFirst()
                .map(line -> "says \"" + line + "\"");
    }

    private static void startIperf(String namespace) throws IOException, InterruptedException {
        kubectl(IPERF_POD.formatted(ServerPod.image(), 2 * ROUNDS, IPERF_PORT), "-n", namespace, "apply", "-f", "-");
        kubectl("", "-n", namespace, "wait", "--for=condition=Ready", "--timeout=60s", "pod/iperf3");
    }

    private static void kubectl(String input, String... arguments) throws IOException, InterruptedException {
        var words = new ArrayList<>(List.of("kubectl"));
        words.addAll(List.of(arguments));
        Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
        try (var stdin = process.outputWriter()) {
            stdin.write(input);
        }
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", words) + ": " + text);
        }
    }

    private void keep(String work, String generator, int round, String text) throws IOException {
        String name = (work + "-" + generator + "-" + round).replaceAll("[^a-z0-9]+", "-");
        Files.writeString(raw.resolve(name + (text.startsWith("{") ? ".json" : ".txt")), text.strip() + "\n");
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
                + "- iperf3: one stream, `-R` for download, from its second second on; redis-benchmark: `ECHO` of 64 bytes; wrk: one thread, `GET /` with an answer of about 180 bytes from nginx\n"
                + "- outputs as they were: `raw/`\n");
    }

    private void summary() throws IOException {
        var text = new StringBuilder("# Our generator beside others, through kubectl\n\nEach cell: median (lowest-highest) of the rounds. Ratio: ours / theirs, of the medians.\n\n"
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
        text.append("| ").append(work).append(" | ").append(figure).append(" | ").append(range(ours)).append(" | ").append(other).append(' ')
                .append(range(theirs))
                .append(" | ").append(String.format(Locale.ROOT, "%.2f", Figure.median(ours) / Figure.median(theirs)))
                .append(overlap ? " | overlap |\n" : " | apart |\n");
    }

    private double[] values(String work, String generator, ToDoubleFunction<Seen> value) {
        return all.stream().filter(seen -> seen.work().equals(work) && seen.generator().equals(generator)).mapToDouble(value)
                .filter(Double::isFinite).sorted().toArray();
    }

    private static String range(double... sorted) {
        return String.format(Locale.ROOT, "%,.0f (%,.0f-%,.0f)", Figure.median(sorted), sorted[0], sorted[sorted.length - 1]);
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

    /// A `kubectl port-forward` to one remote port, from its start to its end.
    private static final class Kubectl implements AutoCloseable {
        private final Process process;
        private final int port;

        Kubectl(String namespace, String target, int remotePort) throws IOException {
            process = new ProcessBuilder("kubectl", "-n", namespace, "port-forward", target, ":" + remotePort)
                    .redirectError(ProcessBuilder.Redirect.DISCARD).start();
            var lines = process.inputReader();
            String first = lines.readLine();
            if (first == null || !first.startsWith("Forwarding from 127.0.0.1:")) {
                process.destroy();
                throw new IOException("kubectl does not forward to " + target + " " + remotePort + ": " + first);
            }
            port = Integer.parseInt(find(first, "127.0.0.1:(\\d+)", 1));
            Thread.ofVirtual().start(() -> lines.lines().forEach(_ -> { })); // "Handling connection" lines, so that its pipe never fills
        }

        @Override
        public void close() {
            process.destroy();
            try {
                process.waitFor();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        }
    }
}

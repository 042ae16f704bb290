package io.fairlead.bench.scale;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.bench.Interruption;
import io.fairlead.bench.cluster.ServerPod;
import io.fairlead.bench.isolation.ForwarderProcess;
import io.fairlead.bench.isolation.ProcessFacts;
import io.fairlead.bench.peer.Forwarder;
import io.fairlead.bench.peer.RunFolder;
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
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Many connections, and long fat paths: what the forwarder's process needs for them, and whether it fails.
///
/// ```
/// bench/scale [--parts active,active-ideal,million,path,download] [--seconds 30] [--active 4000] [--active-ideal 20000] [--count 1000000] [--at-once 200]
///             [--path-connections 16] [--rtt 20] [--window 1048576] [--rounds 3] [--fairlead PROGRAM] [--kubectl PROGRAM] [--results FOLDER|none]
/// ```
/// | part | where | what |
/// |---|---|---|
/// | `active` | the cluster of `KUBECONFIG` | `--active` connections at once; each sends 64 bytes a second, and gets them back |
/// | `active-ideal` | ideal testbed | the same with `--active-ideal`, as many as the limit of open files lets one process hold |
/// | `million` | ideal testbed | `--count` connections, `--at-once` under way at a time: connect, one byte there and back, close; memory ten times |
/// | `path` | ideal testbed, `--rtt` ms of round trip and `--window` bytes under way for each session | download and upload over 1 session and over 8 |
/// | `download` | ideal testbed | one download and 16: fairlead and kubectl, WebSocket and SPDY, in turns, `--rounds` times |
///
/// The ideal testbed and its pod's servers are processes of their own, so memory, handles and CPU time are the forwarder's alone.
/// Exit code 0 when the run went through, whatever it measured; 64 for a bad argument.
public final class ScaleMain {
    private static final ObjectMapper JSON = new ObjectMapper();
    /// Handles that a forwarder needs beside its connections: libraries, loops, sessions, listeners.
    private static final int HANDLES_BESIDE = 200;
    private static final int MEMORY_RECORDS = 10;
    private static final String USAGE = """
            usage: bench/scale [--OPTION VALUE ...]
              --parts active,active-ideal,million,path,download
              --seconds 30            measured, of active, active-ideal, path, download
              --active 4000           connections at once on the cluster of $KUBECONFIG
              --active-ideal 20000    connections at once on the ideal testbed
              --count 1000000         connections of million, one after another
              --at-once 200           of them under way at a time
              --path-connections 16, --rtt 20 (ms), --window 1048576 (bytes)   of path
              --rounds 3              of download
              --fairlead PROGRAM, --kubectl PROGRAM
              --results FOLDER|none   where the run's folder is made; default: jmh-results""";
    /// Source addresses of the generator: 28,000 ports each.
    private static final String SOURCES = "100";

    private List<String> parts = List.of("active", "active-ideal", "million", "path", "download");
    private double seconds = 30;
    private int active = 4000;
    private int activeIdeal = 20_000;
    private long count = 1_000_000;
    private int atOnce = 200;
    private int pathConnections = 16;
    private double roundTripMillis = 20;
    private long window = 1 << 20;
    private int rounds = 3;
    private String fairlead = "bin/fairlead";
    private String kubectl = "kubectl";
    private String results = "jmh-results";

    private final StringBuilder table = new StringBuilder();
    private Path folder;

    private ScaleMain() {}

    public static void main(String[] args) throws Exception {
        if (List.of(args).contains("--help")) {
            System.out.println(USAGE);
            return;
        }
        var main = new ScaleMain();
        try {
            main.parse(args);
        } catch (IllegalArgumentException e) {
            System.err.println("scale: " + e.getMessage() + "\n" + USAGE);
            System.exit(64);
        }
        try (Interruption interruption = Interruption.guard()) {
            main.run(interruption, args);
        } catch (InterruptedException _) {
            System.err.println("scale: interrupted");
            System.exit(130);
        } catch (IOException e) {
            System.err.println("scale: " + e.getMessage());
            System.exit(1);
        }
        System.exit(0);
    }

    private void parse(String... args) {
        if (args.length % 2 != 0) {
            throw new IllegalArgumentException("every option has a value");
        }
        for (int i = 0; i < args.length; i += 2) {
            String value = args[i + 1];
            switch (args[i]) {
                case "--parts" -> parts = Arrays.asList(value.split(","));
                case "--seconds" -> seconds = Double.parseDouble(value);
                case "--active" -> active = Integer.parseInt(value);
                case "--active-ideal" -> activeIdeal = Integer.parseInt(value);
                case "--count" -> count = Long.parseLong(value);
                case "--at-once" -> atOnce = Integer.parseInt(value);
                case "--path-connections" -> pathConnections = Integer.parseInt(value);
                case "--rtt" -> roundTripMillis = Double.parseDouble(value);
                case "--window" -> window = Long.parseLong(value);
                case "--rounds" -> rounds = Integer.parseInt(value);
                case "--fairlead" -> fairlead = value;
                case "--kubectl" -> kubectl = value;
                case "--results" -> results = value;
                default -> throw new IllegalArgumentException("no option " + args[i]);
            }
        }
        var known = List.of("active", "active-ideal", "million", "path", "download");
        if (!known.containsAll(parts)) {
            throw new IllegalArgumentException("no such part among " + parts + "; there are " + known);
        }
        if (rounds < 1 || count < MEMORY_RECORDS || seconds <= 0) {
            throw new IllegalArgumentException("--rounds is 1 or more, --count " + MEMORY_RECORDS + " or more, --seconds above 0");
        }
    }

    private void run(Interruption interruption, String... args) throws IOException, InterruptedException {
        String machine = RunFolder.machine();
        Forwarder.prepare(fairlead);
        folder = results.equals("none") ? Files.createTempDirectory("fairlead-scale") : RunFolder.create(Path.of(results));
        Files.writeString(folder.resolve("setup.md"), "# Setup\n\n" + machine
                + "- kubectl: " + RunFolder.output(kubectl, "version", "--client").replace("Client Version: ", "") + "\n"
                + "- open files per process, at most: " + handlesMax() + "\n"
                + "- command: `bench/scale " + RunFolder.withoutFolders(List.of(args)) + "`\n"
                + "\nThe generator, the forwarder, the ideal testbed and its pod's servers are processes of their own on this machine's cores. MB are 10^6 bytes.\n"
                + "A bulk transfer with an error has a rate in the raw data and none in a ratio or a median.\n");
        int ended = 0;
        try {
            for (String part : parts) {
                try {
                    switch (part) {
                        case "active" -> active();
                        case "active-ideal" -> activeIdeal();
                        case "million" -> million();
                        case "path" -> path(interruption);
                        case "download" -> download(interruption);
                        default -> throw new IllegalStateException(part);
                    }
                } catch (IOException | RuntimeException e) { // how it fails is a result
                    interruption.check();
                    failed(part, part, e);
                }
                ended++;
            }
        } finally {
            Files.writeString(folder.resolve("summary.md"), "# Scale\n\n" + (ended < parts.size() ? "Ended in part " + parts.get(ended) + ".\n\n" : "")
                    + "```\n" + table + "```\n");
            System.out.println("written to " + folder);
        }
    }

    // ---- active at once

    private void active() throws IOException, InterruptedException {
        Path kubeconfig = ServerPod.kubeconfig().orElse(null);
        if (kubeconfig == null) {
            say("active: left out, as KUBECONFIG names no readable file");
            return;
        }
        try (ServerPod pod = ServerPod.deploy(kubeconfig)) {
            active("active", kubeconfig, pod.namespace(), pod.name(), ServerPod.port("echo"), active);
        }
    }

    private void activeIdeal() throws IOException, InterruptedException {
        int most = Math.min(activeIdeal, handlesMax() - HANDLES_BESIDE);
        if (most < activeIdeal) {
            say("active-ideal: " + most + " connections instead of " + activeIdeal + ", as a process may open " + handlesMax() + " files here (ulimit -Hn)");
        }
        try (IdealCluster cluster = IdealCluster.start()) {
            active("active-ideal", cluster.kubeconfig(), IdealCluster.NAMESPACE, IdealCluster.POD, IdealCluster.ECHO, most);
        }
    }

    private void active(String part, Path kubeconfig, String namespace, String pod, int port, int connections) throws IOException, InterruptedException {
        try (ForwarderProcess forwarder = ForwarderProcess.start(List.of(fairlead), kubeconfig, namespace, "pod/" + pod, List.of(port),
                List.of("--quiet", "--max-connections", Integer.toString(connections + 1), "--v", "4"))) {
            try {
                ProcessFacts start = forwarder.facts();
                LoadSpec spec = LoadSpec.of(Mode.RR_OPEN, forwarder.address(port)).with("connections", Integer.toString(connections))
                        .with("rate", Integer.toString(connections)).with("deadline", "120").with("sources", SOURCES)
                        .withTimes(Duration.ofSeconds(3), Duration.ofMillis((long) (seconds * 1000)));
                var held = new ProcessFacts[1];
                LoadResult result = Load.run(List.of(spec), atEnd(() -> held[0] = forwarder.facts())).getFirst();
                Thread.sleep(3000);
                ProcessFacts end = forwarder.facts();
                say(String.format("%-14s %6d connections: opened %d, %.0f op/s, p50 %.1f p99 %.1f max %.0f ms, errors %s, %s; peak %.0f MB; handles %d before, %d with, %d after; "
                        + "generator %.1f of %.1f s", part, connections, result.opened(), result.opsPerSecond(), result.micros(50) / 1e3, result.micros(99) / 1e3,
                        result.latency().getMaxValue() / 1e6, result.errors(), result.outcomes(), end.peakMegabytes(), start.handles(), held[0].handles(), end.handles(),
                        result.generatorCpuSeconds(), result.seconds()));
                record(part, Map.of("result", result.values(), "start", start.values(), "with", held[0].values(), "after", end.values()));
            } finally {
                Files.write(folder.resolve(part + ".log"), forwarder.lines());
            }
        }
    }

    // ---- a million, one after another

    private void million() throws IOException, InterruptedException {
        try (IdealCluster cluster = IdealCluster.start();
                ForwarderProcess forwarder = ForwarderProcess.start(List.of(fairlead), cluster.kubeconfig(), IdealCluster.NAMESPACE,
                        "pod/" + IdealCluster.POD, List.of(IdealCluster.ECHO), List.of("--quiet", "--v", "4"))) {
            try {
                ProcessFacts facts = forwarder.facts();
                long errors = 0;
                say(String.format("%-14s %9s connections  %6.0f MB, peak %6.0f MB, %4d handles", "million", "0", facts.residentMegabytes(), facts.peakMegabytes(), facts.handles()));
                for (int i = 1; i <= MEMORY_RECORDS; i++) {
                    LoadSpec spec = LoadSpec.of(Mode.CHURN, forwarder.address(IdealCluster.ECHO)).with("connections", Integer.toString(atOnce))
                            .with("count", Long.toString(count / MEMORY_RECORDS)).with("sources", SOURCES).with("deadline", "1800");
                    LoadResult result = Load.run(List.of(spec), Load.Window.IGNORED).getFirst();
                    errors += result.errorCount();
                    Thread.sleep(1000); // what is closing may close
                    facts = forwarder.facts();
                    say(String.format("%-14s %9d connections  %6.0f MB, peak %6.0f MB, %4d handles, %.0f/s, p99 %.1f ms, cpu %.0f us each, errors %s", "million",
                            count / MEMORY_RECORDS * i, facts.residentMegabytes(), facts.peakMegabytes(), facts.handles(), result.opsPerSecond(),
                            result.micros(99) / 1e3, facts.cpuSeconds() / (count / (double) MEMORY_RECORDS * i) * 1e6, result.errors()));
                    record("million", Map.of("connections", count / MEMORY_RECORDS * i, "result", result.values(), "forwarder", facts.values()));
                }
                say(String.format("%-14s errors in all: %d", "million", errors));
            } finally {
                Files.write(folder.resolve("million.log"), forwarder.lines());
            }
        }
    }

    // ---- a long fat path

    private void path(Interruption interruption) throws IOException, InterruptedException {
        double limit = window / (roundTripMillis / 1e3) / 1e6;
        for (Mode mode : List.of(Mode.DOWNLOAD, Mode.UPLOAD)) {
            var rates = new ArrayList<Double>();
            for (int sessions : List.of(1, 8)) {
                String name = String.format(Locale.ROOT, "%s, %d sessions", mode, sessions);
                rates.add(rate("path", name, interruption, () -> {
                    try (IdealCluster cluster = IdealCluster.start("rtt=" + roundTripMillis, "window=" + window)) {
                        return bulk("path", List.of(fairlead), sessions, cluster, mode, pathConnections, name);
                    }
                }));
            }
            say(String.format("%-14s %s: one session %.2f of its window (%.1f MB/s), 8 are %.2f of one", "path", mode, rates.getFirst() / limit, limit,
                    rates.getLast() / rates.getFirst()));
        }
    }

    // ---- beside kubectl

    private void download(Interruption interruption) throws IOException, InterruptedException {
        var commands = new LinkedHashMap<String, List<String>>();
        commands.put("fairlead", List.of(fairlead));
        commands.put("kubectl-ws", List.of(kubectl));
        commands.put("kubectl-spdy", List.of("env", "KUBECTL_PORT_FORWARD_WEBSOCKETS=false", kubectl));
        var rates = new LinkedHashMap<String, List<Double>>();
        try (IdealCluster cluster = IdealCluster.start()) {
            for (int round = 1; round <= rounds; round++) {
                for (int connections : List.of(1, 16)) {
                    for (var command : commands.entrySet()) {
                        String name = "round " + round + ", " + connections + " connections, " + command.getKey();
                        rates.computeIfAbsent(command.getKey() + " " + connections, _ -> new ArrayList<>()).add(rate("download", name, interruption,
                                () -> bulk("download", command.getValue(), 0, cluster, Mode.DOWNLOAD, connections, name)));
                    }
                }
            }
        }
        for (int connections : List.of(1, 16)) {
            Rates ours = Rates.of(rates.get("fairlead " + connections));
            for (String peer : List.of("kubectl-ws", "kubectl-spdy")) {
                say(String.format("%-14s %d connections: fairlead is %s", "download", connections, ours.beside(peer, Rates.of(rates.get(peer + " " + connections)))));
            }
        }
    }

    private interface Transfer {
        LoadResult run() throws IOException, InterruptedException;
    }

    /// MB/s of one turn; NaN if it failed or had an error, which is a result, and the others go on.
    private double rate(String part, String name, Interruption interruption, Transfer transfer) throws IOException, InterruptedException {
        try {
            LoadResult result = transfer.run();
            return result.errorCount() > 0 ? Double.NaN : result.megabytesPerSecond();
        } catch (IOException | RuntimeException e) {
            interruption.check();
            failed(part, name, e);
            return Double.NaN;
        }
    }

    private void failed(String part, String name, Exception e) throws IOException {
        say(String.format("%-14s %-44s failed: %s", part, name, e.getMessage()));
        record(part, Map.of("name", name, "failure", String.valueOf(e.getMessage())));
    }

    /// @param sessions for fairlead to have before the first connection comes, as one that has come stays where it is; 0: what the program does by itself
    private LoadResult bulk(String part, List<String> command, int sessions, IdealCluster cluster, Mode mode, int connections, String name)
            throws IOException, InterruptedException {
        int port = mode == Mode.DOWNLOAD ? IdealCluster.SOURCE : IdealCluster.CHECK;
        List<String> flags = sessions == 0 ? List.of() : List.of("--sessions", Integer.toString(sessions), "--v", "4");
        try (ForwarderProcess forwarder = ForwarderProcess.start(command, cluster.kubeconfig(), IdealCluster.NAMESPACE, "pod/" + IdealCluster.POD,
                List.of(port), flags)) {
            awaitSessions(forwarder, sessions);
            var cpuAt = new double[2];
            LoadSpec spec = LoadSpec.of(mode, forwarder.address(port)).with("connections", Integer.toString(connections))
                    .withTimes(Duration.ofSeconds(3), Duration.ofMillis((long) (seconds * 1000)));
            LoadResult result = Load.run(List.of(spec), new Load.Window() {
                @Override
                public void begin() {
                    cpuAt[0] = forwarder.facts().cpuSeconds();
                }

                @Override
                public void end() {
                    cpuAt[1] = forwarder.facts().cpuSeconds();
                }
            }).getFirst();
            double cpu = (cpuAt[1] - cpuAt[0]) / (result.bytes() / 1e9);
            ProcessFacts facts = forwarder.facts();
            say(String.format("%-14s %-44s %8.1f MB/s, cpu %.2f s/GB, peak %.0f MB, silence %.0f ms, errors %s; generator %.1f of %.1f s", part, name, result.megabytesPerSecond(), cpu,
                    facts.peakMegabytes(), result.silenceNanosMax() / 1e6, result.errors(), result.generatorCpuSeconds(), result.seconds()));
            record(part, Map.of("name", name, "result", result.values(), "cpu_s_per_GB", cpu, "forwarder", facts.values()));
            return result;
        }
    }

    /// The first session is up when the program says that it forwards; the others follow.
    private static void awaitSessions(ForwarderProcess forwarder, int sessions) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (sessions > 1 && forwarder.lines().stream().noneMatch(line -> line.endsWith(" is up, " + sessions + " now"))) {
            if (System.nanoTime() - deadline > 0) {
                throw new IOException("no " + sessions + " sessions after 30 s: " + String.join(" | ", forwarder.lines()));
            }
            Thread.sleep(50);
        }
    }

    // ---- what all share

    private static Load.Window atEnd(Runnable action) {
        return new Load.Window() {
            @Override
            public void begin() {}

            @Override
            public void end() {
                action.run();
            }
        };
    }

    /// The hard limit, to which a JVM raises its own by itself.
    private static int handlesMax() throws IOException {
        return Files.readString(Path.of("/proc/self/limits")).lines().filter(line -> line.startsWith("Max open files"))
                .mapToInt(line -> (int) Math.min(Integer.MAX_VALUE, Long.parseLong(line.replaceAll("^Max open files +[0-9a-z]+ +([0-9]+).*", "$1")))).findFirst().orElse(1024);
    }

    private void record(String part, Map<String, ?> values) throws IOException {
        var all = new LinkedHashMap<String, Object>();
        all.put("part", part);
        all.putAll(values);
        Files.writeString(folder.resolve("measurements.jsonl"), JSON.writeValueAsString(all) + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private void say(String line) {
        System.out.println(line);
        table.append(line).append('\n');
    }
}

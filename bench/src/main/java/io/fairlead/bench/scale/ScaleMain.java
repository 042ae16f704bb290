package io.fairlead.bench.scale;

import io.fairlead.bench.Interruption;
import io.fairlead.bench.Program;
import io.fairlead.bench.Ranges;
import io.fairlead.bench.RunLog;
import io.fairlead.bench.RunOptions;
import io.fairlead.bench.TimeLeft;
import io.fairlead.bench.cluster.IdealCluster;
import io.fairlead.bench.cluster.ServerPod;
import io.fairlead.bench.peer.Forwarder;
import io.fairlead.bench.peer.PeerCommand;
import io.fairlead.bench.peer.ProcessFacts;
import io.fairlead.bench.peer.RunFolder;
import io.fairlead.testbed.load.Load;
import io.fairlead.testbed.load.LoadResult;
import io.fairlead.testbed.load.LoadSpec;
import io.fairlead.testbed.load.Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Many connections, and long fat paths: what the forwarder's process needs for them, and whether it fails. `bench/scale --help` lists the options.
///
/// | part | where | what |
/// |---|---|---|
/// | `active` | the cluster of `KUBECONFIG` | `--active` connections at once; each sends 64 bytes a second, and gets them back |
/// | `active-ideal` | ideal testbed | the same with `--active-ideal`, as many as the limit of open files lets one process hold |
/// | `million`, `million-ideal` | the cluster, ideal testbed | `--count` connections, `--at-once` at a time: connect, a byte there and back, close |
/// | `path` | ideal testbed with `--rtt` ms, and `--window` bytes under way for each session | download and upload over 1 session and over 8 |
/// | `download` | ideal testbed | one download and 16: fairlead and kubectl, WebSocket and SPDY, in turns, `--rounds` times |
///
/// `million` tells memory and handles {@link #MEMORY_RECORDS} times, and what they grew by after the first tenth. On a cluster it takes 9 to 15
/// minutes on two cores, and is no default.
///
/// A forwarder that ends by itself is a failure of its part or turn, which says with what code; there are no figures of its process.
///
/// Generator, forwarder, the ideal testbed and its pod's servers are processes of their own: memory, handles and CPU time are the forwarder's alone,
/// and each has the whole limit of open files for its end of the connections.
///
@Command(name = ScaleMain.NAME, mixinStandardHelpOptions = false, sortOptions = false, usageHelpWidth = 130,
        description = "Many connections, and long fat paths: what the forwarder's process needs for them, and whether it fails.",
        footerHeading = "%n",
        footer = {
            "Example, 1,000 connections at once through the ideal testbed, for 10 s, without a cluster:",
            "  bench/scale --parts active-ideal --active-ideal 1000 --seconds 10",
            "",
            "Exit code 0: the run went through, whatever it measured. 1: the servers do not start, or nothing can be written. 64: bad option.",
            "78: no cluster for active or million. 130: interrupted by Ctrl-C. 143: by SIGTERM."})
public final class ScaleMain implements Callable<Integer> {
    static final String NAME = "bench/scale";
    /// Handles that a process needs beside its connections: libraries, loops, sessions, listeners.
    private static final int HANDLES_BESIDE = 200;
    private static final int MEMORY_RECORDS = 20;
    /// What is closing may close: the forwarder holds a FIN for half a second, containerd ends a connection a second after it.
    private static final int CLOSING_MILLIS = 2000;
    /// Of traffic that is not measured, before what is.
    private static final int WARMUP_SECONDS = 3;
    /// Source addresses of the generator, 28,000 ports each: a port rests for a minute after its connection. Behind the forwarder Linux gives a
    /// resting port of the loopback to the next connection after a second. Not for many at once: a port that is bound to any address is no port for
    /// the connections of the testbed to its pod, and of 19,800 it then refused 2,300.
    private static final String SOURCES = "100";

    private enum Part {
        ACTIVE,
        ACTIVE_IDEAL,
        MILLION,
        MILLION_IDEAL,
        PATH,
        DOWNLOAD;

        boolean isOnCluster() {
            return this == ACTIVE || this == MILLION;
        }

        @Override
        public String toString() {
            return Program.word(this);
        }
    }

    /// A pod with an echo, behind an API server.
    private record Place(Path kubeconfig, String namespace, String pod, int port) {}

    private interface Measurement {
        void run(Part part, Place place) throws IOException, InterruptedException;
    }

    @Option(names = "--parts", split = ",", paramLabel = "PART", defaultValue = "active,active-ideal,million-ideal,path,download",
            description = "default ${DEFAULT-VALUE}; there is million, too; active and million on the cluster of $$KUBECONFIG, the others on the"
                    + " ideal testbed")
    private List<Part> parts;

    @Option(names = "--seconds", paramLabel = "S", defaultValue = "30", description = "measured, of active, active-ideal, path, download (default"
                    + " ${DEFAULT-VALUE})")
    private double seconds;

    @Option(names = "--active", paramLabel = "N", defaultValue = "4000", description = "connections at once of active (default ${DEFAULT-VALUE})")
    private int active;

    @Option(names = "--active-ideal", paramLabel = "N", defaultValue = "20000",
            description = "and of active-ideal (default ${DEFAULT-VALUE}, or as many as a process may have files open)")
    private int activeIdeal;

    @Option(names = "--count", paramLabel = "N", defaultValue = "1000000",
            description = "connections of million and of million-ideal, one after another (default ${DEFAULT-VALUE})")
    private long count;

    @Option(names = "--at-once", paramLabel = "N", defaultValue = "200", description = "of them under way at a time (default ${DEFAULT-VALUE})")
    private int atOnce;

    @Option(names = "--path-connections", paramLabel = "N", defaultValue = "16", description = "of path (default ${DEFAULT-VALUE})")
    private int pathConnections;

    @Option(names = "--rtt", paramLabel = "MS", defaultValue = "20", description = "round trip of path (default ${DEFAULT-VALUE})")
    private double roundTripMillis;

    @Option(names = "--window", paramLabel = "BYTES", defaultValue = "1048576", description = "under way for each session of path (default"
                    + " ${DEFAULT-VALUE})")
    private long window;

    @Option(names = "--rounds", paramLabel = "N", defaultValue = "3", description = "of download (default ${DEFAULT-VALUE})")
    private int rounds;

    @Mixin
    private RunOptions options;

    @Spec
    private CommandSpec spec;

    private RunLog log;

    private ScaleMain() {}

    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return Program.commandLine(new ScaleMain(), Part.class);
    }

    @Override
    public Integer call() {
        new Ranges(spec).above(0, "--seconds", "--rtt").anHourAtMost("--seconds").atLeast(MEMORY_RECORDS, "--count")
                .atLeast(1, "--active", "--active-ideal", "--at-once", "--path-connections", "--window", "--rounds");
        options.check(spec);
        // Without a KUBECONFIG the parts that need one are left out, if there are others.
        boolean needed = parts.stream().allMatch(Part::isOnCluster) || parts.stream().anyMatch(Part::isOnCluster) && ServerPod.kubeconfig().isPresent();
        if (needed && Program.lacksCluster(NAME)) {
            return Program.EXIT_CONFIG;
        }
        return Program.run(NAME, this::run);
    }

    private void run(Interruption interruption) throws IOException, InterruptedException {
        String machine = RunFolder.machine();
        Forwarder.prepare(options.fairlead);
        log = new RunLog("Scale", options.results);
        log.setup(machine
                + "- kubectl: " + RunFolder.output(options.kubectl, "version", "--client").replace("Client Version: ", "") + "\n"
                + "- open files per process, at most: " + handlesMax() + "\n"
                + "- command: `" + NAME + " " + RunFolder.withoutFolders(spec.commandLine().getParseResult().originalArgs()) + "`\n"
                + "\nThe generator, the forwarder, the ideal testbed and its pod's servers are processes of their own on this machine's cores."
                + " MB are 10^6 bytes.\nA bulk transfer with an error has a rate in the raw data and none in a ratio or a median.\n");
        int ended = 0;
        try {
            for (Part part : parts) {
                System.err.println("part " + (ended + 1) + " of " + parts.size() + ": " + part);
                try {
                    switch (part) {
                        case ACTIVE -> onCluster(part, this::active);
                        case ACTIVE_IDEAL -> onIdeal(part, this::active);
                        case MILLION -> onCluster(part, this::million);
                        case MILLION_IDEAL -> onIdeal(part, this::million);
                        case PATH -> path(interruption);
                        case DOWNLOAD -> download(interruption);
                    }
                } catch (ServerPod.NotDeployed e) { // nothing was measured
                    throw e;
                } catch (IOException | RuntimeException e) { // how it fails is a result
                    interruption.check();
                    failed(part, part.toString(), e);
                }
                ended++;
            }
        } finally {
            log.end(ended < parts.size() ? "Ended in part " + parts.get(ended) + "." : "");
        }
    }

    private void onCluster(Part part, Measurement measurement) throws IOException, InterruptedException {
        Path kubeconfig = ServerPod.kubeconfig().orElse(null);
        if (kubeconfig == null) {
            log.say("%s: left out, as KUBECONFIG names no readable file", part);
            return;
        }
        try (ServerPod pod = ServerPod.deploy(kubeconfig)) {
            measurement.run(part, new Place(kubeconfig, pod.namespace(), pod.name(), ServerPod.port("echo")));
        }
    }

    private void onIdeal(Part part, Measurement measurement) throws IOException, InterruptedException {
        try (IdealCluster cluster = IdealCluster.start()) {
            measurement.run(part, new Place(cluster.kubeconfig(), IdealCluster.NAMESPACE, IdealCluster.POD, ServerPod.port("echo")));
        }
    }

    // ---- active at once

    private void active(Part part, Place place) throws IOException, InterruptedException {
        int asked = part == Part.ACTIVE ? active : activeIdeal;
        int connections = Math.min(asked, handlesMax() - HANDLES_BESIDE);
        if (connections < asked) {
            log.say("%-14s %6d connections instead of %d, as a process may have %d files open here (ulimit -Hn)", part, connections, asked,
                    handlesMax());
        }
        try (Forwarder forwarder = start(place, "--max-connections", Integer.toString(connections + 1))) {
            try {
                ProcessFacts start = forwarder.factsOrEnd();
                System.err.printf(Locale.ROOT, "%s: %.0f s left once %d connections are open%n", part,
                        WARMUP_SECONDS + seconds + CLOSING_MILLIS / 1e3, connections);
                LoadSpec load = LoadSpec.of(Mode.RR_OPEN, forwarder.address(place.port())).with("connections", Integer.toString(connections))
                        .with("rate", Integer.toString(connections)).with("deadline", "120")
                        .withTimes(Duration.ofSeconds(WARMUP_SECONDS), measured());
                Outcome outcome = through(forwarder, load, () -> {});
                LoadResult result = outcome.result();
                ProcessFacts with = outcome.end();
                Thread.sleep(CLOSING_MILLIS);
                ProcessFacts end = forwarder.factsOrEnd();
                log.say("%-14s %6d connections: opened %d, %.0f op/s, p50 %.1f p99 %.1f max %.0f ms, errors %s, %s; peak %.0f MB; handles %d before,"
                        + " %d with, %d after; generator %.1f of %.1f s", part, connections, result.opened(), result.opsPerSecond(),
                        result.micros(50) / 1e3, result.micros(99) / 1e3, result.latency().getMaxValue() / 1e6, result.errors(), result.outcomes(),
                        end.peakMegabytes(), start.handles(), with.handles(), end.handles(), result.generatorCpuSeconds(), result.seconds());
                record(part, Map.of("asked", asked, "handles_max", handlesMax(), "result", result.values(), "start", start.values(),
                        "with", with.values(), "after", end.values()));
            } finally {
                log.file(part + ".log", forwarder.lines());
            }
        }
    }

    private Forwarder start(Place place, String... flags) throws IOException, InterruptedException {
        return Forwarder.start(fairlead().with("--quiet", "--v", "4").with(flags), place.kubeconfig(), place.namespace(), place.pod(),
                List.of(place.port()));
    }

    private PeerCommand fairlead() {
        return PeerCommand.programs(options.fairlead, options.kubectl).get("fairlead");
    }

    // ---- a million, one after another

    private void million(Part part, Place place) throws IOException, InterruptedException {
        try (Forwarder forwarder = start(place)) {
            try {
                ProcessFacts facts = forwarder.factsOrEnd();
                var growth = new Growth(facts);
                var errors = new LinkedHashMap<String, Long>();
                double spent = 0;
                log.say("%-14s %9d connections  %6.0f MB, peak %6.0f MB, %4d handles", part, 0, facts.residentMegabytes(), facts.peakMegabytes(),
                        facts.handles());
                for (int i = 1; i <= MEMORY_RECORDS; i++) {
                    long done = count * i / MEMORY_RECORDS;
                    long slice = done - count * (i - 1) / MEMORY_RECORDS;
                    LoadSpec load = LoadSpec.of(Mode.CHURN, forwarder.address(place.port())).with("connections", Integer.toString(atOnce))
                            .with("count", Long.toString(slice)).with("sources", SOURCES).with("deadline", "1800");
                    LoadResult result = through(forwarder, load, () -> {}).result();
                    spent += result.seconds();
                    result.errors().forEach((kind, times) -> errors.merge(kind, times, Long::sum));
                    Thread.sleep(CLOSING_MILLIS);
                    facts = forwarder.factsOrEnd();
                    growth.add(done, facts);
                    log.say("%-14s %9d connections  %6.0f MB, peak %6.0f MB, %4d handles, %5.0f/s, p99 %6.1f ms, cpu %3.0f us each,"
                            + " errors %s; %.0f s left",
                            part, done, facts.residentMegabytes(), facts.peakMegabytes(), facts.handles(), result.opsPerSecond(),
                            result.micros(99) / 1e3, facts.cpuSeconds() / done * 1e6, result.errors(),
                            (spent + i * CLOSING_MILLIS / 1e3) / done * (count - done));
                    record(part, Map.of("connections", done, "result", result.values(), "forwarder", facts.values()));
                }
                long last = System.nanoTime();
                facts = settled(forwarder);
                log.say("%-14s %s", part, growth.upTo(facts, (System.nanoTime() - last) / 1e9));
                record(part, Map.of("connections", count, "settled", facts.values()));
                log.say("%-14s %d connections in %.0f s, %.0f/s; errors in all: %s", part, count, spent, count / spent, errors);
            } finally {
                log.file(part + ".log", forwarder.lines());
            }
        }
    }

    /// Facts once the number of handles has been the same for ten seconds, or after two minutes.
    private static ProcessFacts settled(Forwarder forwarder) throws IOException, InterruptedException {
        ProcessFacts facts = forwarder.factsOrEnd();
        for (int seconds = 0, same = 0; seconds < 120 && same < 10; seconds++) {
            Thread.sleep(1000);
            ProcessFacts now = forwarder.factsOrEnd();
            same = now.handles() == facts.handles() ? same + 1 : 0;
            facts = now;
        }
        return facts;
    }

    // ---- a long fat path

    private void path(Interruption interruption) throws IOException, InterruptedException {
        double limit = window / (roundTripMillis / 1e3) / 1e6;
        List<Mode> modes = List.of(Mode.DOWNLOAD, Mode.UPLOAD);
        List<Integer> sessionCounts = List.of(1, 8);
        var left = new TimeLeft(Part.PATH.toString(), modes.size() * sessionCounts.size());
        for (Mode mode : modes) {
            var rates = new ArrayList<Double>();
            for (int sessions : sessionCounts) {
                String name = String.format(Locale.ROOT, "%s, %d sessions", mode, sessions);
                rates.add(rate(Part.PATH, name, interruption, () -> {
                    try (IdealCluster cluster = IdealCluster.start("rtt=" + roundTripMillis, "window=" + window)) {
                        return bulk(Part.PATH, fairlead(), sessions, cluster, mode, pathConnections, name);
                    }
                }));
                left.turnEnded();
            }
            log.say("%-14s %s: one session %.2f of its window (%.1f MB/s), 8 are %.2f of one", Part.PATH, mode, rates.getFirst() / limit, limit,
                    rates.getLast() / rates.getFirst());
        }
    }

    // ---- beside kubectl

    private void download(Interruption interruption) throws IOException, InterruptedException {
        var rates = new LinkedHashMap<String, List<Double>>();
        Map<String, PeerCommand> programs = PeerCommand.programs(options.fairlead, options.kubectl);
        List<Integer> connectionCounts = List.of(1, 16);
        try (IdealCluster cluster = IdealCluster.start()) {
            var left = new TimeLeft(Part.DOWNLOAD.toString(), rounds * connectionCounts.size() * programs.size());
            for (int round = 1; round <= rounds; round++) {
                for (int connections : connectionCounts) {
                    for (var command : programs.entrySet()) {
                        String name = "round " + round + ", " + connections + " connections, " + command.getKey();
                        rates.computeIfAbsent(command.getKey() + " " + connections, _ -> new ArrayList<>())
                                .add(rate(Part.DOWNLOAD, name, interruption,
                                        () -> bulk(Part.DOWNLOAD, command.getValue(), 0, cluster, Mode.DOWNLOAD, connections, name)));
                        left.turnEnded();
                    }
                }
            }
        }
        for (int connections : connectionCounts) {
            Rates ours = Rates.of(rates.get("fairlead " + connections));
            for (String peer : List.of("kubectl-ws", "kubectl-spdy")) {
                log.say("%-14s %d connections: fairlead is %s", Part.DOWNLOAD, connections,
                        ours.beside(peer, Rates.of(rates.get(peer + " " + connections))));
            }
        }
    }

    private interface Transfer {
        LoadResult run() throws IOException, InterruptedException;
    }

    /// MB/s of one turn; NaN if it failed or had an error, which is a result, and the others go on.
    private double rate(Part part, String name, Interruption interruption, Transfer transfer) throws IOException, InterruptedException {
        try {
            LoadResult result = transfer.run();
            return result.errorCount() > 0 ? Double.NaN : result.megabytesPerSecond();
        } catch (IOException | RuntimeException e) {
            interruption.check();
            failed(part, name, e);
            return Double.NaN;
        }
    }

    private void failed(Part part, String name, Exception e) throws IOException {
        log.say("%-14s %-44s failed: %s", part, name, e.getMessage());
        record(part, Map.of("name", name, "failure", String.valueOf(e.getMessage())));
    }

    /// @param sessions for fairlead to have before the first connection comes, as one that has come stays where it is; 0: what the program does by
    /// itself
    private LoadResult bulk(Part part, PeerCommand command, int sessions, IdealCluster cluster, Mode mode, int connections, String name)
            throws IOException, InterruptedException {
        int port = ServerPod.port(mode == Mode.DOWNLOAD ? "source" : "check");
        PeerCommand full = sessions == 0 ? command : command.with("--sessions", Integer.toString(sessions));
        try (Forwarder forwarder = Forwarder.start(full, cluster.kubeconfig(), IdealCluster.NAMESPACE, IdealCluster.POD, List.of(port))) {
            awaitSessions(cluster, forwarder, sessions);
            var busy = new int[1];
            LoadSpec load = LoadSpec.of(mode, forwarder.address(port)).with("connections", Integer.toString(connections))
                    .withTimes(Duration.ofSeconds(WARMUP_SECONDS), measured());
            Outcome outcome = through(forwarder, load, () -> busy[0] = cluster.sessions().busy());
            LoadResult result = outcome.result();
            ProcessFacts facts = outcome.end();
            double cpu = facts.cpuSeconds() - outcome.begin().cpuSeconds();
            log.say("%-14s %-44s %8.1f MB/s over %d sessions, cpu %s, peak %.0f MB, silence %.0f ms, errors %s; generator %.1f of %.1f s",
                    part, name, result.megabytesPerSecond(), busy[0], cpu(cpu, result.bytes()), facts.peakMegabytes(), result.silenceNanosMax() / 1e6, result.errors(),
                    result.generatorCpuSeconds(), result.seconds());
            var values = new LinkedHashMap<String, Object>(Map.of("name", name, "result", result.values(), "busy_sessions", busy[0], "cpu_s", cpu,
                    "forwarder", facts.values()));
            if (result.bytes() > 0) {
                values.put("cpu_s_per_GB", cpu / (result.bytes() / 1e9));
            }
            record(part, values);
            return result;
        }
    }

    /// A turn that moved nothing has spent its CPU time on no gigabyte.
    static String cpu(double seconds, long bytes) {
        return bytes > 0 ? String.format(Locale.ROOT, "%.2f s/GB", seconds / (bytes / 1e9)) : String.format(Locale.ROOT, "%.2f s for no byte", seconds);
    }

    /// The first session is up when the program says that it forwards; the others follow. The testbed knows of one before the forwarder does, by the
    /// time that its answer takes; over how many the bytes then went stands in the record.
    private void awaitSessions(IdealCluster cluster, Forwarder forwarder, int sessions) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (cluster.sessions().up() < sessions) {
            forwarder.factsOrEnd();
            if (System.nanoTime() - deadline > 0) {
                throw new IOException(cluster.sessions().up() + " sessions instead of " + sessions + " after 30 s");
            }
            Thread.sleep(50);
        }
        Thread.sleep((long) roundTripMillis + 100);
    }

    // ---- what all share

    /// @param begin the forwarder when the measured window began
    private record Outcome(LoadResult result, ProcessFacts begin, ProcessFacts end) {}

    /// Runs `load` through `forwarder`. That the forwarder may end when the traffic does, as kubectl can, harms no figure.
    ///
    /// @param atEnd of the measured window
    /// @throws IOException the forwarder ended by itself before the window did
    private static Outcome through(Forwarder forwarder, LoadSpec load, Runnable atEnd) throws IOException, InterruptedException {
        var facts = new ArrayList<Optional<ProcessFacts>>();
        LoadResult result = Load.run(List.of(load), new Load.Window() {
            @Override
            public void begin() {
                facts.add(forwarder.facts());
            }

            @Override
            public void end() {
                facts.add(forwarder.facts());
                atEnd.run();
            }
        }).getFirst();
        if (facts.getLast().isEmpty()) {
            throw new IOException(forwarder.ending() + "; opened " + result.opened() + " connections, errors " + result.errors());
        }
        return new Outcome(result, facts.getFirst().orElseThrow(), facts.getLast().orElseThrow());
    }

    /// The hard limit, to which a JVM raises its own by itself.
    private static int handlesMax() throws IOException {
        return Files.readString(Path.of("/proc/self/limits")).lines().filter(line -> line.startsWith("Max open files"))
                .mapToInt(line -> (int) Math.min(Integer.MAX_VALUE, Long.parseLong(line.replaceAll("^Max open files +[0-9a-z]+ +([0-9]+).*", "$1"))))
                .findFirst().orElse(1024);
    }

    private Duration measured() {
        return Duration.ofMillis((long) (seconds * 1000));
    }

    private void record(Part part, Map<String, ?> values) throws IOException {
        var all = new LinkedHashMap<String, Object>();
        all.put("part", part.toString());
        all.putAll(values);
        log.measured(all);
    }
}

package io.fairlead.bench.peer;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.bench.cluster.PodAccess;
import io.fairlead.bench.cluster.ServerPod;
import io.fairlead.testbed.load.Load;
import io.fairlead.testbed.load.LoadSpec;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// Runs fairlead and its peers in turns against the same pod, and writes ratios of medians with their spread.
///
/// ```
/// bench/peer [--peers fairlead,kubectl-ws,kubectl-spdy,raw,direct] [--workloads all|down-1,...] [--rounds 3] [--seconds 5] [--warmup 2]
///            [--fairlead PROGRAM] [--kubectl PROGRAM] [--peer NAME='PROGRAM ARGUMENT ... {ports}'] [--results FOLDER|none]
/// ```
/// The cluster is the one that `KUBECONFIG` names; see {@link ServerPod} for what is run there. Within a round every workload is given to each
/// peer in turn, A B C, A B C, and each turn is a fresh process with a warm-up, so that a slow minute of the machine meets them all, and none
/// inherits a fault. `raw` speaks frames without local sockets, one session for each part of a workload; `direct` is the pod's own address, without any forwarder.
/// A peer that fails is a result. The first peer is the one that the ratios are about.
public final class PeerMain {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Map<String, List<String>> commands = new LinkedHashMap<>();
    private List<String> peers = List.of("fairlead", "kubectl-ws", "kubectl-spdy", "raw", "direct");
    private List<PeerWorkload> workloads = PeerWorkload.named("down-1,down-16,up-1,rr-1,rr-64,rr-1000,open-64,connect-8,mixed,stalled");
    private int rounds = 3;
    private Duration window = Duration.ofSeconds(5);
    private Duration warmup = Duration.ofSeconds(2);
    private String results = "jmh-results";
    private String fairlead = "bin/fairlead";
    private String kubectl = "kubectl";

    private PeerMain() {}

    public static void main(String[] args) throws Exception {
        var main = new PeerMain();
        try {
            main.parse(args);
        } catch (IllegalArgumentException e) {
            System.err.println("peer: " + e.getMessage());
            System.exit(64);
        }
        Path kubeconfig = ServerPod.kubeconfig().orElse(null);
        if (kubeconfig == null) {
            System.err.println("peer: KUBECONFIG names no readable file; the run needs a real cluster");
            System.exit(78);
        }
        main.run(kubeconfig, args);
        System.exit(0);
    }

    private void parse(String... args) {
        if (args.length % 2 != 0) {
            throw new IllegalArgumentException("every option has a value");
        }
        for (int i = 0; i < args.length; i += 2) {
            String value = args[i + 1];
            switch (args[i]) {
                case "--peers" -> peers = List.of(value.split(","));
                case "--workloads" -> workloads = PeerWorkload.named(value);
                case "--rounds" -> rounds = Integer.parseInt(value);
                case "--seconds" -> window = Duration.ofMillis((long) (Double.parseDouble(value) * 1000));
                case "--warmup" -> warmup = Duration.ofMillis((long) (Double.parseDouble(value) * 1000));
                case "--results" -> results = value;
                case "--fairlead" -> fairlead = value;
                case "--kubectl" -> kubectl = value;
                case "--peer" -> commands.put(value.substring(0, value.indexOf('=')), List.of(value.substring(value.indexOf('=') + 1).split(" +")));
                default -> throw new IllegalArgumentException("no option " + args[i]);
            }
        }
        List<String> tail = List.of("-n", "{namespace}", "port-forward", "pod/{pod}", "{ports}");
        commands.put("fairlead", join(List.of(fairlead), tail));
        commands.put("kubectl-ws", join(List.of(kubectl), tail));
        commands.put("kubectl-spdy", join(List.of("env", "KUBECTL_PORT_FORWARD_WEBSOCKETS=false", kubectl), tail));
        for (String peer : peers) {
            if (!commands.containsKey(peer) && !peer.equals("raw") && !peer.equals("direct")) {
                throw new IllegalArgumentException("no peer \"" + peer + "\"; there are " + commands.keySet() + " raw direct, and those that --peer names");
            }
        }
    }

    private void run(Path kubeconfig, String... args) throws IOException, InterruptedException {
        String machine = RunFolder.machine();
        Path folder = results.equals("none") ? Files.createTempDirectory("fairlead-peer") : RunFolder.create(Path.of(results));
        var all = new ArrayList<Measurement>();
        try (ServerPod pod = ServerPod.deploy(kubeconfig)) {
            Files.writeString(folder.resolve("setup.md"), setup(machine, pod, args));
            PodAccess access = PodAccess.read(kubeconfig);
            int turns = rounds * workloads.size() * peers.size();
            long begun = System.nanoTime();
            for (int round = 1; round <= rounds; round++) {
                for (PeerWorkload workload : workloads) {
                    for (String peer : peers) {
                        if (peer.equals("raw") && !workload.hasRaw()) {
                            turns--;
                            continue;
                        }
                        Measurement measured = turn(peer, workload, round, pod, access);
                        all.add(measured);
                        append(folder.resolve("measurements.jsonl"), JSON.writeValueAsString(measured.values()) + "\n");
                        progress(measured, all.size(), turns, begun);
                    }
                }
            }
        }
        String summary = "# Side by side\n\n" + Report.of(all, peers, workloads);
        Files.writeString(folder.resolve("summary.md"), summary);
        System.out.println(summary);
        System.out.println("written to " + folder);
    }

    private Measurement turn(String peer, PeerWorkload workload, int round, ServerPod pod, PodAccess access) throws InterruptedException {
        try {
            return switch (peer) {
                case "raw" -> raw(workload, round, pod, access);
                case "direct" -> new Measurement(peer, workload.name(), round, "",
                        Load.run(specs(workload, port -> new InetSocketAddress(pod.ip(), port)), Load.Window.IGNORED), Double.NaN, Double.NaN, Double.NaN, "");
                default -> forwarded(peer, workload, round, pod);
            };
        } catch (IOException | RuntimeException e) {
            return Measurement.failed(peer, workload.name(), round, String.valueOf(e.getMessage()));
        }
    }

    private Measurement raw(PeerWorkload workload, int round, ServerPod pod, PodAccess access) throws IOException, InterruptedException {
        RawClient.Run run = RawClient.run(access, pod.namespace(), pod.name(), specs(workload, port -> new InetSocketAddress("127.0.0.1", port)),
                workload.remotePorts());
        return new Measurement("raw", workload.name(), round, "", run.results(), run.clientCpuSeconds(), Double.NaN, Double.NaN, "");
    }

    private Measurement forwarded(String peer, PeerWorkload workload, int round, ServerPod pod) throws IOException, InterruptedException {
        Map<String, String> names = Map.of("namespace", pod.namespace(), "pod", pod.name());
        try (Forwarder forwarder = Forwarder.start(commands.get(peer), names, workload.remotePorts().stream().distinct().toList())) {
            ProcessTree tree = forwarder.tree();
            double[] cpu = new double[2];
            var window = new Load.Window() {
                @Override
                public void begin() {
                    cpu[0] = tree.cpuSeconds();
                }

                @Override
                public void end() {
                    cpu[1] = tree.cpuSeconds();
                }
            };
            var results = Load.run(specs(workload, port -> new InetSocketAddress("127.0.0.1", forwarder.localPort(port))), window);
            boolean alive = forwarder.alive();
            return new Measurement(peer, workload.name(), round, "", results, alive ? cpu[1] - cpu[0] : Double.NaN, tree.residentPeakMegabytes(),
                    forwarder.startMillis(), alive ? "" : forwarder.lastLines());
        }
    }

    private List<LoadSpec> specs(PeerWorkload workload, java.util.function.IntFunction<InetSocketAddress> address) {
        return workload.specs(address).stream().map(spec -> spec.withTimes(warmup, window)).toList();
    }

    private String setup(String machine, ServerPod pod, String... args) {
        return "# Setup\n\n" + machine
                + "- API server: " + pod.serverVersion() + "\n"
                + "- kubectl: " + RunFolder.output(kubectl, "version", "--client").replace("Client Version: ", "") + "\n"
                + "- servers in the pod: `io.fairlead.testbed.pod.PodMain`, on the JDK above\n"
                + "- command: `bench/peer " + RunFolder.withoutFolders(List.of(args)) + "`\n"
                + "- rounds " + rounds + ", " + window.toMillis() / 1e3 + " s measured after " + warmup.toMillis() / 1e3 + " s of warm-up, a fresh process each turn\n"
                + peers.stream().filter(commands::containsKey).map(peer -> "- " + peer + ": `" + RunFolder.withoutFolders(commands.get(peer)) + "`\n").collect(Collectors.joining())
                + "\nThe generator, the forwarder, the API server, the kubelet, the runtime and the pod share this machine's cores.\n"
                + "CPU of `raw` is that of its event loop; of the others that of the process and its children, collector and compiler threads included.\n";
    }

    private static void progress(Measurement measured, int done, int turns, long begunNanos) {
        double seconds = (System.nanoTime() - begunNanos) / 1e9;
        System.err.printf("%3d/%d  %-12s %-12s %s   %.0f s left%n", done, turns, measured.workload(), measured.peer(),
                measured.ran() ? String.format("%8.1f MB/s %9.1f op/s  p50 %8.0f  p99 %8.0f us  cpu %.2f s  errors %d", measured.megabytesPerSecond(),
                        measured.opsPerSecond(), measured.latencyMicros(50), measured.latencyMicros(99), measured.cpuSeconds(), measured.errors())
                        : "failed: " + measured.failure(), seconds / done * (turns - done));
    }

    private static void append(Path file, String line) throws IOException {
        Files.writeString(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private static List<String> join(List<String> first, List<String> second) {
        var all = new ArrayList<>(first);
        all.addAll(second);
        return all;
    }
}

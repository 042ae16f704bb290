package io.fairlead.bench.peer;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.bench.Interruption;
import io.fairlead.bench.cluster.ServerPod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Runs fairlead and its peers in turns against the same pod, and writes ratios of medians with their spread.
///
/// ```
/// bench/peer                                       the full run, under 30 minutes on two cores
/// bench/peer --quick                               the main workloads once, under 4 minutes
/// bench/peer --workloads rr-1,connect-1 --peers fairlead,kubectl-ws,raw --rtt 0,20,100
/// bench/peer --workloads all --rtt 20              everything, over a round trip of 20 ms
/// bench/peer --profile --workloads down-1,rr-64 --peers fairlead --rounds 1 --warmup 20 --seconds 10      where fairlead's CPU time goes
/// bench/peer --peer krelay='krelay -n {namespace} pod/{pod} {ports}' --peers fairlead,krelay --workloads down-1
/// ```
/// The cluster is the one that `KUBECONFIG` names; see {@link ServerPod} for what is run there. Within a round every workload is given to each
/// peer in turn, A B C, A B C, and each turn is a fresh process with a warm-up, so that a slow minute of the machine meets them all, and none
/// inherits a fault. The first peer is the one that the ratios are about. Peers:
///
/// - `fairlead`, `kubectl-ws` (kubectl's default), `kubectl-spdy`: the programs.
/// - `client-java`, `fabric8`: the libraries in a small program, {@link ClientJavaForward} and {@link Fabric8Forward}.
/// - `raw`: frames without local sockets, one session for each part of a workload: what the chain of servers allows.
/// - `direct`: the pod's own address, without any forwarder.
/// - `faulty-none`, `faulty-sleep-200us`, `faulty-lose-byte`, `faulty-stall-500ms`: a plain relay to the pod's address with that fault, to see that a run finds it.
///
/// A peer that fails or hangs is a result, and the run goes on. Ctrl-C ends the peer, and removes the pod; what was measured until then stays in
/// `measurements.jsonl`, one line for each turn (see {@link Measurement#values}).
@Command(name = "bench/peer", mixinStandardHelpOptions = false, sortOptions = false, usageHelpWidth = 130,
        description = "Runs fairlead and its peers in turns on the cluster that KUBECONFIG names, and writes ratios of medians with their spread.",
        footerHeading = "%n",
        footer = {
            "Without --workloads, --peers and --rtt, 3 rounds, some 25 minutes on two cores:",
            "  down-1 up-1 rr-1 rr-64 connect-8           fairlead kubectl-ws kubectl-spdy raw direct, and client-java fabric8 but for up-1",
            "  down-16 up-16 rr-1000 open-64 connect-1 churn-64 mixed stalled          fairlead kubectl-ws kubectl-spdy raw (not stalled)",
            "  connect-1 and down-1 at 20 ms, connect-1 at 100 ms                      fairlead kubectl-ws kubectl-spdy raw",
            "With --quick alone, once, under 4 minutes:",
            "  down-1 down-16 up-1 rr-1 rr-64 open-64 connect-8 churn-64 mixed stalled fairlead kubectl-ws kubectl-spdy raw (not stalled)",
            "",
            "Other programs, as --peer NAME='...':",
            "  krelay='krelay -n {namespace} pod/{pod} {ports}'",
            "  ssh='ssh -N -o ExitOnForwardFailure=yes -L127.0.0.1:{local}:{ip}:{remote} NODE'   the pod by way of a node's sshd",
            "  kftray='./kftray.sh {namespace} {pod} {ports}'     kftray and kubefwd take no local ports on their command line (kftray",
            "  kubefwd='./kubefwd.sh {namespace} {pod} {ports}'   reads a file, kubefwd forwards services to addresses of its own): map them there",
            "In a command {namespace}, {pod}, {ip} and {kubeconfig} are filled in; {ports} becomes LOCAL:REMOTE for each port, and a word with",
            "{local} and {remote} is repeated for each port. KUBECONFIG is set for it. It has started once all local ports listen.",
            "",
            "Exit code 0: the run went through, whatever the peers did. 64: bad option. 78: no cluster. 130: interrupted."})
public final class PeerMain implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();
    /// The testbed does not speak the libraries' protocol, and its pod has no address of its own.
    private static final List<String> NOT_IDEAL = List.of("client-java", "fabric8", "direct");
    private static final String PROFILED = "fairlead";
    /// Start, first byte, opening and end of a turn, on average over the default run: 0.1 s with `raw`, 0.15 s with kubectl, 0.5 to 0.7 s with fairlead, more with the libraries.
    private static final double AROUND_SECONDS = 0.6;
    private static final int EXIT_USAGE = 64;
    private static final int EXIT_CONFIG = 78;

    @Option(names = "--quick", description = "the main workloads once, a short while each, by the main peers: under 4 minutes")
    private boolean quick;

    @Option(names = "--peers", split = ",", paramLabel = "NAME", description = "whom to run, the first against the others: fairlead, kubectl-ws, kubectl-spdy, client-java, "
            + "fabric8, raw, direct, faulty-none, faulty-sleep-200us, faulty-lose-byte, faulty-stall-500ms, and those of --peer")
    private List<String> peers = List.of();

    @Option(names = "--workloads", paramLabel = "NAME,...|all", description = "what to run, all by every peer: ${COMPLETION-CANDIDATES}", completionCandidates = WorkloadNames.class)
    private String workloads = "";

    @Option(names = "--rtt", split = ",", paramLabel = "MS", description = "round trips that a delaying relay puts before the API server, such as 0,20,100 (default 0: no relay)")
    private List<Integer> rtts = List.of();

    @Option(names = "--rounds", paramLabel = "N", description = "turns of each peer with each workload (default 3, with --quick 1)")
    private Integer rounds;

    @Option(names = "--seconds", paramLabel = "S", description = "measured time of a turn (default 3, with --quick 2)")
    private Double seconds;

    @Option(names = "--warmup", paramLabel = "S", description = "the same traffic before it (default 3, with --quick 1.5); 20: a forwarder that has been running "
            + "for a while, its JIT nearly done; 0: a fresh one")
    private Double warmup;

    @Option(names = "--profile", description = "one more turn of fairlead, the first peer, for each workload with a JFR recording: profile.md in the run's folder")
    private boolean profile;

    @Option(names = "--ideal", description = "the ideal testbed in place of the cluster of KUBECONFIG: what the client alone can do; not for client-java, "
            + "fabric8, direct")
    private boolean ideal;

    @Option(names = "--fairlead", paramLabel = "PROGRAM", description = "default ${DEFAULT-VALUE}", defaultValue = "bin/fairlead")
    private String fairlead;

    @Option(names = "--kubectl", paramLabel = "PROGRAM", description = "default ${DEFAULT-VALUE}", defaultValue = "kubectl")
    private String kubectl;

    @Option(names = "--peer", paramLabel = "NAME=COMMAND", description = "another program, see below; may be repeated")
    private Map<String, String> others = Map.of();

    @Option(names = "--results", paramLabel = "FOLDER|none", description = "where to write (default ${DEFAULT-VALUE}); none: a temporary folder", defaultValue = "jmh-results")
    private String results;

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "this text")
    private boolean help;

    static final class WorkloadNames implements Iterable<String> {
        @Override
        public java.util.Iterator<String> iterator() {
            return PeerWorkload.ALL.stream().map(PeerWorkload::name).iterator();
        }
    }

    private PeerMain() {}

    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        CommandLine line = new CommandLine(new PeerMain());
        line.getCommandSpec().exitCodeOnInvalidInput(EXIT_USAGE);
        line.setColorScheme(CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF)); // its own guess takes every stream for a terminal since JDK 22
        return line;
    }

    @Override
    public Integer call() throws IOException {
        Plan plan;
        Map<String, PeerCommand> commands;
        try {
            plan = plan();
            commands = commands(plan.peers());
        } catch (IllegalArgumentException e) {
            System.err.println("bench/peer: " + e.getMessage());
            return EXIT_USAGE;
        }
        if (!ideal && ServerPod.kubeconfig().isEmpty()) {
            System.err.println("bench/peer: KUBECONFIG names no readable file; the run needs a real cluster, or --ideal");
            return EXIT_CONFIG;
        }
        try (Interruption _ = Interruption.guard()) {
            run(plan, commands);
            return 0;
        } catch (InterruptedException _) {
            System.err.println("bench/peer: interrupted");
            return 130;
        }
    }

    private Plan plan() {
        if (rounds != null && rounds < 1 || rtts.stream().anyMatch(rtt -> rtt < 0 || rtt > 10_000)) {
            throw new IllegalArgumentException("--rounds is 1 or more, --rtt 0 to 10000");
        }
        if (seconds() <= 0 || warmup() < 0) {
            throw new IllegalArgumentException("--seconds is above 0, --warmup 0 or more");
        }
        int turns = rounds != null ? rounds : quick ? 1 : 3;
        Plan ready = quick ? Plan.quick(turns) : Plan.full(turns);
        if (ideal) {
            ready = ready.without(NOT_IDEAL);
        }
        if (peers.isEmpty() && workloads.isEmpty() && rtts.isEmpty()) {
            return ready;
        }
        List<PeerWorkload> chosen = workloads.isEmpty() ? ready.rows().stream().map(Plan.Row::workload).distinct().toList() : PeerWorkload.named(workloads);
        return Plan.of(chosen, rtts.isEmpty() ? List.of(0) : rtts, peers.isEmpty() ? ready.peers() : peers, turns);
    }

    private double seconds() {
        return seconds != null ? seconds : quick ? 2 : 3;
    }

    private double warmup() {
        return warmup != null ? warmup : quick ? 1.5 : 3;
    }

    /// Those of `named`, in its order; the paths that need none are left out.
    private Map<String, PeerCommand> commands(List<String> named) {
        Map<String, PeerCommand> all = PeerCommand.known(fairlead, kubectl);
        others.forEach((name, words) -> all.put(name, PeerCommand.of(words, PeerCommand.Ready.LISTENING)));
        for (String peer : named) {
            if (!all.containsKey(peer) && !peer.equals("raw") && !peer.equals("direct")) {
                throw new IllegalArgumentException("no peer \"" + peer + "\"; there are " + String.join(" ", all.keySet()) + " raw direct, and those that --peer names");
            }
        }
        if (profile && !named.getFirst().equals(PROFILED)) {
            throw new IllegalArgumentException("--profile records fairlead, which has to be the first peer and not " + named.getFirst());
        }
        if (ideal && !Collections.disjoint(named, NOT_IDEAL)) {
            throw new IllegalArgumentException("--ideal does not go with " + String.join(", ", NOT_IDEAL) + ": the testbed speaks SPDY only, and its pod has no address of its own");
        }
        all.keySet().retainAll(named);
        return all;
    }

    private void run(Plan plan, Map<String, PeerCommand> commands) throws IOException, InterruptedException {
        List<Turn> turns = plan.turns();
        List<Turn> profiled = profile ? turns.stream().filter(turn -> turn.peer().equals(PROFILED) && turn.round() == 1).toList() : List.of();
        String machine = RunFolder.machine();
        if (commands.containsKey("fairlead")) {
            try {
                Forwarder.prepare(fairlead);
            } catch (IOException e) { // a result as well
                System.err.println("bench/peer: " + e.getMessage() + "; its turns will fail");
            }
        }
        Path folder = results.equals("none") ? Files.createTempDirectory("fairlead-peer") : RunFolder.create(Path.of(results));
        var all = new ArrayList<Measurement>();
        int count = turns.size() + profiled.size();
        System.err.printf("%d turns of about %.1f s: some %.0f minutes%n", count, turnSeconds(), Math.ceil(count * turnSeconds() / 60));
        try (Servers servers = ideal ? Servers.ideal() : Servers.deploy(ServerPod.kubeconfig().orElseThrow())) {
            Files.writeString(folder.resolve("setup.md"), setup(plan, commands, machine, servers));
            var runner = new TurnRunner(servers.pod(), servers.kubeconfig(), commands, duration(warmup()), duration(seconds()));
            var progress = new Progress(count, turnSeconds());
            for (Turn turn : turns) {
                Measurement measured = runner.run(turn);
                all.add(measured);
                append(folder.resolve("measurements.jsonl"), JSON.writeValueAsString(measured.values()) + "\n");
                progress.done(measured, "");
            }
            for (Turn turn : profiled) {
                progress.done(profile(runner, turn, all, folder.resolve("profile.md")), "profiled, in no table: ");
            }
        } finally {
            String summary = "# Side by side\n\n" + (all.size() < turns.size() ? "Ended after " + all.size() + " of " + turns.size() + " turns.\n\n" : "")
                    + Report.of(all, plan.peers());
            Files.writeString(folder.resolve("summary.md"), summary);
            System.out.println(summary);
            System.out.println("written to " + folder);
        }
    }

    /// A profile that fails is a result, too.
    private Measurement profile(TurnRunner runner, Turn turn, List<Measurement> all, Path file) throws IOException, InterruptedException {
        if (!Files.exists(file)) {
            append(file, ProfileReport.HEAD);
        }
        try (var recording = new FlightRecording()) {
            Measurement measured = runner.run(turn, recording);
            if (!recording.isWritten()) {
                append(file, ProfileReport.failed(turn, measured.ran() ? measured.diedWith() : measured.failure()));
                return measured;
            }
            List<Measurement> usual = all.stream().filter(one -> one.ran() && one.peer().equals(PROFILED) && one.turn().title().equals(turn.title())).toList();
            append(file, ProfileReport.of(measured, recording.cpuOfWindow(), recording.window(), profileCommand(turn), usual));
            return measured;
        }
    }

    private String profileCommand(Turn turn) {
        return "bench/peer --peers fairlead --workloads " + turn.workload().name() + (turn.rttMillis() == 0 ? "" : " --rtt " + turn.rttMillis()) + " --rounds 1 --seconds "
                + seconds() + " --warmup " + warmup() + (ideal ? " --ideal" : "") + " --profile";
    }

    private double turnSeconds() {
        return warmup() + seconds() + AROUND_SECONDS;
    }

    private static Duration duration(double seconds) {
        return Duration.ofMillis(Math.round(seconds * 1000));
    }

    private String setup(Plan plan, Map<String, PeerCommand> commands, String machine, Servers servers) {
        String options = RunFolder.withoutFolders(arguments());
        return "# Setup\n\n" + machine
                + "- API server: " + servers.version() + "\n"
                + "- kubectl: " + RunFolder.output(kubectl, "version", "--client").replace("Client Version: ", "") + "\n"
                + (commands.containsKey("client-java") ? "- client-java: " + version(io.kubernetes.client.PortForward.class) + "\n" : "")
                + (commands.containsKey("fabric8") ? "- fabric8: " + version(io.fabric8.kubernetes.client.KubernetesClient.class) + "\n" : "")
                + "- servers " + (ideal ? "beside the testbed" : "in the pod") + ": `io.fairlead.testbed.pod.PodMain`, on the JDK above\n"
                + "- command: `bench/peer" + (options.isEmpty() ? "" : " " + options) + "`\n"
                + "- rounds " + plan.rounds() + ", " + seconds() + " s measured after " + warmup() + " s of warm-up, a fresh process each turn\n"
                + commands.entrySet().stream().map(peer -> "- " + peer.getKey() + ": `" + RunFolder.withoutFolders(peer.getValue().words()) + "`\n").collect(Collectors.joining())
                + "\nThe generator, the forwarder, the API server, the kubelet, the runtime and the pod share this machine's cores.\n"
                + "CPU of `raw` is that of its event loop; of the others that of the process and its children, collector and compiler threads included.\n"
                + "A round trip (`@20ms`) is a relay of the harness before the API server, and before the pod's address for `direct`; its CPU is not counted.\n";
    }

    private List<String> arguments() {
        var words = new ArrayList<String>();
        if (quick) {
            words.add("--quick");
        }
        option(words, "--peers", String.join(",", peers));
        option(words, "--workloads", workloads);
        option(words, "--rtt", rtts.stream().map(String::valueOf).collect(Collectors.joining(",")));
        option(words, "--rounds", rounds == null ? "" : rounds.toString());
        option(words, "--seconds", seconds == null ? "" : seconds.toString());
        option(words, "--warmup", warmup == null ? "" : warmup.toString());
        if (profile) {
            words.add("--profile");
        }
        if (ideal) {
            words.add("--ideal");
        }
        others.forEach((name, command) -> option(words, "--peer", name + "='" + command + "'"));
        return words;
    }

    private static void option(List<String> words, String name, String value) {
        if (!value.isEmpty()) {
            words.add(name);
            words.add(value);
        }
    }

    /// As its jar says, or as the jar is called.
    private static String version(Class<?> type) {
        String jar = Path.of(type.getProtectionDomain().getCodeSource().getLocation().getPath()).getFileName().toString();
        return jar.replaceAll("^[a-z0-9-]*?-([0-9].*)\\.jar$", "$1");
    }

    private static void append(Path file, String line) throws IOException {
        Files.writeString(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}

package io.fairlead.bench.peer;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.bench.Interruption;
import io.fairlead.bench.Program;
import io.fairlead.bench.Ranges;
import io.fairlead.bench.RunOptions;
import io.fairlead.bench.TimeLeft;
import io.fairlead.bench.cluster.ServerPod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// Runs fairlead and its peers in turns against the same pod, and writes ratios of medians with their spread.
///
/// ```
/// bench/peer                                       the full run, under 30 minutes on two cores
/// bench/peer --quick                               the main workloads once, under 4 minutes
/// bench/peer --workloads rr-1,connect-1 --peers fairlead,kubectl-ws,raw --rtt 0,20,100
/// bench/peer --workloads all --rtt 20              everything, over a round trip of 20 ms
/// bench/peer --profile --workloads down-1,rr-64 --peers fairlead --rounds 1 --warmup 20 --seconds 10     where fairlead's CPU time goes
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
/// - `faulty-none`, `faulty-sleep-200us`, `faulty-lose-byte`, `faulty-stall-500ms`: a plain relay to the pod's address with that fault, to see that a
///   run finds it.
///
/// A peer that fails or hangs is a result, and the run goes on. Ctrl-C ends the peer, and removes the pod; what was measured until then stays in
/// `measurements.jsonl`, one line for each turn (see {@link Measurement#values}).
@Command(name = PeerMain.NAME, mixinStandardHelpOptions = false, sortOptions = false, usageHelpWidth = 130,
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
            "Exit code 0: the run went through, whatever the peers did. 1: the servers do not start, or nothing can be written. 64: bad option.",
            "78: no cluster. 130: interrupted by Ctrl-C. 143: by SIGTERM."})
public final class PeerMain implements Callable<Integer> {
    static final String NAME = "bench/peer";
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> LIBRARIES = List.of("client-java", "fabric8");
    private static final String RAW = "raw";
    private static final String DIRECT = "direct";
    private static final int RTT_MAX = 10_000;
    private static final String PROFILED = "fairlead";
    static final String QUICK = "--quick: good for seeing that every peer runs without errors, and the order of size. Not for telling who is faster:"
            + " so few rounds say\nnothing of the noise, and so early after the start of a process the JVMs (fairlead, client-java, fabric8) still compile their"
            + " code, on the cores that\nare measured, which kubectl does not. For figures run without --quick, or with --rounds 3 --warmup 20.";

    @Option(names = "--quick", description = "the main workloads once, a short while each, by the main peers: under 4 minutes. To see that all runs;"
            + " not for telling who is faster, as JVMs still compile then")
    private boolean quick;

    @Option(names = "--peers", split = ",", paramLabel = "NAME", description = "whom to run, the first against the others: fairlead, kubectl-ws,"
            + " kubectl-spdy, client-java, fabric8, raw, direct, faulty-none, faulty-sleep-200us, faulty-lose-byte, faulty-stall-500ms, and those of"
            + " --peer")
    private List<String> peers = List.of();

    @Option(names = "--workloads", paramLabel = "NAME,...|all", completionCandidates = WorkloadNames.class,
            description = "what to run, all by every peer: ${COMPLETION-CANDIDATES}")
    private String workloads = "";

    @Option(names = "--rtt", split = ",", paramLabel = "MS",
            description = "round trips that a delaying relay puts before the API server, such as 0,20,100 (default 0: no relay)")
    private List<Integer> rtts = List.of();

    @Option(names = "--rounds", paramLabel = "N", description = "turns of each peer with each workload (default 3, with --quick 1)")
    private Integer rounds;

    @Option(names = "--seconds", paramLabel = "S", description = "measured time of a turn (default 3, with --quick 2)")
    private Double seconds;

    @Option(names = "--warmup", paramLabel = "S", description = "the same traffic before it (default 3, with --quick 1.5); 20: a forwarder that has"
            + " been running for a while, its JIT nearly done; 0: a fresh one")
    private Double warmup;

    @Option(names = "--profile",
            description = "one more turn of fairlead, the first peer, for each workload with a JFR recording: profile.md in the run's folder")
    private boolean profile;

    @Option(names = "--ideal", description = "the ideal testbed in place of the cluster of KUBECONFIG: what the client alone can do; not for"
            + " client-java and fabric8, nor for what goes to the pod's own address: direct, faulty-..., a --peer with {ip}")
    private boolean ideal;

    @Option(names = "--peer", paramLabel = "NAME=COMMAND", description = "another program, see below; may be repeated. Takes part"
            + " behind the others where --peers is not given; else --peers has to name it")
    private Map<String, String> others = Map.of();

    @Mixin
    private RunOptions options;

    @Spec
    private CommandSpec spec;

    static final class WorkloadNames implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return PeerWorkload.ALL.stream().map(PeerWorkload::name).iterator();
        }
    }

    private PeerMain() {}

    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return Program.commandLine(new PeerMain());
    }

    @Override
    public Integer call() {
        new Ranges(spec).above(0, "--seconds").atLeast(0, "--warmup").anHourAtMost("--seconds", "--warmup").atLeast(1, "--rounds")
                .eachOnce("--rtt", rtts).eachOnce("--peers", peers).eachOnce("--workloads", List.of(workloads.split(",")));
        Plan plan;
        Map<String, PeerCommand> commands;
        try {
            plan = plan();
            commands = commands(plan.peers());
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
        options.check(spec);
        if (!ideal && Program.lacksCluster(NAME, "a real cluster, or --ideal")) {
            return Program.EXIT_CONFIG;
        }
        return Program.run(NAME, interruption -> run(plan, commands, interruption));
    }

    private Plan plan() {
        rtts.stream().filter(rtt -> rtt < 0 || rtt > RTT_MAX).findFirst().ifPresent(rtt -> {
            throw new IllegalArgumentException("--rtt " + rtt + ": has to be 0 to " + RTT_MAX);
        });
        int turns = rounds != null ? rounds : quick ? 1 : 3;
        Plan ready = quick ? Plan.quick(turns) : Plan.full(turns);
        if (ideal) {
            ready = ready.without(LIBRARIES).without(List.of(DIRECT));
        }
        if (peers.isEmpty() && workloads.isEmpty() && rtts.isEmpty()) {
            return ready.with(others.keySet());
        }
        List<PeerWorkload> chosen = workloads.isEmpty() ? ready.rows().stream().map(Plan.Row::workload).distinct().toList()
                : PeerWorkload.named(workloads);
        return Plan.of(chosen, rtts.isEmpty() ? List.of(0) : rtts, peers.isEmpty() ? ready.with(others.keySet()).peers() : peers, turns);
    }

    /// Refuses a `--peer` that could not run, or that nobody would run.
    private void checkOthers(Set<String> known) {
        others.forEach((name, words) -> {
            if (name.isBlank() || words.isBlank()) {
                throw new IllegalArgumentException("--peer " + name + "=" + words + ": has to be NAME=COMMAND, and neither may be empty");
            }
            if (known.contains(name) || name.equals(RAW) || name.equals(DIRECT)) {
                throw new IllegalArgumentException("--peer " + name + "=...: there is a peer of that name; choose another");
            }
            if (!peers.isEmpty() && !peers.contains(name)) {
                throw new IllegalArgumentException("\"" + name + "\" is defined by --peer but not in --peers " + String.join(",", peers));
            }
        });
    }

    private double seconds() {
        return seconds != null ? seconds : quick ? Plan.QUICK_SECONDS : Plan.SECONDS;
    }

    private double warmup() {
        return warmup != null ? warmup : quick ? Plan.QUICK_WARMUP_SECONDS : Plan.WARMUP_SECONDS;
    }

    /// Those of `named`, in its order; the paths that need none are left out.
    private Map<String, PeerCommand> commands(List<String> named) {
        Map<String, PeerCommand> all = PeerCommand.known(options.fairlead, options.kubectl);
        checkOthers(all.keySet());
        others.forEach((name, words) -> all.put(name, PeerCommand.of(words, PeerCommand.Ready.LISTENING)));
        for (String peer : named) {
            if (!all.containsKey(peer) && !peer.equals(RAW) && !peer.equals(DIRECT)) {
                throw new IllegalArgumentException("no peer \"" + peer + "\"; there are " + String.join(" ", all.keySet())
                        + " raw direct, and those that --peer names");
            }
            if (ideal) {
                refuseWhatIsNotIdeal(peer, all.get(peer));
            }
        }
        if (profile && !named.getFirst().equals(PROFILED)) {
            throw new IllegalArgumentException("--profile records fairlead, which has to be the first peer and not " + named.getFirst());
        }
        all.keySet().retainAll(named);
        return all;
    }

    /// @param command null for a path that needs none
    private static void refuseWhatIsNotIdeal(String peer, PeerCommand command) {
        if (LIBRARIES.contains(peer)) {
            throw new IllegalArgumentException("--ideal does not go with " + peer + ": the testbed speaks SPDY only");
        }
        if (peer.equals(DIRECT) || command != null && command.usesAddress()) {
            throw new IllegalArgumentException("--ideal does not go with " + peer + ": it goes to the pod's own address"
                    + (command == null ? "" : ", {ip}") + ", and the testbed's pod has none");
        }
    }

    private void run(Plan plan, Map<String, PeerCommand> commands, Interruption interruption) throws IOException, InterruptedException {
        String machine = RunFolder.machine(); // before the run, as it tells the load
        if (commands.containsKey("fairlead")) {
            try {
                Forwarder.prepare(options.fairlead);
            } catch (IOException e) { // a result as well
                interruption.check();
                System.err.println(NAME + ": " + e.getMessage() + "; its turns will fail");
            }
        }
        int count = plan.turns().size() + profiled(plan).size();
        System.err.println(expected(count, turnSeconds()));
        try (Servers servers = ideal ? Servers.ideal() : Servers.deploy(ServerPod.kubeconfig().orElseThrow())) {
            Path folder = RunFolder.create(options.results, "Peer");
            Files.writeString(folder.resolve("setup.md"), setup(plan, commands, machine, servers));
            var runner = new TurnRunner(servers.pod(), servers.kubeconfig(), commands, duration(warmup()), duration(seconds()));
            measure(plan, runner, folder, interruption);
        }
    }

    /// What the user is told before the run.
    static String expected(int turns, double turnSeconds) {
        long minutes = (long) Math.ceil(turns * turnSeconds / 60);
        return String.format(Locale.ROOT, "%d %s of about %.1f s: %s", turns, turns == 1 ? "turn" : "turns", turnSeconds,
                minutes == 1 ? "a minute at most" : "some " + minutes + " minutes");
    }

    private List<Turn> profiled(Plan plan) {
        return profile ? plan.turns().stream().filter(turn -> turn.peer().equals(PROFILED) && turn.round() == 1).toList() : List.of();
    }

    private void measure(Plan plan, TurnRunner runner, Path folder, Interruption interruption) throws IOException, InterruptedException {
        List<Turn> turns = plan.turns();
        List<Turn> profiled = profiled(plan);
        var left = new TimeLeft(NAME, turns.size() + profiled.size(), turnSeconds());
        var all = new ArrayList<Measurement>();
        try {
            for (Turn turn : turns) {
                interruption.check();
                Measurement measured = runner.run(turn);
                all.add(measured);
                Files.writeString(folder.resolve("measurements.jsonl"), JSON.writeValueAsString(measured.values()) + "\n", StandardOpenOption.CREATE,
                        StandardOpenOption.APPEND);
                left.turnEnded(measured.text());
            }
            var profiles = new ProfileFile(folder.resolve("profile.md"));
            for (Turn turn : profiled) {
                interruption.check();
                List<Measurement> usual = all.stream().filter(one -> one.ran() && one.peer().equals(PROFILED))
                        .filter(one -> one.turn().title().equals(turn.title())).toList();
                left.turnEnded(profiles.add(runner, turn, profileCommand(turn), usual).text() + "; profiled, in no table");
            }
        } finally {
            if (all.isEmpty()) {
                RunFolder.remove(folder);
                System.err.println(NAME + ": ended before a turn had ended: no folder is left");
            } else {
                summarize(plan, turns.size(), all, folder);
            }
        }
    }

    private void summarize(Plan plan, int turns, List<Measurement> all, Path folder) throws IOException {
        String summary = "# Side by side\n\n" + (quick && (rounds == null || warmup == null) ? QUICK + "\n\n" : "")
                + (all.size() < turns ? "Ended after " + all.size() + " of " + turns + " turns.\n\n" : "") + Report.of(all, plan.peers());
        Files.writeString(folder.resolve("summary.md"), summary);
        System.out.println(summary);
        System.out.println("written to " + folder);
    }

    /// Repeats the profile of one turn.
    String profileCommand(Turn turn) {
        var words = new ArrayList<>(List.of(NAME, "--peers", PROFILED, "--workloads", turn.workload().name()));
        if (turn.rttMillis() != 0) {
            words.addAll(List.of("--rtt", Integer.toString(turn.rttMillis())));
        }
        words.addAll(List.of("--rounds", "1", "--seconds", Double.toString(seconds()), "--warmup", Double.toString(warmup())));
        if (!options.fairlead.equals(RunOptions.FAIRLEAD)) {
            words.addAll(List.of("--fairlead", options.fairlead));
        }
        if (ideal) {
            words.add("--ideal");
        }
        words.add("--profile");
        return RunFolder.withoutFolders(words);
    }

    private double turnSeconds() {
        return Plan.turnSeconds(warmup(), seconds());
    }

    private static Duration duration(double seconds) {
        return Duration.ofMillis(Math.round(seconds * 1000));
    }

    String setup(Plan plan, Map<String, PeerCommand> commands, String machine, Servers servers) {
        String arguments = RunFolder.withoutFolders(spec.commandLine().getParseResult().originalArgs());
        boolean kubectl = commands.keySet().stream().anyMatch(name -> name.startsWith("kubectl-"));
        return "# Setup\n\n" + machine
                + "- API server: " + servers.version() + "\n"
                + (kubectl ? "- kubectl: " + RunFolder.output(options.kubectl, "version", "--client").replace("Client Version: ", "") + "\n" : "")
                + (commands.containsKey("client-java") ? "- client-java: " + version(io.kubernetes.client.PortForward.class) + "\n" : "")
                + (commands.containsKey("fabric8") ? "- fabric8: " + version(io.fabric8.kubernetes.client.KubernetesClient.class) + "\n" : "")
                + "- servers " + (ideal ? "beside the testbed" : "in the pod") + ": `io.fairlead.testbed.pod.PodMain`, on the JDK above\n"
                + "- command: `" + (NAME + " " + arguments).strip() + "`\n"
                + "- rounds " + plan.rounds() + ", " + seconds() + " s measured after " + warmup() + " s of warm-up, a fresh process each turn\n"
                + commands.entrySet().stream().map(peer -> "- " + peer.getKey() + ": `" + RunFolder.withoutFolders(peer.getValue().words()) + "`\n")
                        .collect(Collectors.joining())
                + "\n" + conditions(ideal);
    }

    /// Under which the figures were measured.
    static String conditions(boolean ideal) {
        return (ideal ? "The generator, the forwarder, the testbed and the servers, a process each, share this machine's cores. The testbed stands"
                        + " for API server, kubelet and runtime,\nand does nothing but move frames.\n"
                : "The generator, the forwarder, the API server, the kubelet, the runtime and the pod share this machine's cores.\n")
                + "CPU of `raw` is that of its event loop; of the others that of the process and its children, collector and compiler threads"
                + " included.\n"
                + "A round trip (`@20ms`) is a relay of the harness before the "
                + (ideal ? "testbed" : "API server, and before the pod's address for `direct`") + "; its CPU is not counted.\n";
    }

    /// As its jar says, or as the jar is called.
    private static String version(Class<?> type) {
        String jar = Path.of(type.getProtectionDomain().getCodeSource().getLocation().getPath()).getFileName().toString();
        return jar.replaceAll("^[a-z0-9-]*?-([0-9].*)\\.jar$", "$1");
    }
}

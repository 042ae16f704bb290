package io.fairlead.bench.isolation;

import io.fairlead.bench.Interruption;
import io.fairlead.bench.Program;
import io.fairlead.bench.Ranges;
import io.fairlead.bench.RunLog;
import io.fairlead.bench.RunOptions;
import io.fairlead.bench.TimeLeft;
import io.fairlead.bench.cluster.ServerPod;
import io.fairlead.bench.peer.Forwarder;
import io.fairlead.bench.peer.PeerCommand;
import io.fairlead.bench.peer.ProcessFacts;
import io.fairlead.bench.peer.RunFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// Echo connections beside those who do not read, on the cluster that `KUBECONFIG` names: what does one connection do to the others?
///
/// `bench/isolation --help` lists the options. Each case is a forwarder process of its own:
/// ```
///          warm-up   alone      with the culprits        gone
/// before   ├─────────┼──────────┼────────────────────────┼──────────┤     200 connections, opened before the culprits
/// (others) ├─────────┼──────────┤                                         200 more, so that as many run as later
/// culprits                      ├────────────────────────┤                --seconds
/// after                           ├──────────────────────┼──────────┤     200 connections, opened a second after the culprits
/// ```
/// What the forwarder said is kept, with times, in one `.log` file per case. A forwarder that stops everything, as kubectl does beside a culprit,
/// shows as what it is: the phases have their lengths whatever comes back, and all connections count as waiting.
///
@Command(name = IsolationMain.NAME, mixinStandardHelpOptions = false, sortOptions = false, usageHelpWidth = 130,
        description = "Echo connections beside those who do not read, on the cluster that KUBECONFIG names: what does one connection do to the"
                    + " others?",
        footerHeading = "%n",
        footer = {
            "Example, a download that nobody reads beside fairlead's and kubectl's echo connections, 10 s each:",
            "  bench/isolation --cases alone,a --peers fairlead,kubectl-ws --seconds 10",
            "",
            "Exit code 0: the run went through, whatever it measured. 1: the servers do not start, or nothing can be written. 64: bad option.",
            "78: no cluster. 130: interrupted by Ctrl-C. 143: by SIGTERM."})
public final class IsolationMain implements Callable<Integer> {
    static final String NAME = "bench/isolation";
    private static final int WARMUP_SECONDS = 3;

    /// Both make each case two.
    private enum Choice {
        NO(false),
        YES(true),
        BOTH(false, true);

        private final List<Boolean> values;

        Choice(Boolean... values) {
            this.values = List.of(values);
        }
    }

    @Option(names = "--cases", split = ",", paramLabel = "CASE", defaultValue = "alone,a,b,c,d",
            description = "default ${DEFAULT-VALUE}; alone: nobody; a: a download that nobody reads; b: an upload that the pod never reads; c: five"
                    + " of each; d: a client process with a download and 20 echo connections, stopped by SIGSTOP")
    private List<Culprits.Case> cases;

    @Option(names = "--seconds", paramLabel = "S", defaultValue = "60", description = "beside the culprits (default ${DEFAULT-VALUE})")
    private double seconds;

    @Option(names = "--reference", paramLabel = "S",
            description = "before they come, and after they have gone (default 20, or --seconds if that is less)")
    private Double reference;

    @Option(names = "--known", paramLabel = "no|yes|both", defaultValue = "no",
            description = "yes: the same culprits were there for 3 s and left before the first echo connection came, so that the forwarder may know"
                    + " the port")
    private Choice known;

    @Option(names = "--one-port", paramLabel = "no|yes|both", defaultValue = "no", description = "yes: all share one port of the pod")
    private Choice onePort;

    @Option(names = "--repeat-b", paramLabel = "N", defaultValue = "0",
            description = "one more case: b N times over in one process, half a second each, and memory, handles and speed before and after")
    private int repeats;

    @Option(names = "--leave", paramLabel = "reset|close", defaultValue = "reset",
            description = "how culprits go: by a reset, or by a close behind bytes that nobody takes (default ${DEFAULT-VALUE})")
    private Culprits.Leave leave;

    @Option(names = "--connections", paramLabel = "N", defaultValue = "200",
            description = "echo connections of each group (default ${DEFAULT-VALUE})")
    private int connections;

    @Option(names = "--rate", paramLabel = "N", defaultValue = "0",
            description = "messages per second of each group, timed from when they were meant to leave; 0, the default: a closed loop")
    private double rate;

    @Option(names = "--peers", split = ",", paramLabel = "NAME", defaultValue = "fairlead",
            description = "of fairlead,kubectl-ws,kubectl-spdy (default ${DEFAULT-VALUE})")
    private List<String> peers;

    @Option(names = "--sessions", paramLabel = "auto|N", defaultValue = "auto", description = "of fairlead")
    private String sessions;

    @Mixin
    private RunOptions options;

    @Spec
    private CommandSpec spec;

    private Map<String, PeerCommand> programs;
    private RunLog log;
    private ServerPod pod;
    private Path kubeconfig;

    private IsolationMain() {}

    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return Program.commandLine(new IsolationMain(), Culprits.Case.class, Culprits.Leave.class, Choice.class);
    }

    @Override
    public Integer call() {
        new Ranges(spec).above(0, "--seconds", "--reference").anHourAtMost("--seconds", "--reference").atLeast(0, "--rate", "--repeat-b")
                .atLeast(1, "--connections").eachOnce("--peers", peers);
        if (!sessions.matches("auto|[1-9][0-9]*")) {
            throw new ParameterException(spec.commandLine(), "--sessions " + sessions + ": has to be auto, or 1 or more");
        }
        programs = PeerCommand.programs(options.fairlead, options.kubectl);
        if (!programs.keySet().containsAll(peers)) {
            throw new ParameterException(spec.commandLine(), "no such peer among " + peers + "; there are " + programs.keySet());
        }
        options.check(spec);
        if (Program.lacksCluster(NAME)) {
            return Program.EXIT_CONFIG;
        }
        kubeconfig = ServerPod.kubeconfig().orElseThrow();
        reference = reference == null ? Math.min(20, seconds) : reference;
        return Program.run(NAME, this::run);
    }

    /// One process of the run.
    private record Turn(String peer, Culprits.Case which, boolean known, boolean onePort, int repeats) {
        String name() {
            return which.name().toLowerCase(Locale.ROOT) + (repeats > 0 ? "-repeated-" + repeats : "") + (known ? "-known" : "")
                    + (onePort ? "-one-port" : "");
        }
    }

    /// What a group did in a phase, and what its like did alone.
    private record Measured(String name, EchoGroup.Phase phase, EchoGroup.Phase reference) {}

    private List<Turn> turns() {
        var turns = new ArrayList<Turn>();
        for (Culprits.Case which : cases) {
            for (boolean one : onePort.values) {
                for (boolean before : which == Culprits.Case.ALONE ? List.of(false) : known.values) {
                    peers.forEach(peer -> turns.add(new Turn(peer, which, before, one, 0)));
                }
            }
        }
        if (repeats > 0) {
            peers.forEach(peer -> turns.add(new Turn(peer, Culprits.Case.B, false, onePort.values.getFirst(), repeats)));
        }
        return turns;
    }

    private void run(Interruption interruption) throws IOException, InterruptedException {
        String machine = RunFolder.machine();
        if (peers.contains("fairlead")) {
            Forwarder.prepare(options.fairlead);
        }
        log = new RunLog("Isolation", options.results);
        log.row(String.format(Locale.ROOT, "%-12s %-24s %-6s %-6s %6s %9s %9s %9s %9s %9s %6s %6s %11s %7s  %s", "peer", "case", "phase", "group",
                "s", "alive", "op/s", "p50 ms", "p99 ms", "max ms", "errors", "waited", "silence ms", "p99 x", "forwarder"));
        List<Turn> turns = turns();
        int ended = 0;
        try (ServerPod deployed = ServerPod.deploy(kubeconfig)) {
            pod = deployed;
            log.setup(setup(machine));
            var left = new TimeLeft(NAME, turns.size());
            for (Turn turn : turns) {
                try {
                    turn(turn);
                } catch (IOException | RuntimeException e) { // how a peer fails is a result
                    interruption.check();
                    log.say("%-12s %-24s failed: %s", turn.peer(), turn.name(), e.getMessage());
                    log.measured(Map.of("peer", turn.peer(), "case", turn.name(), "failure", String.valueOf(e.getMessage())));
                }
                ended++;
                left.turnEnded();
            }
        } finally {
            log.end(ended < turns.size() ? "Ended after " + ended + " of " + turns.size() + " turns." : "");
        }
    }

    private String setup(String machine) {
        return machine + "- API server: " + pod.serverVersion() + "\n"
                + "- command: `" + NAME + " " + RunFolder.withoutFolders(spec.commandLine().getParseResult().originalArgs()) + "`\n"
                + Stream.of(Culprits.Case.values()).map(c -> "- " + c.name().toLowerCase(Locale.ROOT) + ": " + c.words + "\n")
                        .reduce("", String::concat)
                + """

                s: how long the phase was measured; alive: connections that run at its end, of those that should, with ! where some do not; errors: of
                the group since it was opened; waited: connections that had nothing back for more than 1 s; silence: the longest such time; p99 x: p99
                by that of the phase alone. A phase counts the waiting within itself, and what is unanswered at its end as well.
                """;
    }

    private void turn(Turn turn) throws IOException, InterruptedException {
        PeerCommand program = programs.get(turn.peer());
        PeerCommand command = turn.peer().equals("fairlead") ? program.with("--sessions", sessions, "--v", "4") : program;
        List<Integer> ports = turn.onePort() ? List.of(ServerPod.port("any")) : Stream.of("echo", "source", "stall").map(ServerPod::port).toList();
        try (Forwarder forwarder = Forwarder.start(command, kubeconfig, pod.namespace(), pod.name(), ports)) {
            try {
                phases(turn, forwarder, new Culprits.Places(forwarder.address(ports.getFirst()), forwarder.address(ports.get(turn.onePort() ? 0 : 1)),
                        forwarder.address(ports.get(turn.onePort() ? 0 : 2)), turn.onePort()));
            } finally {
                if (!forwarder.alive()) {
                    log.say("%-12s %-24s the forwarder has ended by itself", turn.peer(), turn.name());
                }
                log.file(turn.peer() + "-" + turn.name() + ".log", forwarder.lines());
            }
        }
    }

    private void phases(Turn turn, Forwarder forwarder, Culprits.Places places) throws IOException, InterruptedException {
        if (turn.known()) {
            try (Culprits _ = Culprits.start(turn.which(), places, leave)) {
                sleep(3);
            }
            sleep(2);
        }
        try (EchoGroup before = open(places)) {
            EchoGroup.Phase alone;
            EchoGroup.Phase othersAlone;
            try (EchoGroup others = open(places)) {
                sleep(WARMUP_SECONDS);
                before.begin();
                others.begin();
                sleep(reference);
                alone = before.end();
                othersAlone = others.end();
            }
            report(turn, forwarder, "alone", new Measured("before", alone, alone), new Measured("others", othersAlone, othersAlone));
            before.begin();
            if (turn.repeats() > 0) {
                for (int i = 0; i < turn.repeats(); i++) {
                    try (Culprits _ = Culprits.start(turn.which(), places, leave)) {
                        sleep(0.5);
                    }
                }
                report(turn, forwarder, "with", new Measured("before", before.end(), alone));
                before.begin();
                try (EchoGroup after = open(places)) {
                    after(turn, forwarder, before, after, alone, othersAlone);
                }
                return;
            }
            Culprits culprits = Culprits.start(turn.which(), places, leave);
            try {
                sleep(1);
                try (EchoGroup after = open(places)) {
                    sleep(seconds);
                    report(turn, forwarder, "with", new Measured("before", before.end(), alone), new Measured("after", after.end(), othersAlone));
                    log.say("%-12s %-24s culprits: %s", turn.peer(), turn.name(), culprits.state());
                    before.begin();
                    after.begin();
                    culprits.close();
                    after(turn, forwarder, before, after, alone, othersAlone);
                }
            } finally {
                culprits.close();
            }
        }
    }

    /// The culprits have gone.
    private void after(Turn turn, Forwarder forwarder, EchoGroup before, EchoGroup after, EchoGroup.Phase alone, EchoGroup.Phase othersAlone)
            throws IOException, InterruptedException {
        sleep(reference);
        report(turn, forwarder, "gone", new Measured("before", before.end(), alone), new Measured("after", after.end(), othersAlone));
    }

    private EchoGroup open(Culprits.Places places) throws InterruptedException {
        return EchoGroup.open(places.echo(), places.select() ? "echo" : "", connections, rate);
    }

    /// One row of the table for each group, and one short line on stdout for the phase.
    private void report(Turn turn, Forwarder forwarder, String phase, Measured... groups) throws IOException {
        Optional<ProcessFacts> facts = forwarder.facts();
        String process = facts.map(now -> String.format(Locale.ROOT, "%.0f MB, %d handles", now.residentMegabytes(), now.handles())).orElse("ended");
        var line = new StringBuilder();
        line.append(String.format(Locale.ROOT, "%-12s %-16s %-5s %5.1f s", turn.peer(), turn.name(), phase, groups[0].phase().seconds()));
        for (Measured group : groups) {
            EchoGroup.Phase measured = group.phase();
            double ratio = measured.millis(99) / group.reference().millis(99);
            var values = new LinkedHashMap<String, Object>(Map.of("peer", turn.peer(), "case", turn.name(), "phase", phase, "group", group.name(),
                    "p99_by_alone", ratio));
            values.putAll(measured.values());
            facts.ifPresent(now -> values.put("forwarder", now.values()));
            values.put("forwarder_lines", forwarder.lineCount());
            log.measured(values);
            log.row(String.format(Locale.ROOT,
                    "%-12s %-24s %-6s %-6s %6.1f %9s %9.0f %9.2f %9.2f %9.1f %6d %6d %11.0f %7.2f  %s, %d lines%s",
                    turn.peer(), turn.name(), phase, group.name(), measured.seconds(), measured.aliveText(), measured.opsPerSecond(),
                    measured.millis(50), measured.millis(99), measured.latencyNanos().getMaxValue() / 1e6, measured.errorCount(), measured.waited(),
                    measured.silenceMillis(), ratio, process, forwarder.lineCount(),
                    measured.errorCount() == 0 ? "" : " " + measured.errors()));
            line.append(String.format(Locale.ROOT, " | %s %s, %.0f op/s, p99 %.1f ms (x %.2f), %d waited, %d errors", group.name(),
                    measured.aliveText(), measured.opsPerSecond(), measured.millis(99), ratio, measured.waited(), measured.errorCount()));
        }
        System.out.println(line);
    }

    private static void sleep(double seconds) throws InterruptedException {
        Thread.sleep((long) (seconds * 1000));
    }
}

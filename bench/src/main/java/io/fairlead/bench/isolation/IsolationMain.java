package io.fairlead.bench.isolation;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.bench.Interruption;
import io.fairlead.bench.cluster.ServerPod;
import io.fairlead.bench.peer.Forwarder;
import io.fairlead.bench.peer.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/// Echo connections beside those who do not read, on the cluster that `KUBECONFIG` names: what does one connection do to the others?
///
/// ```
/// bench/isolation [--cases alone,a,b,c,d] [--seconds 60] [--reference 20] [--known no|yes|both] [--one-port no|yes|both] [--repeat-b 0] [--leave reset|close]
///                 [--connections 200] [--rate 0] [--peers fairlead,kubectl-ws,kubectl-spdy] [--sessions auto|N] [--fairlead PROGRAM] [--kubectl PROGRAM]
///                 [--results FOLDER|none]
/// ```
///
/// Each case is a forwarder process of its own:
/// ```
///          warm-up   alone      with the culprits        gone
/// before   ├─────────┼──────────┼────────────────────────┼──────────┤     200 connections, opened before the culprits
/// (others) ├─────────┼──────────┤                                         200 more, so that as many run as later
/// culprits                      ├────────────────────────┤                --seconds
/// after                           ├──────────────────────┼──────────┤     200 connections, opened a second after the culprits
/// ```
/// Cases: `alone` nobody, `a` a download that nobody reads, `b` an upload that the pod never reads, `c` five of each, `d` a client process with a download and
/// 20 echo connections, stopped by SIGSTOP. `--known yes`: the same culprits were there for 3 s and left before the first echo connection came, so that the forwarder
/// may know the port. `--one-port yes`: all share one port of the pod. `--repeat-b N`: a further case, `b` N times over for half a second each in one process, and
/// memory, handles and speed before and after. `--leave`: the culprits go by a reset, or by a close behind bytes that nobody takes. `--rate`: messages per second of each
/// group, timed from when they were meant to leave; 0 is a closed loop. What the forwarder said is kept, with times, in one `.log` file per case.
///
/// Exit code 0 when the run went through, whatever it measured; 64 for a bad argument, 78 without a cluster.
public final class IsolationMain {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int WARMUP_SECONDS = 3;
    private static final String USAGE = """
            usage: bench/isolation [--OPTION VALUE ...]
              --cases alone,a,b,c,d   alone: nobody; a: a download that nobody reads; b: an upload that the pod never reads; c: five of each;
                                      d: a client process stopped by SIGSTOP
              --seconds 60            beside the culprits
              --reference 20          before they come, and after they have gone
              --known no|yes|both     yes: they were there before, for 3 s, so the port may be known
              --one-port no|yes|both  yes: all share one port of the pod
              --repeat-b 0            one more case: b so many times in one process, half a second each
              --leave reset|close     how they go
              --connections 200       echo connections of each group
              --rate 0                messages per second of each group; 0: the next when the last is back
              --peers fairlead,kubectl-ws,kubectl-spdy   default: fairlead
              --sessions auto|N       of fairlead
              --fairlead PROGRAM, --kubectl PROGRAM
              --results FOLDER|none   where the run's folder is made; default: jmh-results
            The cluster is the one of $KUBECONFIG.""";

    /// One process of the run.
    private record Turn(String peer, Culprits.Case which, boolean known, boolean onePort, int repeats) {
        String name() {
            return which.name().toLowerCase(Locale.ROOT) + (repeats > 0 ? "-repeated-" + repeats : "") + (known ? "-known" : "") + (onePort ? "-one-port" : "");
        }
    }

    /// What a group did in a phase, and what its like did alone.
    private record Measured(String name, EchoGroup.Phase phase, EchoGroup.Phase reference) {}

    private List<String> peers = List.of("fairlead");
    private List<Culprits.Case> cases = List.of(Culprits.Case.values());
    private double seconds = 60;
    private double reference = 20;
    private List<Boolean> known = List.of(false);
    private List<Boolean> onePort = List.of(false);
    private int repeats;
    private Culprits.Leave leave = Culprits.Leave.RESET;
    private int connections = 200;
    private double rate;
    private String sessions = "auto";
    private String fairlead = "bin/fairlead";
    private String kubectl = "kubectl";
    private String results = "jmh-results";

    private final StringBuilder table = new StringBuilder();
    private Path folder;
    private ServerPod pod;
    private Path kubeconfig;

    private IsolationMain() {}

    public static void main(String[] args) throws Exception {
        if (List.of(args).contains("--help")) {
            System.out.println(USAGE);
            return;
        }
        var main = new IsolationMain();
        try {
            main.parse(args);
        } catch (IllegalArgumentException e) {
            System.err.println("isolation: " + e.getMessage() + "\n" + USAGE);
            System.exit(64);
        }
        main.kubeconfig = ServerPod.kubeconfig().orElse(null);
        if (main.kubeconfig == null) {
            System.err.println("isolation: KUBECONFIG names no readable file; the run needs a real cluster");
            System.exit(78);
        }
        try (Interruption interruption = Interruption.guard()) {
            main.run(interruption, args);
        } catch (InterruptedException _) {
            System.err.println("isolation: interrupted");
            System.exit(130);
        } catch (IOException e) {
            System.err.println("isolation: " + e.getMessage());
            System.exit(1);
        }
        System.exit(0);
    }

    private static <E extends Enum<E>> E oneOf(E[] values, String name) {
        return Arrays.stream(values).filter(value -> value.name().equalsIgnoreCase(name)).findAny()
                .orElseThrow(() -> new IllegalArgumentException("no \"" + name + "\"; there are " + Arrays.toString(values).toLowerCase(Locale.ROOT)));
    }

    private void parse(String... args) {
        if (args.length % 2 != 0) {
            throw new IllegalArgumentException("every option has a value");
        }
        for (int i = 0; i < args.length; i += 2) {
            String value = args[i + 1];
            switch (args[i]) {
                case "--cases" -> cases = Arrays.stream(value.split(",")).map(name -> oneOf(Culprits.Case.values(), name)).toList();
                case "--seconds" -> {
                    seconds = Double.parseDouble(value);
                    reference = Math.min(reference, seconds);
                }
                case "--reference" -> reference = Double.parseDouble(value);
                case "--known" -> known = yesOrNo(value);
                case "--one-port" -> onePort = yesOrNo(value);
                case "--repeat-b" -> repeats = Integer.parseInt(value);
                case "--leave" -> leave = oneOf(Culprits.Leave.values(), value);
                case "--connections" -> connections = Integer.parseInt(value);
                case "--rate" -> rate = Double.parseDouble(value);
                case "--peers" -> peers = List.of(value.split(","));
                case "--sessions" -> sessions = value;
                case "--fairlead" -> fairlead = value;
                case "--kubectl" -> kubectl = value;
                case "--results" -> results = value;
                default -> throw new IllegalArgumentException("no option " + args[i]);
            }
        }
        peers.forEach(this::command);
    }

    private static List<Boolean> yesOrNo(String value) {
        return switch (value) {
            case "no" -> List.of(false);
            case "yes" -> List.of(true);
            case "both" -> List.of(false, true);
            default -> throw new IllegalArgumentException("\"" + value + "\" is not yes, no or both");
        };
    }

    private List<String> command(String peer) {
        return switch (peer) {
            case "fairlead" -> List.of(fairlead);
            case "kubectl-ws" -> List.of(kubectl);
            case "kubectl-spdy" -> List.of("env", "KUBECTL_PORT_FORWARD_WEBSOCKETS=false", kubectl);
            default -> throw new IllegalArgumentException("no peer \"" + peer + "\"; there are fairlead, kubectl-ws, kubectl-spdy");
        };
    }

    private void run(Interruption interruption, String... args) throws IOException, InterruptedException {
        var turns = new ArrayList<Turn>();
        for (Culprits.Case which : cases) {
            for (boolean one : onePort) {
                for (boolean before : which == Culprits.Case.ALONE ? List.of(false) : known) {
                    peers.forEach(peer -> turns.add(new Turn(peer, which, before, one, 0)));
                }
            }
        }
        if (repeats > 0) {
            peers.forEach(peer -> turns.add(new Turn(peer, Culprits.Case.B, false, onePort.getFirst(), repeats)));
        }
        String machine = RunFolder.machine();
        if (peers.contains("fairlead")) {
            Forwarder.prepare(fairlead);
        }
        folder = results.equals("none") ? Files.createTempDirectory("fairlead-isolation") : RunFolder.create(Path.of(results));
        table.append(String.format("%-12s %-24s %-6s %-6s %6s %9s %9s %9s %9s %9s %6s %6s %11s %7s  %s%n", "peer", "case", "phase", "group", "s", "alive", "op/s", "p50 ms",
                "p99 ms", "max ms", "errors", "waited", "silence ms", "p99 x", "forwarder"));
        int ended = 0;
        try (ServerPod deployed = ServerPod.deploy(kubeconfig)) {
            pod = deployed;
            Files.writeString(folder.resolve("setup.md"), setup(machine, args));
            for (Turn turn : turns) {
                try {
                    turn(turn);
                } catch (IOException | RuntimeException e) { // how a peer fails is a result
                    interruption.check();
                    say(String.format("%-12s %-24s failed: %s", turn.peer(), turn.name(), e.getMessage()));
                    append(new LinkedHashMap<>(Map.of("peer", turn.peer(), "case", turn.name(), "failure", String.valueOf(e.getMessage()))));
                }
                ended++;
            }
        } finally {
            Files.writeString(folder.resolve("summary.md"), "# Isolation\n\n" + (ended < turns.size() ? "Ended after " + ended + " of " + turns.size() + " turns.\n\n" : "")
                    + "```\n" + table + "```\n");
            System.out.println("written to " + folder);
        }
    }

    private String setup(String machine, String... args) {
        return "# Setup\n\n" + machine + "- API server: " + pod.serverVersion() + "\n"
                + "- command: `bench/isolation " + RunFolder.withoutFolders(List.of(args)) + "`\n"
                + Stream.of(Culprits.Case.values()).map(c -> "- " + c.name().toLowerCase(Locale.ROOT) + ": " + c.words + "\n").reduce("", String::concat)
                + """

                s: how long the phase was measured; alive: connections that run at its end, of those that should, with ! where some do not; errors: of the group
                since it was opened; waited: connections that had nothing back for more than 1 s; silence: the longest such time; p99 x: p99 by that of the phase
                alone. A phase counts the waiting within itself, and what is unanswered at its end as well.
                """;
    }

    private void turn(Turn turn) throws IOException, InterruptedException {
        List<String> flags = turn.peer().equals("fairlead") ? List.of("--sessions", sessions, "--v", "4") : List.of();
        List<Integer> ports = turn.onePort() ? List.of(ServerPod.port("any")) : Stream.of("echo", "source", "stall").map(ServerPod::port).toList();
        try (ForwarderProcess forwarder = ForwarderProcess.start(command(turn.peer()), kubeconfig, pod.namespace(), "pod/" + pod.name(), ports, flags)) {
            try {
                phases(turn, forwarder, new Culprits.Places(forwarder.address(ports.getFirst()), forwarder.address(ports.get(turn.onePort() ? 0 : 1)),
                        forwarder.address(ports.get(turn.onePort() ? 0 : 2)), turn.onePort()));
            } finally {
                if (!forwarder.alive()) {
                    say(String.format("%-12s %-24s the forwarder has ended by itself", turn.peer(), turn.name()));
                }
                Files.write(folder.resolve(turn.peer() + "-" + turn.name() + ".log"), forwarder.lines());
            }
        }
    }

    private void phases(Turn turn, ForwarderProcess forwarder, Culprits.Places places) throws IOException, InterruptedException {
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
                    say(String.format("%-12s %-24s culprits: %s", turn.peer(), turn.name(), culprits.state()));
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
    private void after(Turn turn, ForwarderProcess forwarder, EchoGroup before, EchoGroup after, EchoGroup.Phase alone, EchoGroup.Phase othersAlone)
            throws IOException, InterruptedException {
        sleep(reference);
        report(turn, forwarder, "gone", new Measured("before", before.end(), alone), new Measured("after", after.end(), othersAlone));
    }

    private EchoGroup open(Culprits.Places places) throws InterruptedException {
        return EchoGroup.open(places.echo(), places.select() ? "echo" : "", connections, rate);
    }

    /// One row of the table for each group, and one short line on stdout for the phase.
    private void report(Turn turn, ForwarderProcess forwarder, String phase, Measured... groups) throws IOException {
        ProcessFacts facts = forwarder.facts();
        var line = new StringBuilder(String.format("%-12s %-16s %-5s %5.1f s", turn.peer(), turn.name(), phase, groups[0].phase().seconds()));
        for (Measured group : groups) {
            EchoGroup.Phase measured = group.phase();
            double ratio = measured.millis(99) / group.reference().millis(99);
            var values = new LinkedHashMap<String, Object>(Map.of("peer", turn.peer(), "case", turn.name(), "phase", phase, "group", group.name(), "p99_by_alone", ratio));
            values.putAll(measured.values());
            values.put("forwarder", facts.values());
            values.put("forwarder_lines", forwarder.lines().size());
            append(values);
            table.append(String.format("%-12s %-24s %-6s %-6s %6.1f %9s %9.0f %9.2f %9.2f %9.1f %6d %6d %11.0f %7.2f  %.0f MB, %d handles, %d lines%s%n", turn.peer(),
                    turn.name(), phase, group.name(), measured.seconds(), measured.aliveText(), measured.opsPerSecond(), measured.millis(50), measured.millis(99),
                    measured.latencyNanos().getMaxValue() / 1e6, measured.errorCount(), measured.waited(), measured.silenceMillis(), ratio, facts.residentMegabytes(),
                    facts.handles(), forwarder.lines().size(), measured.errorCount() == 0 ? "" : " " + measured.errors()));
            line.append(String.format(" | %s %s, %.0f op/s, p99 %.1f ms (x %.2f), %d waited, %d errors", group.name(), measured.aliveText(), measured.opsPerSecond(),
                    measured.millis(99), ratio, measured.waited(), measured.errorCount()));
        }
        System.out.println(line);
    }

    private void append(Map<String, Object> values) throws IOException {
        Files.writeString(folder.resolve("measurements.jsonl"), JSON.writeValueAsString(values) + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private void say(String line) {
        System.out.println(line);
        table.append(line).append('\n');
    }

    private static void sleep(double seconds) throws InterruptedException {
        Thread.sleep((long) (seconds * 1000));
    }
}

package io.fairlead.cli;

import io.fairlead.engine.Failure;
import io.fairlead.engine.ForwardException;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/// Finds the command among the arguments, runs it, and turns whatever goes wrong into one message and one exit code.
final class Cli {
    /// The launcher's own.
    private static final String HIDDEN = "warm-up";
    private static final List<String> COMMANDS = List.of("port-forward", "bench", "demo", "testbed", HIDDEN, "version", "help");

    private final Output output;
    /// `fairlead`, or `kubectl fairlead` when kubectl started us as its plugin; the launcher knows.
    private final String program = System.getProperty("fairlead.program", "fairlead");

    Cli(Output output) {
        this.output = output;
    }

    ExitCode run(String... args) {
        try {
            return dispatch(args);
        } catch (UsageException e) {
            output.problem(e.getMessage());
            return ExitCode.USAGE;
        } catch (ForwardException e) {
            output.problem(e.failure().message());
            return Failures.exitCode(e.failure());
        } catch (RuntimeException | Error e) {
            if (isOutOfFiles(e)) {
                output.problem("too few open files are allowed\n        why   the system refused to open one: too many open files"
                        + "\n        do    raise the limit with ulimit -n, best to thousands: each connection needs one");
                return ExitCode.FAILED;
            }
            output.problem("unexpected " + e + "\n        why   a bug in fairlead\n        do    report it with the lines that follow");
            e.printStackTrace(output.err());
            return ExitCode.BUG;
        }
    }

    private static boolean isOutOfFiles(Throwable error) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (String.valueOf(cause.getMessage()).contains("Too many open files")) {
                return true;
            }
        }
        return error instanceof LinkageError && !canOpenFiles(); // a class was not found, as its jar could not be opened
    }

    private static boolean canOpenFiles() {
        try (var _ = new FileInputStream(Path.of(System.getProperty("java.home"), "release").toFile())) {
            return true;
        } catch (IOException e) {
            return !String.valueOf(e.getMessage()).contains("Too many open files");
        }
    }

    private ExitCode dispatch(String... args) throws UsageException, ForwardException {
        CommandSpec forward = Flags.portForward();
        int at = firstArgument(forward, args);
        boolean named = at < args.length && COMMANDS.contains(args[at]);
        String command = named ? args[at] : "port-forward";
        String[] rest = named ? without(args, at) : args;
        return switch (command) {
            case "help" -> help(rest);
            case "version" -> showVersion();
            case "bench" -> bench(rest);
            case "demo" -> demo(rest);
            case "testbed" -> testbed(rest);
            case HIDDEN -> WarmUp.run(output, rest);
            default -> forward(forward, rest, named);
        };
    }

    /// Index of the first word that is neither a flag nor a flag's value; `args.length` when there is none.
    private static int firstArgument(CommandSpec forward, String... args) {
        int at = 0;
        while (at < args.length && args[at].startsWith("-") && !args[at].equals("--")) {
            at += Flags.takesNext(forward, args[at]) ? 2 : 1;
        }
        return Math.min(at, args.length);
    }

    private static String[] without(String[] args, int index) {
        return IntStream.range(0, args.length).filter(i -> i != index).mapToObj(i -> args[i]).toArray(String[]::new);
    }

    private ExitCode forward(CommandSpec spec, String[] args, boolean named) throws UsageException, ForwardException {
        if (!named && (args.length == 0 || Arrays.equals(args, new String[] {"-h"}) || Arrays.equals(args, new String[] {"--help"}))) {
            return overview();
        }
        if (!named && Arrays.asList(args).contains("--version")) {
            return showVersion();
        }
        ParseResult parsed = Flags.parse(spec, program, args);
        if (parsed.isUsageHelpRequested()) {
            return usage(spec);
        }
        List<String> words = Flags.words(parsed);
        if (!named && !words.isEmpty()) {
            refuseUnknownCommand(words.getFirst(), words.subList(1, words.size()));
        }
        ForwardOptions options;
        try {
            options = ForwardOptions.of(parsed, program);
        } catch (InvalidPathException e) {
            throw new UsageException("invalid argument \"" + e.getInput() + "\" for --kubeconfig", e.getReason(), "name a file");
        }
        StderrLogging.verbosity(options.verbosity());
        try {
            return new ForwardCommand(output).run(options);
        } catch (ForwardException e) {
            Optional<String> meant = named || !(e.failure() instanceof Failure.TargetNotFound) ? Optional.empty() : near(options.spec().target());
            output.problem(Failures.message(e.failure(), options.spec())
                    + meant.map(command -> "; or was the command " + command + " meant? See '" + program + " " + command + " -h'").orElse(""));
            return Failures.exitCode(e.failure());
        }
    }

    /// A first word that can be no target, as no port follows it, is a command that we do not have: mistyped, or not ours.
    private void refuseUnknownCommand(String word, List<String> ports) throws UsageException {
        Optional<String> meant = near(word);
        boolean targetFollows = !ports.isEmpty() && ports.getFirst().contains("/");
        if (word.contains("/") || COMMANDS.contains(word) || !targetFollows && (meant.isEmpty() || !ports.isEmpty())) {
            return;
        }
        throw new UsageException("unknown command \"" + word + "\"", targetFollows ? "\"" + ports.getFirst() + "\" follows it, which is no port"
                : "no port follows it, so it is no pod's name either",
                meant.map(command -> "did you mean " + command + "? See '" + program + " " + command + " -h'").orElse("see '" + program + " -h'"));
    }

    /// The command that `word` is a slip of the finger from: one letter wrong, missing, too many, or exchanged with its neighbour; two of a long one.
    static Optional<String> near(String word) {
        return COMMANDS.stream().filter(command -> !command.equals(HIDDEN) && distance(word, command) <= (command.length() > 8 ? 2 : 1)).findFirst();
    }

    /// How many letters must be changed, added, taken away or exchanged with their neighbour to come from one to the other.
    private static int distance(String one, String other) {
        int[][] of = new int[one.length() + 1][other.length() + 1];
        for (int i = 0; i <= one.length(); i++) {
            for (int j = 0; j <= other.length(); j++) {
                if (i == 0 || j == 0) {
                    of[i][j] = i + j;
                    continue;
                }
                int changed = of[i - 1][j - 1] + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
                of[i][j] = Math.min(changed, 1 + Math.min(of[i - 1][j], of[i][j - 1]));
                if (i > 1 && j > 1 && one.charAt(i - 1) == other.charAt(j - 2) && one.charAt(i - 2) == other.charAt(j - 1)) {
                    of[i][j] = Math.min(of[i][j], of[i - 2][j - 2] + 1);
                }
            }
        }
        return of[one.length()][other.length()];
    }

    private ExitCode demo(String... args) throws UsageException, ForwardException {
        CommandSpec spec = Flags.demo();
        ParseResult parsed = Flags.parse(spec, program, args);
        if (parsed.isUsageHelpRequested()) {
            return usage(spec);
        }
        StderrLogging.verbosity(Flags.number(parsed, "-v", 0, 0));
        return new DemoCommand(output).run(DemoCommand.duration(Flags.text(parsed, "--for")));
    }

    private ExitCode bench(String... args) throws UsageException, ForwardException {
        CommandSpec spec = Flags.bench();
        ParseResult parsed = Flags.parse(spec, program, args);
        if (parsed.isUsageHelpRequested()) {
            return usage(spec);
        }
        StderrLogging.verbosity(Flags.number(parsed, "-v", 0, 0));
        return new BenchCommand(output, version()).run(BenchOptions.of(parsed, program));
    }

    private ExitCode testbed(String... args) throws UsageException {
        CommandSpec spec = Flags.testbed();
        ParseResult parsed = Flags.parse(spec, program, args);
        if (parsed.isUsageHelpRequested()) {
            return usage(spec);
        }
        StderrLogging.verbosity(Flags.number(parsed, "-v", 0, 0));
        return new TestbedCommand(output, program).run();
    }

    private ExitCode help(String... args) throws UsageException {
        if (args.length > 1) {
            throw new UsageException("unexpected argument \"" + args[1] + "\"", "help is on one thing at a time",
                    "write '" + program + " help " + args[0] + "'");
        }
        return switch (args.length == 0 ? "" : args[0]) {
            case "", "help", "version" -> overview();
            case "port-forward" -> usage(Flags.portForward());
            case "bench" -> usage(Flags.bench());
            case "demo" -> usage(Flags.demo());
            case "testbed" -> usage(Flags.testbed());
            case "exit-codes" -> {
                output.out().print(ExitCode.table());
                yield ExitCode.OK;
            }
            default -> throw new UsageException("no help on \"" + args[0] + "\"", "there is none of that name",
                    near(args[0]).map(command -> "did you mean " + command + "?").orElse("try port-forward, bench, demo, testbed or exit-codes"));
        };
    }

    private ExitCode showVersion() {
        output.line("fairlead " + version() + ", Java " + Runtime.version());
        return ExitCode.OK;
    }

    private static String version() {
        String version = Cli.class.getPackage().getImplementationVersion();
        return version == null ? "(not packaged)" : version;
    }

    private ExitCode overview() {
        output.line("""
                Usage: %1$s [port-forward] [flags] TYPE/NAME [LOCAL:]REMOTE [[LOCAL:]REMOTE ...]

                Forwards local ports to a pod, as kubectl port-forward does, and keeps them when the pod or the session goes.

                  %1$s -n kube-system deployment/coredns 5353:53    port 53 of a pod of the Deployment at localhost:5353
                  %1$s service/web 8080:http                        the service's port "http" at localhost:8080
                  %1$s pod/db :5432                                 a free local port, printed

                Commands
                  port-forward    the default
                  bench           measure what the path to a target allows
                  demo            try it on an embedded cluster, no Kubernetes needed
                  testbed         run the embedded cluster in the foreground
                  version         print the version
                  help WHAT       port-forward, bench, demo, testbed (also: COMMAND -h), or exit-codes""".formatted(program));
        return ExitCode.OK;
    }

    private ExitCode usage(CommandSpec spec) {
        spec.usageMessage().customSynopsis(program + " " + spec.usageMessage().customSynopsis()[0]);
        output.out().print(new CommandLine(spec).getUsageMessage(Ansi.OFF));
        output.line("\nExit codes: see '" + program + " help exit-codes'.");
        return ExitCode.OK;
    }
}

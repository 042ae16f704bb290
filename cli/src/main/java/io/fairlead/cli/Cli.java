package io.fairlead.cli;

import io.fairlead.engine.ForwardException;
import java.nio.file.InvalidPathException;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.IntStream;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/// Finds the command among the arguments, runs it, and turns whatever goes wrong into one message and one exit code.
final class Cli {
    private static final Set<String> COMMANDS = Set.of("port-forward", "bench", "demo", "testbed", "warm-up", "version", "help");

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
        return false;
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
            case "warm-up" -> WarmUp.run(output, rest);
            default -> forward(forward, rest, named);
        };
    }

    /// Index of the first word that is neither a flag nor a flag's value; `args.length` when there is none.
    private static int firstArgument(CommandSpec forward, String... args) {
        int at = 0;
        while (at < args.length && args[at].startsWith("-") && !args[at].equals("--")) {
            at += Flags.takesNext(forward, args[at]) || args[at].equals("--for") ? 2 : 1;
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
        ForwardOptions options;
        try {
            options = ForwardOptions.of(parsed, program);
        } catch (InvalidPathException e) {
            throw new UsageException("invalid argument \"" + e.getInput() + "\" for --kubeconfig", e.getReason(), "name a file");
        }
        StderrLogging.verbosity(options.verbosity());
        return new ForwardCommand(output).run(options);
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
        return switch (args.length == 0 ? "" : args[0]) {
            case "", "help" -> overview();
            case "port-forward" -> usage(Flags.portForward());
            case "bench" -> usage(Flags.bench());
            case "demo" -> usage(Flags.demo());
            case "testbed" -> usage(Flags.testbed());
            case "exit-codes" -> {
                output.out().print(ExitCode.table());
                yield ExitCode.OK;
            }
            default -> throw new UsageException("no help on \"" + args[0] + "\"", "there is none of that name",
                    "try port-forward, bench, demo, testbed or exit-codes");
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

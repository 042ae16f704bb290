package io.fairlead.cli;

import io.fairlead.engine.Limits;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/// Every flag of every command, built by hand instead of by annotations: reflection over annotated classes is paid at each start.
/// Values stay text here; what they mean is said by who reads them, in our own words.
final class Flags {
    /// kubectl's flags for all commands that `port-forward` of ours has no use for, by why that is.
    private static final Map<String, String> KUBECTL_ONLY = kubectlOnly();

    private Flags() {}

    private static Map<String, String> kubectlOnly() {
        String credentials = "fairlead takes server and credentials from the kubeconfig alone";
        String nothing = "it changes nothing about a port-forward";
        return Arrays.stream(new String[][] {
            {credentials, "--as --as-group --as-uid --as-user-extra --certificate-authority --client-certificate --client-key --cluster"
                    + " --insecure-skip-tls-verify --password -s --server --tls-server-name --token --user --username"},
            {nothing, "--cache-dir --disable-compression --kuberc --log-flush-frequency --match-server-version --profile --profile-output"
                    + " --request-timeout --vmodule --warnings-as-errors"},
        }).flatMap(row -> Arrays.stream(row[1].split(" ")).map(flag -> Map.entry(flag, row[0])))
                .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    static Set<String> kubectlOnlyNames() {
        return new TreeSet<>(KUBECTL_ONLY.keySet());
    }

    static CommandSpec portForward() {
        CommandSpec spec = command("port-forward", "[port-forward] [flags] TYPE/NAME [LOCAL:]REMOTE [[LOCAL:]REMOTE ...]",
                "Forwards local ports to a pod, as kubectl port-forward does, and keeps them when the pod or the session goes.");
        addCluster(spec);
        spec.addOption(OptionSpec.builder("--address").paramLabel("ADDRESS").type(String[].class).auxiliaryTypes(String.class).splitRegex(",")
                .description("Addresses to listen on, comma separated or repeated: IP addresses or localhost, which stands for 127.0.0.1"
                        + " and ::1. Default: localhost.").build());
        spec.addOption(podRunningTimeout());
        spec.addOption(text("N", "Most connections open at once; further ones wait in the listen queue. Default: "
                + Limits.PAIRS_MAX + ".", "--max-connections"));
        spec.addOption(text("auto|N", "Upgraded sessions to keep open, 1 to " + Limits.SESSIONS_MAX + ". Default: auto, as many as the traffic needs,"
                + " at most " + Limits.SESSIONS_AUTO_MAX + ".", "--sessions"));
        spec.addOption(bool("Do not print \"Handling connection\" lines.", "-q", "--quiet"));
        spec.addOption(verbosity());
        spec.addPositional(PositionalParamSpec.builder().index("0").arity("0..1").paramLabel("TYPE/NAME").type(String.class)
                .description("pod, service, deployment, replicaset, statefulset, daemonset, job or replicationcontroller, or a short form;"
                        + " NAME alone is a pod.").build());
        spec.addPositional(PositionalParamSpec.builder().index("1..*").arity("0..*").paramLabel("[LOCAL:]REMOTE").type(String[].class)
                .auxiliaryTypes(String.class).description("Ports, as numbers or names; :REMOTE picks a free local port.").build());
        return spec;
    }

    static CommandSpec bench() {
        CommandSpec spec = command("bench", "bench [flags] [TYPE/NAME PORT]",
                "Measures what the path to a port of a pod allows: connecting, requests, bytes, by number of sessions, beside the direct path where the pod"
                        + " can be reached from here. Without a target: the embedded cluster. Say what the target can do, at most one of:");
        spec.addOption(text("PATH", "It answers GET of this path, with 200 and a Content-Length.", "--http"));
        spec.addOption(bool("It sends back what comes.", "--echo"));
        spec.addOption(bool("It sends by itself, without end.", "--source"));
        spec.addOption(bool("It reads without end.", "--sink"));
        spec.addOption(text("TEXT", "It answers this text, in which \\r \\n \\t \\0 \\\\ \\xHH stand for bytes (in quotes for the shell:"
                + " 'PING\\r\\n'); empty for one that speaks first. Measures connecting alone, up to the first byte of the answer. With none of"
                + " these, up to the end that follows ours.", "--send"));
        spec.addOption(text("LIST", "Numbers of sessions, each of them a forward of its own. Default: 1,2,4,8.", "--sessions"));
        spec.addOption(text("LIST", "Numbers of connections at once. Default: 1,64.", "--connections"));
        spec.addOption(text("DURATION", "Time for each measurement, of which two are made; 1h at most. Default: 1s.", "--for"));
        spec.addOption(text("FILE|-", "Write everything as JSON to this file, whose folder must exist; - is stdout, and the table goes to stderr"
                + " then. docs/OPERATING.md, 11, tells its fields.", "--json"));
        addCluster(spec);
        spec.addOption(podRunningTimeout());
        spec.addOption(verbosity());
        spec.addPositional(PositionalParamSpec.builder().index("0..*").arity("0..*").paramLabel("[TYPE/NAME PORT]").hideParamSyntax(true)
                .type(String[].class).auxiliaryTypes(String.class)
                .description("As for port-forward, but one port of the target alone, as number or name; the local one is free.").build());
        return spec;
    }

    static CommandSpec demo() {
        CommandSpec spec = command("demo", "demo [flags]",
                "Starts an embedded cluster, forwards to a Deployment of it and moves traffic through the forward, with a live view.");
        spec.addOption(text("DURATION", "End by itself after this time, as 5s or 1m. Default: until Ctrl-C.", "--for"));
        spec.addOption(verbosity());
        return spec;
    }

    static CommandSpec testbed() {
        CommandSpec spec = command("testbed", "testbed [flags]",
                "Runs the embedded cluster in the foreground, for fairlead, kubectl or your own client.");
        spec.addOption(verbosity());
        return spec;
    }

    private static CommandSpec command(String name, String synopsis, String description) {
        CommandSpec spec = CommandSpec.create().name(name);
        spec.usageMessage().customSynopsis(synopsis).description("%n" + description + "%n").sortOptions(false).width(120);
        spec.addOption(OptionSpec.builder("-h", "--help").usageHelp(true).type(boolean.class).arity("0").description("Show this help.").build());
        return spec;
    }

    private static void addCluster(CommandSpec spec) {
        spec.addOption(text("NAMESPACE", "Namespace of the target.", "-n", "--namespace"));
        spec.addOption(text("NAME", "Context of the kubeconfig to use; default: its current one.", "--context"));
        spec.addOption(text("FILE", "Kubeconfig; default: $KUBECONFIG, then ~/.kube/config.", "--kubeconfig"));
    }

    private static OptionSpec podRunningTimeout() {
        return text("DURATION", "How long to wait until at least one pod is running, as 5s, 2m or 3h. Default: 1m0s.", "--pod-running-timeout");
    }

    private static OptionSpec text(String label, String description, String... names) {
        return OptionSpec.builder(names).paramLabel(label).type(String.class).description(description).build();
    }

    private static OptionSpec bool(String description, String... names) {
        return OptionSpec.builder(names).type(boolean.class).arity("0").description(description).build();
    }

    private static OptionSpec verbosity() {
        return text("N", "What to log to stderr: 0 errors, 1 warnings, 2 pods that go, 4 sessions with their counters. Default: 0.", "-v", "--v");
    }

    private static List<CommandSpec> all() {
        return List.of(portForward(), bench(), demo(), testbed());
    }

    /// Whether `token` is a flag, of `spec` or else of any command, that takes the next argument as its value: as cobra decides what the command is
    /// when flags stand before it.
    static boolean takesNext(CommandSpec spec, String token) {
        OptionSpec option = spec.optionsMap().get(token);
        if (option == null) {
            option = all().stream().map(other -> other.optionsMap().get(token)).filter(Objects::nonNull).findFirst().orElse(null);
        }
        return option != null && option.arity().max() > 0;
    }

    /// The flags that say which cluster and namespace, as they were given and a shell takes them, for a command to try: ` --context lab -n shop`.
    static String cluster(ParseResult parsed) {
        return text(parsed, "--kubeconfig").map(file -> " --kubeconfig " + shell(file)).orElse("")
                + text(parsed, "--context").map(name -> " --context " + shell(name)).orElse("")
                + text(parsed, "--namespace").map(name -> " -n " + shell(name)).orElse("");
    }

    /// `word` as a shell takes it.
    static String shell(String word) {
        return word.matches("[\\w./:@%+=,-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
    }

    /// Parses as pflag does: flags and arguments in any order, the last of a repeated flag counts, no `@file`, no abbreviations.
    static ParseResult parse(CommandSpec spec, String program, String... args) throws UsageException {
        CommandLine line = new CommandLine(spec)
                .setExpandAtFiles(false)
                .setOverwrittenOptionsAllowed(true)
                .setAllowOptionsAsOptionParameters(true)
                .setInterpolateVariables(false);
        try {
            return line.parseArgs(args);
        } catch (CommandLine.UnmatchedArgumentException e) {
            throw unmatched(e.getUnmatched().getFirst(), spec, program);
        } catch (CommandLine.MissingParameterException e) {
            throw new UsageException("flag needs an argument: " + names(e), "it is the last word of the command line",
                    help(spec, program));
        } catch (CommandLine.ParameterException e) {
            throw new UsageException("the command line is not understood", e.getMessage(), help(spec, program));
        }
    }

    private static String names(CommandLine.MissingParameterException e) {
        return e.getMissing().getFirst() instanceof OptionSpec option ? String.join(", ", option.names()) : e.getMessage();
    }

    private static UsageException unmatched(String argument, CommandSpec spec, String program) {
        if (!argument.startsWith("-")) {
            return new UsageException("unexpected argument \"" + argument + "\"", spec.name() + " takes flags only",
                    "leave it out; to forward to a pod of the name \"" + spec.name() + "\", write pod/" + spec.name());
        }
        String name = argument.contains("=") ? argument.substring(0, argument.indexOf('=')) : argument;
        List<String> others = all().stream().filter(other -> other.optionsMap().containsKey(name)).map(CommandSpec::name).toList();
        if (!others.isEmpty()) {
            return new UsageException(name + " is a flag of " + String.join(" and ", others) + ", not of " + spec.name(),
                    spec.name() + " has no use for it", "leave it out; " + help(spec, program));
        }
        String reason = KUBECTL_ONLY.get(name);
        if (reason == null) {
            return new UsageException("unknown flag: " + name, "neither kubectl port-forward nor fairlead has it", help(spec, program));
        }
        return new UsageException(name + " is a flag of kubectl that fairlead does not take", reason,
                reason.startsWith("it changes nothing") ? "leave it out" : "put it into a context of the kubeconfig and name that with --context");
    }

    static String help(CommandSpec spec, String program) {
        return "see '" + program + " " + spec.name() + " -h'";
    }

    /// What is no flag, in its order.
    static List<String> words(ParseResult parsed) {
        return parsed.matchedPositionals().stream().flatMap(positional -> positional.originalStringValues().stream()).toList();
    }

    static Optional<String> text(ParseResult parsed, String name) {
        return Optional.ofNullable(parsed.matchedOptionValue(name, (String) null));
    }

    /// The value of a flag that takes a whole number of at least `least`.
    static int number(ParseResult parsed, String name, int least, int otherwise) throws UsageException {
        String value = parsed.matchedOptionValue(name, (String) null);
        if (value == null) {
            return otherwise;
        }
        try {
            int number = Integer.parseInt(value);
            if (number >= least) {
                return number;
            }
        } catch (NumberFormatException _) {
            // said below: the message is the same for "x", "", and "99999999999"
        }
        throw new UsageException("invalid argument \"" + value + "\" for " + name, "it is not a whole number of " + least + " or more",
                "write " + name + " " + Math.max(least, otherwise));
    }
}

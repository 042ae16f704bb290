package io.fairlead.cli;

import io.fairlead.engine.ForwardSpec;
import io.fairlead.engine.Limits;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.ParseResult;

/// The command line of `port-forward`, understood once. Targets and ports stay as written: the engine checks them, for everybody.
///
/// @param spec what to forward
/// @param quiet no `Handling connection` lines
/// @param verbosity of `-v`
record ForwardOptions(ForwardSpec spec, boolean quiet, int verbosity) {
    private static final Duration POD_RUNNING_TIMEOUT = Duration.ofMinutes(1);

    /// `program` is the name for messages.
    static ForwardOptions of(ParseResult parsed, String program) throws UsageException {
        List<String> arguments = Flags.words(parsed);
        if (arguments.size() < 2) {
            throw new UsageException("TYPE/NAME and list of ports are required for port-forward",
                    arguments.isEmpty() ? "neither was given" : "\"" + arguments.getFirst() + "\" was given, and no port",
                    "write for example '" + program + Flags.cluster(parsed) + " "
                            + (arguments.isEmpty() ? "deployment/web" : Flags.shell(arguments.getFirst())) + " 8080:80', or see '" + program + " -h'");
        }
        List<String> addresses = List.of(parsed.matchedOptionValue("--address", new String[] {"localhost"}));
        ForwardSpec spec = new ForwardSpec(
                Flags.text(parsed, "--kubeconfig").filter(text -> !text.isEmpty()).map(Path::of),
                Flags.text(parsed, "--context").filter(text -> !text.isEmpty()),
                Flags.text(parsed, "--namespace").filter(text -> !text.isEmpty()),
                arguments.getFirst(),
                arguments.subList(1, arguments.size()),
                addresses.stream().map(String::strip).toList(),
                timeout(Flags.text(parsed, "--pod-running-timeout")),
                Flags.number(parsed, "--max-connections", 1, Limits.PAIRS_MAX),
                sessions(Flags.text(parsed, "--sessions")));
        return new ForwardOptions(spec, parsed.matchedOptionValue("--quiet", false), Flags.number(parsed, "-v", 0, 0));
    }

    private static int sessions(Optional<String> text) throws UsageException {
        if (text.isEmpty() || text.get().equals("auto")) {
            return ForwardSpec.SESSIONS_AUTO;
        }
        if (text.get().matches("[0-9]{1,3}")) {
            int count = Integer.parseInt(text.get());
            if (count >= 1 && count <= Limits.SESSIONS_MAX) {
                return count;
            }
        }
        throw new UsageException("invalid argument \"" + text.get() + "\" for --sessions", "it is neither auto nor a number from 1 to "
                + Limits.SESSIONS_MAX, "write for example --sessions=4");
    }

    static Duration timeout(Optional<String> text) throws UsageException {
        if (text.isEmpty()) {
            return POD_RUNNING_TIMEOUT;
        }
        Duration duration = duration("--pod-running-timeout", text.get());
        if (duration.isPositive()) {
            return duration;
        }
        throw new UsageException("--pod-running-timeout must be higher than zero", "\"" + text.get() + "\" was given",
                "write for example --pod-running-timeout=1m0s");
    }

    static Duration duration(String flag, String text) throws UsageException {
        try {
            return GoDuration.parse(text);
        } catch (IllegalArgumentException e) {
            throw new UsageException("invalid argument \"" + text + "\" for " + flag, e.getMessage(), "write for example " + flag + "=1m30s");
        }
    }
}

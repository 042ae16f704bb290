package io.fairlead.cli;

import io.fairlead.cli.bench.Generator;
import io.fairlead.engine.ForwardSpec;
import io.fairlead.engine.Limits;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import picocli.CommandLine.ParseResult;

/// The command line of `bench`, understood once.
///
/// @param target what to forward; empty for the embedded cluster
/// @param text the path of `HTTP`, the bytes of `SEND` as one char each; else empty
/// @param sessions in rising order
/// @param connections in rising order
/// @param json file or `-`
record BenchOptions(Optional<ForwardSpec> target, Generator generator, String text, List<Integer> sessions, List<Integer> connections,
        Duration window, Optional<String> json) {
    private static final Duration WINDOW = Duration.ofSeconds(1);
    /// Of each measurement, of which there are dozens.
    private static final Duration WINDOW_MAX = Duration.ofHours(1);

    static BenchOptions of(ParseResult parsed, String program) throws UsageException {
        List<String> words = Flags.words(parsed);
        if (words.size() == 1 || words.size() > 2) {
            throw new UsageException("TYPE/NAME and one port are required for bench, or neither", words.size() == 1
                    ? "\"" + words.getFirst() + "\" was given, and no port" : "\"" + String.join(" ", words) + "\" was given",
                    "write for example '" + program + " bench" + Flags.cluster(parsed) + " " + Flags.shell(words.getFirst()) + " "
                            + (words.size() == 1 ? "8080" : Flags.shell(words.get(1))) + "'");
        }
        if (words.size() == 2 && words.get(1).contains(":")) {
            throw new UsageException("invalid port \"" + words.get(1) + "\"", "bench picks the local port itself",
                    "give the target's port alone: " + words.get(1).substring(words.get(1).lastIndexOf(':') + 1));
        }
        Map<Generator, String> said = generators(parsed);
        if (said.size() > 1) {
            throw new UsageException("--http, --echo, --source, --sink and --send exclude each other", said.size() + " of them were given",
                    "run bench once for each");
        }
        if (words.isEmpty() && !said.isEmpty()) {
            throw new UsageException("what the target can do was said, but no target",
                    "the embedded cluster, which is measured without one, brings servers of its own",
                    "name target and port, or leave --" + said.keySet().iterator().next().name().toLowerCase(Locale.ROOT) + " out");
        }
        Generator generator = words.isEmpty() ? Generator.EMBEDDED : said.isEmpty() ? Generator.NONE : said.keySet().iterator().next();
        Optional<ForwardSpec> target = words.isEmpty() ? Optional.empty() : Optional.of(spec(parsed, words));
        Duration window = Flags.text(parsed, "--for").isEmpty() ? WINDOW : ForwardOptions.duration("--for", Flags.text(parsed, "--for").get());
        if (!window.isPositive() || window.compareTo(WINDOW_MAX) > 0) {
            throw new UsageException("--for must be higher than zero and " + WINDOW_MAX.toHours() + "h at most", "\"" + Flags.text(parsed, "--for").get() + "\" was given", "write for example --for=5s");
        }
        return new BenchOptions(target, generator, said.getOrDefault(generator, ""),
                numbers(parsed, "--sessions", "1,2,4,8", Limits.SESSIONS_MAX), numbers(parsed, "--connections", "1,64", Limits.PAIRS_MAX),
                window, Flags.text(parsed, "--json"));
    }

    private static ForwardSpec spec(ParseResult parsed, List<String> words) throws UsageException {
        Optional<Path> kubeconfig;
        try {
            kubeconfig = Flags.text(parsed, "--kubeconfig").filter(text -> !text.isEmpty()).map(Path::of);
        } catch (InvalidPathException e) {
            throw new UsageException("invalid argument \"" + e.getInput() + "\" for --kubeconfig", e.getReason(), "name a file");
        }
        return new ForwardSpec(kubeconfig, Flags.text(parsed, "--context").filter(text -> !text.isEmpty()),
                Flags.text(parsed, "--namespace").filter(text -> !text.isEmpty()), words.getFirst(), List.of(":" + words.get(1)),
                List.of("127.0.0.1"), ForwardOptions.timeout(Flags.text(parsed, "--pod-running-timeout")), Limits.PAIRS_MAX, 1);
    }

    private static Map<Generator, String> generators(ParseResult parsed) throws UsageException {
        var said = new TreeMap<Generator, String>();
        Optional<String> path = Flags.text(parsed, "--http");
        if (path.isPresent()) {
            if (!path.get().matches("/[\\x21-\\x7e]*")) {
                throw new UsageException("invalid argument \"" + path.get() + "\" for --http", "a path begins with / and has neither blanks nor letters beyond"
                        + " ASCII", "write for example --http /healthz");
            }
            said.put(Generator.HTTP, path.get());
        }
        Optional<String> text = Flags.text(parsed, "--send");
        if (text.isPresent()) {
            said.put(Generator.SEND, bytes(text.get()));
        }
        for (var flag : Map.of("--echo", Generator.ECHO, "--source", Generator.SOURCE, "--sink", Generator.SINK).entrySet()) {
            if (parsed.matchedOptionValue(flag.getKey(), false)) {
                said.put(flag.getValue(), "");
            }
        }
        return said;
    }

    /// The bytes that `text` means, one char each; what is not escaped is UTF-8.
    static String bytes(String text) throws UsageException {
        var bytes = new StringBuilder();
        for (int at = 0; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c != '\\') {
                int next = text.offsetByCodePoints(at, 1);
                for (byte b : text.substring(at, next).getBytes(StandardCharsets.UTF_8)) {
                    bytes.append((char) (b & 0xff));
                }
                at = next - 1;
                continue;
            }
            char escape = ++at < text.length() ? text.charAt(at) : ' ';
            switch (escape) {
                case 'r' -> bytes.append('\r');
                case 'n' -> bytes.append('\n');
                case 't' -> bytes.append('\t');
                case '0' -> bytes.append('\0');
                case '\\' -> bytes.append('\\');
                case 'x' -> {
                    if (at + 3 > text.length() || !text.substring(at + 1, at + 3).matches("[0-9a-fA-F]{2}")) {
                        throw escape(text);
                    }
                    bytes.append((char) Integer.parseInt(text.substring(at + 1, at + 3), 16));
                    at += 2;
                }
                default -> throw escape(text);
            }
        }
        return bytes.toString();
    }

    private static UsageException escape(String text) {
        return new UsageException("invalid argument \"" + text + "\" for --send", "after a \\ stands none of r n t 0 \\ xHH",
                "write for example --send 'PING\\r\\n'");
    }

    private static List<Integer> numbers(ParseResult parsed, String flag, String otherwise, int most) throws UsageException {
        String list = Flags.text(parsed, flag).orElse(otherwise);
        var numbers = new TreeSet<Integer>();
        for (String word : list.split(",", -1)) {
            int number = word.strip().matches("[0-9]{1,6}") ? Integer.parseInt(word.strip()) : 0;
            if (number < 1 || number > most) {
                throw new UsageException("invalid argument \"" + list + "\" for " + flag, "\"" + word + "\" is not a number from 1 to " + most,
                        "write for example " + flag + "=" + otherwise);
            }
            numbers.add(number);
        }
        return List.copyOf(numbers);
    }
}

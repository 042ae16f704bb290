package io.fairlead.bench.record;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The raw data of a run's folder: `measurements.jsonl`, `jmh.json`, or both.
///
/// @param name of the folder
/// @param conditions how long each turn of `bench/peer` was and where, out of `setup.md`; "" where it does not say
/// @param others lines of `measurements.jsonl` that are no turns of `bench/peer`: those of `bench/isolation` and `bench/scale`
public record Run(String name, String conditions, List<Turn> turns, List<JsonNode> others, List<JmhScore> jmh) {
    private static final ObjectMapper JSON = new ObjectMapper();
    /// As `bench/peer` writes them.
    private static final Pattern TIMES = Pattern.compile("- rounds [0-9]+, ([0-9.]+ s measured after [0-9.]+ s of warm-up)");

    /// @throws IOException no such folder, neither file in it, or one that is empty or cut; the message says which, and the line
    public static Run read(Path folder) throws IOException {
        Path measurements = folder.resolve("measurements.jsonl");
        Path jmh = folder.resolve("jmh.json");
        if (!Files.isReadable(measurements) && !Files.isReadable(jmh)) {
            throw new IOException(whyNone(folder));
        }
        List<JsonNode> lines = Files.isReadable(measurements) ? lines(measurements) : List.of();
        return new Run(folder.toAbsolutePath().normalize().getFileName().toString(), conditions(folder),
                lines.stream().filter(Run::isTurn).map(Turn::of).toList(),
                lines.stream().filter(line -> !isTurn(line)).toList(), Files.isReadable(jmh) ? scores(jmh) : List.of());
    }

    private static String conditions(Path folder) throws IOException {
        String setup = setup(folder);
        Matcher times = TIMES.matcher(setup);
        return times.find() ? times.group(1) + (setup.contains("\n- servers beside the testbed") ? ", on the ideal testbed" : "") : "";
    }

    /// "" where there is none.
    private static String setup(Path folder) throws IOException {
        Path setup = folder.resolve("setup.md");
        return Files.isReadable(setup) ? Files.readString(setup) : "";
    }

    private static String whyNone(Path folder) throws IOException {
        String quoted = "\"" + folder + "\"";
        if (!Files.isDirectory(folder)) {
            return quoted + " is no folder; name one of those under jmh-results";
        }
        String command = setup(folder).replaceFirst("(?s).*- command: `(bench/[a-z]+).*", "$1");
        return command.startsWith("bench/") && command.length() < 30
                ? quoted + " is a run of " + command + ", whose figures stand in its summary.md and nowhere else: there is nothing to compare or to draw."
                        + " Name a folder of bench/peer, bench/jmh or bench/macro"
                : quoted + " is no run's folder: it holds neither measurements.jsonl, which bench/peer, bench/isolation and bench/scale write, nor"
                        + " jmh.json of bench/jmh and bench/macro; name one of those under jmh-results";
    }

    /// Those of one peer with one workload ({@link Turn#title}), in the order of rounds.
    public List<Turn> turns(String workloadTitle, String peer) {
        return turns.stream().filter(turn -> turn.title().equals(workloadTitle) && turn.peer().equals(peer)).toList();
    }

    /// Titles of the workloads, in the order of the file.
    public List<String> workloads() {
        return turns.stream().map(Turn::title).distinct().toList();
    }

    /// In the order of the file.
    public List<String> peers() {
        return turns.stream().map(Turn::peer).distinct().toList();
    }

    private static boolean isTurn(JsonNode line) {
        return line.has("workload") && line.has("peer");
    }

    private static List<JsonNode> lines(Path file) throws IOException {
        var lines = new ArrayList<JsonNode>();
        int number = 0;
        for (String line : Files.readAllLines(file)) {
            number++;
            if (line.isBlank()) {
                continue;
            }
            try {
                lines.add(JSON.readTree(line));
            } catch (JsonProcessingException e) {
                throw new IOException(file + ", line " + number + " is not whole: \"" + (line.length() > 60 ? line.substring(0, 60) + "..." : line)
                        + "\" is no JSON. A run that is killed leaves such a line: delete it, and the lines before count", e);
            }
        }
        if (lines.isEmpty()) {
            throw new IOException(file + " is empty: the run ended before its first measurement");
        }
        return lines;
    }

    private static List<JmhScore> scores(Path file) throws IOException {
        List<JmhScore> scores;
        try {
            scores = JmhScore.all(JSON.readTree(file.toFile()));
        } catch (JsonProcessingException e) {
            throw new IOException(file + " is not whole: no JSON from its line " + e.getLocation().getLineNr() + " on; repeat the run", e);
        }
        if (scores.isEmpty()) {
            throw new IOException(file + " holds no score: the run ended before its first benchmark");
        }
        return scores;
    }
}

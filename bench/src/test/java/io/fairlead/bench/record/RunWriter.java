package io.fairlead.bench.record;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;

/// Writes a `measurements.jsonl` of invented figures, in the format of the peer run.
public final class RunWriter {
    private static final ObjectMapper JSON = new ObjectMapper();
    private final StringJoiner lines = new StringJoiner("\n", "", "\n");

    public RunWriter bulk(String workload, String peer, double... megabytesPerSecond) {
        for (int i = 0; i < megabytesPerSecond.length; i++) {
            line(turn(workload, peer, i + 1, "cpu_s_per_GB", 1000 / megabytesPerSecond[i]), Map.of("mode", "download", "MB_per_s",
                    megabytesPerSecond[i], "ops_per_s", 0.0,
                    "ops", 0, "errors", Map.of()));
        }
        return this;
    }

    public RunWriter exchanges(String workload, String peer, double... opsPerSecond) {
        for (int i = 0; i < opsPerSecond.length; i++) {
            double micros = 64e6 / opsPerSecond[i];
            line(turn(workload, peer, i + 1, "cpu_us_per_op", 5e5 / opsPerSecond[i]), Map.of("mode", "rr", "MB_per_s",
                    opsPerSecond[i] * 64 / 1e6, "ops_per_s", opsPerSecond[i],
                    "ops", (long) (5 * opsPerSecond[i]), "errors", Map.of(),
                    "latency_us", Map.of("p50", micros, "p90", 1.5 * micros, "p99", 4 * micros, "p99.9", 6 * micros, "max", 9 * micros)));
        }
        return this;
    }

    public RunWriter failed(String workload, String peer, int round, String failure) {
        Map<String, Object> turn = turn(workload, peer, round, "", 0);
        turn.put("failure", failure);
        turn.put("parts", List.of());
        lines.add(text(turn));
        return this;
    }

    public RunWriter line(Map<String, Object> turn, Map<String, Object> part) {
        turn.put("parts", List.of(part));
        lines.add(text(turn));
        return this;
    }

    public static Map<String, Object> turn(String workload, String peer, int round, String figure, double value) {
        var turn = new LinkedHashMap<String, Object>(Map.of("peer", peer, "workload", workload, "round", round, "failure", "", "died_with", ""));
        if (!figure.isEmpty()) {
            turn.put(figure, value);
        }
        return turn;
    }

    public Path write(Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("measurements.jsonl"), lines.toString());
        return folder;
    }

    private static String text(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}

package io.fairlead.bench.record;

import com.fasterxml.jackson.databind.JsonNode;
import io.fairlead.bench.peer.ProcessTree;
import io.fairlead.testbed.load.Mode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/// One line of `measurements.jsonl`: what one peer did with one workload in one round.
///
/// @param rttMillis of the delaying relay between forwarder and API server; 0 without one, and in runs that are older than it
/// @param failure how the peer failed to run at all, or ""
/// @param line everything else, as it was written
public record Turn(String workload, double rttMillis, String peer, int round, String failure, JsonNode line) {
    private static final Set<String> BULK = Arrays.stream(Mode.values()).filter(Mode::isBulk).map(Mode::toString)
            .collect(Collectors.toUnmodifiableSet());

    static Turn of(JsonNode line) {
        return new Turn(line.path("workload").asText(), line.path("rtt_ms").asDouble(0), line.path("peer").asText(), line.path("round").asInt(),
                line.path("failure").asText(""), line);
    }

    /// The workload as a title: with its round trip, if there is one.
    public String title() {
        return rttMillis == 0 ? workload : workload + ", RTT " + (rttMillis == Math.rint(rttMillis) ? Long.toString((long) rttMillis)
                : Double.toString(rttMillis)) + " ms";
    }

    public boolean ran() {
        return failure.isEmpty() && !line.path("parts").isEmpty();
    }

    /// Moves bytes for their own sake, in one of its parts.
    public boolean isBulk() {
        return parts().stream().map(part -> part.path("mode").asText()).anyMatch(BULK::contains);
    }

    /// Times exchanges, in its first part.
    public boolean isTimed() {
        return first().has("latency_us");
    }

    /// Its first part sends on a schedule.
    public boolean isOpenLoop() {
        return first().path("mode").asText().equals("rr-open");
    }

    /// Its process spent less CPU time than the kernel's clock can tell, {@link ProcessTree#CPU_SECONDS_MIN}. What is no process, as `raw`, has a finer
    /// clock; runs that are older than the record of CPU time are believed.
    public boolean isBelowCpuClock() {
        return line.has("rss_peak_MB") && line.path("cpu_s").asDouble(ProcessTree.CPU_SECONDS_MIN) < ProcessTree.CPU_SECONDS_MIN;
    }

    /// Errors of all parts, and one if it failed to run or ended by itself.
    public long errors() {
        long errors = ran() && line.path("died_with").asText("").isEmpty() ? 0 : 1;
        for (JsonNode part : parts()) {
            for (JsonNode count : part.path("errors")) {
                errors += count.asLong();
            }
        }
        return errors;
    }

    /// Points (percentile below 100, microseconds) of the first part's latencies, in order. Old runs have four of them.
    public List<double[]> percentiles() {
        JsonNode latency = first().path("latency_us");
        var points = new ArrayList<double[]>();
        for (JsonNode point : latency.path("percentiles")) {
            add(points, point.path(0).asDouble(), point.path(1).asDouble());
        }
        if (points.isEmpty()) {
            for (String name : List.of("p50", "p90", "p99", "p99.9")) {
                if (latency.has(name)) {
                    add(points, Double.parseDouble(name.substring(1)), latency.path(name).asDouble());
                }
            }
        }
        // Past one in as many as there were, a percentile is the maximum once more.
        long ops = first().path("ops").asLong(Long.MAX_VALUE);
        points.removeIf(point -> 1 / (1 - point[0] / 100) > Math.max(ops, 2));
        return points;
    }

    JsonNode first() {
        return line.path("parts").path(0);
    }

    List<JsonNode> parts() {
        var parts = new ArrayList<JsonNode>();
        line.path("parts").forEach(parts::add);
        return parts;
    }

    private static void add(List<double[]> points, double percentile, double micros) {
        boolean onwards = points.isEmpty() || percentile > points.getLast()[0];
        if (onwards && percentile < 100 && micros > 0) {
            points.add(new double[] {percentile, micros});
        }
    }
}

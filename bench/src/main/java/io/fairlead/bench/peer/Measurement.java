package io.fairlead.bench.peer;

import io.fairlead.testbed.load.LoadResult;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What one peer did with one workload in one turn.
///
/// @param failure how it failed to run at all, or ""
/// @param results one for each part of the workload; empty if it failed
/// @param cpuSeconds of the forwarder in the window; NaN where there is none
/// @param residentPeakMegabytes NaN where there is no process
/// @param startMillis from its start to its `Forwarding` line; NaN where there is no process
/// @param diedWith its last lines if it ended by itself during the work, else ""
record Measurement(String peer, String workload, int round, String failure, List<LoadResult> results, double cpuSeconds,
        double residentPeakMegabytes, double startMillis, String diedWith) {

    static Measurement failed(String peer, String workload, int round, String failure) {
        return new Measurement(peer, workload, round, failure, List.of(), Double.NaN, Double.NaN, Double.NaN, "");
    }

    boolean ran() {
        return failure.isEmpty();
    }

    double megabytesPerSecond() {
        return ran() ? results.stream().mapToDouble(LoadResult::megabytesPerSecond).sum() : Double.NaN;
    }

    double opsPerSecond() {
        return ran() ? results.getFirst().opsPerSecond() : Double.NaN;
    }

    double latencyMicros(double percentile) {
        return ran() && results.getFirst().latency().getTotalCount() > 0 ? results.getFirst().micros(percentile) : Double.NaN;
    }

    double cpuSecondsPerGigabyte() {
        return cpuSeconds / (megabytesPerSecond() * results.getFirst().seconds() / 1e3);
    }

    double cpuMicrosPerOp() {
        return cpuSeconds / results.getFirst().ops() * 1e6;
    }

    long errors() {
        return results.stream().mapToLong(LoadResult::errorCount).sum() + (ran() && diedWith.isEmpty() ? 0 : 1);
    }

    Map<String, Object> values() {
        var all = new LinkedHashMap<String, Object>();
        all.put("peer", peer);
        all.put("workload", workload);
        all.put("round", round);
        all.put("failure", failure);
        all.put("died_with", diedWith);
        put(all, "cpu_s", cpuSeconds);
        if (ran()) {
            put(all, "cpu_s_per_GB", cpuSecondsPerGigabyte());
            put(all, "cpu_us_per_op", cpuMicrosPerOp());
        }
        put(all, "rss_peak_MB", residentPeakMegabytes);
        put(all, "start_ms", startMillis);
        all.put("parts", results.stream().map(LoadResult::values).toList());
        return all;
    }

    private static void put(Map<String, Object> all, String name, double value) {
        if (Double.isFinite(value)) {
            all.put(name, Math.round(value * 1000) / 1000.0);
        }
    }
}

package io.fairlead.bench.peer;

import io.fairlead.testbed.load.LoadResult;
import io.fairlead.testbed.load.Unanswered;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What one peer did with one workload in one turn.
///
/// @param failure how it failed to run at all, or ""
/// @param results one for each part of the workload; empty if it failed
/// @param cpu of the forwarder in the window
/// @param residentPeakMegabytes NaN where there is no process
/// @param startMillis from its start until it forwards, by its own word; NaN where there is no process
/// @param firstByteMillis from its start to the first byte that came back from the pod's echo; NaN where there is no process
/// @param diedWith its last lines if it ended by itself during the work, else ""
record Measurement(Turn turn, String failure, List<LoadResult> results, CpuTime cpu, double residentPeakMegabytes, double startMillis,
        double firstByteMillis, String diedWith) {

    static Measurement failed(Turn turn, String failure) {
        return new Measurement(turn, failure, List.of(), CpuTime.NONE, Double.NaN, Double.NaN, Double.NaN, "");
    }

    /// Of a path that is no process of its own.
    static Measurement ofPath(Turn turn, List<LoadResult> results, CpuTime cpu) {
        return new Measurement(turn, "", results, cpu, Double.NaN, Double.NaN, Double.NaN, "");
    }

    String peer() {
        return turn.peer();
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
        return ran() ? cpu.total() / (megabytesPerSecond() * results.getFirst().seconds() / 1e3) : Double.NaN;
    }

    /// NaN where several parts exchange something, as nobody knows on which of them the time was spent.
    double cpuMicrosPerOp() {
        return ran() && results.stream().filter(result -> result.ops() > 0).count() == 1 ? cpu.total() / results.getFirst().ops() * 1e6 : Double.NaN;
    }

    /// Its process spent less CPU time than the kernel's clock can tell; what is no process has a finer clock.
    boolean isBelowCpuClock() {
        return Double.isFinite(residentPeakMegabytes) && cpu.total() < ProcessTree.CPU_SECONDS_MIN;
    }

    long errors() {
        return results.stream().mapToLong(LoadResult::errorCount).sum() + (ran() && diedWith.isEmpty() ? 0 : 1);
    }

    /// Exchanges of the measured part that had waited for more than a second when the window ended: what a freeze looks like.
    long unanswered() {
        return ran() ? results.getFirst().outcomes().getOrDefault(Unanswered.OUTCOME, 0L) : 0;
    }

    /// The turn and what it came to, in a line.
    String text() {
        return String.format(Locale.ROOT, "%-14s %-12s %s", turn.title(), peer(), ran() ? figures() : "failed: " + failure);
    }

    private String figures() {
        return (turn.workload().isBulk() ? String.format(Locale.ROOT, "%8.1f MB/s", megabytesPerSecond()) : "")
                + (Double.isFinite(latencyMicros(50)) ? String.format(Locale.ROOT, "%10.1f op/s  p50 %8.0f us  p99 %8.0f us", opsPerSecond(),
                        latencyMicros(50), latencyMicros(99)) : "")
                + (Double.isFinite(cpu.total()) ? String.format(Locale.ROOT, "  cpu %.2f s", cpu.total()) : "") + "  errors " + errors();
    }

    Map<String, Object> values() {
        var all = new LinkedHashMap<String, Object>();
        all.put("peer", peer());
        all.put("workload", turn.workload().name());
        all.put("rtt_ms", turn.rttMillis());
        all.put("round", turn.round());
        all.put("failure", failure);
        all.put("died_with", diedWith);
        put(all, "cpu_s", cpu.total());
        put(all, "cpu_user_s", cpu.user());
        put(all, "cpu_system_s", cpu.system());
        put(all, "cpu_s_per_GB", cpuSecondsPerGigabyte());
        put(all, "cpu_us_per_op", cpuMicrosPerOp());
        put(all, "rss_peak_MB", residentPeakMegabytes);
        put(all, "start_ms", startMillis);
        put(all, "first_byte_ms", firstByteMillis);
        all.put("errors", errors());
        all.put("unanswered", unanswered());
        all.put("parts", results.stream().map(LoadResult::values).toList());
        return all;
    }

    private static void put(Map<String, Object> all, String name, double value) {
        if (Double.isFinite(value)) {
            all.put(name, Math.round(value * 1000) / 1000.0);
        }
    }
}

package io.fairlead.cli.bench;

import io.fairlead.engine.Forward;
import io.fairlead.testbed.load.Load;
import io.fairlead.testbed.load.LoadResult;
import io.fairlead.testbed.load.LoadSpec;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.DoubleSummaryStatistics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.HdrHistogram.Histogram;

/// What one item came to on one path.
///
/// @param sessions of the forward; 0 for the direct path
/// @param sessionsUp how many there were when the window began, those included that took no new connections any more
/// @param sessionsUpAtEnd and when it ended
/// @param acceptPauses times the forward stopped accepting in the window, as its bound of connections was reached or file handles ran out
/// @param generatorSeconds CPU time of the generator's one thread
/// @param latency of the operations; empty for bulk
/// @param errors by kind, warm-up included
/// @param outcomes of note, such as what was never answered
public record Figure(
        Item item,
        int sessions,
        long sessionsUp,
        long sessionsUpAtEnd,
        long acceptPauses,
        double seconds,
        long opened,
        double opsPerSecond,
        double megabytesPerSecond,
        Optional<Latency> latency,
        Cpu cpu,
        double generatorSeconds,
        Map<String, Long> errors,
        Map<String, Long> outcomes) {

    /// In microseconds.
    public record Latency(long count, double mean, double p50, double p90, double p99, double p999, double max) {
        static Optional<Latency> of(Histogram nanos) {
            return nanos.getTotalCount() == 0 ? Optional.empty() : Optional.of(new Latency(nanos.getTotalCount(), nanos.getMean() / 1e3,
                    at(nanos, 50), at(nanos, 90), at(nanos, 99), at(nanos, 99.9), nanos.getMaxValue() / 1e3));
        }

        private static double at(Histogram nanos, double percentile) {
            return nanos.getValueAtPercentile(percentile) / 1e3;
        }
    }

    public static final int DIRECT = 0;
    /// Share of the window from which on a thread is full.
    static final double BUSY_THREAD = 0.85;

    /// Measures. Blocks for warm-up and window, and for opening the connections.
    ///
    /// @param forward empty on the direct path
    public static Figure measure(Item item, InetSocketAddress target, int sessions, Optional<Forward> forward, Duration warmup, Duration window)
            throws InterruptedException {
        var watch = new CpuWatch(forward);
        LoadSpec spec = item.load(target, warmup, window).with("direct", Boolean.toString(forward.isEmpty()));
        LoadResult result = Load.run(List.of(spec), watch).getFirst();
        return new Figure(item, sessions, watch.sessionsAtBegin(), watch.sessionsAtEnd(), watch.acceptPauses(),
                result.seconds(), result.opened(), result.opsPerSecond(), result.megabytesPerSecond(),
                item.kind().bulk() ? Optional.empty() : Latency.of(result.latency()), watch.cpu(), result.generatorCpuSeconds(),
                result.errors(), result.outcomes());
    }

    public boolean isDirect() {
        return sessions == DIRECT;
    }

    /// What more is better of: MB/s of bulk, else operations per second.
    public double score() {
        return item.kind().bulk() ? megabytesPerSecond : opsPerSecond;
    }

    public long errorCount() {
        return errors.values().stream().mapToLong(Long::longValue).sum();
    }

    public double p50() {
        return latency.map(Latency::p50).orElse(Double.NaN);
    }

    /// Whether the generator's one thread was full, so that the path may carry more.
    boolean isOfGenerator() {
        return generatorSeconds >= BUSY_THREAD * seconds;
    }

    /// More sessions than were asked for: the engine opens another one beside one that is stalled.
    boolean hadMoreSessions() {
        return !isDirect() && sessionsMost() > sessions;
    }

    long sessionsMost() {
        return Math.max(sessionsUp, sessionsUpAtEnd);
    }

    /// `direct`, `1 session`, `8 sessions (5 up)`, `1 session (2 up)`.
    public String path() {
        return asked() + (hadMoreSessions() ? " (" + sessionsMost() + " up)" : sessionsUp < sessions ? " (" + sessionsUp + " up)" : "");
    }

    /// `direct`, `1 session`, `8 sessions`.
    String asked() {
        return switch (sessions) {
            case DIRECT -> "direct";
            case 1 -> "1 session";
            default -> sessions + " sessions";
        };
    }

    /// One figure for each item and path, in the order of the first: of those with errors the first, as they are to be told; else the best.
    static List<Figure> bestOfEach(List<Figure> measured) {
        record Place(Item item, int sessions) {}
        var best = new LinkedHashMap<Place, Figure>();
        measured.forEach(figure -> best.merge(new Place(figure.item, figure.sessions), figure, Figure::better));
        return List.copyOf(best.values());
    }

    /// How many times the worst of the figures of an item on a path the best one is; NaN where there is one alone, or with errors.
    static double ratio(List<Figure> sameItemAndPath) {
        DoubleSummaryStatistics scores = sameItemAndPath.stream().mapToDouble(Figure::score).summaryStatistics();
        boolean comparable = sameItemAndPath.size() > 1 && scores.getMax() > 0
                && sameItemAndPath.stream().allMatch(figure -> figure.errorCount() == 0);
        return comparable ? scores.getMax() / scores.getMin() : Double.NaN;
    }

    boolean isSameItemAndPath(Figure other) {
        return item.equals(other.item) && sessions == other.sessions;
    }

    private Figure better(Figure later) {
        boolean keep = errorCount() > 0 || later.errorCount() == 0 && score() >= later.score();
        return keep ? this : later;
    }

    /// @param direct the same item on the direct path, or null
    /// @param counts whether this is the one of its item and path that counts
    /// @param ratio see {@link #ratio}
    Map<String, Object> json(Figure direct, boolean counts, double ratio) {
        var all = new LinkedHashMap<String, Object>();
        all.put("what", item.kind().name().toLowerCase(Locale.ROOT));
        all.put("mode", item.mode().toString());
        all.put("port", item.port());
        all.put("connections", item.connections());
        all.put("path", isDirect() ? "direct" : "forward");
        if (!isDirect()) {
            all.put("sessions", sessions);
            all.put("sessions_up", sessionsUp);
            all.put("sessions_up_at_end", sessionsUpAtEnd);
            all.put("accept_pauses", acceptPauses);
        }
        all.put("counts", counts);
        if (counts && Double.isFinite(ratio)) {
            all.put("passes_ratio", round(ratio));
        }
        all.put("seconds", round(seconds));
        all.put("opened", opened);
        all.put("ops_per_s", round(opsPerSecond));
        all.put("MB_per_s", round(megabytesPerSecond));
        latency.ifPresent(times -> {
            var us = new LinkedHashMap<String, Object>();
            us.put("count", times.count);
            us.put("mean", round(times.mean));
            us.put("p50", round(times.p50));
            us.put("p90", round(times.p90));
            us.put("p99", round(times.p99));
            us.put("p99.9", round(times.p999));
            us.put("max", round(times.max));
            all.put("latency_us", us);
            if (!isDirect() && direct != null && direct.latency.isPresent()) {
                all.put("added_p50_us", round(p50() - direct.p50()));
            }
        });
        var cpuTimes = new LinkedHashMap<String, Object>();
        cpuTimes.put("loops_s", round(cpu.loopsSeconds()));
        cpuTimes.put("busiest_loop", round(cpu.busiestLoop()));
        cpuTimes.put("generator_s", round(generatorSeconds));
        cpuTimes.put("generator_full", isOfGenerator());
        cpuTimes.put("process_s", round(cpu.processSeconds()));
        if (!Double.isNaN(cpu.busiestOfCluster())) {
            cpuTimes.put("busiest_of_cluster", round(cpu.busiestOfCluster()));
        }
        if (!Double.isNaN(cpu.machine())) {
            cpuTimes.put("machine", round(cpu.machine()));
        }
        all.put("cpu", cpuTimes);
        all.put("errors", errors);
        all.put("outcomes", outcomes);
        return all;
    }

    static double round(double value) {
        return Math.round(value * 1000) / 1000.0;
    }
}

package io.fairlead.bench.peer;

import java.util.Locale;

/// A line on standard error for each turn that has been done, with the time that is left: the rest of the turns, each as long as those until now were
/// on average. The first few say little of the others, so the estimate weighs as much as ten turns.
final class Progress {
    private static final int ESTIMATE_TURNS = 10;

    private final int turns;
    private final double estimatedSeconds;
    private final long begunNanos = System.nanoTime();
    private int done;

    /// @param estimatedSeconds of a turn
    Progress(int turns, double estimatedSeconds) {
        this.turns = turns;
        this.estimatedSeconds = estimatedSeconds;
    }

    void done(Measurement measured, String note) {
        done++;
        long left = Math.round(secondsLeft(done, (System.nanoTime() - begunNanos) / 1e9));
        System.err.printf(Locale.ROOT, "%3d/%d  %-14s %-12s %s%s   %d:%02d left%n", done, turns, measured.turn().title(), measured.peer(), note,
                measured.ran() ? figures(measured) : "failed: " + measured.failure(), left / 60, left % 60);
    }

    private static String figures(Measurement measured) {
        return (measured.turn().workload().isBulk() ? String.format(Locale.ROOT, "%8.1f MB/s", measured.megabytesPerSecond()) : "")
                + (Double.isFinite(measured.latencyMicros(50)) ? String.format(Locale.ROOT, "%10.1f op/s  p50 %8.0f us  p99 %8.0f us",
                        measured.opsPerSecond(), measured.latencyMicros(50), measured.latencyMicros(99)) : "")
                + (Double.isFinite(measured.cpu().total()) ? String.format(Locale.ROOT, "  cpu %.2f s", measured.cpu().total()) : "")
                + "  errors " + measured.errors();
    }

    double secondsLeft(int turnsDone, double seconds) {
        return (seconds + ESTIMATE_TURNS * estimatedSeconds) / (turnsDone + ESTIMATE_TURNS) * (turns - turnsDone);
    }
}

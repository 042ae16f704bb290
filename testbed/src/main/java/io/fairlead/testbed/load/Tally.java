package io.fairlead.testbed.load;

import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;

/// What one workload has counted. Thread: its event loop; another thread may read it once the loop has come to rest.
final class Tally {
    long bytes;
    long ops;
    long verifiedBytes;
    /// Longest time in the window in which one bulk connection moved nothing.
    long silenceNanosMax;
    final Histogram latencyNanos = new Histogram(3);
    /// Errors of the whole run, warm-up included, by kind: an error is never forgotten at the start of the window.
    final Map<String, Long> errors = new TreeMap<>();
    final Map<String, Long> outcomes = new TreeMap<>();

    /// The measured window starts here.
    void begin() {
        bytes = 0;
        ops = 0;
        silenceNanosMax = 0;
        latencyNanos.reset();
    }

    void op(long nanos) {
        ops++;
        latencyNanos.recordValue(Math.max(0, nanos));
    }

    /// The window has ended, with this still unanswered.
    void unanswered(Unanswered waits) {
        long waitedLong = waits.recordIn(latencyNanos);
        if (waitedLong > 0) {
            outcomes.merge(Unanswered.OUTCOME, waitedLong, Long::sum);
        }
    }

    void error(String kind) {
        errors.merge(kind, 1L, Long::sum);
    }

    void outcome(String kind) {
        outcomes.merge(kind, 1L, Long::sum);
    }
}

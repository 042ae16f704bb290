package io.fairlead.engine.supervise;

import io.fairlead.engine.Limits;
import java.util.function.DoubleSupplier;

/// Pauses between attempts: {@link Limits#BACKOFF_FIRST_NANOS}, then twice as long each time up to {@link Limits#BACKOFF_MAX_NANOS}, of which
/// a random half is taken off, so that the clients of a restarted API server do not come back all at once. One thread.
final class Backoff {
    private final DoubleSupplier random;
    private int attempt;

    /// @param random numbers in `[0, 1)`
    Backoff(DoubleSupplier random) {
        this.random = random;
    }

    /// Attempts so far.
    int attempt() {
        return attempt;
    }

    long nextNanos() {
        long whole = Math.min(Limits.BACKOFF_MAX_NANOS, Limits.BACKOFF_FIRST_NANOS << Math.min(attempt, 20));
        attempt++;
        return whole - (long) (whole / 2 * random.getAsDouble());
    }
}

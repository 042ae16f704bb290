package io.fairlead.engine.testkit;

import java.util.concurrent.TimeUnit;

/// A clock that moves by hand.
public final class FakeClock {
    private long nanos = TimeUnit.HOURS.toNanos(1);

    public long nowNanos() {
        return nanos;
    }

    public void advanceNanos(long by) {
        nanos += by;
    }

    public void advanceMillis(long by) {
        advanceNanos(TimeUnit.MILLISECONDS.toNanos(by));
    }
}

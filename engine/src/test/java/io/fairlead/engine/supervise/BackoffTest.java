package io.fairlead.engine.supervise;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.engine.Limits;
import org.junit.jupiter.api.Test;

class BackoffTest {
    @Test
    void pausesDoubleUpToTheLongest() {
        var backoff = new Backoff(() -> 0);
        long expected = Limits.BACKOFF_FIRST_NANOS;
        for (int i = 0; i < 100; i++) {
            assertEquals(i, backoff.attempt());
            assertEquals(expected, backoff.nextNanos());
            expected = Math.min(Limits.BACKOFF_MAX_NANOS, expected * 2);
        }
    }

    @Test
    void atMostHalfIsTakenOff() {
        var backoff = new Backoff(() -> Math.nextDown(1.0));
        long pause = backoff.nextNanos();
        assertTrue(pause >= Limits.BACKOFF_FIRST_NANOS / 2 && pause < Limits.BACKOFF_FIRST_NANOS / 2 + 2, "" + pause);
    }
}

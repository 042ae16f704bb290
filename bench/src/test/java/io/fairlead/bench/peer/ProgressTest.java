package io.fairlead.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ProgressTest {
    private final Progress progress = new Progress(100, 7);

    @Test
    void turnsThatTakeWhatWasEstimatedLeaveTheEstimate() {
        assertEquals(99 * 7.0, progress.secondsLeft(1, 7), 1e-9);
        assertEquals(0, progress.secondsLeft(100, 700), 1e-9);
    }

    @Test
    void oneSlowTurnDoesNotPromiseALongRunAndManyDo() {
        assertEquals((27.0 + 70) / 11 * 99, progress.secondsLeft(1, 27), 1e-9);
        assertEquals((27.0 * 90 + 70) / 100 * 10, progress.secondsLeft(90, 27 * 90), 1e-9);
    }
}

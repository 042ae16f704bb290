package io.fairlead.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RepeatsTest {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    private final Repeats repeats = new Repeats();

    @Test
    void theFirstOfASecondAreShownAndTheRestCounted() {
        for (int i = 0; i < Repeats.SHOWN_PER_SECOND; i++) {
            assertTrue(repeats.show("no " + i, i));
        }
        assertFalse(repeats.show("six", 6));
        assertFalse(repeats.show("seven", 7));
        assertEquals(Optional.empty(), repeats.due(SECOND - 1));
        assertEquals(Optional.of("2 more like this within a second; the last: seven"), repeats.due(SECOND));
        assertEquals(Optional.empty(), repeats.due(SECOND));
        assertTrue(repeats.show("next second", SECOND + 1));
    }

    @Test
    void aSecondWithFewMessagesEndsWithoutACount() {
        assertTrue(repeats.show("one", 0));
        assertEquals(Optional.empty(), repeats.due(SECOND));
    }

    @Test
    void timeMayBeNegativeAndWrapAround() {
        long start = Long.MAX_VALUE - 10;
        for (int i = 0; i <= Repeats.SHOWN_PER_SECOND; i++) {
            repeats.show("x", start);
        }
        assertEquals(Optional.empty(), repeats.due(start + 100));
        assertEquals(Optional.of("1 more like this within a second; the last: x"), repeats.due(start + SECOND));
    }
}

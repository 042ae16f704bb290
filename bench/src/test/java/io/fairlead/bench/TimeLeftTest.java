package io.fairlead.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Locale;
import org.junit.jupiter.api.Test;

class TimeLeftTest {
    private final TimeLeft left = new TimeLeft("path", 4);
    private final TimeLeft estimated = new TimeLeft("peer", 101, 6);

    @Test
    void theOthersTakeAsLongAsThoseUntilNow() {
        assertEquals("path: 1 of 4 turns, 1:46 left", left.text(1, 35.2));
        assertEquals("path: 3 of 4 turns, 0:40 left", left.text(3, 120));
        assertEquals("path: 4 of 4 turns, 0:00 left", left.text(4, 150));
    }

    @Test
    void turnsThatTakeWhatWasEstimatedLeaveTheEstimate() {
        assertEquals("peer:   1 of 101 turns, 10:00 left", estimated.text(1, 6));
        assertEquals("peer: 101 of 101 turns, 0:00 left", estimated.text(101, 606));
    }

    @Test
    void oneSlowTurnDoesNotPromiseALongRunAndManyDo() {
        assertEquals("peer:   1 of 101 turns, 13:20 left", estimated.text(1, 28)); // (28 + 60) / 11 for each of 100
        assertEquals("peer:  90 of 101 turns, 4:44 left", estimated.text(90, 28 * 90));
    }

    @Test
    void theLanguageOfTheMachineChangesNoFigure() {
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag("ar-EG"));
        try {
            assertEquals("path: 1 of 4 turns, 1:46 left", left.text(1, 35.2));
        } finally {
            Locale.setDefault(before);
        }
    }
}

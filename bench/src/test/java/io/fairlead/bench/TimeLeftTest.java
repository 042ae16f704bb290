package io.fairlead.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Locale;
import org.junit.jupiter.api.Test;

class TimeLeftTest {
    private final TimeLeft left = new TimeLeft("path", 4);

    @Test
    void theOthersTakeAsLongAsThoseUntilNow() {
        assertEquals("path: 1 of 4 turns, 106 s left", left.text(1, 35.2));
        assertEquals("path: 3 of 4 turns, 40 s left", left.text(3, 120));
        assertEquals("path: 4 of 4 turns, 0 s left", left.text(4, 150));
    }

    @Test
    void theLanguageOfTheMachineChangesNoFigure() {
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag("ar-EG"));
        try {
            assertEquals("path: 1 of 4 turns, 106 s left", left.text(1, 35.2));
        } finally {
            Locale.setDefault(before);
        }
    }
}

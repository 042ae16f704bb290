package io.fairlead.engine.listen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.engine.Limits;
import org.junit.jupiter.api.Test;

class HandleShortageTest {
    private final HandleShortage shortage = new HandleShortage();

    @Test
    void aShortageThatComesAndGoesIsOnePieceOfNews() {
        long now = -5;
        assertFalse(shortage.isOver(now));
        int told = 0;
        for (int i = 0; i < 30; i++) {
            told += shortage.failed(now) ? 1 : 0;
            now += Limits.ACCEPT_PAUSE_NANOS;
            assertFalse(shortage.isOver(now));
        }
        assertEquals(1, told);
        now += Limits.ACCEPT_CALM_NANOS;
        assertTrue(shortage.isOver(now));
        assertFalse(shortage.isOver(now), "told already");
        assertTrue(shortage.failed(now), "a new one");
    }
}

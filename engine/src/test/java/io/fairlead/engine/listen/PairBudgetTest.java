package io.fairlead.engine.listen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PairBudgetTest {
    private final PairBudget budget = new PairBudget(2);
    private final List<String> resumed = new ArrayList<>();

    @Test
    void itIsFullAtItsLimitAndHasRoomWhenOneHasGone() {
        budget.accepted();
        assertFalse(budget.isFull());
        budget.accepted();
        assertTrue(budget.isFull());
        budget.gone();
        assertFalse(budget.isFull());
        assertEquals(1, budget.open());
        assertEquals(2, budget.acceptedTotal());
    }

    @Test
    void thatItIsFullIsNewsOnceHoweverManyListenersSeeIt() {
        assertTrue(budget.isFullNews());
        assertFalse(budget.isFullNews());
    }

    @Test
    void everyListenerThatPausedGoesOn() {
        budget.accepted();
        budget.accepted();
        budget.paused(() -> resumed.add("127.0.0.1"));
        budget.paused(() -> resumed.add("::1"));
        assertEquals(List.of(), resumed);
        budget.gone();
        assertEquals(List.of("127.0.0.1", "::1"), resumed);
        budget.gone();
        assertEquals(2, resumed.size(), "once each");
        assertEquals(2, budget.pausesTotal());
    }

    @Test
    void aListenerThatPausesAfterRoomWasMadeGoesOnAtOnce() {
        budget.accepted();
        budget.paused(() -> resumed.add("127.0.0.1"));
        assertEquals(List.of("127.0.0.1"), resumed);
    }

    @Test
    void aListenerThatPausesAgainWhileItIsToldIsNotToldWithoutEnd() {
        for (int i = 0; i < 4; i++) {
            budget.accepted();
        }
        budget.paused(new Runnable() {
            @Override
            public void run() {
                resumed.add("told");
                budget.paused(this);
            }
        });
        budget.gone();
        assertEquals(1, resumed.size());
    }
}

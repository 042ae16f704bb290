package io.fairlead.testbed.load;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class UnansweredTest {
    private final Histogram latency = new Histogram(3);
    private final Unanswered waits = new Unanswered();

    @Test
    void whatWaitedForLessThanTheMedianIsOnlyOnItsWay() {
        answered(3, 10);
        waits.add(millis(9));
        waits.add(millis(11));
        assertEquals(0, waits.recordIn(latency));
        assertEquals(4, latency.getTotalCount());
    }

    @Test
    void whatWaitedForMoreThanASecondIsASampleWhateverTheMedian() {
        answered(3, 5000);
        waits.add(millis(900));
        waits.add(millis(1100));
        assertEquals(1, waits.recordIn(latency));
        assertEquals(4, latency.getTotalCount());
    }

    @Test
    void theMedianIsThatOfTheAnsweredAlone() {
        answered(1, 10);
        for (int i = 20; i > 10; i--) { // the longest first: each would lift the median above the next
            waits.add(millis(i));
        }
        waits.recordIn(latency);
        assertEquals(11, latency.getTotalCount());
    }

    @Test
    void whereNothingWasAnsweredAllIsCounted() {
        waits.add(millis(1));
        waits.recordIn(latency);
        assertEquals(1, latency.getTotalCount());
    }

    private void answered(int count, long millis) {
        latency.recordValueWithCount(millis(millis), count);
    }

    private static long millis(long millis) {
        return millis * 1_000_000;
    }
}

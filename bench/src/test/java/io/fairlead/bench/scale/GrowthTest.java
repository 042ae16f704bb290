package io.fairlead.bench.scale;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fairlead.bench.peer.ProcessFacts;
import org.junit.jupiter.api.Test;

class GrowthTest {
    private final Growth growth = new Growth(facts(99, 47));

    @Test
    void whatTheFirstTenthTookIsNoGrowth() {
        growth.add(50_000, facts(180, 49));
        growth.add(100_000, facts(150, 51));
        growth.add(550_000, facts(160, 90));
        growth.add(1_000_000, facts(150, 51));
        assertEquals("after the first 100,000: resident 150 MB, then 150 to 160, 150 at the end: +0 MB, +0.0 MB per 100,000;"
                + " handles 47 before the first connection, 51 9 s after the last (at most 90 between)", growth.upTo(facts(150, 51), 9));
    }

    @Test
    void aLeakShowsAsSlopeAndHandles() {
        for (int tenth = 1; tenth <= 10; tenth++) {
            growth.add(tenth * 100_000L, facts(150 + 3 * tenth, 50 + 2 * tenth));
        }
        assertEquals("after the first 100,000: resident 153 MB, then 153 to 180, 180 at the end: +27 MB, +3.0 MB per 100,000;"
                + " handles 47 before the first connection, 69 2 s after the last (at most 70 between)", growth.upTo(facts(180, 69), 2));
    }

    private static ProcessFacts facts(double megabytes, int handles) {
        return new ProcessFacts(megabytes, megabytes, handles, 20, 1);
    }
}

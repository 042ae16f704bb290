package io.fairlead.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fairlead.engine.ForwardStats;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class DemoViewTest {
    private static final ForwardStats STATS = new ForwardStats(21, 6, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0);

    private static DemoTraffic.Sample sample(int roundTrips) {
        Histogram histogram = new Histogram(TimeUnit.MINUTES.toNanos(1), 3);
        for (int i = 0; i < roundTrips; i++) {
            histogram.recordValue(TimeUnit.MICROSECONDS.toNanos(500));
        }
        return new DemoTraffic.Sample(TimeUnit.SECONDS.toNanos(2), 500_000_000, histogram);
    }

    @Test
    void ratesArePerSecondWhateverTheSamplesLength() {
        assertEquals("   2 s  download   250.0 MB/s  round trips     600/s  p50 0.50 ms  p99 0.50 ms  connections 6 open, 1 failed",
                DemoView.line(2, sample(1_200), STATS));
    }

    @Test
    void withoutARoundTripThereAreNoPercentiles() {
        assertEquals("   1 s  download   250.0 MB/s  round trips       0/s  p50 -  p99 -  connections 6 open, 1 failed",
                DemoView.line(1, sample(0), STATS));
    }

    @Test
    void theSummarySaysWhatFailed() {
        assertEquals("2.0 s: 0.50 GB downloaded, every byte compared, 250.0 MB/s", DemoView.summary(sample(1), 0).getFirst());
        assertEquals("no connection failed", DemoView.summary(sample(1), 0).get(2));
        assertEquals("3 connections failed", DemoView.summary(sample(1), 3).get(2));
    }

    @Test
    void offATerminalEachSecondIsALineOfItsOwn() {
        Captured captured = new Captured();
        DemoView view = new DemoView(captured.output);
        view.show(1, sample(1), 1, STATS);
        view.show(2, sample(1), 1, STATS);
        assertEquals(2, captured.out().lines().count());
        assertEquals(-1, captured.out().indexOf('\u001b'));
    }
}

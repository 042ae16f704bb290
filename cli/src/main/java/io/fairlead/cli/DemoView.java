package io.fairlead.cli;

import io.fairlead.engine.ForwardStats;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/// What the demo shows each second: on a terminal a block that is drawn over the last one, elsewhere one line.
final class DemoView {
    private static final String UP_AND_CLEAR = "\u001b[%dA\u001b[J";

    private final Output output;
    private final boolean redraw;
    private int drawn;

    DemoView(Output output) {
        this.output = output;
        this.redraw = output.terminal().getAsBoolean();
    }

    void show(long second, DemoTraffic.Sample sample, long bytesTotal, ForwardStats stats) {
        if (redraw) {
            draw(block(second, sample, bytesTotal, stats));
        } else {
            output.line(line(second, sample, stats));
        }
    }

    private void draw(List<String> lines) {
        String clear = drawn == 0 ? "" : UP_AND_CLEAR.formatted(drawn);
        drawn = lines.size();
        output.line(clear + String.join("\n", lines));
    }

    static String line(long second, DemoTraffic.Sample sample, ForwardStats stats) {
        return text("%4d s  download %7.1f MB/s  round trips %,7.0f/s  p50 %s  p99 %s  connections %d open, %d failed",
                second, sample.megabytesPerSecond(), sample.roundTripsPerSecond(), millis(sample.roundTrips(), 50), millis(sample.roundTrips(), 99),
                stats.pairsNow(), stats.pairsFailedTotal());
    }

    static List<String> block(long second, DemoTraffic.Sample sample, long bytesTotal, ForwardStats stats) {
        return List.of(
                text("  download     %9.1f MB/s   %.2f GB so far, every byte compared", sample.megabytesPerSecond(), bytesTotal / 1e9),
                text("  round trips  %,9.0f /s     p50 %s   p99 %s   max %s", sample.roundTripsPerSecond(), millis(sample.roundTrips(), 50),
                        millis(sample.roundTrips(), 99), millis(sample.roundTrips(), 100)),
                text("  connections  %9d open   %d accepted, %d failed, %d session%s", stats.pairsNow(), stats.acceptedTotal(),
                        stats.pairsFailedTotal(), stats.sessionsNow(), stats.sessionsNow() == 1 ? "" : "s"),
                text("  %d s; Ctrl-C ends", second));
    }

    static List<String> summary(DemoTraffic.Sample whole, long failed) {
        Histogram trips = whole.roundTrips();
        return List.of(
                text("%.1f s: %.2f GB downloaded, every byte compared, %.1f MB/s", whole.nanos() / 1e9, whole.bytes() / 1e9, whole.megabytesPerSecond()),
                text("%,d round trips, %,.0f/s: p50 %s, p90 %s, p99 %s, p99.9 %s, max %s", trips.getTotalCount(), whole.roundTripsPerSecond(),
                        millis(trips, 50), millis(trips, 90), millis(trips, 99), millis(trips, 99.9), millis(trips, 100)),
                failed == 0 ? "no connection failed" : text("%d connections failed", failed),
                "Load, forward, API server and pod share this one process: this shows that it works, not how fast the forward alone is.");
    }

    private static String millis(Histogram nanos, double percentile) {
        return nanos.getTotalCount() == 0 ? "-" : text("%.2f ms", nanos.getValueAtPercentile(percentile) / 1e6);
    }

    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}

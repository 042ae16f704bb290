package io.fairlead.testbed.load;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/// Runs workloads side by side, each on an event loop of its own, through one measured window.
///
/// ```
/// open all connections ──> traffic ──(warm-up)──> window ──> count, close
/// ```
/// The window lasts as long as the longest timed workload asks, or until the others have done their work.
///
/// Thread: the caller's, which is blocked until the end.
public final class Load {
    /// Told when the measured window begins and ends, so that a caller can read the clocks of other processes at the same moments.
    public interface Window {
        void begin();

        void end();

        Window IGNORED = new Window() {
            @Override
            public void begin() {}

            @Override
            public void end() {}
        };
    }

    private static final long LONGER_NANOS = TimeUnit.SECONDS.toNanos(60);

    private Load() {}

    /// Returns one result for each of `specs`, in their order.
    public static List<LoadResult> run(List<LoadSpec> specs, Window window) throws InterruptedException {
        return run(specs, window, _ -> true);
    }

    /// @param enough asked of each timed workload, on its loop: the window lasts until then, too, but no more than {@link #LONGER_NANOS} longer
    static List<LoadResult> run(List<LoadSpec> specs, Window window, Predicate<Workload> enough) throws InterruptedException {
        var workloads = new ArrayList<Workload>();
        try {
            for (LoadSpec spec : specs) {
                workloads.add(new Workload(spec));
            }
            for (Workload workload : workloads) {
                workload.open();
            }
            for (Workload workload : workloads) {
                workload.go();
            }
            boolean timed = specs.stream().allMatch(spec -> spec.mode().timed);
            if (timed) {
                Thread.sleep(longest(specs.stream().map(LoadSpec::warmup).toList()));
                for (Workload workload : workloads) {
                    workload.begin();
                }
            }
            window.begin();
            if (timed) {
                Thread.sleep(longest(specs.stream().map(LoadSpec::window).toList()));
                long deadline = System.nanoTime() + LONGER_NANOS;
                for (Workload workload : workloads) {
                    while (!workload.holds(enough) && System.nanoTime() - deadline < 0) {
                        Thread.sleep(1);
                    }
                }
            } else {
                for (Workload workload : workloads) {
                    workload.awaitDone();
                }
            }
            window.end();
            var results = new ArrayList<LoadResult>();
            for (Workload workload : workloads) {
                results.add(workload.end());
            }
            return results;
        } finally {
            workloads.forEach(Workload::close);
        }
    }

    private static Duration longest(List<Duration> durations) {
        return durations.stream().max(Duration::compareTo).orElseThrow();
    }
}

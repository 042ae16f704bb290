package io.fairlead.bench.micro;

import io.fairlead.bench.JmhRun;
import io.fairlead.bench.JmhRun.Column;
import io.fairlead.bench.JmhRun.Times;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.runner.RunnerException;

/// Microbenchmarks: parts of the engine without sockets, one thread. Each benchmark checks in its setup that what it measures does what it says.
///
/// ```
/// bench/jmh [REGEX ...] [--quick] [--results FOLDER|none] [JMH's options]
/// ```
/// A full run takes some eight minutes, `--quick` a good one. Bytes allocated on the heap per operation are always counted (`gc.alloc.rate.norm`).
public final class MicroMain {
    /// Benchmarks that are another command's.
    static final String NOT_MICRO = "io\\.fairlead\\.bench\\.macro\\.";
    private static final Times FULL = new Times(2, 2, Duration.ofSeconds(1), 4, Duration.ofSeconds(1));
    private static final Times QUICK = new Times(1, 1, Duration.ofMillis(500), 2, Duration.ofMillis(500));

    private MicroMain() {}

    public static void main(String[] args) throws RunnerException, IOException {
        System.exit(new JmhRun("bench/jmh", NOT_MICRO, List.of(Column.secondary("heap B/op", "gc.alloc.rate.norm")), List.of(GCProfiler.class),
                LoopThreads.jvmArguments())
                .run(FULL, QUICK, "", args));
    }
}

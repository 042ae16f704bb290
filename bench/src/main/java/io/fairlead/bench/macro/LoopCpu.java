package io.fairlead.bench.macro;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.ScalarResult;

/// CPU time of the engine's event loops, user and system, per operation:
/// what forwarding costs, without the servers and the clients that share the process.
public final class LoopCpu implements InternalProfiler {
    static final String LABEL = "loop.cpu";
    private static final String LOOPS = "fairlead-loop";

    /// Of the iteration that ran last; begins as the clock's negative.
    private static final AtomicLong NANOS = new AtomicLong();

    /// The iteration begins, or ends: told by what is measured, as JMH asks a profiler only after the engine of the last iteration is gone.
    static void begin() {
        NANOS.set(-cpuNanos());
    }

    static void end() {
        NANOS.addAndGet(cpuNanos());
    }

    @Override
    public String getDescription() {
        return "CPU time of the engine's event loops per operation";
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {}

    @Override
    public Collection<ScalarResult> afterIteration(BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
        double micros = NANOS.get() / 1e3 / Math.max(1, result.getMetadata().getAllOps());
        return List.of(new ScalarResult(LABEL, micros, "us/op", AggregationPolicy.AVG));
    }

    private static long cpuNanos() {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long sum = 0;
        for (ThreadInfo thread : threads.getThreadInfo(threads.getAllThreadIds())) {
            if (thread != null && thread.getThreadName().startsWith(LOOPS)) {
                sum += threads.getThreadCpuTime(thread.getThreadId());
            }
        }
        return sum;
    }
}

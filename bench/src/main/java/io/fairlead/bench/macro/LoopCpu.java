package io.fairlead.bench.macro;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

    /// CPU time of each loop when the iteration began.
    private static volatile Map<Long, Long> before = Map.of();
    /// Of the iteration that ran last.
    private static volatile long nanos;

    /// The iteration begins, or ends: told by what is measured, as JMH asks a profiler only after the engine of the last iteration is gone.
    static void begin() {
        before = cpuNanos();
    }

    /// A loop of an engine before, which ended meanwhile, counts for nothing.
    static void end() {
        nanos = cpuNanos().entrySet().stream().mapToLong(loop -> loop.getValue() - before.getOrDefault(loop.getKey(), 0L)).sum();
    }

    @Override
    public String getDescription() {
        return "CPU time of the engine's event loops per operation";
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {}

    @Override
    public Collection<ScalarResult> afterIteration(BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
        double micros = nanos / 1e3 / Math.max(1, result.getMetadata().getAllOps());
        return List.of(new ScalarResult(LABEL, micros, "us/op", AggregationPolicy.AVG));
    }

    private static Map<Long, Long> cpuNanos() {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        var loops = new HashMap<Long, Long>();
        for (ThreadInfo thread : threads.getThreadInfo(threads.getAllThreadIds())) {
            if (thread != null && thread.getThreadName().startsWith(LOOPS)) {
                loops.put(thread.getThreadId(), Math.max(0, threads.getThreadCpuTime(thread.getThreadId()))); // -1: it has just ended
            }
        }
        return loops;
    }
}

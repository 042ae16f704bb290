package io.fairlead.cli.bench;

import com.sun.management.OperatingSystemMXBean;
import io.fairlead.engine.Forward;
import io.fairlead.engine.ForwardStats;
import io.fairlead.testbed.load.Load;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.DoubleSummaryStatistics;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// Reads this process's clocks and the forward's counters when a measured window begins and ends. One window each.
final class CpuWatch implements Load.Window {
    /// Of the engine's event loops, see docs/ARCHITECTURE.md, threads.
    private static final String LOOP_PREFIX = "fairlead-loop";
    /// Of the embedded cluster's.
    private static final String CLUSTER_PREFIX = "testbed";

    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private final OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private final Optional<Forward> forward;
    private Map<Long, Long> loops = Map.of();
    private Map<Long, Long> cluster = Map.of();
    private Optional<ForwardStats> before = Optional.empty();
    private Optional<ForwardStats> after = Optional.empty();
    private long process;
    private long wall;
    private Cpu cpu;

    /// @param forward empty on the direct path
    CpuWatch(Optional<Forward> forward) {
        this.forward = forward;
    }

    @Override
    public void begin() {
        before = forward.map(Forward::stats);
        loops = threads(LOOP_PREFIX);
        cluster = threads(CLUSTER_PREFIX);
        process = system.getProcessCpuTime();
        system.getCpuLoad(); // the next one tells of the time since this one
        wall = System.nanoTime();
    }

    @Override
    public void end() {
        double seconds = (System.nanoTime() - wall) / 1e9;
        double machine = system.getCpuLoad();
        double processSeconds = (system.getProcessCpuTime() - process) / 1e9;
        DoubleSummaryStatistics loopsSpent = spent(loops, threads(LOOP_PREFIX));
        DoubleSummaryStatistics clusterSpent = spent(cluster, threads(CLUSTER_PREFIX));
        cpu = new Cpu(loopsSpent.getSum(), Math.max(0, loopsSpent.getMax() / seconds), processSeconds,
                clusterSpent.getCount() == 0 ? Double.NaN : clusterSpent.getMax() / seconds, machine < 0 ? Double.NaN : machine);
        after = forward.map(Forward::stats);
    }

    /// Seconds of each thread.
    private static DoubleSummaryStatistics spent(Map<Long, Long> before, Map<Long, Long> after) {
        return after.entrySet().stream().mapToDouble(thread -> (thread.getValue() - before.getOrDefault(thread.getKey(), 0L)) / 1e9).summaryStatistics();
    }

    Cpu cpu() {
        return cpu;
    }

    long sessionsAtBegin() {
        return before.map(ForwardStats::sessionsNow).orElse(0L);
    }

    long sessionsAtEnd() {
        return after.map(ForwardStats::sessionsNow).orElse(0L);
    }

    long acceptPauses() {
        return after.map(ForwardStats::acceptPausesTotal).orElse(0L) - before.map(ForwardStats::acceptPausesTotal).orElse(0L);
    }

    private Map<Long, Long> threads(String prefix) {
        var times = new HashMap<Long, Long>();
        for (ThreadInfo info : threads.getThreadInfo(threads.getAllThreadIds())) {
            if (info != null && info.getThreadName().startsWith(prefix)) {
                times.put(info.getThreadId(), threads.getThreadCpuTime(info.getThreadId()));
            }
        }
        return times;
    }
}

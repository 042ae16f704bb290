package io.fairlead.cli.bench;

import com.sun.management.OperatingSystemMXBean;
import io.fairlead.testbed.load.Load;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.HashMap;
import java.util.Map;

/// Reads this process's clocks when a measured window begins and ends. One window each.
final class CpuWatch implements Load.Window {
    /// Of the engine's event loops, see docs/ARCHITECTURE.md, threads.
    private static final String LOOP_PREFIX = "fairlead-loop";

    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private final OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private Map<Long, Long> loops = Map.of();
    private long process;
    private long wall;
    private Cpu cpu;

    @Override
    public void begin() {
        loops = loops();
        process = system.getProcessCpuTime();
        system.getCpuLoad(); // the next one tells of the time since this one
        wall = System.nanoTime();
    }

    @Override
    public void end() {
        double seconds = (System.nanoTime() - wall) / 1e9;
        double machine = system.getCpuLoad();
        double processSeconds = (system.getProcessCpuTime() - process) / 1e9;
        double all = 0;
        double busiest = 0;
        for (var loop : loops().entrySet()) {
            double spent = (loop.getValue() - loops.getOrDefault(loop.getKey(), 0L)) / 1e9;
            all += spent;
            busiest = Math.max(busiest, spent / seconds);
        }
        cpu = new Cpu(all, busiest, processSeconds, machine < 0 ? Double.NaN : machine);
    }

    Cpu cpu() {
        return cpu;
    }

    private Map<Long, Long> loops() {
        var times = new HashMap<Long, Long>();
        for (ThreadInfo info : threads.getThreadInfo(threads.getAllThreadIds())) {
            if (info != null && info.getThreadName().startsWith(LOOP_PREFIX)) {
                times.put(info.getThreadId(), threads.getThreadCpuTime(info.getThreadId()));
            }
        }
        return times;
    }
}

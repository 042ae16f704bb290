package io.fairlead.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ThreadCpuTest {
    @ParameterizedTest
    @CsvSource({"fairlead-loop-1, LOOPS", "C2 CompilerThre, C2", "C1 CompilerThre, C1", "VM Thread, COLLECTOR", "GC Thread#0, COLLECTOR",
            "G1 Conc#0, COLLECTOR", "JFR CPU Sampler, RECORDING", "Attach Listener, RECORDING", "Common-Cleaner, OTHER", "java, OTHER"})
    void aThreadsNameSaysWhatItIsFor(String name, ThreadCpu.Group group) {
        assertEquals(group, ThreadCpu.Group.of(name));
    }

    @Test
    void threadsThatBeganOrEndedMeanwhileAreCounted() {
        var before = new ThreadCpu(new CpuTime(10, 5), Map.of(1L, thread("fairlead-loop-1", 4, 4), 2L, thread("C2 CompilerThre", 6, 1)));
        var after = new ThreadCpu(new CpuTime(13, 6), Map.of(1L, thread("fairlead-loop-1", 5, 5), 3L, thread("C1 CompilerThre", 0.5, 0)));
        assertEquals(Map.of(ThreadCpu.Group.LOOPS, new CpuTime(1, 1), ThreadCpu.Group.C1, new CpuTime(0.5, 0),
                ThreadCpu.Group.ENDED, new CpuTime(1.5, 0)), after.since(before));
    }

    @Test
    void whatTheKernelRoundsIsNoThread() {
        var before = new ThreadCpu(new CpuTime(0, 0), Map.of());
        var after = new ThreadCpu(new CpuTime(1.03, 0), Map.of(1L, thread("fairlead-loop-1", 1, 0), 2L, thread("C2 CompilerThre", 0, 0)));
        assertEquals(Map.of(ThreadCpu.Group.LOOPS, new CpuTime(1, 0)), after.since(before));
    }

    @Test
    void thisProcesssThreadsAreThereWithWhatTheyUse() throws IOException, InterruptedException {
        long pid = ProcessHandle.current().pid();
        ThreadCpu before = ThreadCpu.of(pid);
        var used = new AtomicReference<>(Map.<ThreadCpu.Group, CpuTime>of());
        Thread loop = Thread.ofPlatform().name("fairlead-loop-9-9").start(() -> {
            long until = TimeUnit.MILLISECONDS.toNanos(300);
            while (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() < until) {
                Thread.onSpinWait();
            }
            try {
                used.set(ThreadCpu.of(pid).since(before));
            } catch (IOException _) { // there is nothing then, which the assertion finds
            }
        });
        loop.join();
        assertTrue(used.get().getOrDefault(ThreadCpu.Group.LOOPS, new CpuTime(0, 0)).total() > 0.25, () -> used.get().toString());
    }

    private static ThreadCpu.Task thread(String name, double user, double system) {
        return new ThreadCpu.Task(name, new CpuTime(user, system));
    }
}

package io.fairlead.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.testbed.load.LoadResult;
import io.fairlead.testbed.load.LoadSpec;
import io.fairlead.testbed.load.Mode;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import jdk.jfr.Recording;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// A recording of this process, in which threads burn time and allocate by names that must come back.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@EnabledOnOs(OS.LINUX) // jdk.CPUTimeSample is there only
class RecordedWindowTest {
    private static final long BURN_NANOS = TimeUnit.MILLISECONDS.toNanos(300);
    /// 160 MB: what is allocated behind the last sample, and so is in none, is at most a few, whatever the heap's size.
    private static final int BLOCKS = 10_000;
    private static final int BLOCK_LONGS = 2_000;

    private volatile double sink;
    private volatile Object kept;
    private RecordedWindow window;
    private RecordedWindow before;

    /// What a thread of the name of a loop allocates.
    private static final class Block {
        private final long[] longs = new long[BLOCK_LONGS];
    }

    @BeforeAll
    void record(@TempDir Path folder) throws IOException, InterruptedException {
        Path file = folder.resolve("test.jfr");
        try (var recording = new Recording()) {
            recording.enable("jdk.CPUTimeSample").with("throttle", "1ms").withStackTrace();
            // With a throttle a fast machine is done before the next sample.
            recording.enable("jdk.ObjectAllocationSample").with("throttle", "off").withStackTrace();
            recording.enable("jdk.GarbageCollection").withThreshold(Duration.ZERO);
            recording.start();
            Instant started = Instant.now();
            on("fairlead-loop-1-1", this::burnEarly);
            Instant begin = Instant.now();
            on("fairlead-loop-1-1", this::burn);
            on("somebody-else", this::burnElsewhere);
            on("fairlead-loop-1-1", this::allocate);
            System.gc();
            Instant end = Instant.now();
            recording.stop();
            recording.dump(file);
            window = RecordedWindow.read(file, begin, end);
            before = RecordedWindow.read(file, started, begin);
        }
    }

    @Test
    void cpuTimeOfALoopIsWhereItWasSpentAndNoOtherThreadsIsCounted() {
        String text = names(window.frames.top(100));
        assertTrue(text.contains("RecordedWindowTest.burn="), text);
        assertFalse(text.contains("burnElsewhere"), text);
        assertTrue(window.samples() > 10, () -> window.samples() + " samples");
        String owner = names(window.owners.top(1));
        assertTrue(owner.matches("io.fairlead.bench.peer.RecordedWindowTest.(burn|allocate):[0-9]+=.*"), owner);
        assertEquals(window.frames.total(), window.owners.total());
    }

    @Test
    void whatWasOutsideTheWindowIsLeftOut() {
        assertFalse(names(window.frames.top(100)).contains("burnEarly"), () -> names(window.frames.top(100)));
        assertTrue(names(before.frames.top(100)).contains("RecordedWindowTest.burnEarly="), () -> names(before.frames.top(100)));
        // It may have had collections of its own.
        assertTrue(before.collections.stream().noneMatch(window.collections::contains), () -> before.collections.toString());
    }

    @Test
    void samplesOfAllocationsStandForAllBytes() {
        double bytes = 8.0 * BLOCKS * BLOCK_LONGS;
        long longs = window.classes.top(100).stream().filter(entry -> entry.getKey().equals("long[]")).mapToLong(Map.Entry::getValue).sum();
        assertEquals(1, longs / bytes, 0.2, () -> names(window.classes.top(10)));
        String allocators = names(window.allocators.top(5));
        assertTrue(allocators.startsWith("io.fairlead.bench.peer.RecordedWindowTest$Block.<init>:"), allocators);
        assertTrue(window.allocatedByLoops() >= longs && window.allocatedByLoops() <= window.classes.total());
    }

    @Test
    void collectionsHaveTheirPauses() {
        assertTrue(window.collections.stream().anyMatch(one -> one.pauses().toNanos() > 0 && one.longestPause().compareTo(one.pauses()) <= 0),
                () -> window.collections.toString());
    }

    @Test
    void namesOfClassesAreThoseOfTheSourceWithoutWhatChangesFromRunToRun() {
        assertEquals("byte[]", RecordedWindow.typeName("[B"));
        assertEquals("java.lang.String[][]", RecordedWindow.typeName("[[Ljava.lang.String;"));
        assertEquals("io.fairlead.A$$Lambda", RecordedWindow.typeName("io.fairlead.A$$Lambda.0x00007f1c04001234"));
        assertEquals("io.fairlead.A$B", RecordedWindow.typeName("io.fairlead.A$B"));
    }

    @Test
    void theReportSharesOutAllOfItAndSetsItAgainstWhatWasMoved() {
        var cpu = new EnumMap<ThreadCpu.Group, CpuTime>(ThreadCpu.Group.class);
        cpu.put(ThreadCpu.Group.LOOPS, new CpuTime(0.25, 0.5));
        cpu.put(ThreadCpu.Group.C2, new CpuTime(0.25, 0));
        String text = ProfileReport.of(measured(2_000_000_000), cpu, window, "bench/peer --profile", List.of(measured(1_000_000_000)));
        assertTrue(text.startsWith("\n## down-1\n\n`bench/peer --profile`\n\n2000 MB/s, 0.50 CPU s/GB; without a recording, in the tables, 1000 MB/s,"
                + " 1.00 CPU s/GB.\n"), text);
        assertTrue(text.contains("| event loops | 0.25 | 0.50 | 0.38 | 75.0 % |\n| C2 compiler | 0.25 | 0.00 | 0.13 | 25.0 % |\n"
                + "| all | 0.50 | 0.50 | 0.50 | 100.0 % |"), text);
        assertTrue(text.contains("spend 66.7 % of their CPU time in the kernel"), text);
        List<String> tables = Arrays.stream(text.split("\n\n")).filter(block -> block.startsWith("| share | ")).toList();
        assertEquals(4, tables.size(), text);
        for (String table : tables) {
            double sum = table.lines().skip(2).mapToDouble(row -> Double.parseDouble(row.split(" ")[1])).sum();
            assertEquals(100, sum, 1.5, table); // each row is rounded
        }
        double perByte = window.classes.total() / 2e9;
        assertTrue(text.contains(String.format(Locale.ROOT, "%.4f bytes for each byte moved", perByte)), text);
    }

    private static Measurement measured(long bytes) {
        var spec = LoadSpec.of(Mode.DOWNLOAD, new InetSocketAddress("127.0.0.1", 1));
        var result = new LoadResult(spec, 1, 1, bytes, 0, bytes, 0, 0.1, new Histogram(3), Map.of(), Map.of());
        var turn = new Turn(PeerWorkload.named("down-1").getFirst(), 0, "fairlead", 1);
        return new Measurement(turn, "", List.of(result), new CpuTime(0.5, 0.5), 50, 100, 120, "");
    }

    private void burn() {
        long until = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() + BURN_NANOS;
        while (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() < until) {
            for (int i = 1; i < 100_000; i++) {
                sink += 1.0 / i;
            }
        }
    }

    private void burnEarly() {
        long until = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() + BURN_NANOS;
        while (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() < until) {
            for (int i = 1; i < 100_000; i++) {
                sink += 1.0 / i;
            }
        }
    }

    private void burnElsewhere() {
        long until = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() + BURN_NANOS;
        while (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() < until) {
            for (int i = 1; i < 100_000; i++) {
                sink += 1.0 / i;
            }
        }
    }

    private void allocate() {
        for (int i = 0; i < BLOCKS; i++) {
            var block = new Block();
            sink += block.longs[0];
            kept = block;
        }
    }

    private static String names(List<Map.Entry<String, Long>> top) {
        return top.toString().replaceAll("^\\[|]$", "");
    }

    private static void on(String name, Runnable work) throws InterruptedException {
        Thread.ofPlatform().name(name).start(work).join();
    }
}

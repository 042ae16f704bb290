package io.fairlead.engine.testkit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.util.ResourceLeakDetector;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Logger;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// JUnit extension: fails the test class if a buffer was collected without release since the class began. Needs the leak detection level
/// `paranoid`, which the root pom sets.
///
/// A report is made when a later buffer is allocated after the lost one was collected, so the check collects and allocates until it has seen a buffer
/// that it lost on purpose reported, and then a second one: those that one collection found are told in any order, but all before those of the next.
/// It does the same before the class, or what a class without the check has lost would be found here.
public final class LeakCheck implements BeforeAllCallback, AfterAllCallback {
    private static final List<String> REPORTS = new CopyOnWriteArrayList<>();
    /// Quiet, as the canary would print a report after every class; held here, or the logger's filter would be collected with it.
    private static final Logger DETECTOR = Logger.getLogger(ResourceLeakDetector.class.getName());
    private static final int CANARY_BYTES = 12_345;

    @Override
    public void beforeAll(ExtensionContext context) throws InterruptedException {
        if (ResourceLeakDetector.getLevel() != ResourceLeakDetector.Level.PARANOID) {
            throw new IllegalStateException("leak detection is at " + ResourceLeakDetector.getLevel() + "; run with -Dio.netty.leakDetection.level=paranoid");
        }
        ByteBufUtil.setLeakListener((type, records) -> REPORTS.add(type + " " + records));
        DETECTOR.setFilter(_ -> false);
        awaitReports();
        REPORTS.clear();
    }

    @Override
    public void afterAll(ExtensionContext context) throws InterruptedException {
        awaitReports();
        var leaks = REPORTS.stream().filter(report -> !isCanary(report)).toList();
        if (!leaks.isEmpty()) {
            throw new AssertionError(leaks.size() + " buffers were never released; the first: " + leaks.getFirst());
        }
    }

    /// All that is lost by now is among the reports then.
    private static void awaitReports() throws InterruptedException {
        for (int canaries = 0; canaries < 2; canaries++) {
            REPORTS.removeIf(LeakCheck::isCanary);
            loseCanary();
            long deadline = System.nanoTime() + 60_000_000_000L;
            while (REPORTS.stream().noneMatch(LeakCheck::isCanary)) {
                if (System.nanoTime() - deadline > 0) {
                    throw new AssertionError("the leak detector did not report the buffer lost on purpose");
                }
                System.gc();
                Thread.sleep(10);
                ByteBufAllocator.DEFAULT.directBuffer(1).release();
            }
        }
    }

    private static void loseCanary() {
        ByteBuf canary = ByteBufAllocator.DEFAULT.directBuffer(CANARY_BYTES);
        canary.touch("canary of LeakCheck, lost at " + System.nanoTime()); // the detector reports records that are equal only once
    }

    private static boolean isCanary(String report) {
        return report.contains("canary of LeakCheck");
    }
}

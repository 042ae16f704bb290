package io.fairlead.bench.peer;

import io.fairlead.testbed.load.LoadResult;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/// The text of one profiled turn, a section of `profile.md`.
final class ProfileReport {
    private static final int FRAMES = 20;
    private static final int OWNERS = 15;
    private static final int ALLOCATIONS = 10;
    private static final int COMPILATIONS = 10;

    /// Before the sections: what all of them have in common.
    static final String HEAD = """
            # Profile

            One more turn of fairlead for each workload, after all others and in no table of `summary.md`, with a JFR recording of which only the
            measured window is taken. The JVM runs with its usual options and start-up cache: `jcmd` starts the recording once it forwards. CPU time
            by thread is out of `/proc`, in units of 10 ms; "all" is the process, which the kernel rounds for itself.
            Frames are `jdk.CPUTimeSample` of the event loops (the kernel's ticks allow one in some ms of CPU time), weighted by the CPU time since
            the sample before. System calls, the kernel's work in them and BoringSSL show as the native method that was called. A share of p samples
            is known to about sqrt(p) of them.
            No recording is kept; the command below each heading repeats it. More samples: a longer `--seconds`.
            """;

    private final StringBuilder text = new StringBuilder();
    private final double units;
    private final String unit;
    private final double perByteOrOp;
    private final boolean bulk;

    /// @param measured the profiled turn, which ran
    private ProfileReport(Measurement measured) {
        bulk = measured.turn().workload().isBulk();
        double bytes = measured.results().stream().mapToLong(LoadResult::bytes).sum();
        double ops = measured.results().getFirst().ops();
        units = bulk ? bytes / 1e9 : ops / 1e6;
        unit = bulk ? "s/GB" : "us/op";
        perByteOrOp = bulk ? bytes : ops;
    }

    static String failed(Turn turn, String why) {
        return "\n## " + turn.title() + "\n\nNo profile: " + why + "\n";
    }

    /// @param command repeats it
    /// @param usual the same work without a recording
    /// @param cpu of the window, by what the threads are for
    static String of(Measurement measured, Map<ThreadCpu.Group, CpuTime> cpu, RecordedWindow window, String command, List<Measurement> usual) {
        var report = new ProfileReport(measured);
        report.text.append("\n## ").append(measured.turn().title()).append("\n\n`").append(command).append("`\n\n")
                .append(figures(List.of(measured))).append(usual.isEmpty() ? "" : "; without a recording, in the tables, " + figures(usual))
                .append(".\n");
        report.threads(cpu, measured.cpu());
        report.frames(cpu.getOrDefault(ThreadCpu.Group.LOOPS, new CpuTime(0, 0)), window);
        report.allocation(window);
        report.compilations(window);
        report.collections(window);
        return report.text.toString();
    }

    /// What turns of one work came to, medians, in a few words.
    private static String figures(List<Measurement> turns) {
        if (turns.getFirst().turn().workload().isBulk()) {
            return format("%.0f MB/s, %.2f CPU s/GB", median(turns, Measurement::megabytesPerSecond),
                    median(turns, Measurement::cpuSecondsPerGigabyte));
        }
        double cpu = median(turns, Measurement::cpuMicrosPerOp);
        return format("%,.0f op/s, p50 %,.0f us", median(turns, Measurement::opsPerSecond), median(turns, m -> m.latencyMicros(50)))
                + (Double.isFinite(cpu) ? format(", %.0f CPU us/op", cpu) : "");
    }

    private static double median(List<Measurement> turns, ToDoubleFunction<Measurement> figure) {
        return Report.median(turns.stream().mapToDouble(figure).toArray());
    }

    private void threads(Map<ThreadCpu.Group, CpuTime> cpu, CpuTime all) {
        text.append("\n| threads | user s | system s | ").append(unit).append(" | share |\n|---|---|---|---|---|\n");
        cpu.forEach((group, used) -> threads(group.title, used, all));
        threads("all", all, all);
    }

    private void threads(String title, CpuTime used, CpuTime all) {
        text.append(format("| %s | %.2f | %.2f | %.2f | %s |%n", title, used.user(), used.system(), used.total() / units,
                percent(used.total(), all.total())));
    }

    private void frames(CpuTime loops, RecordedWindow window) {
        text.append(format("%nThe event loops spend %s of their CPU time in the kernel. %,d samples stand for %.2f of their %.2f s; %d were lost,"
                + " %d have no stack.%n", percent(loops.system(), loops.total()), window.samples(), window.frames.total() / 1e9, loops.total(),
                window.samplesLost(), window.samplesWithoutStack()));
        table("self time of the event loops", window.frames, FRAMES);
        table("the nearest line of fairlead, or of Netty where none is on the stack", window.owners, OWNERS);
    }

    private void allocation(RecordedWindow window) {
        double each = window.classes.total() / perByteOrOp;
        text.append(format("%nAllocated: %.1f MB, %s of it by the event loops: %s.%n", window.classes.total() / 1e6,
                percent(window.allocatedByLoops(), window.classes.total()),
                bulk ? format("%.4f bytes for each byte moved", each) : format("%,.0f bytes for each exchange", each)));
        table("class", window.classes, ALLOCATIONS);
        table("allocated at", window.allocators, ALLOCATIONS);
    }

    private void compilations(RecordedWindow window) {
        text.append("\nCompiled in the window: ").append(List.of("c2", "c1").stream().map(compiler -> {
            var own = window.compilations(compiler);
            return format("%s %,d methods in %,.0f ms", compiler.toUpperCase(Locale.ROOT), own.size(),
                    millis(own.stream().map(RecordedWindow.Compilation::duration).reduce(Duration.ZERO, Duration::plus)));
        }).collect(Collectors.joining(", "))).append(" of elapsed time");
        if (window.compilations.isEmpty()) {
            text.append(".\n");
            return;
        }
        text.append("; the longest:\n\n| ms | tier | method | bytes of code |\n|---|---|---|---|\n");
        window.compilations.stream().limit(COMPILATIONS)
                .forEach(one -> text.append(format("| %.1f | %d | %s | %,d |%n", millis(one.duration()), one.level(), one.method(), one.bytes())));
    }

    private void collections(RecordedWindow window) {
        text.append(format("%nCollections in the window: %d, pauses %.1f ms in all, the longest %.1f ms.%n", window.collections.size(),
                window.collections.stream().mapToDouble(one -> millis(one.pauses())).sum(),
                window.collections.stream().mapToDouble(one -> millis(one.longestPause())).max().orElse(0)));
    }

    private void table(String title, RecordedWindow.Weights weights, int count) {
        if (weights.total() == 0) {
            return;
        }
        text.append("\n| share | ").append(title).append(" |\n|---|---|\n");
        long shown = 0;
        for (var entry : weights.top(count)) {
            text.append("| ").append(percent(entry.getValue(), weights.total())).append(" | ").append(entry.getKey()).append(" |\n");
            shown += entry.getValue();
        }
        if (shown < weights.total()) {
            text.append("| ").append(percent(weights.total() - shown, weights.total())).append(" | the rest |\n");
        }
    }

    private static double millis(Duration duration) {
        return duration.toNanos() / 1e6;
    }

    private static String percent(double part, double whole) {
        return whole == 0 ? "-" : format("%.1f %%", 100 * part / whole);
    }

    private static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}

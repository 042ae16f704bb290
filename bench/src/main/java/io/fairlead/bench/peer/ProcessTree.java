package io.fairlead.bench.peer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/// CPU time and memory of a process and all its living descendants, out of `/proc`.
record ProcessTree(ProcessHandle root) {
    /// The kernel's unit in `/proc/PID/stat`; 100 on every Linux a JDK runs on.
    private static final double TICKS_PER_SECOND = 100;

    /// User and system seconds, those of children that have ended and were waited for included.
    double cpuSeconds() {
        return all().mapToDouble(process -> {
            try {
                String stat = Files.readString(Path.of("/proc", Long.toString(process.pid()), "stat"));
                String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" "); // field 3 of proc(5) on
                return (Long.parseLong(fields[11]) + Long.parseLong(fields[12]) + Long.parseLong(fields[13]) + Long.parseLong(fields[14])) / TICKS_PER_SECOND;
            } catch (IOException _) { // it has just ended
                return 0;
            }
        }).sum();
    }

    /// Peak resident megabytes since each process began.
    double residentPeakMegabytes() {
        return all().mapToDouble(process -> {
            try (Stream<String> lines = Files.lines(Path.of("/proc", Long.toString(process.pid()), "status"))) {
                return lines.filter(line -> line.startsWith("VmHWM:")).mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", ""))).sum() * 1024 / 1e6;
            } catch (IOException | java.io.UncheckedIOException _) {
                return 0;
            }
        }).sum();
    }

    private Stream<ProcessHandle> all() {
        return Stream.concat(Stream.of(root), root.descendants());
    }
}

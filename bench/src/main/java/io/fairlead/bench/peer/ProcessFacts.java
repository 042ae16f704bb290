package io.fairlead.bench.peer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// What `/proc` says of one process at one moment.
///
/// @param residentMegabytes of 10^6 bytes, now
/// @param peakMegabytes since it began
/// @param handles open file descriptors
/// @param cpuSeconds user and system
public record ProcessFacts(double residentMegabytes, double peakMegabytes, int handles, int threads, double cpuSeconds) {
    /// Facts of `process` alone, not of its children; empty if it has ended.
    static Optional<ProcessFacts> of(ProcessHandle process) {
        Path folder = Path.of("/proc", Long.toString(process.pid()));
        try (Stream<Path> handles = Files.list(folder.resolve("fd"))) {
            String status = Files.readString(folder.resolve("status"));
            String[] fields = ProcessTree.stat(process.pid());
            if (fields[0].equals("Z")) { // ended a moment ago, and holds nothing any more
                return Optional.empty();
            }
            return Optional.of(new ProcessFacts(number(status, "VmRSS:") * 1024 / 1e6, number(status, "VmHWM:") * 1024 / 1e6, (int) handles.count(),
                    (int) number(status, "Threads:"), (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / ProcessTree.TICKS_PER_SECOND));
        } catch (IOException | UncheckedIOException _) { // it has ended
            return Optional.empty();
        }
    }

    public Map<String, Object> values() {
        var all = new LinkedHashMap<String, Object>();
        all.put("rss_MB", Math.round(residentMegabytes * 10) / 10.0);
        all.put("rss_peak_MB", Math.round(peakMegabytes * 10) / 10.0);
        all.put("handles", handles);
        all.put("threads", threads);
        all.put("cpu_s", cpuSeconds);
        return all;
    }

    private static long number(String status, String name) {
        return status.lines().filter(line -> line.startsWith(name)).mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", ""))).sum();
    }
}

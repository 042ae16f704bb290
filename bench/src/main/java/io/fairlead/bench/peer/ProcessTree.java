package io.fairlead.bench.peer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/// CPU time and memory of a process and all its living descendants, out of `/proc`.
public record ProcessTree(ProcessHandle root) {
    /// The kernel's unit in `/proc/PID/stat`; 100 on every Linux a JDK runs on.
    public static final double TICKS_PER_SECOND = 100;
    /// Ten of them: what is less is known to a tenth at best, and is no figure.
    public static final double CPU_SECONDS_MIN = 10 / TICKS_PER_SECOND;

    /// Those of children that have ended and were waited for included.
    CpuTime cpu() {
        long user = 0;
        long system = 0;
        for (ProcessHandle process : all().toList()) {
            try {
                String[] fields = stat(process.pid());
                user += Long.parseLong(fields[11]) + Long.parseLong(fields[13]);
                system += Long.parseLong(fields[12]) + Long.parseLong(fields[14]);
            } catch (IOException _) { // it has just ended
            }
        }
        return new CpuTime(user / TICKS_PER_SECOND, system / TICKS_PER_SECOND);
    }

    /// Peak resident megabytes since each process began.
    double residentPeakMegabytes() {
        return all().mapToDouble(process -> {
            try (Stream<String> lines = Files.lines(Path.of("/proc", Long.toString(process.pid()), "status"))) {
                return lines.filter(line -> line.startsWith("VmHWM:")).mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", ""))).sum() * 1024
                        / 1e6;
            } catch (IOException | UncheckedIOException _) {
                return 0;
            }
        }).sum();
    }

    /// Whether SIGSTOP holds the process.
    static boolean isStopped(long pid) throws IOException {
        return stat(pid)[0].equals("T");
    }

    /// Sockets that the process has open, connected or not.
    static long sockets(long pid) throws IOException {
        try (Stream<Path> handles = Files.list(Path.of("/proc", Long.toString(pid), "fd"))) {
            return handles.filter(handle -> {
                try {
                    return Files.readSymbolicLink(handle).toString().startsWith("socket:");
                } catch (IOException _) { // closed meanwhile
                    return false;
                }
            }).count();
        }
    }

    /// Fields 3 and following of `/proc/PID/stat`, proc(5): state, ...
    public static String[] stat(long pid) throws IOException {
        return fields(Files.readString(Path.of("/proc", Long.toString(pid), "stat")));
    }

    /// The same of the text of a `stat`, a process's or a thread's.
    static String[] fields(String stat) {
        return stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    }

    /// The first JVM among them: the root itself, or what a script has started.
    Optional<ProcessHandle> jvm() {
        return all().filter(process -> process.info().command().map(Path::of).filter(program -> program.endsWith("java")).isPresent()).findFirst();
    }

    private Stream<ProcessHandle> all() {
        return Stream.concat(Stream.of(root), root.descendants());
    }
}

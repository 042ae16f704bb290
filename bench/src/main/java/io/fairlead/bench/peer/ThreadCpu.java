package io.fairlead.bench.peer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// CPU time of a JVM and of each of its threads at one moment, out of `/proc/PID`.
///
/// @param process threads that have ended included
/// @param threads by the kernel's number of the thread
record ThreadCpu(CpuTime process, Map<Long, Task> threads) {
    /// Half a unit of the kernel's for some ten threads that do anything.
    private static final double ROUNDING_SECONDS = 5 / ProcessTree.TICKS_PER_SECOND;

    /// What the threads of a JVM are there for.
    enum Group {
        LOOPS("event loops", RecordedWindow.LOOPS),
        C2("C2 compiler", "C2 "),
        C1("C1 compiler", "C1 "),
        COLLECTOR("collector, VM thread", "VM Thread", "GC Thread", "G1 "), // the serial collector works on the VM thread
        RECORDING("the recording's own threads", "JFR ", "Attach "),
        OTHER("other threads"),
        ENDED("threads that have ended");

        final String title;
        private final List<String> names;

        Group(String title, String... names) {
            this.title = title;
            this.names = List.of(names);
        }

        /// @param name as the kernel has it: the first 15 bytes
        static Group of(String name) {
            for (Group group : values()) {
                if (group.names.stream().anyMatch(name::startsWith)) {
                    return group;
                }
            }
            return OTHER;
        }
    }

    /// One thread; the kernel's word for it, as `java.lang.Thread` has the other.
    record Task(String name, CpuTime cpu) {}

    static ThreadCpu of(long pid) throws IOException {
        var threads = new HashMap<Long, Task>();
        Path process = Path.of("/proc", Long.toString(pid));
        try (Stream<Path> tasks = Files.list(process.resolve("task"))) {
            for (Path task : (Iterable<Path>) tasks::iterator) {
                try {
                    threads.put(Long.parseLong(task.getFileName().toString()), new Task(Files.readString(task.resolve("comm")).strip(), cpu(task)));
                } catch (IOException _) { // it has just ended
                }
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        return new ThreadCpu(cpu(process), threads);
    }

    /// What each group has used since `before`, those that have used anything. The kernel rounds each thread and the process for itself: of what they
    /// differ by, only what is beyond that belongs to threads that have ended.
    Map<Group, CpuTime> since(ThreadCpu before) {
        var groups = new EnumMap<Group, CpuTime>(Group.class);
        threads.forEach((number, thread) -> {
            Task earlier = before.threads.get(number);
            CpuTime used = earlier == null ? thread.cpu() : thread.cpu().minus(earlier.cpu());
            groups.merge(Group.of(thread.name()), used, CpuTime::plus);
        });
        CpuTime ended = groups.values().stream().reduce(process.minus(before.process), CpuTime::minus);
        if (ended.total() > ROUNDING_SECONDS) {
            groups.put(Group.ENDED, ended);
        }
        groups.values().removeIf(used -> used.total() == 0);
        return groups;
    }

    private static CpuTime cpu(Path task) throws IOException {
        String stat = Files.readString(task.resolve("stat"));
        String[] fields = ProcessTree.fields(stat);
        return new CpuTime(Long.parseLong(fields[11]) / ProcessTree.TICKS_PER_SECOND, Long.parseLong(fields[12]) / ProcessTree.TICKS_PER_SECOND);
    }
}

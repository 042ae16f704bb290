package io.fairlead.bench.peer;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordedMethod;
import jdk.jfr.consumer.RecordedStackTrace;
import jdk.jfr.consumer.RecordedThread;
import jdk.jfr.consumer.RecordingFile;

/// What a JFR recording of a forwarder holds of its measured window, counted.
///
/// Samples weigh what they stand for: one of CPU time the time since the last one, one of an allocation the bytes since the last one. Those of JFR's
/// own threads are left out.
///
/// Thread: one at a time. Bound: the names in the recording.
final class RecordedWindow {
    /// How the names of the threads begin that move the bytes; CPU samples of others are not taken.
    static final String LOOPS = "fairlead-loop";
    private static final String OURS = "io.fairlead.";
    private static final String NETTY = "io.netty.";
    private static final String NO_STACK = "(no stack)";

    /// Sums by name.
    static final class Weights {
        private final Map<String, Long> byName = new HashMap<>();
        private long total;

        private void add(String name, long weight) {
            byName.merge(name, weight, Long::sum);
            total += weight;
        }

        long total() {
            return total;
        }

        /// The heaviest first; of equals the first by name.
        List<Map.Entry<String, Long>> top(int count) {
            return byName.entrySet().stream()
                    .sorted(Map.Entry.<String, Long>comparingByValue().reversed().thenComparing(Map.Entry.comparingByKey())).limit(count).toList();
        }
    }

    /// @param bytes of machine code
    record Compilation(String compiler, int level, String method, Duration duration, long bytes) {}

    record Collection(String name, Duration pauses, Duration longestPause) {}

    /// Nanoseconds of the loops' CPU time by the frame in which they were spent, and by the nearest line of ours, or of Netty where none is on the
    /// stack.
    final Weights frames = new Weights();
    final Weights owners = new Weights();
    /// Bytes allocated, by class and by the nearest line of ours or Netty's, with ours above Netty's; all threads.
    final Weights classes = new Weights();
    final Weights allocators = new Weights();
    final List<Compilation> compilations = new ArrayList<>();
    final List<Collection> collections = new ArrayList<>();
    private long samples;
    private long samplesWithoutStack;
    private long samplesLost;
    private long allocatedByLoops;

    private RecordedWindow() {}

    static RecordedWindow read(Path recording, Instant begin, Instant end) throws IOException {
        var window = new RecordedWindow();
        try (var events = new RecordingFile(recording)) {
            while (events.hasMoreEvents()) {
                RecordedEvent event = events.readEvent();
                if (!event.getStartTime().isBefore(begin) && event.getStartTime().isBefore(end)) {
                    window.take(event);
                }
            }
        }
        window.compilations.sort(Comparator.comparing(Compilation::duration).reversed());
        return window;
    }

    private void take(RecordedEvent event) {
        switch (event.getEventType().getName()) {
            case "jdk.CPUTimeSample" -> cpuSample(event);
            case "jdk.CPUTimeSamplesLost" -> samplesLost += ofLoop(event) ? event.getLong("lostSamples") : 0;
            case "jdk.ObjectAllocationSample" -> allocation(event);
            case "jdk.Compilation" -> compilations.add(new Compilation(event.getString("compiler"), event.getInt("compileLevel"),
                    name(event.getValue("method")), event.getDuration(), event.getLong("codeSize")));
            case "jdk.GarbageCollection" -> collections.add(new Collection(event.getString("name"), event.getDuration("sumOfPauses"),
                    event.getDuration("longestPause")));
            default -> {} // of the recording itself
        }
    }

    private void cpuSample(RecordedEvent event) {
        if (!ofLoop(event)) {
            return;
        }
        long nanos = event.getDuration("samplingPeriod").toNanos();
        samples++;
        RecordedStackTrace stack = event.getStackTrace();
        if (stack == null || stack.getFrames().isEmpty()) {
            samplesWithoutStack++;
            frames.add(NO_STACK, nanos);
            owners.add(NO_STACK, nanos);
        } else {
            RecordedFrame top = stack.getFrames().getFirst();
            frames.add(name(top.getMethod()) + (top.getType().equals("Native") ? " (native)" : ""), nanos);
            owners.add(owner(stack), nanos);
        }
    }

    private void allocation(RecordedEvent event) {
        RecordedThread thread = event.getThread();
        if (thread != null && thread.getJavaName() != null && thread.getJavaName().startsWith("JFR ")) {
            return;
        }
        long bytes = event.getLong("weight");
        RecordedStackTrace stack = event.getStackTrace();
        classes.add(typeName(event.getClass("objectClass").getName()), bytes);
        allocators.add(stack == null ? NO_STACK : allocator(stack), bytes);
        allocatedByLoops += ofLoop(event) ? bytes : 0;
    }

    /// CPU samples of the loops.
    long samples() {
        return samples;
    }

    long samplesWithoutStack() {
        return samplesWithoutStack;
    }

    /// What the JVM had no room for.
    long samplesLost() {
        return samplesLost;
    }

    long allocatedByLoops() {
        return allocatedByLoops;
    }

    List<Compilation> compilations(String compiler) {
        return compilations.stream().filter(compilation -> compilation.compiler().equals(compiler)).toList();
    }

    private static boolean ofLoop(RecordedEvent event) {
        RecordedThread thread = event.getThread();
        return thread != null && thread.getJavaName() != null && thread.getJavaName().startsWith(LOOPS);
    }

    /// The nearest line of ours; else Netty's, else where it was.
    private static String owner(RecordedStackTrace stack) {
        return nearest(stack, OURS).or(() -> nearest(stack, NETTY)).orElseGet(() -> top(stack));
    }

    /// The nearest line of ours or Netty's, and if that is Netty's, the line of ours that has led there.
    private static String allocator(RecordedStackTrace stack) {
        String site = nearest(stack, OURS, NETTY).orElseGet(() -> top(stack));
        return site.startsWith(OURS) ? site : site + nearest(stack, OURS).map(line -> ", from " + line).orElse("");
    }

    /// The nearest line of a class whose name begins with one of `starts`.
    private static Optional<String> nearest(RecordedStackTrace stack, String... starts) {
        return stack.getFrames().stream().filter(frame -> frame.getMethod() != null)
                .filter(frame -> Stream.of(starts).anyMatch(frame.getMethod().getType().getName()::startsWith)).findFirst()
                .map(frame -> name(frame.getMethod()) + (frame.getLineNumber() > 0 ? ":" + frame.getLineNumber() : ""));
    }

    private static String top(RecordedStackTrace stack) {
        return stack.getFrames().isEmpty() ? NO_STACK : name(stack.getFrames().getFirst().getMethod());
    }

    private static String name(Object method) {
        return method instanceof RecordedMethod known ? typeName(known.getType().getName()) + "." + known.getName() : "(unknown)";
    }

    /// As Java writes it. Hidden classes, those of lambdas among them, lose the number that no other run has.
    static String typeName(String type) {
        int dimensions = type.lastIndexOf('[') + 1;
        String element = type.substring(dimensions);
        if (dimensions > 0) {
            element = switch (element.charAt(0)) {
                case 'L' -> element.substring(1, element.length() - 1);
                case 'Z' -> "boolean";
                case 'B' -> "byte";
                case 'C' -> "char";
                case 'S' -> "short";
                case 'I' -> "int";
                case 'J' -> "long";
                case 'F' -> "float";
                default -> "double";
            };
        }
        return element.replaceAll("[/.]0x[0-9a-f]+", "").replaceAll("(\\$\\$Lambda).*", "$1") + "[]".repeat(dimensions);
    }
}

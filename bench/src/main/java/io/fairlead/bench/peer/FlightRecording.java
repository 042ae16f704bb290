package io.fairlead.bench.peer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// A JFR recording of a forwarder that is a JVM, and the CPU time of its threads at both ends of the window.
///
/// `jcmd` starts it in the running process, before the warm-up: options of the JVM would have to fit the start-up cache, and the cost of starting is
/// over when the window begins. The recording covers more than the window; {@link RecordedWindow} takes what is in it.
///
/// Thread: as {@link Probe}. Bound: JFR's own, 250 MB on disk.
final class FlightRecording implements Probe, AutoCloseable {
    /// CPU time asked for between two samples of a thread. The kernel's timers count in its ticks: with 250 a second there is one sample in 4 ms of
    /// CPU time.
    private static final String SAMPLE_PERIOD = "1ms";
    private static final int JCMD_SECONDS_MAX = 30;
    private static final String NAME = "window";
    private static final List<String> START = List.of("JFR.start", "name=" + NAME, "settings=none",
            "+jdk.CPUTimeSample#enabled=true", "+jdk.CPUTimeSample#throttle=" + SAMPLE_PERIOD, "+jdk.CPUTimeSample#stackTrace=true",
            "+jdk.CPUTimeSamplesLost#enabled=true",
            "+jdk.ObjectAllocationSample#enabled=true", "+jdk.ObjectAllocationSample#throttle=1000/s", "+jdk.ObjectAllocationSample#stackTrace=true",
            "+jdk.Compilation#enabled=true", "+jdk.Compilation#threshold=0ms",
            "+jdk.GarbageCollection#enabled=true", "+jdk.GarbageCollection#threshold=0ms");

    private final Path file;
    private long pid;
    private Instant begun;
    private Instant ended;
    private ThreadCpu before; // null: the forwarder had ended
    private ThreadCpu after;
    private boolean written;

    FlightRecording() throws IOException {
        file = Files.createTempFile("fairlead-peer", ".jfr");
    }

    @Override
    public void forwarding(ProcessTree forwarder) throws IOException, InterruptedException {
        pid = forwarder.jvm().orElseThrow(() -> new IOException("it is no JVM, so nothing can be recorded")).pid();
        String said = jcmd(START);
        if (!said.contains("Started recording")) {
            throw new IOException("the JVM refuses the recording; jdk.CPUTimeSample needs Linux and JDK 25: " + said);
        }
    }

    @Override
    public void begin() {
        begun = Instant.now();
        before = cpu();
    }

    @Override
    public void end() {
        ended = Instant.now();
        after = cpu();
    }

    @Override
    public void worked() throws IOException, InterruptedException {
        String said = jcmd(List.of("JFR.stop", "name=" + NAME, "filename=" + file));
        if (!said.contains("Stopped recording")) {
            throw new IOException("the recording is lost: " + said);
        }
        written = true;
    }

    /// Whether it has come to its end.
    boolean isWritten() {
        return written;
    }

    /// Where it is once it has.
    Path file() {
        return file;
    }

    /// What it holds of the window.
    RecordedWindow window() throws IOException {
        return RecordedWindow.read(file, begun, ended);
    }

    /// CPU time of the window.
    Map<ThreadCpu.Group, CpuTime> cpuOfWindow() {
        return after.since(before);
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(file);
    }

    /// Null if the forwarder has ended: the turn goes on, and tells of it.
    private ThreadCpu cpu() {
        try {
            return ThreadCpu.of(pid);
        } catch (IOException _) {
            return null;
        }
    }

    private String jcmd(List<String> command) throws IOException, InterruptedException {
        var words = new ArrayList<>(Arrays.asList(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(), Long.toString(pid)));
        words.addAll(command);
        return Tool.output(new ProcessBuilder(words).redirectErrorStream(true), JCMD_SECONDS_MAX);
    }
}

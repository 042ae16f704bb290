package io.fairlead.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.bench.cluster.ServerPod;
import io.fairlead.testbed.loop.Loops;
import io.fairlead.testbed.pod.PodMain;
import io.fairlead.testbed.pod.PodServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Turns with a recording of their forwarder: fairlead on the ideal testbed, and a plain relay where any JVM will do.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FlightRecordingIT {
    private static final PeerCommand RELAY = PeerCommand.known("fairlead", "kubectl").get("faulty-none");

    private final Loops loops = Loops.start("servers", 1);
    private PodServer echo;

    /// Kills the forwarder when the window begins.
    private static final class Killer implements Probe {
        private final FlightRecording recording;
        private ProcessHandle forwarder;

        Killer(FlightRecording recording) {
            this.recording = recording;
        }

        @Override
        public void forwarding(ProcessTree tree) throws IOException, InterruptedException {
            recording.forwarding(tree);
            forwarder = tree.root();
        }

        @Override
        public void begin() {
            recording.begin();
            forwarder.destroyForcibly();
            forwarder.onExit().join();
        }

        @Override
        public void end() {
            recording.end();
        }

        @Override
        public void worked() throws IOException, InterruptedException {
            recording.worked();
        }
    }

    /// Reads the forwarder's CPU time before and after each of the recording's own readings: what it uses between two of them is between the bounds.
    private static final class Bounds implements Probe {
        private final FlightRecording recording;
        private ProcessTree tree;
        private CpuTime first;
        private CpuTime second;
        private double least;
        private double most;

        Bounds(FlightRecording recording) {
            this.recording = recording;
        }

        @Override
        public void forwarding(ProcessTree forwarder) throws IOException, InterruptedException {
            tree = forwarder;
            recording.forwarding(forwarder);
        }

        @Override
        public void begin() {
            first = tree.cpu();
            recording.begin();
            second = tree.cpu();
        }

        @Override
        public void end() {
            least = tree.cpu().minus(second).total();
            recording.end();
            most = tree.cpu().minus(first).total();
        }

        @Override
        public void worked() throws IOException, InterruptedException {
            recording.worked();
        }
    }

    @BeforeAll
    void listen() throws IOException {
        echo = PodServer.listen(loops, PodMain.behaviour("echo"), OwnAddress.TEXT, ServerPod.port("echo"));
    }

    @AfterAll
    void stop() {
        echo.close();
        loops.close();
    }

    @Test
    void fairleadsEventLoopsAreSampledInTheWindow(@TempDir Path folder) throws IOException, InterruptedException {
        PeerCommand fairlead = PeerCommand.known(BuiltFairlead.script(folder), "kubectl").get("fairlead");
        try (Servers servers = Servers.ideal(); var recording = new FlightRecording()) {
            var bounds = new Bounds(recording);
            Measurement measured = run(servers.pod(), servers.kubeconfig(), fairlead, "down-1", bounds);
            assertEquals(0, measured.errors(), () -> measured.values().toString());
            assertTrue(recording.isWritten());
            RecordedWindow window = recording.window();
            assertTrue(window.samples() > 0 && window.frames.total() > 0, () -> window.samples() + " samples");
            assertTrue(window.owners.top(20).stream().anyMatch(owner -> owner.getKey().startsWith("io.fairlead.engine.")),
                    () -> window.owners.top(20).toString());
            // Either may be empty for itself: a download hardly allocates, and the JIT may just have paused.
            assertTrue(window.classes.total() > 0 || !window.compilations.isEmpty(), () -> window.classes.total() + " bytes, " + window.compilations);
            Map<ThreadCpu.Group, CpuTime> cpu = recording.cpuOfWindow();
            assertTrue(cpu.getOrDefault(ThreadCpu.Group.LOOPS, new CpuTime(0, 0)).total() > 0, cpu::toString);
            double sum = cpu.values().stream().mapToDouble(CpuTime::total).sum();
            double rounding = 0.25; // the kernel's, for each thread
            assertTrue(sum >= bounds.least - rounding && sum <= bounds.most + rounding,
                    () -> sum + " s, not " + bounds.least + " to " + bounds.most + " s: " + cpu);
        }
    }

    @Test
    void aRecordingThatCannotBeReadIsAResult() throws IOException, InterruptedException {
        try (var recording = new FlightRecording()) {
            Measurement measured = relayed(recording);
            assertTrue(ProfileFile.section(measured, recording, "some command", List.of()).startsWith("\n## rr-64\n\n`some command`\n\n"));
            Files.writeString(recording.file(), "no recording");
            String section = ProfileFile.section(measured, recording, "some command", List.of());
            assertTrue(section.startsWith("\n## rr-64\n\nNo profile: the recording cannot be read: "), section);
        }
    }

    @Test
    void aForwarderThatDiesInTheWindowIsAResultAsWithoutARecording() throws IOException, InterruptedException {
        try (var recording = new FlightRecording()) {
            Measurement measured = relayed(new Killer(recording));
            assertEquals("", measured.failure());
            assertTrue(measured.diedWith().startsWith("ended by itself"), measured::diedWith);
            assertFalse(recording.isWritten());
            assertTrue(ProfileFile.section(measured, recording, "", List.of()).startsWith("\n## rr-64\n\nNo profile: ended by itself"));
        }
    }

    @Test
    void whatIsNoJvmCannotBeRecorded() throws IOException {
        Process sleep = new ProcessBuilder("sleep", "60").start();
        try (var recording = new FlightRecording()) {
            var e = assertThrows(IOException.class, () -> recording.forwarding(new ProcessTree(sleep.toHandle())));
            assertEquals("it is no JVM, so nothing can be recorded", e.getMessage());
            assertFalse(recording.isWritten());
        } finally {
            sleep.destroy();
        }
    }

    private static Measurement relayed(Probe probe) throws IOException, InterruptedException {
        return run(new TurnRunner.Pod("none", "none", OwnAddress.TEXT), null, RELAY, "rr-64", probe);
    }

    private static Measurement run(TurnRunner.Pod pod, Path kubeconfig, PeerCommand command, String workload, Probe probe)
            throws IOException, InterruptedException {
        var runner = new TurnRunner(pod, kubeconfig, Map.of("peer", command), Duration.ofMillis(500), Duration.ofSeconds(1));
        return runner.run(new Turn(PeerWorkload.named(workload).getFirst(), 0, "peer", 1), probe);
    }
}

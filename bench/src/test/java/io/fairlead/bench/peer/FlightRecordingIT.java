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
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// A turn with a recording of its forwarder, here a plain relay.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FlightRecordingIT {
    private static final String ADDRESS = "127.0.0.78";

    private final Loops loops = Loops.start("servers", 1);
    private PodServer echo;

    @BeforeAll
    void listen() throws IOException {
        echo = PodServer.listen(loops, PodMain.behaviour("echo"), ADDRESS, ServerPod.port("echo"));
    }

    @AfterAll
    void stop() {
        echo.close();
        loops.close();
    }

    @Test
    void aForwarderThatIsAJvmIsRecordedInItsWindow() throws IOException, InterruptedException {
        try (var recording = new FlightRecording()) {
            Measurement measured = run(PeerCommand.known("fairlead", "kubectl").get("faulty-none"), recording);
            assertEquals(0, measured.errors(), () -> measured.values().toString());
            assertTrue(recording.isWritten());
            RecordedWindow window = recording.window();
            assertTrue(window.classes.total() > 0 && !window.compilations.isEmpty(), () -> window.classes.total() + " bytes, " + window.compilations);
            double used = recording.cpuOfWindow().values().stream().mapToDouble(CpuTime::total).sum();
            assertEquals(measured.cpu().total(), used, 0.1, () -> recording.cpuOfWindow().toString());
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

    private static Measurement run(PeerCommand command, Probe probe) throws IOException, InterruptedException {
        var runner = new TurnRunner(new TurnRunner.Pod("none", "none", ADDRESS), null, Map.of("peer", command), Duration.ofMillis(300), Duration.ofSeconds(1));
        return runner.run(new Turn(PeerWorkload.named("rr-64").getFirst(), 0, "peer", 1), probe);
    }
}

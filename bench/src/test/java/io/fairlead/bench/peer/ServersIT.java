package io.fairlead.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Turns against the ideal testbed as a process of its own.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ServersIT {
    private Servers servers;

    @BeforeAll
    void start() throws IOException {
        servers = Servers.ideal();
    }

    @AfterAll
    void stop() {
        servers.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"down-1", "up-1", "rr-64", "connect-8"})
    void itsServersAreThoseOfTheWorkloads(String workload) throws IOException, InterruptedException {
        worked(run("raw", Map.of(), workload));
    }

    @ParameterizedTest
    @ValueSource(strings = {"up-1", "connect-8", "mixed-one-port"})
    void aForwarderReachesThem(String workload, @TempDir Path folder) throws IOException, InterruptedException {
        Measurement measured = run("fairlead", PeerCommand.known(BuiltFairlead.script(folder), "kubectl"), workload);
        worked(measured);
        assertTrue(measured.cpu().total() > 0 && measured.residentPeakMegabytes() > 0, () -> measured.values().toString());
    }

    private Measurement run(String peer, Map<String, PeerCommand> commands, String workload) throws IOException, InterruptedException {
        var runner = new TurnRunner(servers.pod(), servers.kubeconfig(), commands, Duration.ofMillis(300), Duration.ofSeconds(1));
        return runner.run(new Turn(PeerWorkload.named(workload).getFirst(), 0, peer, 1));
    }

    private static void worked(Measurement measured) {
        assertEquals("", measured.failure());
        assertEquals(0, measured.errors(), () -> measured.values().toString());
        assertTrue(measured.results().getFirst().verifiedBytes() > 0, () -> measured.values().toString());
    }
}

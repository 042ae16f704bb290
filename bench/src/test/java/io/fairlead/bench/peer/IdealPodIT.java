package io.fairlead.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Turns against the ideal testbed as a process of its own.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class IdealPodIT {
    private Servers servers;
    private TurnRunner runner;

    @BeforeAll
    void start() throws IOException {
        servers = Servers.ideal();
        runner = new TurnRunner(servers.pod(), servers.kubeconfig(), Map.of(), Duration.ofMillis(300), Duration.ofSeconds(1));
    }

    @AfterAll
    void stop() {
        servers.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"down-1", "up-1", "rr-64", "connect-8"})
    void itsServersAreThoseOfTheWorkloads(String workload) throws InterruptedException {
        Measurement measured = runner.run(new Turn(PeerWorkload.named(workload).getFirst(), 0, "raw", 1));
        assertEquals(0, measured.errors(), () -> measured.values().toString());
        assertTrue(measured.results().getFirst().verifiedBytes() > 0, () -> measured.values().toString());
    }
}

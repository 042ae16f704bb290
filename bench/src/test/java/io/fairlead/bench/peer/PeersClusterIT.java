package io.fairlead.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fairlead.bench.cluster.ServerPod;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Every peer of a side-by-side run on a real cluster, over the cluster's own way and over a longer one.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PeersClusterIT {
    private Path kubeconfig;
    private ServerPod pod;

    @BeforeAll
    void deploy() throws IOException, InterruptedException {
        kubeconfig = ServerPod.kubeconfig().orElse(null);
        assumeTrue(kubeconfig != null, "KUBECONFIG names no readable file: there is no real cluster to test on");
        pod = ServerPod.deploy(kubeconfig);
    }

    @AfterAll
    void remove() {
        if (pod != null) {
            pod.close();
        }
    }

    @ParameterizedTest(name = "{0} @{1}ms")
    @CsvSource({"fairlead, 20", "kubectl-ws, 20", "kubectl-spdy, 20", "client-java, 0", "client-java, 20", "fabric8, 0", "fabric8, 20", "raw, 20",
            "direct, 0"})
    void exchangesOverEveryPeerTakeTheRoundTripAndHaveNoErrors(String peer, int rttMillis) throws IOException, InterruptedException {
        var runner = new TurnRunner(TurnRunner.Pod.of(pod), kubeconfig, PeerCommand.known("../bin/fairlead", "kubectl"), Duration.ofMillis(300),
                Duration.ofSeconds(1));
        Measurement measured = runner.run(new Turn(PeerWorkload.named("rr-1").getFirst(), rttMillis, peer, 1));
        assertEquals("", measured.failure());
        assertEquals(0, measured.errors(), () -> measured.values().toString());
        var result = measured.results().getFirst();
        assertTrue(result.ops() > 0 && result.latency().getMinValue() >= TimeUnit.MILLISECONDS.toNanos(rttMillis) * 0.999, result::json);
    }
}

package io.fairlead.bench.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fairlead.testbed.load.LoadResult;
import io.fairlead.testbed.load.LoadSpec;
import io.fairlead.testbed.load.Mode;
import io.fairlead.bench.peer.RawClient;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The servers' pod on a real cluster, and our frames through a real API server, kubelet and runtime, without any forwarder of ours between.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ServerPodClusterIT {
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

    @ParameterizedTest(name = "{0}, {2} pairs")
    @CsvSource({"download, source, 1", "download, source, 16", "upload, check, 1", "upload, check, 16", "rr, echo, 64", "rr-open, echo, 64",
            "connect, echo, 8"})
    void rawFramesMoveVerifiedBytes(String mode, String server, int pairs) throws IOException, InterruptedException {
        LoadSpec spec = LoadSpec.of(Mode.of(mode), new InetSocketAddress("127.0.0.1", ServerPod.port(server)))
                .with("connections", Integer.toString(pairs)).withTimes(Duration.ofMillis(300), Duration.ofSeconds(1));
        LoadResult result = RawClient.run(PodAccess.read(kubeconfig), pod.namespace(), pod.name(), List.of(spec), List.of(ServerPod.port(server)))
                .results().getFirst();
        assertEquals(Map.of(), result.errors());
        assertTrue(result.bytes() > 0 && result.verifiedBytes() >= result.bytes(), result::json);
        assertTrue(!server.equals("echo") || result.ops() > 0, result::json);
    }
}

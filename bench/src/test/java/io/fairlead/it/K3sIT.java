package io.fairlead.it;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fairlead.engine.Engine;
import io.fairlead.engine.Forward;
import io.fairlead.engine.ForwardSpec;
import io.fairlead.testbed.pod.PodClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;
import org.testcontainers.k3s.K3sContainer;
import org.testcontainers.utility.DockerImageName;

/// The engine against k3s in a container: another API server build and runtime. Skipped where there is no container engine.
@Testcontainers(disabledWithoutDocker = true)
@Timeout(300)
class K3sIT {
    @Container
    private static final K3sContainer K3S = new K3sContainer(DockerImageName.parse("rancher/k3s:v1.34.1-k3s1"));

    @Test void aDnsQuestionOverTcpIsAnsweredByCoredns(@TempDir Path folder) throws Exception {
        Path kubeconfig = Files.writeString(folder.resolve("kubeconfig"), K3S.getKubeConfigYaml());
        ForwardSpec one = ForwardSpec.of("deployment/coredns", ":53");
        var spec = new ForwardSpec(Optional.of(kubeconfig), one.context(), Optional.of("kube-system"), one.target(), one.ports(), one.addresses(),
                Duration.ofMinutes(3), one.pairsMax(), one.sessions()); // the container is up before its pods are
        try (Engine engine = Engine.start(); Forward forward = engine.forward(spec, _ -> { })) {
            try (PodClient client = PodClient.connect(forward.listeners().getFirst().local())) {
                assertEquals(new Dns.Answer(0, 1), Dns.ask(client, "kubernetes.default.svc.cluster.local"));
            }
        }
    }
}

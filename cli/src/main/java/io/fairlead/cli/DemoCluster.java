package io.fairlead.cli;

import io.fairlead.engine.ForwardSpec;
import io.fairlead.testbed.PodSpec;
import io.fairlead.testbed.Testbed;
import io.fairlead.testbed.TestbedMain;
import io.fairlead.testbed.pod.PodBehaviour;
import java.io.IOException;
import java.nio.file.Path;

/// The embedded cluster with what `demo` and `testbed` need in it: the Deployment `demo` beside the objects of every foreground testbed.
record DemoCluster(Testbed testbed) implements AutoCloseable {
    static final String NAMESPACE = "default";
    static final String NAME = "demo";
    static final int WEB_PORT = 8080;
    static final int ECHO_PORT = 7000;
    static final int SOURCE_PORT = 9000;
    private static final int REPLICAS = 2;

    static DemoCluster start() throws IOException {
        DemoCluster cluster = new DemoCluster(Testbed.builder().start());
        try {
            TestbedMain.populate(cluster.testbed);
            cluster.testbed.addDeployment(NAME, REPLICAS, PodSpec.named("").in(NAMESPACE)
                    .port("http", WEB_PORT, PodBehaviour.http("hello from a pod of the Deployment demo, through fairlead\n"))
                    .port("echo", ECHO_PORT, PodBehaviour.echo())
                    .port("source", SOURCE_PORT, PodBehaviour.source()));
            return cluster;
        } catch (IOException | RuntimeException e) {
            cluster.close();
            throw e;
        }
    }

    Path kubeconfig() {
        return testbed.kubeconfig();
    }

    /// The demo's forward: each port of the Deployment at a free local port.
    ForwardSpec spec() {
        return ForwardSpec.of("deployment/" + NAME, ":" + WEB_PORT, ":" + ECHO_PORT, ":" + SOURCE_PORT)
                .withKubeconfig(kubeconfig()).withNamespace(NAMESPACE).withAddresses("127.0.0.1");
    }

    @Override
    public void close() {
        testbed.close();
    }
}

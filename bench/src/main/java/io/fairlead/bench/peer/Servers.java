package io.fairlead.bench.peer;

import io.fairlead.bench.cluster.IdealCluster;
import io.fairlead.bench.cluster.ServerPod;
import java.io.IOException;
import java.nio.file.Path;

/// Where a run's servers are, for as long as the run lasts.
///
/// @param version of the API server
record Servers(TurnRunner.Pod pod, Path kubeconfig, String version, Runnable end) implements AutoCloseable {
    /// In a pod of the cluster that `kubeconfig` names.
    static Servers deploy(Path kubeconfig) throws IOException, InterruptedException {
        ServerPod pod = ServerPod.deploy(kubeconfig);
        return new Servers(TurnRunner.Pod.of(pod), kubeconfig, pod.serverVersion(), pod::close);
    }

    /// Behind the ideal testbed.
    static Servers ideal() throws IOException {
        IdealCluster cluster = IdealCluster.start();
        var pod = new TurnRunner.Pod(IdealCluster.NAMESPACE, IdealCluster.POD, "");
        return new Servers(pod, cluster.kubeconfig(), "none, the ideal testbed: `" + IdealCluster.TESTBED + "`, a process of its own",
                cluster::close);
    }

    @Override
    public void close() {
        end.run();
    }
}

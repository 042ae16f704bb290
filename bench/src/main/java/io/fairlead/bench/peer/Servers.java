package io.fairlead.bench.peer;

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
        IdealPod pod = IdealPod.start();
        return new Servers(IdealPod.POD, pod.kubeconfig(), "none, the ideal testbed: `io.fairlead.bench.scale.IdealMain`, a process of its own", pod::close);
    }

    @Override
    public void close() {
        end.run();
    }
}

package io.fairlead.engine.resolve;

import io.fairlead.engine.ForwardException;
import io.fairlead.engine.kube.Cluster;

import java.time.Duration;
import java.util.List;

/// Turns what the user names into a pod and its ports, as kubectl does.
public final class TargetResolver {
    private final Cluster cluster;

    public TargetResolver(Cluster cluster) {
        this.cluster = cluster;
    }

    /// Finds the pod and the ports. Waits at most `podRunningTimeout` until the target has a pod.
    ///
    /// @param target `TYPE/NAME` or a pod's name
    /// @param ports as in {@link io.fairlead.engine.ForwardSpec}
    public Endpoint resolve(String target, List<String> ports, Duration podRunningTimeout) throws ForwardException, InterruptedException {
        throw new UnsupportedOperationException(cluster.namespace());
    }

    /// Blocks until the endpoint's pod is gone, is being deleted, or does not run any more. Returns which.
    public String awaitGone(Endpoint endpoint) throws InterruptedException {
        throw new UnsupportedOperationException(endpoint.pod());
    }
}

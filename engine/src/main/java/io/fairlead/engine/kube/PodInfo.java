package io.fairlead.engine.kube;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// What choosing and watching a pod needs of it.
///
/// @param node empty while the pod is not assigned to a node
/// @param address the pod's IP address; empty while it has none
/// @param phase as the API server says it; empty when it says nothing
/// @param readySince when the condition Ready last changed; empty when unknown
/// @param restartsMax most restarts of one container
/// @param sidecarRestartsMax most restarts of one restartable init container
/// @param ports of the containers, then of the init containers, in the order of the spec
public record PodInfo(
        String namespace,
        String name,
        String uid,
        String node,
        String address,
        String phase,
        boolean ready,
        Optional<Instant> readySince,
        Optional<Instant> deletion,
        Optional<Instant> creation,
        int restartsMax,
        int sidecarRestartsMax,
        List<Port> ports) {

    /// One declared container port. `name` may be empty; `init` tells a port of an init container.
    public record Port(String name, int number, String protocol, boolean init) {}

    public PodInfo {
        ports = List.copyOf(ports);
    }

    public boolean isRunning() {
        return phase.equals("Running");
    }
}

package io.fairlead.testbed.api;

import io.fairlead.testbed.node.PodTarget;
import java.util.Optional;

/// The node's pods, for the API server. Thread: any.
public interface PodDirectory {
    /// The pod's sandbox; empty if none runs.
    Optional<PodTarget> running(String namespace, String pod);

    /// A client deleted the pod.
    void delete(String namespace, String pod);
}

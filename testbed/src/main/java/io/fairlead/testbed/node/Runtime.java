package io.fairlead.testbed.node;

/// How the node behaves between the session and the pods.
public enum Runtime {
    /// As containerd 1.5 to 2.x with moby/spdystream: five frame workers with queues of 50 that block on a slow pod and finally stop the session's
    /// reader; no half-close towards the pod; one second after the first direction ends the other is cut; frames of at most 32 KiB. Source: docs/PROTOCOL.md 1.4, 3.5, 4.3.
    CONTAINERD,
    /// Without those limits, to measure a client alone: each direction ends at once and by itself, no stream waits for another one, frames
    /// of up to 64 KiB. Stops reading a session only when it holds {@link NodeSession#IDEAL_PENDING_BYTES_MAX} for its pods.
    IDEAL
}

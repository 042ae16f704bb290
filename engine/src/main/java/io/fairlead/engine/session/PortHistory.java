package io.fairlead.engine.session;

/// What is known of one port of the pod from the connections it had. Shared by all sessions of a forward; any thread.
///
/// Why it matters: the runtime replies to a stream before it dials the pod. If the port then refuses, nobody reads the stream, and payload
/// already on its way blocks the peer's frame worker for good: containerd up to 1.7 closes the stream without resetting it. So payload may only
/// be sent ahead to a port that is known to accept.
public final class PortHistory {
    private volatile boolean accepts;

    /// Whether the last that was heard of the port is that it accepts connections.
    public boolean accepts() {
        return accepts;
    }

    void accepted() {
        if (!accepts) {
            accepts = true;
        }
    }

    void refused() {
        accepts = false;
    }

    /// Another pod stands behind the port now.
    public void forget() {
        accepts = false;
    }
}

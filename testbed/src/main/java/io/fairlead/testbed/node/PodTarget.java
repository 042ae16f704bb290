package io.fairlead.testbed.node;

import java.net.InetSocketAddress;
import java.util.Optional;

/// What the node knows of the pod that a session is for. Thread: any.
public interface PodTarget {
    /// 64 hex digits, as containerd names it in its error texts.
    String sandboxId();

    /// False once the pod was killed: its sandbox is gone.
    boolean isAlive();

    /// Where the pod's port really listens; empty for a port on which nothing does.
    Optional<InetSocketAddress> address(int port);
}

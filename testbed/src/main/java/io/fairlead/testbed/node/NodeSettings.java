package io.fairlead.testbed.node;

import java.time.Duration;

/// @param pairTimeout how long one stream waits for its partner; 30 s in the runtime
/// @param webSocketNeedsCreate whether a WebSocket request needs the verb create beside get, as from Kubernetes 1.35 on
/// @param idleTimeout after so long without a frame the session is closed; 4 h in the runtime
public record NodeSettings(Runtime runtime, Duration pairTimeout, Duration idleTimeout, boolean webSocketNeedsCreate) {
    public static final NodeSettings DEFAULT = new NodeSettings(Runtime.CONTAINERD, Duration.ofSeconds(30), Duration.ofHours(4), false);
}

package io.fairlead.testbed.node;

import java.time.Duration;

/// @param pairTimeout how long one stream waits for its partner; 30 s in the runtime
/// @param idleTimeout after so long without a frame the session is closed; 4 h in the runtime
public record NodeSettings(Runtime runtime, Duration pairTimeout, Duration idleTimeout) {
    public static final NodeSettings DEFAULT = new NodeSettings(Runtime.CONTAINERD, Duration.ofSeconds(30), Duration.ofHours(4));
}

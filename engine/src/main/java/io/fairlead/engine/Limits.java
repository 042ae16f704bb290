package io.fairlead.engine;

import java.util.concurrent.TimeUnit;

/// Every number we chose: its unit, its reason, and what happens when it is reached.
public final class Limits {
    /// Pairs open at once in one forward. The runtime holds an OS thread for each pair and a Go program aborts at 10,000 threads; at about
    /// 5,000 pairs containerd was seen to stop serving its whole node. At the limit the listeners stop accepting, connections wait in the
    /// kernel's listen queue, and the user is told once. A user can change it.
    public static final int PAIRS_MAX = 4_000;

    /// Events that wait for a slow consumer of a forward. At the limit new events are dropped and counted.
    public static final int EVENTS_QUEUED = 1_024;

    /// How long {@link Forward#close} waits for resets and go-aways to leave. Then the sockets are closed as they are.
    public static final long CLOSE_NANOS = TimeUnit.SECONDS.toNanos(2);

    private Limits() {}
}

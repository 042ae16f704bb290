package io.fairlead.engine.session;

import io.fairlead.engine.Limits;

/// What is known of one port of the pod from the connections it had. Shared by all sessions of a forward; any thread.
///
/// Why it matters: the runtime replies to a stream before it dials the pod. If the port then refuses, nobody reads the stream, and payload
/// already on its way blocks the peer's frame worker for good: containerd up to 1.7 closes the stream without resetting it. So payload may only
/// be sent ahead to a port that is known to accept.
public final class PortHistory {
    private volatile boolean accepts;
    /// Connections in turn that were not bulk; -1 from a bulk one on, until the next that is not.
    private volatile int interactive;
    /// For so many more connections the port counts as one that uploads.
    private volatile int uploads;

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

    /// Whether so many connections in turn were not bulk that the next one may be taken not to be, either.
    public boolean isInteractive() {
        return interactive >= Limits.INTERACTIVE_STREAK;
    }

    /// Whether the last connection of which it is known was bulk.
    public boolean isBulk() {
        return interactive < 0;
    }

    /// Whether one of its last connections uploaded in bulk: the next may, too, and its pod may not read it. So not only until the next that is
    /// not bulk, as a program with several uploads has one beside them that controls them.
    public boolean isUpload() {
        return uploads > 0;
    }

    void wasBulk(boolean upload) {
        interactive = -1;
        uploads = upload ? Limits.INTERACTIVE_STREAK : Math.max(0, uploads - 1);
    }

    /// Two loops may count at once and lose one of the two: the streak is a guess, not a sum.
    void wasInteractive() {
        int streak = interactive;
        if (streak < Limits.INTERACTIVE_STREAK) {
            interactive = Math.max(0, streak) + 1;
        }
        if (uploads > 0) {
            uploads--;
        }
    }

    /// Another pod stands behind the port now.
    public void forget() {
        accepts = false;
        interactive = 0;
        uploads = 0;
    }
}

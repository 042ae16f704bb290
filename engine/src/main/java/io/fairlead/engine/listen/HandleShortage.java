package io.fairlead.engine.listen;

import io.fairlead.engine.Limits;

/// File handles that run out, as one listener tells it: once when it begins, and once when it is over. With handles just short of what the
/// programs ask for, accepting fails and goes on twice a second.
///
/// Thread: the listener's loop.
final class HandleShortage {
    private boolean told;
    private long lastNanos;

    /// Accepting failed. Whether that is news.
    boolean failed(long nowNanos) {
        lastNanos = nowNanos;
        boolean news = !told;
        told = true;
        return news;
    }

    /// Whether it is over, and that is news.
    boolean isOver(long nowNanos) {
        boolean news = told && nowNanos - lastNanos >= Limits.ACCEPT_CALM_NANOS;
        told &= !news;
        return news;
    }
}

package io.fairlead.cli;

import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// Lets the first messages of a second through and counts the rest, so that a pod that refuses a thousand connections costs a few lines.
/// One thread, or the caller's lock. Time is an argument.
final class Repeats {
    /// Messages shown in full in each second: enough to see that several causes differ, few enough to read.
    static final int SHOWN_PER_SECOND = 5;

    private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

    private boolean counting;
    private long secondStart;
    private int shown;
    private long held;
    private String last = "";

    /// Whether to show `message` now; if not, it is counted, and {@link #due} tells of it later.
    boolean show(String message, long nowNanos) {
        if (!counting) {
            counting = true;
            secondStart = nowNanos;
            shown = 0;
        }
        if (shown < SHOWN_PER_SECOND) {
            shown++;
            return true;
        }
        held++;
        last = message;
        return false;
    }

    /// Ends a second that is over: the count of what was not shown in it, as a line, when there was any. Call from time to time.
    Optional<String> due(long nowNanos) {
        if (!counting || nowNanos - secondStart < SECOND_NANOS) {
            return Optional.empty();
        }
        counting = false;
        if (held == 0) {
            return Optional.empty();
        }
        String line = "%d more like this within a second; the last: %s".formatted(held, last);
        held = 0;
        last = "";
        return Optional.of(line);
    }
}

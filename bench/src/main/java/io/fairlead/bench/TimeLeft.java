package io.fairlead.bench;

import java.util.Locale;

/// A line on stderr for each turn that has ended, with the time that the others take if they take as long as those until now.
///
/// Thread: one at a time.
public final class TimeLeft {
    private final String name;
    private final int turns;
    private final long begunNanos = System.nanoTime();
    private int ended;

    /// The first turn begins now.
    ///
    /// @param name of what has these turns
    public TimeLeft(String name, int turns) {
        this.name = name;
        this.turns = turns;
    }

    public void turnEnded() {
        ended++;
        System.err.println(text(ended, (System.nanoTime() - begunNanos) / 1e9));
    }

    /// @param seconds that they took together
    String text(int turnsEnded, double seconds) {
        return String.format(Locale.ROOT, "%s: %d of %d turns, %.0f s left", name, turnsEnded, turns, seconds / turnsEnded * (turns - turnsEnded));
    }
}

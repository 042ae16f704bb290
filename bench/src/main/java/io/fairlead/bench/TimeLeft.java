package io.fairlead.bench;

import java.util.Locale;

/// A line on stderr for each turn that has ended, with the time that is left: the rest of the turns, each as long as those until now were on average.
/// Where one can say before what a turn takes, that weighs as much as ten turns, as the first few say little of the others.
///
/// Thread: one at a time.
public final class TimeLeft {
    private static final int ESTIMATE_TURNS = 10;

    private final String name;
    private final int turns;
    private final double estimatedSeconds;
    private final int estimateTurns;
    private final long begunNanos = System.nanoTime();
    private int ended;

    /// The first turn begins now.
    ///
    /// @param name of what has these turns
    public TimeLeft(String name, int turns) {
        this(name, turns, 0, 0);
    }

    /// @param estimatedSeconds of a turn
    public TimeLeft(String name, int turns, double estimatedSeconds) {
        this(name, turns, estimatedSeconds, ESTIMATE_TURNS);
    }

    private TimeLeft(String name, int turns, double estimatedSeconds, int estimateTurns) {
        this.name = name;
        this.turns = turns;
        this.estimatedSeconds = estimatedSeconds;
        this.estimateTurns = estimateTurns;
    }

    public void turnEnded() {
        turnEnded("");
    }

    /// @param what the turn came to, in a line, or ""
    public void turnEnded(String what) {
        ended++;
        System.err.println(text(ended, (System.nanoTime() - begunNanos) / 1e9) + (what.isEmpty() ? "" : "   " + what));
    }

    /// @param seconds that they took together
    String text(int turnsEnded, double seconds) {
        long left = Math.round((seconds + estimateTurns * estimatedSeconds) / (turnsEnded + estimateTurns) * (turns - turnsEnded));
        return String.format(Locale.ROOT, "%s: %" + Integer.toString(turns).length() + "d of %d turns, %d:%02d left", name, turnsEnded, turns,
                left / 60, left % 60);
    }
}

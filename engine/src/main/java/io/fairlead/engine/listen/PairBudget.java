package io.fairlead.engine.listen;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// How many connections of a forward are open, and how many may be. Any thread.
public final class PairBudget {
    private final int max;
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicLong accepted = new AtomicLong();
    private final AtomicLong pauses = new AtomicLong();
    private final AtomicBoolean toldFull = new AtomicBoolean();
    private final ConcurrentLinkedQueue<Runnable> onRoom = new ConcurrentLinkedQueue<>(); // a forward has several listeners

    public PairBudget(int max) {
        this.max = max;
    }

    public int max() {
        return max;
    }

    public int open() {
        return open.get();
    }

    public long acceptedTotal() {
        return accepted.get();
    }

    public long pausesTotal() {
        return pauses.get();
    }

    boolean isFull() {
        return open.get() >= max;
    }

    /// Whether the user is still to be told that the limit is reached; true once.
    boolean isFullNews() {
        return !toldFull.getAndSet(true);
    }

    void accepted() {
        accepted.incrementAndGet();
        open.incrementAndGet();
    }

    /// A listener stopped; `whenRoom` is run once, on any thread, when a connection has gone.
    void paused(Runnable whenRoom) {
        pauses.incrementAndGet();
        onRoom.add(whenRoom);
        if (!isFull()) {
            room();
        }
    }

    void pausedForOtherReason() {
        pauses.incrementAndGet();
    }

    void gone() {
        open.decrementAndGet();
        if (!onRoom.isEmpty()) {
            room();
        }
    }

    private void room() {
        for (int n = onRoom.size(); n > 0; n--) {
            Runnable run = onRoom.poll();
            if (run != null) {
                run.run();
            }
        }
    }
}

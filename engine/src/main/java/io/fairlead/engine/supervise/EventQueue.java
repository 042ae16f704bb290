package io.fairlead.engine.supervise;

import io.fairlead.engine.ForwardEvent;
import io.fairlead.engine.Limits;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/// Carries events from the loops to the user's consumer, which may block, on one virtual thread. {@link #accept} never blocks: what finds the
/// queue full is dropped and counted; {@link ForwardEvent.Stopped} always comes, and comes last. After a connection was told of, the next
/// event may come {@link Limits#EVENTS_GATHER_NANOS} later: to wake a thread for each connection costs more than the connection's own bytes.
public final class EventQueue implements Consumer<ForwardEvent> {
    private final ArrayBlockingQueue<ForwardEvent> queue = new ArrayBlockingQueue<>(Limits.EVENTS_QUEUED);
    private final AtomicLong dropped = new AtomicLong();
    private final Consumer<ForwardEvent> consumer;
    private final long gatherNanos;
    private final Thread thread;
    private final CountDownLatch stopped = new CountDownLatch(1);

    public EventQueue(Consumer<ForwardEvent> consumer) {
        this(consumer, Limits.EVENTS_GATHER_NANOS);
    }

    /// @param gatherNanos as {@link Limits#EVENTS_GATHER_NANOS}; {@link #close} does not wait for it
    EventQueue(Consumer<ForwardEvent> consumer, long gatherNanos) {
        this.consumer = consumer;
        this.gatherNanos = gatherNanos;
        thread = Thread.ofVirtual().name("fairlead-events").start(this::deliver);
    }

    @Override
    public void accept(ForwardEvent event) {
        if (!queue.offer(event)) {
            dropped.incrementAndGet();
        }
    }

    /// Delivers what waits, then {@link ForwardEvent.Stopped}, and waits for that unless called from the consumer. A consumer that takes
    /// longer than {@link Limits#CLOSE_NANOS} is left to hear the rest by itself.
    public void close() throws InterruptedException {
        stopped.countDown();
        queue.offer(new ForwardEvent.Stopped()); // wakes the thread; where the queue is full it needs no waking
        if (Thread.currentThread() != thread) {
            thread.join(Duration.ofNanos(Limits.CLOSE_NANOS));
        }
    }

    private void deliver() {
        try {
            do {
                ForwardEvent event = queue.take();
                long lost = dropped.getAndSet(0);
                if (lost > 0) {
                    tell(new ForwardEvent.Dropped(lost));
                }
                if (!(event instanceof ForwardEvent.Stopped)) {
                    tell(event);
                }
                if (event instanceof ForwardEvent.Accepted && queue.isEmpty()) {
                    stopped.await(gatherNanos, TimeUnit.NANOSECONDS);
                }
            } while (stopped.getCount() > 0 || !queue.isEmpty());
            tell(new ForwardEvent.Stopped());
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private void tell(ForwardEvent event) {
        try {
            consumer.accept(event);
        } catch (RuntimeException e) {
            System.getLogger(EventQueue.class.getName()).log(System.Logger.Level.ERROR, "the consumer of events failed", e);
        }
    }
}

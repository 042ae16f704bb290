package io.fairlead.engine.supervise;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.engine.ForwardEvent;
import io.fairlead.engine.Limits;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class EventQueueTest {
    private final List<ForwardEvent> told = new ArrayList<>(); // by one thread, read after its last event
    private final CountDownLatch last = new CountDownLatch(1);

    private void tell(ForwardEvent event) {
        told.add(event);
        if (event instanceof ForwardEvent.Stopped) {
            last.countDown();
        }
    }

    /// What was told until the last event, on which a close waits for two seconds only.
    private List<ForwardEvent> toldUntilClosed(EventQueue queue) throws InterruptedException {
        queue.close();
        await(last);
        return told;
    }

    @Test
    void eventsAreDeliveredInOrderAndStoppedIsTheLast() throws InterruptedException {
        var queue = new EventQueue(this::tell);
        queue.accept(new ForwardEvent.Accepted(1));
        queue.accept(new ForwardEvent.Accepted(2));
        assertEquals(List.of(new ForwardEvent.Accepted(1), new ForwardEvent.Accepted(2), new ForwardEvent.Stopped()), toldUntilClosed(queue));
    }

    @Test
    void aConsumerThatFailsHearsTheNextEvent() throws InterruptedException {
        var queue = new EventQueue(event -> {
            tell(event);
            if (told.size() == 1) {
                throw new IllegalStateException("planted by a test");
            }
        });
        queue.accept(new ForwardEvent.Accepted(1));
        assertEquals(List.of(new ForwardEvent.Accepted(1), new ForwardEvent.Stopped()), toldUntilClosed(queue));
    }

    /// The thread is not seen to begin its wait: an event that comes before is told of without one.
    @Test
    void afterAConnectionTheNextOneWaitsForOthersOrTheEnd() throws InterruptedException {
        var heard = new Semaphore(0);
        var queue = new EventQueue(event -> {
            tell(event);
            heard.release();
        }, TimeUnit.HOURS.toNanos(1));
        var expected = new ArrayList<ForwardEvent>();
        do {
            expected.add(new ForwardEvent.Accepted(expected.size()));
            queue.accept(expected.getLast());
        } while (expected.size() < 1_000 && heard.tryAcquire(100, TimeUnit.MILLISECONDS));
        assertTrue(expected.size() < 1_000, "each of them woke the thread");
        expected.add(new ForwardEvent.Stopped());
        assertEquals(expected, toldUntilClosed(queue));
    }

    @Test
    void connectionsThatComeOneByOneAreToldOfSoon() throws InterruptedException {
        var heard = new LinkedBlockingQueue<ForwardEvent>();
        var queue = new EventQueue(heard::add);
        for (int i = 0; i < 50; i++) { // the limit of each test here, 20 s, is 400 ms for each
            queue.accept(new ForwardEvent.Accepted(i));
            assertEquals(new ForwardEvent.Accepted(i), heard.take());
        }
        queue.close();
    }

    @Test
    void whatFindsTheQueueFullIsCountedAndTold() throws InterruptedException {
        var blocked = new CountDownLatch(1);
        var go = new CountDownLatch(1);
        var queue = new EventQueue(event -> {
            blocked.countDown();
            await(go);
            tell(event);
        });
        queue.accept(new ForwardEvent.Accepted(0));
        await(blocked);
        for (int i = 1; i <= Limits.EVENTS_QUEUED + 10; i++) {
            queue.accept(new ForwardEvent.Accepted(i));
        }
        go.countDown();
        toldUntilClosed(queue);
        long lost = told.stream().mapToLong(e -> e instanceof ForwardEvent.Dropped(var count) ? count : 0).sum();
        long delivered = told.stream().filter(ForwardEvent.Accepted.class::isInstance).count();
        assertEquals(Limits.EVENTS_QUEUED + 11, lost + delivered);
        assertTrue(lost >= 10);
        assertEquals(new ForwardEvent.Stopped(), told.getLast());
    }

    @Test
    void theConsumerItselfMayCloseThoughTheQueueIsFull() throws Exception {
        var self = new AtomicReference<EventQueue>();
        var blocked = new CountDownLatch(1);
        var go = new CountDownLatch(1);
        var stopped = new CompletableFuture<Void>();
        self.set(new EventQueue(event -> {
            switch (event) {
                case ForwardEvent.Accepted(var port) when port == 0 -> {
                    blocked.countDown();
                    await(go);
                    close(self.get());
                }
                case ForwardEvent.Stopped _ -> stopped.complete(null);
                default -> { }
            }
        }));
        self.get().accept(new ForwardEvent.Accepted(0));
        await(blocked);
        for (int i = 1; i <= Limits.EVENTS_QUEUED; i++) {
            self.get().accept(new ForwardEvent.Accepted(i));
        }
        go.countDown();
        stopped.get(10, TimeUnit.SECONDS);
    }

    private static void close(EventQueue queue) {
        try {
            queue.close();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(10, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}

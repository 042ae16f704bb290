package io.fairlead.testbed.node;

import io.fairlead.engine.frame.Spdy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.Consumer;

/// The five frame workers of moby/spdystream and their queues, without threads: what blocks a goroutine there leaves a frame held here.
///
/// ```
/// reader ── frame ──> queue[id mod 5], at most 50, by priority then arrival ──> worker: one frame, held while it cannot be handled
///    └─ queue full: the reader waits with this frame, and every later frame behind it, whatever its queue: readerBlocked
/// ```
///
/// Frames that were already decoded when the reader blocked wait in `behindReader`; to the peer they are still unread in the socket.
///
/// Thread: one. Ownership: holds frames; whoever created them gets them back in `handle` or, at the end, in `clear`.
/// Bound: 5 * (50 + 1) frames, and behind them what one read brought, as the session stops reading when {@link #readerBlocked}.
/// Invariant: a frame waits behind the reader only if the first one there finds its queue full. Source: spdystream connection.go `Serve`, priority.go.
final class FrameWorkers<F> {
    /// Does the work of a frame.
    interface Handler<F> {
        /// Returns false if the worker has to wait with this frame: it gets it again after {@link FrameWorkers#resume}.
        boolean handle(int worker, F frame);
    }

    private record Entry<F>(int worker, int priority, long order, F frame) {}

    private final Handler<F> handler;
    private final List<PriorityQueue<Entry<F>>> queues = new ArrayList<>();
    private final List<Entry<F>> held = new ArrayList<>();
    private final boolean[] running = new boolean[Spdy.WORKERS];
    private final Deque<Entry<F>> behindReader = new ArrayDeque<>();
    private long order;
    private int roundRobin;

    FrameWorkers(Handler<F> handler) {
        this.handler = handler;
        for (int i = 0; i < Spdy.WORKERS; i++) {
            queues.add(new PriorityQueue<>(Comparator.<Entry<F>>comparingInt(Entry::priority).thenComparingLong(Entry::order)));
            held.add(null);
        }
    }

    /// A frame of a stream has been read.
    ///
    /// @param priority the stream's, 7 for an unknown one
    void onStreamFrame(int streamId, int priority, F frame) {
        read(streamId % Spdy.WORKERS, priority, frame);
    }

    /// A PING has been read: the workers take them in turn.
    void onPing(F frame) {
        int worker = roundRobin;
        roundRobin = (roundRobin + 1) % Spdy.WORKERS;
        read(worker, 0, frame);
    }

    /// Whether the reader waits for room in a queue, so that nothing more of the session is read.
    boolean readerBlocked() {
        return !behindReader.isEmpty();
    }

    /// Frames in the worker's queue, without the one that it holds.
    int queued(int worker) {
        return queues.get(worker).size();
    }

    /// Whatever the worker waited for may have come: it tries its frame again and goes on.
    void resume(int worker) {
        run(worker);
        while (!behindReader.isEmpty() && hasRoom(behindReader.getFirst().worker())) {
            Entry<F> entry = behindReader.removeFirst();
            queues.get(entry.worker()).add(entry);
            run(entry.worker());
        }
    }

    /// Ends: gives every frame that waits to `drop`.
    void clear(Consumer<F> drop) {
        for (int worker = 0; worker < Spdy.WORKERS; worker++) {
            if (held.get(worker) != null) {
                drop.accept(held.set(worker, null).frame());
            }
            queues.get(worker).forEach(entry -> drop.accept(entry.frame()));
            queues.get(worker).clear();
        }
        behindReader.forEach(entry -> drop.accept(entry.frame()));
        behindReader.clear();
    }

    private void read(int worker, int priority, F frame) {
        var entry = new Entry<>(worker, priority, order++, frame);
        if (behindReader.isEmpty() && hasRoom(worker)) {
            queues.get(worker).add(entry);
            run(worker);
        } else {
            behindReader.addLast(entry);
        }
    }

    private boolean hasRoom(int worker) {
        return queues.get(worker).size() < Spdy.WORKER_QUEUE_FRAMES;
    }

    private void run(int worker) {
        if (running[worker]) {
            return; // called from within this worker's own handler: its loop below goes on
        }
        running[worker] = true;
        try {
            while (true) {
                Entry<F> entry = held.get(worker) != null ? held.get(worker) : queues.get(worker).poll();
                if (entry == null) {
                    return;
                }
                held.set(worker, entry);
                if (!handler.handle(worker, entry.frame())) {
                    return;
                }
                held.set(worker, null);
            }
        } finally {
            running[worker] = false;
        }
    }
}

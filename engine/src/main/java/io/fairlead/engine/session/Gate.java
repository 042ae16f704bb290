package io.fairlead.engine.session;

import io.fairlead.engine.Limits;
import java.util.ArrayDeque;

/// Pairs that have their reply and whose payload waits until their port is known to accept ({@link PortHistory} says why), in the order of their
/// replies. Thread: the session's. Bound: the session's pairs.
final class Gate {
    private final ArrayDeque<StreamPair> waiting = new ArrayDeque<>();

    /// The pair has its reply, but its port may still refuse.
    void add(StreamPair pair, long nowNanos) {
        if (pair.history.accepts()) {
            pair.ungate();
        } else {
            pair.repliedNanos = nowNanos;
            waiting.add(pair);
        }
    }

    /// The pair's port is known to accept: everyone who waits for that goes on.
    void accepts(StreamPair pair) {
        pair.history.accepted();
        for (int n = waiting.size(); n > 0; n--) {
            StreamPair other = waiting.poll();
            if (other.history == pair.history) {
                other.ungate();
            } else {
                waiting.add(other);
            }
        }
        pair.ungate();
    }

    /// A refusal follows its reply within milliseconds: who got none for a while was accepted.
    void release(long nowNanos) {
        while (!waiting.isEmpty() && nowNanos - waiting.peek().repliedNanos >= Limits.GATE_NANOS) {
            StreamPair pair = waiting.poll();
            if (pair.isGated()) {
                accepts(pair);
            }
        }
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    /// In how many nanoseconds {@link #release} has the next to let go; not to be asked while nobody waits.
    long dueNanos(long nowNanos) {
        return Limits.GATE_NANOS - (nowNanos - waiting.element().repliedNanos);
    }
}

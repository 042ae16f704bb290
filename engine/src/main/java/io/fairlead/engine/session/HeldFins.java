package io.fairlead.engine.session;

import io.fairlead.engine.Limits;
import java.util.ArrayDeque;

/// FINs of local programs that are held back until the pod has been quiet for a while: the runtime may cut an answer off that comes after the FIN
/// ({@link Limits#FIN_QUIET_ANSWERED_NANOS}). Thread: the session's. Bound: {@link Limits#FINS_HELD_MAX}; past it the oldest leave early.
final class HeldFins {
    private final ArrayDeque<StreamPair> answered = new ArrayDeque<>();
    private final ArrayDeque<StreamPair> unanswered = new ArrayDeque<>();

    /// @param isAnswered whether the pod's bytes came last
    void hold(StreamPair pair, boolean isAnswered, long nowNanos) {
        pair.finDueNanos = nowNanos + (isAnswered ? Limits.FIN_QUIET_ANSWERED_NANOS : Limits.FIN_QUIET_UNANSWERED_NANOS);
        (isAnswered ? answered : unanswered).add(pair);
        if (count() > Limits.FINS_HELD_MAX) { // perhaps only by pairs that have ended, or wait in the other line by now
            answered.removeIf(other -> !other.finHeld());
            unanswered.removeIf(other -> !other.finHeld() || other.isAnswered());
        }
        if (count() > Limits.FINS_HELD_MAX) {
            (answered.isEmpty() ? unanswered : answered).poll().finNow();
        }
    }

    /// Has those leave whose pods have been quiet for long enough.
    void release(long nowNanos) {
        release(answered, Limits.FIN_QUIET_ANSWERED_NANOS, nowNanos);
        release(unanswered, Limits.FIN_QUIET_UNANSWERED_NANOS, nowNanos);
    }

    boolean isEmpty() {
        return answered.isEmpty() && unanswered.isEmpty();
    }

    private int count() {
        return answered.size() + unanswered.size();
    }

    private void release(ArrayDeque<StreamPair> fins, long quietNanos, long nowNanos) {
        for (int n = fins.size(); n > 0 && fins.peek().finDueNanos - nowNanos <= 0; n--) {
            StreamPair pair = fins.poll();
            if (!pair.finHeld() || fins == unanswered && pair.isAnswered()) {
                continue; // it left, or it waits in the other line by now
            }
            long due = pair.lastDownNanos() + quietNanos;
            if (pair.lastDownNanos() != 0 && due - nowNanos > 0) {
                pair.finDueNanos = due; // the pod still speaks
                fins.add(pair);
            } else {
                pair.finNow();
            }
        }
    }
}

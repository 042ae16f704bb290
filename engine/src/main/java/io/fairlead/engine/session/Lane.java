package io.fairlead.engine.session;

import io.fairlead.engine.Limits;
import io.fairlead.engine.frame.Spdy;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Set;

/// One of the peer's frame workers, as far as we know it: how many frames went its way, and how many of them it surely took. A PING that goes
/// to this worker is a fence: its pong says that every frame sent before it was taken. Worker and fences keep their order because all our
/// streams have priority 0, as pings have.
///
/// Thread: the session's. Bound: at most {@link Spdy#WORKER_QUEUE_FRAMES} fences, as a fence occupies a place in the queue itself.
/// Invariant: `0 <= inFlight()`, and every outstanding fence lies within the frames in flight.
final class Lane {
    private static final int RING = 64; // a power of two, more than the queue holds

    final int index;
    /// Pairs that wait for credit or for the channel, each at most once, in the order in which they began to wait.
    final ArrayDeque<StreamPair> waiting = new ArrayDeque<>();
    /// Pairs placed here and not yet forgotten.
    int pairs;
    boolean stalled;
    /// Since when, if it is.
    long stalledNanos;
    /// It was looked whether pairs wait here that are to be told of, since it stalled and since the last pair came.
    boolean looked;
    /// Remote ports of the pairs that were told of as waiting here, until the lane moves; null when none were.
    Set<Integer> toldPorts;
    long toldNanos;
    /// The pair they were told to wait for; null when that was not clear.
    StreamPair toldUnread;
    /// The peer does not say how far it has come, so credit would end and never come back: there is none.
    boolean unlimited;
    /// The waiting line is being served.
    boolean pumping;

    private int sent;
    private int taken;
    private int unfenced;
    /// Who sent the frames in flight: the data stream of DATA, 0 for all others.
    private final int[] senders = new int[RING];
    /// Which of them are DATA of {@link Limits#UNREAD_FRAME_BYTES} or more.
    private final boolean[] large = new boolean[RING];
    private final int[] fenceSent = new int[RING];
    private final long[] fenceNumber = new long[RING];
    private final long[] fenceNanos = new long[RING];
    private int firstFence;
    private int nextFence;

    Lane(int index) {
        this.index = index;
    }

    int inFlight() {
        return sent - taken;
    }

    /// Frames sent so far: a mark for {@link #takenUpTo}.
    int sent() {
        return sent;
    }

    /// The worker surely took every frame up to this mark.
    void takenUpTo(int mark) {
        if (mark - taken > 0) {
            taken = mark;
            unfenced = Math.min(unfenced, sent - taken);
        }
    }

    int unfenced() {
        return unfenced;
    }

    /// A frame left that is no DATA.
    void sentFrame() {
        sent(0, 0);
        unfenced++;
    }

    /// A DATA frame of stream `dataId` left, with `bytes` of payload.
    void sentData(int dataId, int bytes) {
        sent(dataId, bytes);
        unfenced++;
    }

    private void sent(int dataId, int bytes) {
        sent++;
        senders[sent & RING - 1] = dataId;
        large[sent & RING - 1] = bytes >= Limits.UNREAD_FRAME_BYTES;
    }

    /// PING number `number` left for this worker.
    void sentFence(long number, long nowNanos) {
        sent(0, 0);
        unfenced = 0;
        int at = nextFence++ & RING - 1;
        fenceSent[at] = sent;
        fenceNumber[at] = number;
        fenceNanos[at] = nowNanos;
        assert nextFence - firstFence <= RING;
    }

    /// Fence `number` (a ping's, or the negated id of a probe) came back, so those before it are through as well. Returns its round trip in
    /// nanoseconds, or -1 when it is not out here: a peer that answers twice.
    long fenceReturned(long number, long nowNanos) {
        for (int fence = firstFence; fence != nextFence; fence++) {
            int at = fence & RING - 1;
            if (fenceNumber[at] == number) {
                firstFence = fence + 1;
                takenUpTo(fenceSent[at]);
                assert inFlight() >= 0;
                return nowNanos - fenceNanos[at];
            }
        }
        return -1;
    }

    /// Whether a fence has been out for longer than `patienceNanos`, while one of another lane is back that left at `newestBackNanos`: together with
    /// it, as the pings of a sweep do, or later.
    boolean isOverdue(long newestBackNanos, long nowNanos, long patienceNanos) {
        int at = firstFence & RING - 1;
        return firstFence != nextFence && fenceNanos[at] - newestBackNanos <= 0 && nowNanos - fenceNanos[at] > patienceNanos;
    }

    /// Whether a fence has been out for longer than `patienceNanos` behind a large DATA frame that the worker may have in its hand.
    boolean isHeldByPayload(long nowNanos, long patienceNanos) {
        if (firstFence == nextFence || nowNanos - fenceNanos[firstFence & RING - 1] <= patienceNanos) {
            return false;
        }
        for (int frame = taken + 1; frame - fenceSent[firstFence & RING - 1] < 0; frame++) {
            if (large[frame & RING - 1]) {
                return true;
            }
        }
        return false;
    }

    /// Data streams of the frames among which is the one that the worker has in its hand, when the oldest fence is overdue: those after the last
    /// that was surely taken, up to that fence. One entry for each DATA frame.
    int[] suspects() {
        int[] suspects = new int[RING];
        int count = 0;
        for (int frame = taken + 1; firstFence != nextFence && frame - fenceSent[firstFence & RING - 1] <= 0; frame++) {
            int sender = senders[frame & RING - 1];
            if (sender != 0) {
                suspects[count++] = sender;
            }
        }
        return Arrays.copyOf(suspects, count);
    }

    boolean mayOpen() {
        return unlimited || inFlight() + 2 <= Limits.LANE_OPEN_FRAMES;
    }

    boolean maySendData() {
        return unlimited || inFlight() < Limits.LANE_DATA_FRAMES;
    }

    boolean mayControl() {
        return unlimited || inFlight() < Limits.LANE_CONTROL_FRAMES;
    }

    boolean mayPing() {
        return inFlight() < Limits.LANE_PING_FRAMES && nextFence - firstFence < RING; // a peer may reply to streams and never to pings
    }
}

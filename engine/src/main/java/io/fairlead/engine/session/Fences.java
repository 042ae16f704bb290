package io.fairlead.engine.session;

import io.fairlead.engine.Limits;
import io.fairlead.engine.frame.Spdy;

/// Asks the peer's workers how far they have come, and hears from the answers which of them move and whether the peer is there at all: sweeps of
/// one PING for each worker, as they are served in turn and a certain one cannot be reached; probes of one worker, where a ping would have to
/// pass the full queue of another. docs/FLOW.md has the rules and why they hold.
///
/// Thread: the session's. Bound: at most five pings and some probes in each sweep, the fences of {@link Lane}.
final class Fences {
    /// Ping ids repeat after this many.
    private static final int PING_CYCLE = Spdy.WORKERS << 20;

    private final Session session;
    private final FrameOut out;
    private final Lane[] lanes;
    private final Counters counters;

    private long pingsSent;
    private long newestPong = -1;
    /// When the newest of the fences that are back left.
    private long newestBackNanos;
    /// When one came back last.
    private long backNanos;
    private long lastSweepNanos;
    /// Until when the channel was not being read.
    private long unreadNanos;
    /// Pings left since anything arrived, the first at `askedNanos`.
    private boolean asked;
    private long askedNanos;
    /// Shortest round trip of a fence so far; the largest number before the first.
    private long roundTripNanos = Long.MAX_VALUE;
    private boolean sweepDue;
    /// Since the last sweep something happened that may have stuck a worker.
    private boolean suspect;
    /// The last ping of the sweep that asks about it.
    private long suspectPing = -1;
    /// The worker that gets the next ping, as they are served in turn.
    private int pingTurn;
    /// When the server spoke for the first time, and so was asked for the first time.
    private long firstHeardNanos;
    private boolean everHeard;
    /// The server answers no pings.
    private boolean mute;

    Fences(Session session, FrameOut out, Lane[] lanes, Counters counters) {
        this.session = session;
        this.out = out;
        this.lanes = lanes;
        this.counters = counters;
        lastSweepNanos = session.nowNanos();
        newestBackNanos = session.nowNanos() - 1; // none is
        backNanos = session.nowNanos();
        unreadNanos = session.nowNanos();
    }

    /// Something happened that may have stuck a worker: it is asked soon.
    void suspect() {
        suspect = !mute;
    }

    /// Whether a question about a stuck worker is still to be asked.
    boolean isSuspicionDue() {
        return suspect;
    }

    /// Whether a worker may be stuck and the question is still to be asked or answered.
    boolean isSuspect() {
        return suspect || !mute && suspectPing > newestPong;
    }

    /// Something arrived: that nothing arrived until now says nothing about the peer.
    void heard() {
        asked = false;
        if (!everHeard) {
            everHeard = true;
            firstHeardNanos = session.nowNanos();
            sweepDue = true; // whether it answers pings at all is to be known early
        }
    }

    /// The channel is not being read: until now, that nothing arrived says nothing about the peer, nor that no pong has.
    void unread() {
        asked = false;
        unreadNanos = session.nowNanos();
        firstHeardNanos = session.nowNanos();
    }

    /// A frame left by `lane`.
    void sentFrame(Lane lane) {
        if (lane.unfenced() >= Limits.FENCE_EVERY_FRAMES) {
            sweepDue = true;
        }
    }

    /// Sends the fences that are due.
    void beforeFlush() {
        sweepDue |= suspect && session.nowNanos() - lastSweepNanos > Limits.SUSPECT_NANOS;
        if (!sweepDue) {
            return;
        }
        if (mayPing()) {
            sweep();
            return;
        }
        sweepDue = false;
        for (Lane lane : lanes) {
            if (lane.unfenced() >= Limits.FENCE_EVERY_FRAMES && lane.mayPing()) {
                probe(lane);
            }
        }
    }

    /// A reply that is missing since `sinceNanos` may be a stuck worker's: asks, unless that was done meanwhile.
    void askAbout(long sinceNanos) {
        if (session.nowNanos() - Math.max(lastSweepNanos, sinceNanos) > Limits.LANE_STALL_NANOS && mayPing()) {
            sweep();
        }
    }

    /// Whether `lane` answers so much later than others that its worker is stuck.
    boolean isOverdue(Lane lane) {
        return lane.isOverdue(newestBackNanos, session.nowNanos(), patienceNanos(Limits.LANE_STALL_NANOS));
    }

    /// How long a fence may be out: `least`, or longer where the way is long.
    private long patienceNanos(long least) {
        return roundTripNanos == Long.MAX_VALUE ? least : Math.max(least, 8 * roundTripNanos);
    }

    /// Whether all workers have been silent for so long, each behind payload that its pod may not read, that this is why. No answer can come then
    /// until a pod reads on, and whether the peer's machine is there at all only TCP can tell.
    boolean areAllHeldByPayload() {
        long patience = patienceNanos(Limits.ALL_STALLED_NANOS);
        long silenceNanos = session.nowNanos() - Math.max(backNanos, unreadNanos);
        if (mute || silenceNanos <= patience) {
            return false; // on a slow network all fences may be late, and still come
        }
        for (Lane lane : lanes) {
            if (!lane.isHeldByPayload(session.nowNanos(), patience)) {
                return false;
            }
        }
        return true;
    }

    /// Keeps the session alive. Returns why it is dead, or null.
    String tick() {
        if (!mute && everHeard && newestPong < 0 && session.nowNanos() - firstHeardNanos > Limits.MUTE_NANOS) {
            setMute(true);
        }
        if (session.nowNanos() - lastSweepNanos > Limits.KEEPALIVE_NANOS) {
            keepAlive();
        }
        // From the question on, not from the last arrival: while the whole process was stopped, nobody asked.
        long deadNanos = areAllHeldByPayload() ? Limits.ALL_STALLED_KEPT_NANOS : Limits.SESSION_DEAD_NANOS;
        if (asked && !mute && session.nowNanos() - askedNanos > deadNanos) {
            return "nothing arrived for " + deadNanos / 1_000_000_000 + " s";
        }
        return null;
    }

    /// A ping with an odd id came back. Returns the lane that has moved, or null when the ping was not out.
    Lane pong(int id) {
        long number = numberOf((id - 1) / 2);
        for (Lane lane : lanes) {
            long roundTrip = number < 0 ? -1 : returned(lane, number);
            if (roundTrip >= 0) {
                newestPong = Math.max(newestPong, number);
                setMute(false);
                roundTripNanos = Math.min(roundTripNanos, roundTrip);
                return lane;
            }
        }
        return null;
    }

    /// A stream of no pair was reset. Returns the lane that has moved, or null when it was no probe.
    Lane probed(int streamId) {
        Lane lane = lanes[streamId % Spdy.WORKERS];
        return streamId > 0 && returned(lane, -streamId) >= 0 ? lane : null;
    }

    /// A server that speaks and answers no ping cannot be asked: its lanes have no limits of ours then, and its silence is no sign of death.
    private void setMute(boolean now) {
        if (now != mute) {
            mute = now;
            suspect = false;
            for (Lane lane : lanes) {
                lane.unlimited = now;
                session.pump(lane);
            }
        }
    }

    boolean isMute() {
        return mute;
    }

    private long returned(Lane lane, long fence) {
        long roundTrip = lane.fenceReturned(fence, session.nowNanos());
        long leftNanos = session.nowNanos() - roundTrip;
        if (roundTrip >= 0) {
            backNanos = session.nowNanos();
            newestBackNanos = leftNanos - newestBackNanos > 0 ? leftNanos : newestBackNanos;
        }
        return roundTrip;
    }

    /// Answers a ping of the peer's own, unless it floods us. The answer is a ping to its workers, too, and takes a turn.
    void echo(int id) {
        if (!session.writable() || !mayPing()) {
            counters.unknownFrames++;
            return;
        }
        out.ping(id);
        Lane lane = lanes[pingTurn];
        lane.sentFrame();
        sentFrame(lane);
        pingTurn = (pingTurn + 1) % Spdy.WORKERS;
    }

    private boolean mayPing() {
        for (Lane lane : lanes) {
            if (!lane.mayPing()) {
                return false;
            }
        }
        return true;
    }

    /// One PING for each worker: the only way to reach a certain one, as they are served in turn.
    private void sweep() {
        sweepDue = false;
        if (suspect) {
            suspect = false;
            suspectPing = pingsSent + Spdy.WORKERS - 1;
        }
        ask();
        counters.sweeps++;
        for (int i = 0; i < Spdy.WORKERS; i++) {
            int number = (int) (pingsSent % PING_CYCLE);
            out.ping(2 * number + 1);
            lanes[pingTurn].sentFence(pingsSent, session.nowNanos());
            pingTurn = (pingTurn + 1) % Spdy.WORKERS;
            pingsSent++;
        }
    }

    private void keepAlive() {
        if (mayPing()) {
            sweep();
            return;
        }
        for (Lane lane : lanes) {
            if (lane.mayPing() && !lane.stalled) {
                probe(lane); // a stuck worker must not make the session look idle, nor dead
                ask();
            }
        }
    }

    private void ask() {
        lastSweepNanos = session.nowNanos();
        if (!asked) {
            asked = true;
            askedNanos = session.nowNanos();
        }
    }

    /// Asks one worker how far it came when pings cannot: they would have to pass the full queue of another. A SYN_STREAM without headers is
    /// refused by RST in the lane's order, and nothing else comes of it but a line in the runtime's log.
    private void probe(Lane lane) {
        int id = session.nextId(lane);
        out.synStreamToRefuse(id);
        lane.sentFence(-id, session.nowNanos());
        counters.probes++;
    }

    /// The newest ping with this number in the cycle; negative when there was none.
    private long numberOf(int inCycle) {
        if (inCycle < 0 || inCycle >= PING_CYCLE) {
            return -1;
        }
        long number = pingsSent - pingsSent % PING_CYCLE + inCycle;
        return number < pingsSent ? number : number - PING_CYCLE;
    }
}

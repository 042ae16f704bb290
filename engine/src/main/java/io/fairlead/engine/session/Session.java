package io.fairlead.engine.session;

import io.fairlead.engine.Limits;
import io.fairlead.engine.frame.FrameSink;
import io.fairlead.engine.frame.Spdy;
import io.netty.buffer.ByteBuf;
import io.netty.util.collection.IntObjectHashMap;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Protocol state of one tunnel: stream ids, pairs, lanes, fences, go-away. Knows no channel, no clock and no thread of its own.
///
/// Thread: one, the tunnel's event loop. Ownership: borrows what {@link FrameSink} brings. Bound: pairs by the caller, everything else by
/// {@link Limits}. Time comes in by {@link #begin}, once a burst.
/// Invariant: both ids of a pair are in `streams` from its SYN_STREAMs until the peer has ended both streams.
public final class Session implements FrameSink {
    /// Ping ids repeat after this many.
    private static final int PING_CYCLE = Spdy.WORKERS << 20;
    /// No pair opens past this id: the session is retired, some hundred million pairs old. A margin is left for probes.
    private static final int LAST_ID = Spdy.STREAM_ID_MAX - (1 << 20);

    private final FrameOut out;
    private final Lane[] lanes = new Lane[Spdy.WORKERS];
    private final IntObjectHashMap<StreamPair> streams = new IntObjectHashMap<>();
    private final ArrayDeque<StreamPair> finsAnswered = new ArrayDeque<>();
    private final ArrayDeque<StreamPair> finsUnanswered = new ArrayDeque<>();
    /// Pairs whose payload waits until their port is known to accept, in the order of their replies.
    private final ArrayDeque<StreamPair> gated = new ArrayDeque<>();
    /// Pairs in the order of their SYN_STREAMs; those that were answered meanwhile are dropped at each tick.
    private final ArrayDeque<StreamPair> unanswered = new ArrayDeque<>();
    private final Counters counters = new Counters();

    private int lastId = -1;
    private int nextRequestId;
    private int pairs;
    private int bulkPairs;
    /// Pairs that are closed and not yet forgotten.
    private int closedPairs;
    private int heldBytes;
    private boolean writable = true;
    private boolean goneAway;
    private String lost;
    private LaneWatch watch;

    private long nowNanos;
    private long pingsSent;
    private long newestPong = -1;
    private long lastSweepNanos;
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
    /// The lane that is served first when the channel takes bytes again.
    private int firstServed;

    public Session(FrameOut out, long nowNanos) {
        this.out = out;
        this.nowNanos = nowNanos;
        lastSweepNanos = nowNanos;
        for (int i = 0; i < lanes.length; i++) {
            lanes[i] = new Lane(i);
        }
    }

    // ---- questions

    public Counters counters() {
        return counters;
    }

    /// Pairs that the peer still holds.
    public int pairs() {
        return pairs;
    }

    /// Whether a worker may be stuck and the question is still to be asked or answered.
    public boolean isSuspect() {
        return suspect || suspectPing > newestPong;
    }

    /// Open pairs that turned bulk.
    public int bulkPairs() {
        return bulkPairs;
    }

    /// Whether new pairs may be placed here.
    public boolean isOpen() {
        return lost == null && !goneAway && lastId < LAST_ID;
    }

    public int stalledLanes() {
        int count = 0;
        for (Lane lane : lanes) {
            count += lane.stalled ? 1 : 0;
        }
        return count;
    }

    /// Whether a worker is stuck and no pair is alive: what the peer still holds of those it had, only the end of the session takes from it.
    public boolean isSpent() {
        return closedPairs == pairs && stalledLanes() > 0;
    }

    /// Bytes a local socket may bring by one read: all, while there is room to hold them should credit be missing.
    public int readBytesMax() {
        return heldBytes < Limits.SESSION_HELD_BYTES ? Limits.READ_BYTES : Limits.UNASKED_READ_BYTES;
    }

    /// Pairs kept to look for a missing reply: for tests.
    int unansweredPairs() {
        return unanswered.size();
    }

    long nowNanos() {
        return nowNanos;
    }

    boolean writable() {
        return writable;
    }

    boolean isLost() {
        return lost != null;
    }

    // ---- commands

    /// From now on `watch` hears of pairs that wait on a stalled lane.
    public void watch(LaneWatch watch) {
        this.watch = watch;
    }

    /// Begins a burst of calls at `nowNanos`.
    public void begin(long nowNanos) {
        this.nowNanos = nowNanos;
    }

    /// Opens a pair to `port` of the pod on the least busy lane. Its SYN_STREAMs leave with the next flush, as far as the lane's credit goes, and
    /// nothing waits for a reply.
    public StreamPair open(int port, PortHistory history, Downstream downstream) {
        assert isOpen();
        Lane lane = leastBusyLane();
        var pair = new StreamPair(this, lane, port, history, nextRequestId++, downstream, nowNanos);
        lane.pairs++;
        lane.looked = false;
        pairs++;
        counters.pairsOpened++;
        await(pair);
        pump(lane);
        return pair;
    }

    /// The channel below takes bytes again, or takes no more.
    public void onWritable(boolean writable) {
        this.writable = writable;
        if (writable) {
            firstServed = (firstServed + 1) % Spdy.WORKERS; // or the uploads of the first lane would take all of a slow channel
            for (int i = 0; i < Spdy.WORKERS; i++) {
                pump(lanes[(firstServed + i) % Spdy.WORKERS]);
            }
        }
    }

    /// The channel is not being read, as its only local reader is slow: until now, that nothing arrived says nothing about the peer.
    public void unread() {
        asked = false;
    }

    /// Sends the fences that are due. To be called once before the channel is flushed.
    public void beforeFlush() {
        sweepDue |= suspect && nowNanos - lastSweepNanos > Limits.SUSPECT_NANOS;
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

    /// Looks at the clock: held FINs, replies that never came, stalled lanes, keep-alive. Returns why the session is dead, or null.
    public String tick() {
        releaseFins(finsAnswered, Limits.FIN_QUIET_ANSWERED_NANOS);
        releaseFins(finsUnanswered, Limits.FIN_QUIET_UNANSWERED_NANOS);
        releaseGated();
        unanswered.removeIf(pair -> !(pair.state instanceof PairState.Opening));
        if (!unanswered.isEmpty() && nowNanos - Math.max(lastSweepNanos, unanswered.peek().bornNanos) > Limits.LANE_STALL_NANOS && mayPing()) {
            sweep(); // a missing reply may be a stalled lane's: ask
        }
        for (Lane lane : lanes) {
            judge(lane);
        }
        if (nowNanos - lastSweepNanos > Limits.KEEPALIVE_NANOS) {
            keepAlive();
        }
        // From the question on, not from the last arrival: while the whole process was stopped, nobody asked.
        if (asked && nowNanos - askedNanos > Limits.SESSION_DEAD_NANOS) {
            return "nothing arrived for " + Limits.SESSION_DEAD_NANOS / 1_000_000_000 + " s";
        }
        return null;
    }

    /// How soon {@link #tick} should come again, in nanoseconds.
    public long tickNanos() {
        if (!gated.isEmpty()) {
            return Math.max(1_000_000, Limits.GATE_NANOS - (nowNanos - gated.peek().repliedNanos));
        }
        if (suspect) {
            return Limits.SUSPECT_NANOS;
        }
        boolean urgent = isSuspect() || !finsAnswered.isEmpty() || !finsUnanswered.isEmpty() || !unanswered.isEmpty();
        return urgent ? Limits.LANE_STALL_NANOS : Limits.TICK_NANOS;
    }

    /// Ends pairs that wait for a reply, or for the peer to wind them up, for too long. To be called every few seconds.
    public void expire() {
        for (StreamPair pair : livePairs()) {
            if (!expireOpening(pair) && pair.isClosed() && nowNanos - pair.closedNanos > Limits.FORGET_NANOS) {
                forget(pair);
            }
        }
        for (Lane lane : lanes) {
            // Those whose SYN_STREAMs never left, as their worker is stuck, are in no table.
            List.copyOf(lane.waiting).forEach(this::expireOpening);
        }
    }

    private boolean expireOpening(StreamPair pair) {
        // A busy server's workers lag behind each other, too; one that is stuck stays so.
        boolean stuck = pair.lane.stalled && nowNanos - pair.lane.stalledNanos > Limits.REPLY_STALLED_NANOS;
        long patience = stuck ? Limits.REPLY_STALLED_NANOS : Limits.REPLY_NANOS;
        boolean expired = pair.state instanceof PairState.Opening && nowNanos - pair.bornNanos > patience;
        if (expired) {
            pair.fail(new CloseReason.NoReply((nowNanos - pair.bornNanos) / 1_000_000));
        }
        return expired;
    }

    /// The channel is gone, or the peer said go-away: every pair ends. No frame leaves any more.
    public void lost(CloseReason why) {
        if (lost != null) {
            return;
        }
        lost = why.text();
        writable = false;
        for (StreamPair pair : livePairs()) {
            pair.fail(why);
            forget(pair);
        }
        for (Lane lane : lanes) {
            // Pairs whose SYN_STREAMs never left are in no table.
            for (StreamPair pair; (pair = lane.waiting.poll()) != null; ) {
                pair.waiting = false;
                pair.fail(why);
                forget(pair);
            }
        }
    }

    /// Ends every pair in order, by reset: the first half of closing.
    public void resetAll() {
        for (StreamPair pair : livePairs()) {
            pair.fail(new CloseReason.Stopped());
        }
        for (Lane lane : lanes) {
            for (StreamPair pair : List.copyOf(lane.waiting)) {
                pair.fail(new CloseReason.Stopped());
            }
        }
    }

    // ---- frames from the peer

    @Override
    public void onSynStream(int streamId, int priority, boolean fin, ByteBuf headerBlock) {
        counters.unknownFrames++; // no peer opens streams towards a port-forward client; without a reply it comes to nothing
    }

    @Override
    public void onSynReply(int streamId, boolean fin, ByteBuf headerBlock) {
        asked = false;
        StreamPair pair = streams.get(streamId);
        if (pair == null) {
            counters.unknownFrames++;
            return;
        }
        if (streamId == pair.dataId) {
            pair.lane.takenUpTo(pair.sentAtOpen); // the worker replies in the lane's order, so a reply is a fence, too
            pair.onReply();
            pump(pair.lane);
        }
        if (fin) {
            ended(pair, streamId);
        }
    }

    @Override
    public void onHeaders(int streamId, boolean fin, ByteBuf headerBlock) {
        StreamPair pair = streams.get(streamId);
        if (pair != null && fin) {
            ended(pair, streamId);
        }
    }

    @Override
    public void onData(int streamId, ByteBuf source, int index, int length, boolean frameEnd, boolean fin) {
        asked = false;
        StreamPair pair = streams.get(streamId);
        if (pair == null) {
            counters.lateBytes += length;
            return;
        }
        if (streamId == pair.errorId) {
            pair.onErrorText(source, index, length);
        } else if (pair.isClosed()) {
            counters.lateBytes += length;
        } else if (length > 0) {
            counters.downBytes += length;
            pair.onData(source, index, length);
        }
        if (fin) {
            ended(pair, streamId);
        }
    }

    @Override
    public void onRstStream(int streamId, int status) {
        asked = false;
        StreamPair pair = streams.get(streamId);
        if (pair == null) {
            probed(streamId);
            return;
        }
        if (streamId == pair.dataId) {
            pair.onPodReset();
        } else {
            pair.onErrorEnd();
        }
        forgetIfOver(pair);
    }

    @Override
    public void onPing(int id) {
        asked = false;
        if ((id & 1) == 0) {
            echo(id);
            return;
        }
        long number = numberOf((id - 1) / 2);
        for (Lane lane : lanes) {
            long roundTrip = number < 0 ? -1 : lane.fenceReturned(number, nowNanos);
            if (roundTrip >= 0) {
                newestPong = Math.max(newestPong, number);
                roundTripNanos = Math.min(roundTripNanos, roundTrip);
                moves(lane);
                pump(lane);
                return;
            }
        }
        counters.unknownFrames++;
    }

    /// Answers a ping of the peer's own, unless it floods us. The answer is a ping to its workers, too, and takes a turn.
    private void echo(int id) {
        if (!writable || !mayPing()) {
            counters.unknownFrames++;
            return;
        }
        out.ping(id);
        sentFrame(lanes[pingTurn]);
        pingTurn = (pingTurn + 1) % Spdy.WORKERS;
    }

    @Override
    public void onGoAway(int lastGoodStreamId, int status) {
        // spdystream cuts open streams at once when it says go-away; there is no drain.
        goneAway = true;
    }

    /// Whether the peer said go-away; the tunnel then closes.
    public boolean isGoneAway() {
        return goneAway;
    }

    private void ended(StreamPair pair, int streamId) {
        if (streamId == pair.dataId) {
            pair.onPodEof();
        } else {
            pair.onErrorEnd();
        }
        forgetIfOver(pair);
    }

    // ---- what pairs ask of their session

    void await(StreamPair pair) {
        if (!pair.waiting && lost == null) {
            pair.waiting = true;
            pair.lane.waiting.add(pair);
        }
    }

    /// Serves the lane's waiting line as far as credit and channel allow.
    void pump(Lane lane) {
        if (lane.pumping || lost != null) {
            return; // a pair that is served may close and come back here; the outer loop goes on
        }
        lane.pumping = true;
        try {
            for (StreamPair pair; (pair = lane.waiting.peek()) != null && pair.pump(); ) {
                if (lost != null) {
                    return; // a write failed at once: nobody waits any more
                }
                lane.waiting.remove();
                pair.waiting = false;
                if (pair.isClosed()) {
                    forgetIfOver(pair);
                } else {
                    pair.downstream.onUpstreamReady();
                }
            }
        } finally {
            lane.pumping = false;
        }
    }

    void sendOpen(StreamPair pair) {
        pair.errorId = nextId(pair.lane);
        pair.dataId = nextId(pair.lane);
        streams.put(pair.errorId, pair);
        streams.put(pair.dataId, pair);
        out.synStream(pair.errorId, true, "error", pair.port, pair.requestId);
        sentFrame(pair.lane);
        if (lost != null) {
            return; // the first one failed at once
        }
        out.synStream(pair.dataId, false, "data", pair.port, pair.requestId);
        sentFrame(pair.lane);
        pair.sentAtOpen = pair.lane.sent();
        unanswered.add(pair);
    }

    void sendData(StreamPair pair, ByteBuf payload) {
        counters.upBytes += payload.readableBytes();
        out.data(pair.dataId, payload);
        pair.lane.sentFrame(pair.dataId);
        fenceWhenDue(pair.lane);
    }

    void sendHeld(StreamPair pair, ByteBuf payload) {
        heldBytes -= payload.capacity();
        sendData(pair, payload);
    }

    void sendFin(StreamPair pair) {
        out.fin(pair.dataId);
        sentFrame(pair.lane);
    }

    void sendReset(StreamPair pair) {
        out.reset(pair.dataId);
        sentFrame(pair.lane);
    }

    /// Takes `payload` and hands over what is kept in its place: a copy when it is small, as the read buffer behind it is large.
    ByteBuf hold(ByteBuf payload) {
        ByteBuf kept = payload;
        int length = payload.readableBytes();
        if (length < payload.capacity() / 4) {
            kept = payload.alloc().directBuffer(FrameOut.HEADROOM + length);
            kept.setIndex(FrameOut.HEADROOM, FrameOut.HEADROOM).writeBytes(payload, payload.readerIndex(), length);
            payload.release();
        }
        heldBytes += kept.capacity();
        return kept;
    }

    void dropHeld(ByteBuf payload) {
        heldBytes -= payload.capacity();
        payload.release();
    }

    /// The pair has its reply, but its port may still refuse.
    void gate(StreamPair pair) {
        if (pair.history.accepts()) {
            pair.ungate();
        } else {
            pair.repliedNanos = nowNanos;
            gated.add(pair);
        }
    }

    /// The pair's port is known to accept: everyone who waits for that goes on.
    void portAccepts(StreamPair pair) {
        pair.history.accepted();
        for (int n = gated.size(); n > 0; n--) {
            StreamPair other = gated.poll();
            if (other.history == pair.history) {
                other.ungate();
            } else {
                gated.add(other);
            }
        }
        pair.ungate();
    }

    /// A refusal follows its reply within milliseconds: who got none for a while was accepted.
    private void releaseGated() {
        while (!gated.isEmpty() && nowNanos - gated.peek().repliedNanos >= Limits.GATE_NANOS) {
            StreamPair pair = gated.poll();
            if (pair.isGated()) {
                portAccepts(pair);
            }
        }
    }

    void holdFin(StreamPair pair, boolean answered) {
        counters.finsHeld++;
        long quiet = answered ? Limits.FIN_QUIET_ANSWERED_NANOS : Limits.FIN_QUIET_UNANSWERED_NANOS;
        pair.finDueNanos = nowNanos + quiet;
        (answered ? finsAnswered : finsUnanswered).add(pair);
        if (finsAnswered.size() + finsUnanswered.size() > Limits.FINS_HELD_MAX) {
            (finsAnswered.isEmpty() ? finsUnanswered : finsAnswered).poll().finNow();
        }
    }

    void turnedBulk(StreamPair pair) {
        bulkPairs++;
        pair.history.wasBulk();
    }

    void suspect() {
        suspect = true;
    }

    void closed(StreamPair pair, CloseReason why) {
        closedPairs++;
        if (pair.isBulk()) {
            bulkPairs--;
        } else if (why instanceof CloseReason.Done || why instanceof CloseReason.LocalReset) {
            pair.history.wasInteractive();
        }
        if (!(why instanceof CloseReason.Done || why instanceof CloseReason.LocalReset || why instanceof CloseReason.Stopped)) {
            counters.pairsFailed++;
        }
        if (why instanceof CloseReason.Refused) {
            counters.pairsRefused++;
            pair.history.refused();
        }
    }

    /// The peer never heard of the pair.
    void closedUnopened(StreamPair pair) {
        if (pair.waiting) {
            pair.waiting = false;
            pair.lane.waiting.remove(pair);
        }
        forget(pair);
    }

    // ---- inside

    private void sentFrame(Lane lane) {
        lane.sentFrame();
        fenceWhenDue(lane);
    }

    private void fenceWhenDue(Lane lane) {
        if (lane.unfenced() >= Limits.FENCE_EVERY_FRAMES) {
            sweepDue = true;
        }
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
        lastSweepNanos = nowNanos;
        ask();
        counters.sweeps++;
        for (int i = 0; i < Spdy.WORKERS; i++) {
            int number = (int) (pingsSent % PING_CYCLE);
            out.ping(2 * number + 1);
            lanes[pingTurn].sentFence(pingsSent, nowNanos);
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
                lastSweepNanos = nowNanos;
                ask();
            }
        }
    }

    private void ask() {
        if (!asked) {
            asked = true;
            askedNanos = nowNanos;
        }
    }

    /// Asks one worker how far it came when pings cannot: they would have to pass the full queue of another. A SYN_STREAM without headers is
    /// refused by RST in the lane's order, and nothing else comes of it but a line in the runtime's log.
    private void probe(Lane lane) {
        int id = nextId(lane);
        out.synStreamToRefuse(id);
        lane.sentFence(-id, nowNanos);
        counters.probes++;
    }

    private void probed(int streamId) {
        Lane lane = lanes[streamId % Spdy.WORKERS];
        if (streamId > 0 && lane.fenceReturned(-streamId, nowNanos) >= 0) {
            moves(lane);
            pump(lane);
        } else {
            counters.unknownFrames++;
        }
    }

    /// The least id that is odd, new, and of `lane`.
    private int nextId(Lane lane) {
        int id = lastId + 2;
        while (id % Spdy.WORKERS != lane.index) {
            id += 2;
        }
        lastId = id;
        return id;
    }

    /// The newest ping with this number in the cycle; negative when there was none.
    private long numberOf(int inCycle) {
        if (inCycle < 0 || inCycle >= PING_CYCLE) {
            return -1;
        }
        long number = pingsSent - pingsSent % PING_CYCLE + inCycle;
        return number < pingsSent ? number : number - PING_CYCLE;
    }

    private void judge(Lane lane) {
        long patience = roundTripNanos == Long.MAX_VALUE ? Limits.LANE_STALL_NANOS : Math.max(Limits.LANE_STALL_NANOS, 8 * roundTripNanos);
        if (!lane.stalled && lane.isOverdue(newestPong, nowNanos, patience)) {
            lane.stalled = true;
            lane.stalledNanos = nowNanos;
            counters.lanesStalled++;
        }
        if (lane.stalled && !lane.looked && lane.toldPorts == null && watch != null && nowNanos - lane.stalledNanos >= Limits.LANE_TOLD_NANOS) {
            lane.looked = true;
            tellOfWaiting(lane);
        }
    }

    private void moves(Lane lane) {
        lane.stalled = false;
        lane.looked = false;
        if (lane.toldPorts != null) {
            Set<Integer> ports = lane.toldPorts;
            StreamPair unread = lane.toldUnread;
            lane.toldPorts = null;
            lane.toldUnread = null;
            watch.onMoving(byPort(waitingPairs(lane)
                    .filter(pair -> pair != unread && ports.contains(pair.port) && pair.bornNanos - lane.toldNanos <= 0)));
        }
    }

    /// Tells of the pairs on a stalled lane beside the one whose payload is not read. Which one that is shows in the frames that the worker may have in
    /// its hand: it sent three quarters of them. But payload of a closed pair may be what nobody reads, even if it is little; then it is not clear.
    private void tellOfWaiting(Lane lane) {
        int[] suspects = lane.suspects();
        int unread = Arrays.stream(suspects).filter(id -> 4 * Arrays.stream(suspects).filter(other -> other == id).count() >= 3L * suspects.length)
                .findAny().orElse(0);
        boolean clear = streams.containsKey(unread)
                && Arrays.stream(suspects).allMatch(id -> id == unread || streams.containsKey(id) && !streams.get(id).isClosed());
        List<StreamPair> waiting = waitingPairs(lane).filter(pair -> !clear || pair.dataId != unread)
                .sorted(Comparator.comparingInt(pair -> pair.requestId)).toList();
        // One that is alone on its lane waits for itself; so may be the last one where the culprit is not clear.
        if (waiting.size() > (clear ? 0 : 1)) {
            Map<Integer, Integer> connections = byPort(waiting.stream());
            lane.toldPorts = Set.copyOf(connections.keySet());
            lane.toldUnread = clear ? streams.get(unread) : null;
            lane.toldNanos = nowNanos;
            watch.onWaiting(clear ? streams.get(unread).port : 0, connections,
                    waiting.stream().map(pair -> pair.downstream.program()).filter(Objects::nonNull).limit(Limits.WAITING_NAMED).toList());
        }
    }

    /// Pairs that may want to send by `lane`: not those whose pod ended, as nothing more is sent to it.
    private Stream<StreamPair> waitingPairs(Lane lane) {
        Stream<StreamPair> unopened = lane.waiting.stream().filter(pair -> !pair.wasOpened());
        return Stream.concat(livePairs().stream().filter(pair -> pair.lane == lane), unopened).filter(pair -> !pair.isClosed() && !pair.dataEnded);
    }

    private static Map<Integer, Integer> byPort(Stream<StreamPair> pairs) {
        return pairs.collect(Collectors.toMap(pair -> pair.port, _ -> 1, Integer::sum, TreeMap::new));
    }

    private Lane leastBusyLane() {
        Lane best = lanes[0];
        for (Lane lane : lanes) {
            if (load(lane) < load(best)) {
                best = lane;
            }
        }
        return best;
    }

    private static long load(Lane lane) {
        return (lane.stalled ? 1L << 40 : 0) + lane.pairs * 4L + lane.inFlight();
    }

    private void releaseFins(ArrayDeque<StreamPair> fins, long quietNanos) {
        for (int n = fins.size(); n > 0 && fins.peek().finDueNanos - nowNanos <= 0; n--) {
            StreamPair pair = fins.poll();
            if (!pair.finHeld() || fins == finsUnanswered && pair.isAnswered()) {
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

    private void forgetIfOver(StreamPair pair) {
        if (pair.isClosed() && !pair.waiting && pair.errorEnded && (pair.dataEnded || pair.resetSent())) {
            forget(pair); // a data stream that we reset is not ended once more by the peer
        }
    }

    private void forget(StreamPair pair) {
        if (pair.forgotten) {
            return;
        }
        pair.forgotten = true;
        if (pair.wasOpened()) {
            streams.remove(pair.errorId);
            streams.remove(pair.dataId);
        }
        pair.lane.pairs--;
        pairs--;
        closedPairs--;
        pair.downstream.onForgotten();
    }

    private List<StreamPair> livePairs() {
        var live = new ArrayList<StreamPair>(pairs);
        for (var entry : streams.entries()) {
            if (entry.key() == entry.value().dataId) {
                live.add(entry.value());
            }
        }
        return live;
    }
}

package io.fairlead.engine.session;

import io.fairlead.engine.Limits;
import io.fairlead.engine.frame.FrameSink;
import io.fairlead.engine.frame.Spdy;
import io.netty.buffer.ByteBuf;
import io.netty.util.collection.IntObjectHashMap;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// Protocol state of one tunnel: stream ids, pairs, lanes, fences, go-away. Knows no channel, no clock and no thread of its own.
///
/// Thread: one, the tunnel's event loop. Ownership: borrows what {@link FrameSink} brings. Bound: pairs by the caller, everything else by
/// {@link Limits}. Time comes in by {@link #begin}, once a burst.
/// Invariant: both ids of a pair are in `streams` from its SYN_STREAMs until the peer has ended both streams.
public final class Session implements FrameSink {
    /// No pair opens past this id: the session is retired, some hundred million pairs old. A margin is left for probes.
    private static final int LAST_ID = Spdy.STREAM_ID_MAX - (1 << 20);

    private final FrameOut out;
    private final Lane[] lanes = new Lane[Spdy.WORKERS];
    private final IntObjectHashMap<StreamPair> streams = new IntObjectHashMap<>();
    /// Pairs in the order of their SYN_STREAMs; those that were answered meanwhile are dropped at each tick.
    private final ArrayDeque<StreamPair> unanswered = new ArrayDeque<>();
    private final Counters counters = new Counters();
    private final Fences fences;
    private final Gate gate = new Gate();
    private final HeldFins heldFins = new HeldFins();

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
    /// Null when nobody wants to hear of waiting pairs.
    private StallReports reports;

    private long nowNanos;
    /// The lane that is served first when the channel takes bytes again.
    private int firstServed;

    public Session(FrameOut out, long nowNanos) {
        this.out = out;
        this.nowNanos = nowNanos;
        for (int i = 0; i < lanes.length; i++) {
            lanes[i] = new Lane(i);
        }
        fences = new Fences(this, out, lanes, counters);
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
        return fences.isSuspect();
    }

    /// Whether the server answers no pings, so that nothing tells how far its workers have come: one upload may stop all pairs.
    public boolean isMute() {
        return fences.isMute();
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

    /// The pair with this stream, or null when there is none.
    StreamPair pair(int streamId) {
        return streams.get(streamId);
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
        reports = new StallReports(this, watch);
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
        fences.unread();
    }

    /// Sends the fences that are due. To be called once before the channel is flushed.
    public void beforeFlush() {
        fences.beforeFlush();
    }

    /// Looks at the clock: held FINs, replies that never came, stalled lanes, keep-alive. Returns why the session is dead, or null.
    public String tick() {
        heldFins.release(nowNanos);
        gate.release(nowNanos);
        unanswered.removeIf(pair -> !(pair.state instanceof PairState.Opening));
        if (!unanswered.isEmpty()) {
            fences.askAbout(unanswered.peek().bornNanos);
        }
        boolean all = fences.areAllHeldByPayload();
        for (Lane lane : lanes) {
            judge(lane, all);
        }
        return fences.tick();
    }

    /// How soon {@link #tick} should come again, in nanoseconds.
    public long tickNanos() {
        if (!gate.isEmpty()) {
            return Math.max(1_000_000, gate.dueNanos(nowNanos));
        }
        if (fences.isSuspicionDue()) {
            return Limits.SUSPECT_NANOS;
        }
        boolean urgent = isSuspect() || !heldFins.isEmpty() || !unanswered.isEmpty();
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
        fences.heard();
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
        fences.heard();
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
        fences.heard();
        StreamPair pair = streams.get(streamId);
        if (pair == null) {
            moved(fences.probed(streamId));
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
        fences.heard();
        if ((id & 1) == 0) {
            fences.echo(id);
        } else {
            moved(fences.pong(id));
        }
    }

    /// @param lane null where the peer's frame answers nothing
    private void moved(Lane lane) {
        if (lane == null) {
            counters.unknownFrames++;
            return;
        }
        lane.stalled = false;
        lane.looked = false;
        if (reports != null) {
            reports.onMoving(lane);
        }
        pump(lane);
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
        int bytes = payload.readableBytes();
        counters.upBytes += bytes;
        out.data(pair.dataId, payload);
        pair.lane.sentData(pair.dataId, bytes);
        fences.sentFrame(pair.lane);
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
        gate.add(pair, nowNanos);
    }

    /// The pair's port is known to accept: everyone who waits for that goes on.
    void portAccepts(StreamPair pair) {
        gate.accepts(pair);
    }

    void holdFin(StreamPair pair, boolean answered) {
        counters.finsHeld++;
        heldFins.hold(pair, answered, nowNanos);
    }

    void turnedBulk(StreamPair pair, boolean upload) {
        bulkPairs++;
        pair.history.wasBulk(upload);
    }

    void suspect() {
        fences.suspect();
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
        fences.sentFrame(lane);
    }

    /// The least id that is odd, new, and of `lane`.
    int nextId(Lane lane) {
        int id = lastId + 2;
        while (id % Spdy.WORKERS != lane.index) {
            id += 2;
        }
        lastId = id;
        return id;
    }

    private void judge(Lane lane, boolean all) {
        if (!lane.stalled && (all || fences.isOverdue(lane))) {
            lane.stalled = true;
            lane.stalledNanos = nowNanos;
            counters.lanesStalled++;
        }
        if (lane.stalled && reports != null) {
            reports.onStalled(lane);
        }
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

    /// Pairs that the peer knows of and has not ended.
    List<StreamPair> livePairs() {
        var live = new ArrayList<StreamPair>(pairs);
        for (var entry : streams.entries()) {
            if (entry.key() == entry.value().dataId) {
                live.add(entry.value());
            }
        }
        return live;
    }
}

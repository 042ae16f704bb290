package io.fairlead.engine.session;

import io.fairlead.engine.Limits;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;

/// Data stream and error stream of one local connection, both on one lane of the peer.
///
/// Thread: the session's. Ownership: {@link #send} takes its buffer and every exit releases what was not sent. Bound: holds what one read of
/// the local socket brought, and one unasked read more.
/// Invariant: while anything waits to be sent, the pair stands in its lane's waiting line exactly once.
public final class StreamPair {
    final Session session;
    final Lane lane;
    final int port;
    final PortHistory history;
    final Downstream downstream;
    final int requestId;
    final long bornNanos;

    int errorId;
    int dataId;
    int sentAtOpen;
    PairState state = new PairState.Opening();
    boolean waiting;
    boolean errorEnded;
    boolean dataEnded;
    boolean forgotten;
    long closedNanos;
    long repliedNanos;
    long finDueNanos;

    private ArrayDeque<ByteBuf> unsent; // made on first need: most pairs never wait
    /// Payload is held until the port is known to accept, see {@link PortHistory}.
    private boolean gated;
    private boolean opened;
    private boolean localEof;
    private boolean finDue;
    private boolean finSent;
    private boolean resetDue;
    private boolean resetSent;
    private boolean anyUp;
    private boolean downLast;
    private long lastDownNanos;
    private boolean bulk;
    private int upMeter;
    private int downMeter;
    private long meterNanos;
    private byte[] errorText = new byte[0];

    StreamPair(Session session, Lane lane, int port, PortHistory history, int requestId, Downstream downstream, long nowNanos) {
        this.session = session;
        this.lane = lane;
        this.port = port;
        this.history = history;
        gated = !history.accepts();
        this.requestId = requestId;
        this.downstream = downstream;
        this.bornNanos = nowNanos;
        meterNanos = nowNanos;
    }

    public PairState state() {
        return state;
    }

    boolean isClosed() {
        return state instanceof PairState.Closed;
    }

    // ---- upstream

    /// Whether the local socket should be read now. When it is false, {@link Downstream#onUpstreamReady} says when that changed.
    public boolean wantsUpstream() {
        return !isClosed() && !localEof && (unsent == null || unsent.isEmpty());
    }

    /// Payload from the local socket, to leave as one DATA frame. Takes `payload`, which has {@link FrameOut#HEADROOM} bytes in front. Keeps it
    /// when there is no credit; a closed pair releases it.
    public void send(ByteBuf payload) {
        if (isClosed() || localEof || dataEnded) {
            // After the pod's FIN nobody reads the stream, and payload that nobody reads would block the peer's worker for good.
            payload.release();
            return;
        }
        anyUp = true;
        downLast = false;
        if (!bulk) {
            meter(upMeter += payload.readableBytes(), true);
        }
        if (!waiting && opened && !gated && session.writable() && lane.maySendData()) {
            session.sendData(this, payload);
            return;
        }
        if (unsent == null) {
            unsent = new ArrayDeque<>(2);
        }
        unsent.add(session.hold(payload));
        if (!waiting && !gated) {
            session.await(this);
            session.pump(lane);
        }
    }

    boolean isGated() {
        return gated && !isClosed();
    }

    /// The port accepts after all.
    void ungate() {
        gated = false;
        if (!isClosed() && unsent != null && !unsent.isEmpty()) {
            session.await(this);
            session.pump(lane);
        }
    }

    /// The local program half-closed. The FIN may be held back, see {@link Limits#FIN_QUIET_ANSWERED_NANOS}.
    public void localEof() {
        if (isClosed() || localEof) {
            return;
        }
        localEof = true;
        if (dataEnded || !anyUp && lastDownNanos == 0) {
            finNow();
        } else {
            session.holdFin(this, downLast);
        }
    }

    /// The local program reset its connection, or it cannot be written to any more.
    public void localReset() {
        fail(new CloseReason.LocalReset());
    }

    /// Ends the pair from our side; the pod's socket closes about a second later.
    public void fail(CloseReason why) {
        if (!isClosed()) {
            resetDue = true;
            transition(new PairState.Event.Failed(why));
        }
    }

    void finNow() {
        if (!isClosed() && !finSent && !finDue) {
            finDue = true;
            session.await(this);
            session.pump(lane);
        }
    }

    boolean finHeld() {
        return localEof && !finDue && !finSent && !isClosed();
    }

    /// Whether the pod's bytes came last.
    boolean isAnswered() {
        return downLast;
    }

    long lastDownNanos() {
        return lastDownNanos;
    }

    /// Sends what is due, in order, as far as credit goes. Returns whether nothing is left waiting.
    boolean pump() {
        if (!opened) {
            if (isClosed()) {
                return true;
            }
            if (!lane.mayOpen() || !session.writable()) {
                return false;
            }
            opened = true;
            session.sendOpen(this);
        }
        while (!isClosed() && !gated && unsent != null && !unsent.isEmpty()) {
            if (!lane.maySendData() || !session.writable()) {
                return false;
            }
            session.sendHeld(this, unsent.poll());
        }
        boolean finNext = finDue && !resetDue && (unsent == null || unsent.isEmpty());
        if (!session.isLost() && (resetDue && !resetSent || finNext && !finSent)) {
            if (!lane.mayControl()) {
                return false;
            }
            if (resetDue) {
                resetSent = true;
                session.sendReset(this);
            } else {
                finSent = true;
                session.sendFin(this);
            }
        }
        return true;
    }

    boolean wasOpened() {
        return opened;
    }

    boolean resetSent() {
        return resetSent;
    }

    // ---- downstream

    void onReply() {
        if (state instanceof PairState.Opening) {
            transition(new PairState.Event.Replied());
            if (gated) {
                session.gate(this);
            }
        }
    }

    void onData(ByteBuf source, int index, int length) {
        lastDownNanos = session.nowNanos();
        if (!downLast) {
            downLast = true;
            if (finHeld()) {
                session.holdFin(this, true); // the answer has come after all
            }
        }
        onReply();
        if (gated) {
            session.portAccepts(this);
        }
        if (!bulk) {
            meter(downMeter += length, false);
        }
        downstream.onData(source, index, length);
    }

    void onPodEof() {
        dataEnded = true;
        transition(new PairState.Event.PodEof());
    }

    void onPodReset() {
        dataEnded = true;
        finSent = true; // nobody listens to it any more
        // The runtime wrote the text first: it says more than the reset.
        var end = errorEnd();
        transition(end.text().isEmpty() ? new PairState.Event.PodReset() : end);
    }

    void onErrorText(ByteBuf source, int index, int length) {
        int room = Math.min(length, Limits.ERROR_TEXT_BYTES - errorText.length);
        if (room > 0) {
            byte[] longer = Arrays.copyOf(errorText, errorText.length + room);
            source.getBytes(index, longer, errorText.length, room);
            errorText = longer;
        }
    }

    void onErrorEnd() {
        errorEnded = true;
        transition(errorEnd());
    }

    private PairState.Event.ErrorEnd errorEnd() {
        return new PairState.Event.ErrorEnd(new String(errorText, StandardCharsets.UTF_8).strip());
    }

    /// Whether it moved so much at once that no other connection should be put beside it.
    public boolean isBulk() {
        return bulk;
    }

    private void meter(int bytes, boolean up) {
        if (bytes >= Limits.BULK_BYTES) {
            bulk = session.nowNanos() - meterNanos < Limits.BULK_NANOS;
            meterNanos = session.nowNanos();
            upMeter = 0;
            downMeter = 0;
            if (bulk) {
                session.turnedBulk(this, up);
            }
        }
    }

    // ---- the end

    private void transition(PairState.Event event) {
        if (isClosed()) {
            return;
        }
        state = state.on(event);
        if (state instanceof PairState.Closed(var why)) {
            close(why);
        } else if (dataEnded) {
            releaseUnsent();
            if (localEof) {
                finNow();
            }
        }
    }

    private void close(CloseReason why) {
        closedNanos = session.nowNanos();
        releaseUnsent();
        if (opened && !resetDue) {
            if (dataEnded) {
                finDue = !finSent;
            } else {
                resetDue = true;
            }
        }
        if (anyUp && !(why instanceof CloseReason.LocalReset)) {
            session.suspect(); // payload on its way to a pod that has closed may have found no reader
        }
        session.closed(this, why);
        downstream.onClosed(why);
        if (!opened) {
            session.closedUnopened(this);
        } else if (finDue && !finSent || resetDue && !resetSent) {
            session.await(this);
            session.pump(lane);
        }
    }

    private void releaseUnsent() {
        while (unsent != null && !unsent.isEmpty()) {
            session.dropHeld(unsent.poll());
        }
    }
}

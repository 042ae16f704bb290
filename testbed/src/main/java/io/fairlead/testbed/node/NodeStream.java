package io.fairlead.testbed.node;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.Deque;

/// One stream of a session, as spdystream keeps it. Session's loop only.
final class NodeStream {
    final int id;
    final int priority;
    final NodeHeaders headers;
    /// We sent SYN_REPLY.
    boolean replied;
    /// The client's direction has ended: by FIN, RST or our reset. What comes is dropped.
    boolean remoteClosed;
    /// Our direction has ended: we sent FIN or RST, or got RST.
    boolean finished;
    /// Number of the worker that waits to hand over a frame of this stream, or -1.
    int waitingWorker = -1;
    /// {@link io.fairlead.testbed.fault.Faults#delayReplies} holds the SYN_REPLY, and has let it go.
    boolean replyHeld;
    boolean replyDue;
    /// Ideal mode: payload from before the pair was complete. Owned by the stream.
    final Deque<ByteBuf> early = new ArrayDeque<>();
    /// Reads this stream, once the pair is complete; null for an error stream, which nobody reads.
    Pair reader;

    NodeStream(int id, int priority, NodeHeaders headers) {
        this.id = id;
        this.priority = priority;
        this.headers = headers;
    }
}

package io.fairlead.engine.session;

import io.netty.buffer.Unpooled;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/// A connection's life in the session, without a channel: nanoseconds to open a pair, hear its reply and both ends, answer by FIN, and forget it.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SessionBenchmark {
    /// A tunnel looks at the clock each second or so, and then forgets who has been answered.
    private static final int TICK_EVERY = 256;

    private InstantPeer peer;
    private int pairs;

    @Setup
    public void prepare() {
        peer = new InstantPeer();
        for (int i = 1; i <= 1000; i++) {
            StreamPair pair = openToEnd();
            boolean done = pair.state().equals(new PairState.Closed(new CloseReason.Done())) && pair.forgotten;
            if (!done || peer.otherFrames != 3L * i || peer.session.pairs() != 0) {
                throw new IllegalStateException("pair " + i + " is " + pair.state() + ", " + peer.otherFrames
                         + " frames, " + peer.session.pairs() + " pairs held");
            }
        }
    }

    @Benchmark
    public StreamPair openToEnd() {
        if (!peer.session.isOpen()) {
            peer = new InstantPeer(); // after some hundred million pairs the ids are used up
        }
        peer.begin();
        StreamPair pair = peer.session.open(80, peer.known, InstantPeer.NOBODY);
        peer.session.onSynReply(pair.dataId, false, Unpooled.EMPTY_BUFFER);
        peer.session.onData(pair.dataId, Unpooled.EMPTY_BUFFER, 0, 0, true, true);
        peer.session.onData(pair.errorId, Unpooled.EMPTY_BUFFER, 0, 0, true, true);
        if (++pairs % TICK_EVERY == 0) {
            peer.session.tick();
        }
        peer.endBurst();
        return pair;
    }
}

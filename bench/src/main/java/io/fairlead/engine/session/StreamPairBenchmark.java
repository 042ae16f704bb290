package io.fairlead.engine.session;

import io.fairlead.engine.Limits;
import io.fairlead.engine.wire.HeadroomReads;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.RecvByteBufAllocator.ExtendedHandle;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// Credits and queues, without a channel: nanoseconds per DATA frame through pairs and lanes, fences and their returns included, by payload. Each
/// payload is a buffer of {@link HeadroomReads}, as a local socket's is.
///
/// | | |
/// |---|---|
/// | `send` | there is credit: the frame leaves at once |
/// | `sendAfterWait` | the channel takes nothing at first: the frame is kept (a copy, if small), waits in its lane's line, and leaves when it may |
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class StreamPairBenchmark {
    private static final int PAIRS = 16;

    @Param({"64", "32768"})
    public int payload;

    private final StreamPair[] pairs = new StreamPair[PAIRS];
    private InstantPeer peer;
    private ExtendedHandle reads;

    @Setup
    public void prepare() {
        peer = new InstantPeer();
        reads = (ExtendedHandle) new HeadroomReads(FrameOut.HEADROOM, Limits.READ_BYTES, () -> Limits.READ_BYTES).newHandle();
        for (int i = 0; i < PAIRS; i++) {
            peer.begin();
            pairs[i] = peer.session.open(80, peer.known, InstantPeer.NOBODY);
            peer.session.onSynReply(pairs[i].dataId, false, Unpooled.EMPTY_BUFFER);
            peer.endBurst();
        }
        int rounds = 100; // many times the credit of all lanes
        for (int i = 0; i < rounds; i++) {
            send();
            sendAfterWait();
        }
        if (peer.dataFrames != 2L * rounds * PAIRS || peer.dataBytes != peer.dataFrames * payload || peer.session.counters().sweeps == 0) {
            throw new IllegalStateException(peer.dataFrames + " frames, " + peer.dataBytes + " bytes, " + peer.session.counters().sweeps + " sweeps");
        }
    }

    @TearDown
    public void release() {
        HeadroomReads.releaseLoopBuffer();
    }

    @Benchmark
    @OperationsPerInvocation(PAIRS)
    public long send() {
        peer.begin();
        for (StreamPair pair : pairs) {
            pair.send(nextRead());
        }
        peer.endBurst();
        return peer.dataBytes;
    }

    @Benchmark
    @OperationsPerInvocation(PAIRS)
    public long sendAfterWait() {
        peer.begin();
        peer.session.onWritable(false);
        for (StreamPair pair : pairs) {
            pair.send(nextRead());
        }
        peer.session.onWritable(true);
        peer.endBurst();
        return peer.dataBytes;
    }

    private ByteBuf nextRead() {
        return reads.allocate(ByteBufAllocator.DEFAULT).writerIndex(FrameOut.HEADROOM + payload);
    }
}

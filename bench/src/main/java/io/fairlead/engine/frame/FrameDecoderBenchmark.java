package io.fairlead.engine.frame;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
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

/// What it costs to find the frames in what was read: nanoseconds per DATA frame, by its payload and by how the input is split. `whole` is one read
/// of many frames; `fields` is how a Go peer writes: 4 bytes, 4 bytes, payload, each in a TLS record of its own.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class FrameDecoderBenchmark {
    private static final int FRAMES = 64;

    @Param({"64", "32768"})
    public int payload;

    @Param({"whole", "fields"})
    public String split;

    private final Sums sums = new Sums();
    private final FrameDecoder decoder = new FrameDecoder(sums);
    private ByteBuf input;
    private boolean whole;

    @Setup
    public void prepare() {
        whole = split.equals("whole");
        input = ByteBufAllocator.DEFAULT.directBuffer(FRAMES * (Spdy.HEADER_BYTES + payload));
        int ids = 0;
        for (int i = 0; i < FRAMES; i++) {
            int id = 2 * i + 1;
            ids += id;
            FrameEncoder.dataHeader(input, input.writerIndex(), id, false, payload);
            input.writerIndex(input.writerIndex() + Spdy.HEADER_BYTES);
            input.writeZero(payload);
        }
        decode();
        if (sums.frames != FRAMES || sums.bytes != FRAMES * payload || sums.ids != ids || !decoder.atFrameBoundary()) {
            throw new IllegalStateException("decoded " + sums.frames + " frames of " + sums.bytes + " bytes in all");
        }
    }

    @TearDown
    public void release() {
        input.release();
    }

    @Benchmark
    @OperationsPerInvocation(FRAMES)
    public int decode() {
        int end = input.writerIndex();
        input.readerIndex(0);
        if (whole) {
            decoder.feed(input);
        } else {
            int at = 0;
            while (at < end) {
                at = feedTo(at + 4);
                at = feedTo(at + 4);
                at = feedTo(at + payload);
            }
        }
        return sums.ids + sums.bytes;
    }

    private int feedTo(int end) {
        input.writerIndex(end);
        decoder.feed(input);
        return end;
    }

    /// Takes every frame and keeps none. Its sums are what the benchmark returns, so nothing that a frame says is dead code.
    private static final class Sums implements FrameSink {
        int frames;
        int ids;
        int bytes;

        @Override
        public void onData(int streamId, ByteBuf source, int index, int length, boolean frameEnd, boolean fin) {
            frames += frameEnd ? 1 : 0;
            ids += streamId;
            bytes += length;
        }

        @Override
        public void onSynStream(int streamId, int priority, boolean fin, ByteBuf headerBlock) {
            throw new IllegalStateException("SYN_STREAM");
        }

        @Override
        public void onSynReply(int streamId, boolean fin, ByteBuf headerBlock) {
            throw new IllegalStateException("SYN_REPLY");
        }

        @Override
        public void onHeaders(int streamId, boolean fin, ByteBuf headerBlock) {
            throw new IllegalStateException("HEADERS");
        }

        @Override
        public void onRstStream(int streamId, int status) {
            throw new IllegalStateException("RST_STREAM");
        }

        @Override
        public void onPing(int id) {
            throw new IllegalStateException("PING");
        }

        @Override
        public void onGoAway(int lastGoodStreamId, int status) {
            throw new IllegalStateException("GOAWAY");
        }
    }
}

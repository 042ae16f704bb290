package io.fairlead.engine.frame;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/// What it costs to find the frames in what was read: nanoseconds per DATA frame, by its payload and by how the input is split. `whole` is one read of
/// many frames; `fields` is how a Go peer writes: 4 bytes, 4 bytes, payload, each in a TLS record of its own.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow"})
public class FrameDecoderBenchmark {
    private static final int FRAMES = 64;

    @Param({"64", "1024", "32768"})
    public int payload;

    @Param({"whole", "fields"})
    public String split;

    private ByteBuf input;
    private FrameDecoder decoder;

    @Setup(Level.Trial)
    public void prepare(Blackhole hole) {
        input = PooledByteBufAllocator.DEFAULT.directBuffer(FRAMES * (Spdy.HEADER_BYTES + payload));
        for (int i = 0; i < FRAMES; i++) {
            FrameEncoder.dataHeader(input, input.writerIndex(), 2 * i + 1, false, payload);
            input.writerIndex(input.writerIndex() + Spdy.HEADER_BYTES);
            input.writeZero(payload);
        }
        decoder = new FrameDecoder(new Consumer(hole));
    }

    @TearDown(Level.Trial)
    public void release() {
        input.release();
    }

    @Benchmark
    @OperationsPerInvocation(FRAMES)
    public void decode() {
        int end = input.writerIndex();
        input.readerIndex(0);
        if (split.equals("whole")) {
            decoder.feed(input);
        } else {
            int at = 0;
            while (at < end) {
                at = feedTo(at + 4);
                at = feedTo(at + 4);
                at = feedTo(at + payload);
            }
            input.writerIndex(end);
        }
    }

    private int feedTo(int end) {
        input.writerIndex(end);
        decoder.feed(input);
        return end;
    }

    /// Takes every frame and keeps none.
    private record Consumer(Blackhole hole) implements FrameSink {
        @Override
        public void onData(int streamId, ByteBuf source, int index, int length, boolean frameEnd, boolean fin) {
            hole.consume(streamId);
            hole.consume(index + length);
        }

        @Override
        public void onSynStream(int streamId, int priority, boolean fin, ByteBuf headerBlock) {
            hole.consume(headerBlock);
        }

        @Override
        public void onSynReply(int streamId, boolean fin, ByteBuf headerBlock) {
            hole.consume(headerBlock);
        }

        @Override
        public void onHeaders(int streamId, boolean fin, ByteBuf headerBlock) {
            hole.consume(headerBlock);
        }

        @Override
        public void onRstStream(int streamId, int status) {
            hole.consume(streamId);
        }

        @Override
        public void onPing(int id) {
            hole.consume(id);
        }

        @Override
        public void onGoAway(int lastGoodStreamId, int status) {
            hole.consume(status);
        }
    }
}

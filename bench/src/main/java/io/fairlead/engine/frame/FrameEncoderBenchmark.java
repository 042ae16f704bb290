package io.fairlead.engine.frame;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// What it costs to write a frame: nanoseconds per DATA header in place, per opening of a pair (two SYN_STREAMs with their header blocks), per ping.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 2, jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow"})
public class FrameEncoderBenchmark {
    private final HeaderBlockEncoder blocks = new HeaderBlockEncoder();
    private ByteBuf out;
    private int streamId;

    @Setup
    public void prepare() {
        out = PooledByteBufAllocator.DEFAULT.directBuffer(64 * 1024);
    }

    @TearDown
    public void release() {
        out.release();
    }

    @Benchmark
    public ByteBuf dataHeader() {
        FrameEncoder.dataHeader(out, 0, nextId(), false, 32 * 1024);
        return out;
    }

    @Benchmark
    public ByteBuf ping() {
        FrameEncoder.ping(out.clear(), nextId());
        return out;
    }

    @Benchmark
    public ByteBuf openPair() {
        out.clear();
        int id = nextId();
        String request = Integer.toString(id);
        FrameEncoder.synStream(out, blocks, id, true, "streamtype", "error", "port", "8080", "requestid", request);
        FrameEncoder.synStream(out, blocks, id + 2, false, "streamtype", "data", "port", "8080", "requestid", request);
        return out;
    }

    private int nextId() {
        streamId = streamId + 4 & 0xFF_FFFF;
        return streamId | 1;
    }
}

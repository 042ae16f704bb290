package io.fairlead.engine.frame;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// What it costs to write a frame: nanoseconds per DATA header in place, per opening of a pair (two SYN_STREAMs with their header blocks), per ping.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class FrameEncoderBenchmark {
    private static final int PAYLOAD = 32 * 1024;

    private final HeaderBlockEncoder blocks = new HeaderBlockEncoder();
    private ByteBuf out;
    private int streamId;

    @Setup
    public void prepare() {
        out = ByteBufAllocator.DEFAULT.directBuffer(64 * 1024);
        check(List.of("syn 5 fin", "syn 7"), openPair());
        check(List.of("ping 9"), ping());
        check(List.of("data 13 " + PAYLOAD), dataHeader().setIndex(0, Spdy.HEADER_BYTES + PAYLOAD));
    }

    private static void check(List<String> expected, ByteBuf frames) {
        var read = new ArrayList<String>();
        new FrameDecoder(new Names(read)).feed(frames);
        if (!read.equals(expected)) {
            throw new IllegalStateException("wrote " + read + " where it should be " + expected);
        }
    }

    @TearDown
    public void release() {
        out.release();
    }

    @Benchmark
    public ByteBuf dataHeader() {
        FrameEncoder.dataHeader(out, 0, nextId(), false, PAYLOAD);
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

    /// Writes down what comes; for the check only.
    private record Names(List<String> read) implements FrameSink {
        @Override
        public void onData(int streamId, ByteBuf source, int index, int length, boolean frameEnd, boolean fin) {
            read.add("data " + streamId + " " + length);
        }

        @Override
        public void onSynStream(int streamId, int priority, boolean fin, ByteBuf headerBlock) {
            read.add("syn " + streamId + (fin ? " fin" : ""));
        }

        @Override
        public void onSynReply(int streamId, boolean fin, ByteBuf headerBlock) {
            read.add("reply " + streamId);
        }

        @Override
        public void onHeaders(int streamId, boolean fin, ByteBuf headerBlock) {
            read.add("headers " + streamId);
        }

        @Override
        public void onRstStream(int streamId, int status) {
            read.add("rst " + streamId);
        }

        @Override
        public void onPing(int id) {
            read.add("ping " + id);
        }

        @Override
        public void onGoAway(int lastGoodStreamId, int status) {
            read.add("go-away");
        }
    }
}

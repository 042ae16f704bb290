package io.fairlead.engine.frame;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// Nanoseconds per header block of a data stream: written as the client does, and inflated as the testbed does (a client skips the blocks it gets).
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class HeaderBlockBenchmark {
    private static final String[] HEADERS = {"streamtype", "data", "port", "8080", "requestid", "12345"};

    private final HeaderBlockEncoder encoder = new HeaderBlockEncoder();
    private HeaderBlockDecoder decoder;
    private ByteBuf out;
    private ByteBuf block;

    @Setup
    public void prepare() {
        out = ByteBufAllocator.DEFAULT.directBuffer(1024);
        block = ByteBufAllocator.DEFAULT.directBuffer(1024);
        decoder = new HeaderBlockDecoder();
        encoder.encode(block, HEADERS);
        decoder.decode(block); // the first one has the zlib header in front; all later ones are alike
        encoder.encode(block.clear(), HEADERS);
        for (int i = 0; i < 2; i++) {
            Map<String, String> read = decoder.decode(block);
            if (!read.equals(Map.of("streamtype", "data", "port", "8080", "requestid", "12345"))) {
                throw new IllegalStateException("decoded " + read);
            }
        }
    }

    @TearDown
    public void release() {
        out.release();
        block.release();
        decoder.close();
    }

    @Benchmark
    public ByteBuf encode() {
        encoder.encode(out.clear(), HEADERS);
        return out;
    }

    @Benchmark
    public Map<String, String> decode() {
        return decoder.decode(block);
    }
}

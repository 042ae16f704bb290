package io.fairlead.bench.macro;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;

/// Connections per second: connect, one byte to the pod and back, close; by attempts under way at once.
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class ConnectBenchmark {
    /// What one attempt after the other uses.
    @State(Scope.Thread)
    public static class Attempts {
        private final ByteBuffer one = ByteBuffer.allocateDirect(1);
        private byte number;

        byte connect(LiveForward forward) throws IOException {
            try (SocketChannel channel = SocketChannel.open(forward.address("echo"))) {
                channel.write(one.clear().put(0, ++number));
                one.clear().put(0, (byte) ~number);
                if (channel.read(one) != 1 || one.get(0) != number) {
                    throw new IOException("sent " + number + ", got " + one);
                }
            }
            return number;
        }
    }

    @Benchmark
    public byte atOnce1(LiveForward forward, Attempts attempts) throws IOException {
        return attempts.connect(forward);
    }

    @Benchmark
    @Threads(8)
    public byte atOnce8(LiveForward forward, Attempts attempts) throws IOException {
        return attempts.connect(forward);
    }
}

package io.fairlead.bench.macro;

import io.fairlead.testbed.pod.Pattern;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;

/// Microseconds from a request of `message` bytes to its whole answer of as many, by open connections. Closed loop: a stall delays the requests that
/// would have come meanwhile, and shows once; for the latency that users see under a given load there is `bench/peer`, whose open loop does not hide
/// it.
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class RequestBenchmark {
    /// A connection to `echo`.
    @State(Scope.Thread)
    public static class Requests {
        @Param({"64", "16384"})
        public int message;

        private ByteBuffer request;
        private ByteBuffer answer;
        private SocketChannel channel;
        private int number;

        @Setup
        public void connect(LiveForward forward) throws IOException {
            request = ByteBuffer.allocateDirect(message);
            for (int at = 0; at < message; at++) {
                request.put(at, Pattern.byteAt(at));
            }
            answer = ByteBuffer.allocateDirect(message);
            channel = SocketChannel.open(forward.address("echo"));
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        }

        int exchange() throws IOException {
            request.clear().putInt(0, number++); // an answer is told from the one before
            while (request.hasRemaining()) {
                channel.write(request);
            }
            answer.clear();
            while (answer.hasRemaining()) {
                if (channel.read(answer) < 0) {
                    throw new IOException("the connection ended");
                }
            }
            if (request.flip().mismatch(answer.flip()) >= 0) {
                throw new IOException("wrong answer");
            }
            return number;
        }

        @TearDown
        public void close() throws IOException {
            channel.close();
        }
    }

    @Benchmark
    public int connections1(Requests connection) throws IOException {
        return connection.exchange();
    }

    @Benchmark
    @Threads(16)
    public int connections16(Requests connection) throws IOException {
        return connection.exchange();
    }
}

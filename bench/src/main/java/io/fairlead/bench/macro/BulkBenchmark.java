package io.fairlead.bench.macro;

import io.fairlead.testbed.pod.Pattern;
import io.fairlead.testbed.pod.PodBehaviour;
import java.io.EOFException;
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

/// Bulk through a forward, each connection on a blocking thread of its own: an operation is a megabyte of 10^6 bytes, moved in reads or
/// writes of `message` bytes at most, so the score is MB/s over all connections. Downward every byte is compared with the pattern here; upward the
/// server compares, and a megabyte only counts when it has acknowledged another one.
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class BulkBenchmark {
    private static final int OPERATION_BYTES = 1_000_000;

    /// A connection to `source`.
    @State(Scope.Thread)
    public static class Download {
        @Param({"1024", "65536"})
        public int message;

        private SocketChannel channel;
        private ByteBuffer buffer;
        private long offset;

        @Setup
        public void connect(LiveForward forward) throws IOException {
            buffer = ByteBuffer.allocateDirect(message);
            channel = SocketChannel.open(forward.address("source"));
            channel.write(ByteBuffer.allocate(Long.BYTES).putLong(0, -1));
        }

        long move() throws IOException {
            for (long end = offset + OPERATION_BYTES; offset < end; ) {
                buffer.clear().limit((int) Math.min(message, end - offset));
                int length = channel.read(buffer);
                if (length < 0 || Pattern.mismatch(offset, buffer.flip()) >= 0) {
                    throw new IOException(length < 0 ? "the connection ended at " + offset : "wrong byte after " + offset);
                }
                offset += length;
            }
            return offset;
        }

        @TearDown
        public void close() throws IOException {
            channel.close();
        }
    }

    /// A connection to `check`.
    @State(Scope.Thread)
    public static class Upload {
        /// May be sent and not acknowledged: enough to keep every hop busy while an acknowledgement, of 1 MiB, is on its way.
        private static final int AHEAD_BYTES = 8 << 20;

        @Param({"1024", "65536"})
        public int message;

        private final ByteBuffer acknowledgement = ByteBuffer.allocateDirect(Long.BYTES);
        private ByteBuffer pattern;
        private SocketChannel channel;
        private long sent;
        private long acknowledged;

        @Setup
        public void connect(LiveForward forward) throws IOException {
            pattern = ByteBuffer.allocateDirect(Pattern.PERIOD + message);
            for (int at = 0; at < pattern.capacity(); at++) {
                pattern.put(at, Pattern.byteAt(at));
            }
            channel = SocketChannel.open(forward.address("check"));
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            while (sent < AHEAD_BYTES) {
                send(OPERATION_BYTES);
            }
        }

        long move() throws IOException {
            send(OPERATION_BYTES);
            while (sent - acknowledged > AHEAD_BYTES) {
                readAcknowledgement();
            }
            return acknowledged;
        }

        private void send(int bytes) throws IOException {
            for (long end = sent + bytes; sent < end; ) {
                int at = (int) (sent % Pattern.PERIOD);
                pattern.limit(at + (int) Math.min(message, end - sent)).position(at);
                sent += channel.write(pattern);
            }
        }

        /// See {@link PodBehaviour#check}.
        private void readAcknowledgement() throws IOException {
            acknowledgement.clear();
            while (acknowledgement.hasRemaining()) {
                if (channel.read(acknowledgement) < 0) {
                    throw new EOFException("the connection ended after " + sent + " bytes");
                }
            }
            long count = acknowledgement.getLong(0);
            if (count <= acknowledged || count > sent) {
                throw new IOException(count < 0 ? "wrong byte at " + (-1 - count) : "acknowledged " + count + " of " + sent + " bytes");
            }
            acknowledged = count;
        }

        @TearDown
        public void close() throws IOException {
            channel.close();
        }
    }

    @Benchmark
    public long down1(Download connection) throws IOException {
        return connection.move();
    }

    @Benchmark
    @Threads(16)
    public long down16(Download connection) throws IOException {
        return connection.move();
    }

    @Benchmark
    public long up1(Upload connection) throws IOException {
        return connection.move();
    }

    @Benchmark
    @Threads(16)
    public long up16(Upload connection) throws IOException {
        return connection.move();
    }
}

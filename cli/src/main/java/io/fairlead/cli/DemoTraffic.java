package io.fairlead.cli;

import io.fairlead.testbed.pod.Pattern;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;

/// Traffic through a forward: some downloads whose every byte is compared with the pattern it must be, and some connections that send a
/// small request, wait for its echo, and send the next. One virtual thread a connection, blocking.
///
/// The round trips are a closed loop: a slow answer delays the next request, so their percentiles describe this load and no other.
final class DemoTraffic implements AutoCloseable {
    private static final int DOWNLOADS = 2;
    private static final int PINGS = 4;
    private static final int PING_BYTES = 64;
    /// After so many bytes a download begins anew on a fresh connection, so that opening connections is part of the load.
    private static final long DOWNLOAD_BYTES = 256L << 20;
    private static final int READ_BYTES = 256 << 10;
    /// A worker that fails tries again, not at once: a forward that is down would otherwise be asked without pause.
    private static final long RETRY_MILLIS = 100;
    /// Longest round trip that is told apart: one minute.
    private static final long NANOS_MAX = TimeUnit.MINUTES.toNanos(1);

    /// What happened since the last one was taken.
    record Sample(long nanos, long bytes, Histogram roundTrips) {
        double megabytesPerSecond() {
            return bytes * 1_000.0 / Math.max(1, nanos);
        }

        double roundTripsPerSecond() {
            return roundTrips.getTotalCount() * 1e9 / Math.max(1, nanos);
        }
    }

    private final InetSocketAddress source;
    private final InetSocketAddress echo;
    private final List<Thread> workers = new ArrayList<>();
    private final LongAdder bytes = new LongAdder();
    private final LongAdder failures = new LongAdder();
    private final AtomicReference<String> firstFailure = new AtomicReference<>();
    private final AtomicReference<String> firstWrong = new AtomicReference<>();
    private final Recorder roundTrips = new Recorder(NANOS_MAX, 3);
    private volatile boolean stopping;
    private long sampledNanos = System.nanoTime();
    private long sampledBytes;

    /// @param source answers a count of bytes with so many bytes of {@link Pattern}
    /// @param echo sends back what it gets
    DemoTraffic(InetSocketAddress source, InetSocketAddress echo) {
        this.source = source;
        this.echo = echo;
    }

    DemoTraffic start() {
        for (int i = 0; i < DOWNLOADS; i++) {
            workers.add(Thread.ofVirtual().name("demo-download-" + i).start(() -> repeat(this::download)));
        }
        for (int i = 0; i < PINGS; i++) {
            workers.add(Thread.ofVirtual().name("demo-ping-" + i).start(() -> repeat(this::ping)));
        }
        return this;
    }

    private interface Worker {
        void run() throws IOException;
    }

    private void repeat(Worker worker) {
        while (!stopping) {
            try {
                worker.run();
            } catch (IOException e) {
                if (stopping) {
                    return; // the interrupt that ends us closes the channel
                }
                failures.increment();
                firstFailure.compareAndSet(null, e.toString());
                pause();
            }
        }
    }

    private void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
        } catch (InterruptedException _) {
            stopping = true;
        }
    }

    private void download() throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(READ_BYTES);
        try (SocketChannel channel = SocketChannel.open(source)) {
            buffer.putLong(DOWNLOAD_BYTES).flip();
            writeAll(channel, buffer);
            long offset = 0;
            // Not until the end of the stream: a runtime tells a pod's close a second late.
            while (offset < DOWNLOAD_BYTES && channel.read(buffer.clear()) >= 0) {
                int length = buffer.flip().remaining();
                int wrong = Pattern.mismatch(offset, buffer);
                if (wrong >= 0) {
                    firstWrong.compareAndSet(null, "byte " + (offset + wrong) + " of a download is not the one that was sent");
                }
                offset += length;
                bytes.add(length);
            }
            if (offset != DOWNLOAD_BYTES) {
                throw new IOException("a download ended after " + offset + " of " + DOWNLOAD_BYTES + " bytes");
            }
        }
    }

    private void ping() throws IOException {
        ByteBuffer request = ByteBuffer.allocateDirect(PING_BYTES);
        ByteBuffer answer = ByteBuffer.allocateDirect(PING_BYTES);
        try (SocketChannel channel = SocketChannel.open(echo)) {
            for (long count = 0; !stopping; count++) {
                request.clear().putLong(0, count);
                long sent = System.nanoTime();
                writeAll(channel, request);
                answer.clear();
                while (answer.hasRemaining()) {
                    if (channel.read(answer) < 0) {
                        throw new IOException("the echo ended");
                    }
                }
                roundTrips.recordValue(Math.min(NANOS_MAX, System.nanoTime() - sent));
                if (!answer.flip().equals(request.flip())) {
                    firstWrong.compareAndSet(null, "an echo is not what was sent");
                }
            }
        }
    }

    private static void writeAll(SocketChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    /// Call from one thread only.
    Sample sample() {
        long now = System.nanoTime();
        long total = bytes.sum();
        Sample sample = new Sample(now - sampledNanos, total - sampledBytes, roundTrips.getIntervalHistogram());
        sampledNanos = now;
        sampledBytes = total;
        return sample;
    }

    /// Connections that failed, and why the first did; empty text for none.
    long failed() {
        return failures.sum();
    }

    String firstFailure() {
        String text = firstFailure.get();
        return text == null ? "" : text;
    }

    /// What the first wrong byte was; empty for none.
    String firstWrong() {
        String text = firstWrong.get();
        return text == null ? "" : text;
    }

    /// Ends all workers and waits for them.
    @Override
    public void close() {
        stopping = true;
        workers.forEach(Thread::interrupt);
        for (Thread worker : workers) {
            boolean interrupted = false;
            while (worker.isAlive()) {
                try {
                    worker.join();
                } catch (InterruptedException _) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}

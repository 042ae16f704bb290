package io.fairlead.bench.peer;

import io.fairlead.testbed.pod.PodBehaviour;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A culprit: a process of its own that downloads without end from a port of {@link PodBehaviour#source}, until SIGSTOP halts it in the middle.
/// Its socket stays open and nobody reads it, which no program can tell from a slow reader.
///
/// Thread: one at a time. The process is killed at the end.
final class StoppedReader implements AutoCloseable {
    private static final String READING = "reading";
    private static final int BYTES_BEFORE = 1 << 20;
    private static final int SECONDS_MAX = 20;
    private static final int STOP_SECONDS_MAX = 5;

    private final Process process;

    private StoppedReader(Process process) {
        this.process = process;
    }

    /// The process: `HOST PORT`. Says so once it has read a megabyte.
    public static void main(String[] args) throws IOException {
        try (var socket = new Socket(args[0], Integer.parseInt(args[1]))) {
            socket.getOutputStream().write(ByteBuffer.allocate(8).putLong(-1).array());
            byte[] bytes = new byte[64 * 1024];
            long before = 0;
            for (int length; (length = socket.getInputStream().read(bytes)) >= 0; before += length) {
                if (before < BYTES_BEFORE && before + length >= BYTES_BEFORE) {
                    System.out.println(READING);
                }
            }
        }
    }

    /// Starts the process and waits until it reads.
    ///
    /// @throws IOException it did not get its first megabyte in time
    static StoppedReader start(InetSocketAddress target) throws IOException, InterruptedException {
        var builder = new ProcessBuilder(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                StoppedReader.class.getName(), target.getAddress().getHostAddress(), Integer.toString(target.getPort())));
        builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
        var reader = new StoppedReader(builder.redirectError(ProcessBuilder.Redirect.DISCARD).start());
        Thread watchdog = Thread.startVirtualThread(() -> {
            try {
                Thread.sleep(TimeUnit.SECONDS.toMillis(SECONDS_MAX));
                reader.close();
            } catch (InterruptedException _) { // it reads
            }
        });
        var output = new BufferedReader(new InputStreamReader(reader.process.getInputStream(), StandardCharsets.UTF_8));
        boolean reads = READING.equals(output.readLine());
        watchdog.interrupt();
        if (!reads) {
            reader.close();
            throw new IOException("the reader to be stopped did not get its first megabyte within " + SECONDS_MAX + " s");
        }
        return reader;
    }

    /// @throws IOException it does not stop
    void stop() throws IOException, InterruptedException {
        new ProcessBuilder("sh", "-c", "kill -STOP " + process.pid()).inheritIO().start().waitFor();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(STOP_SECONDS_MAX);
        while (!isStopped()) { // the signal has been sent; each thread stops when it comes back to the kernel
            if (System.nanoTime() - deadline > 0) {
                throw new IOException("the reader is not stopped " + STOP_SECONDS_MAX + " s after SIGSTOP");
            }
            Thread.sleep(1);
        }
    }

    boolean isStopped() throws IOException {
        return process.isAlive() && ProcessTree.isStopped(process.pid());
    }

    /// SIGKILL also ends what is stopped.
    @Override
    public void close() {
        process.destroyForcibly();
    }
}

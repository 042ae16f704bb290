package io.fairlead.bench.peer;

import io.fairlead.testbed.pod.PodBehaviour;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// A culprit: a process of its own that downloads without end from a port of {@link PodBehaviour#source}, and may exchange messages with an echo
/// beside it, until SIGSTOP halts it in the middle. Its sockets stay open and nobody reads them, which no program can tell from a slow reader.
///
/// Thread: one at a time. The process is killed at the end.
public final class StoppedReader implements AutoCloseable {
    private static final String READING = "reading";
    private static final int BYTES_BEFORE = 1 << 20;
    private static final int MESSAGE_BYTES = 64;
    private static final int SECONDS_MAX = 20;
    private static final int STOP_SECONDS_MAX = 5;

    /// Connections of the process to one server.
    ///
    /// @param select first line of each, or ""
    public record Server(InetSocketAddress address, String select, int connections) {
        private List<String> words() {
            return List.of(address.getAddress().getHostAddress(), Integer.toString(address.getPort()), "[" + select + "]",
                    Integer.toString(connections));
        }

        private Socket connect() throws IOException {
            var socket = new Socket(address.getAddress(), address.getPort());
            socket.setTcpNoDelay(true);
            if (!select.isEmpty()) {
                socket.getOutputStream().write((select + "\n").getBytes(StandardCharsets.US_ASCII));
            }
            return socket;
        }
    }

    private final Process process;
    private final int connections;

    private StoppedReader(Process process, int connections) {
        this.process = process;
        this.connections = connections;
    }

    /// The process: `HOST PORT [SELECT] CONNECTIONS` of the source, and the same of the echo. Says so once each download has read a megabyte and each
    /// echo connection has had an answer; ends with 1 as soon as one of them breaks.
    public static void main(String[] args) throws IOException, InterruptedException {
        Server source = server(args, 0);
        Server echo = server(args, 4);
        var ready = new CountDownLatch(source.connections() + echo.connections());
        for (int i = 0; i < source.connections(); i++) {
            Socket socket = source.connect();
            start(() -> download(socket, ready));
        }
        for (int i = 0; i < echo.connections(); i++) {
            Socket socket = echo.connect();
            start(() -> exchange(socket, ready));
        }
        ready.await();
        System.out.println(READING);
    }

    private interface Work {
        void run() throws IOException;
    }

    private static void start(Work work) {
        Thread.ofPlatform().start(() -> {
            try {
                work.run();
            } catch (IOException e) {
                System.err.println(e);
                Runtime.getRuntime().halt(1);
            }
        });
    }

    private static Server server(String[] args, int from) {
        return new Server(new InetSocketAddress(args[from], Integer.parseInt(args[from + 1])),
                args[from + 2].substring(1, args[from + 2].length() - 1), Integer.parseInt(args[from + 3]));
    }

    private static void download(Socket socket, CountDownLatch ready) throws IOException {
        socket.getOutputStream().write(ByteBuffer.allocate(8).putLong(-1).array());
        byte[] bytes = new byte[64 * 1024];
        long before = 0;
        for (int length; (length = socket.getInputStream().read(bytes)) >= 0; before += length) {
            if (before < BYTES_BEFORE && before + length >= BYTES_BEFORE) {
                ready.countDown();
            }
        }
        throw new IOException("a download has ended after " + before + " bytes");
    }

    private static void exchange(Socket socket, CountDownLatch ready) throws IOException {
        var input = new DataInputStream(socket.getInputStream());
        byte[] bytes = new byte[MESSAGE_BYTES];
        for (boolean answered = false; ; answered = true) {
            socket.getOutputStream().write(bytes);
            input.readFully(bytes);
            if (!answered) {
                ready.countDown();
            }
        }
    }

    /// Starts the process with one download and waits until it reads.
    ///
    /// @throws IOException it did not get its first megabyte in time
    static StoppedReader start(InetSocketAddress source) throws IOException, InterruptedException {
        return start(new Server(source, "", 1), new Server(source, "", 0));
    }

    /// Starts the process and waits until all its connections have had something.
    ///
    /// @throws IOException one of them had not in time
    public static StoppedReader start(Server source, Server echo) throws IOException, InterruptedException {
        var words = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1", StoppedReader.class.getName()));
        words.addAll(source.words());
        words.addAll(echo.words());
        var builder = new ProcessBuilder(words);
        builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
        var reader = new StoppedReader(builder.redirectError(ProcessBuilder.Redirect.DISCARD).start(), source.connections() + echo.connections());
        Thread watchdog = Thread.startVirtualThread(() -> {
            try {
                Thread.sleep(TimeUnit.SECONDS.toMillis(SECONDS_MAX));
                reader.close();
            } catch (InterruptedException _) { // it reads
            }
        });
        boolean reads;
        try {
            reads = READING.equals(new BufferedReader(new InputStreamReader(reader.process.getInputStream(), StandardCharsets.UTF_8)).readLine());
        } finally {
            watchdog.interrupt();
        }
        if (!reads) {
            reader.close();
            throw new IOException("the client to be stopped did not get a first megabyte" + (echo.connections() > 0 ? " and first answers" : "")
                    + " within " + SECONDS_MAX + " s, or lost a connection");
        }
        return reader;
    }

    /// @throws IOException it does not stop, or not all of its connections are open
    public void stop() throws IOException, InterruptedException {
        new ProcessBuilder("sh", "-c", "kill -STOP " + process.pid()).inheritIO().start().waitFor();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(STOP_SECONDS_MAX);
        while (!isStopped()) { // the signal has been sent; each thread stops when it comes back to the kernel
            if (System.nanoTime() - deadline > 0) {
                throw new IOException("the reader is not stopped " + STOP_SECONDS_MAX + " s after SIGSTOP");
            }
            Thread.sleep(1);
        }
        long open = ProcessTree.sockets(process.pid());
        if (open < connections) {
            throw new IOException("the reader was stopped with " + open + " of its " + connections + " sockets open");
        }
    }

    public boolean isStopped() throws IOException {
        return process.isAlive() && ProcessTree.isStopped(process.pid());
    }

    /// SIGKILL also ends what is stopped.
    @Override
    public void close() {
        process.destroyForcibly();
    }
}

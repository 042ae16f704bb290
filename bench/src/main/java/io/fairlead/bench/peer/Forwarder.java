package io.fairlead.bench.peer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// A port-forward program as a process of its own, from its start to its end.
///
/// Thread: one at a time; two daemon threads read its output.
public final class Forwarder implements AutoCloseable {
    private static final int START_SECONDS_MAX = 30;
    private static final int FIRST_BYTE_MILLIS_MAX = 20_000;
    private static final int LINES_KEPT = 20;
    private static final String LOOPBACK = "127.0.0.1";

    private final Process process;
    private final Map<Integer, Integer> localPorts;
    private final ArrayDeque<String> lastLines = new ArrayDeque<>();
    private final CountDownLatch forwarding;
    private final long begunNanos;
    private double startMillis;

    /// Has fairlead's launcher do beforehand what it does once: build what is stale, and make its start-up cache, in the background as a rule.
    /// Neither belongs into a measurement.
    ///
    /// @param fairlead the program
    public static void prepare(String fairlead) throws IOException, InterruptedException {
        var builder = new ProcessBuilder(fairlead, "--version").redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("FAIRLEAD_AOT", "now");
        int code = builder.start().waitFor();
        if (code != 0) {
            throw new IOException(fairlead + " --version ended with " + code + "; see what it says above");
        }
    }

    /// Starts `command` and waits until it is ready for connections.
    ///
    /// @param names what its placeholders stand for
    /// @throws IOException it ended, or was not ready in time; the message quotes its last lines
    static Forwarder start(PeerCommand command, Map<String, String> names, List<Integer> remotePorts) throws IOException, InterruptedException {
        var forwarder = new Forwarder(command, names, freePorts(remotePorts));
        try {
            forwarder.awaitReady(command.ready());
            return forwarder;
        } catch (IOException | InterruptedException e) {
            forwarder.close();
            throw e;
        }
    }

    private Forwarder(PeerCommand command, Map<String, String> names, Map<Integer, Integer> ports) throws IOException {
        localPorts = ports;
        forwarding = new CountDownLatch(ports.size());
        var builder = new ProcessBuilder(command.fill(names, ports));
        builder.environment().put("KUBECONFIG", names.get("kubeconfig"));
        builder.environment().put("CLASSPATH", System.getProperty("java.class.path")); // for the forwarders of this package
        begunNanos = System.nanoTime();
        process = builder.start();
        process.getOutputStream().close();
        read(process.getInputStream(), forwarding, this::keep);
        read(process.getErrorStream(), forwarding, this::keep);
    }

    private void awaitReady(PeerCommand.Ready ready) throws IOException, InterruptedException {
        while (!switch (ready) {
            case LINE -> forwarding.await(20, TimeUnit.MILLISECONDS);
            case LISTENING -> forwarding.await(5, TimeUnit.MILLISECONDS) || listening().containsAll(localPorts.values());
        }) {
            if (!process.isAlive()) {
                throw new IOException("ended with " + process.exitValue() + ": " + lastLines());
            }
            if (System.nanoTime() - begunNanos > TimeUnit.SECONDS.toNanos(START_SECONDS_MAX)) {
                throw new IOException("does not forward after " + START_SECONDS_MAX + " s: " + lastLines());
            }
        }
        startMillis = (System.nanoTime() - begunNanos) / 1e6;
    }

    /// From its start to now, once one byte has gone to the pod's echo and come back.
    ///
    /// @throws IOException it did not come back, or not in time
    double firstByteMillis(int echoPort) throws IOException {
        try (var socket = new Socket()) {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(FIRST_BYTE_MILLIS_MAX);
            socket.connect(new InetSocketAddress(LOOPBACK, localPort(echoPort)), FIRST_BYTE_MILLIS_MAX);
            socket.getOutputStream().write(1);
            if (socket.getInputStream().read() != 1) {
                throw new IOException("closed");
            }
            return (System.nanoTime() - begunNanos) / 1e6;
        } catch (IOException e) {
            throw new IOException("the first byte did not come back: " + e.getMessage() + "; " + lastLines(), e);
        }
    }

    /// From its start until it was ready.
    double startMillis() {
        return startMillis;
    }

    int localPort(int remotePort) {
        return localPorts.get(remotePort);
    }

    ProcessTree tree() {
        return new ProcessTree(process.toHandle());
    }

    boolean alive() {
        return process.isAlive();
    }

    String lastLines() {
        synchronized (lastLines) {
            return String.join(" | ", lastLines);
        }
    }

    @Override
    public void close() {
        end(process);
    }

    /// Sends SIGTERM, and SIGKILL if `process` has not ended after 5 s or this thread is interrupted; once it has ended, SIGKILL at once to
    /// whatever it had started.
    public static void end(Process process) {
        List<ProcessHandle> children = process.descendants().toList();
        process.destroy();
        try {
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException _) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        children.forEach(ProcessHandle::destroyForcibly);
    }

    /// SIGKILL, to it and to what it has started.
    void kill() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    /// Reads a forwarder's output to its end: `forwarding` counts its lines for 127.0.0.1, `keep` gets all that it says beside those and
    /// `Handling connection`.
    public static void read(InputStream stream, CountDownLatch forwarding, Consumer<String> keep) {
        Thread.ofVirtual().name("forwarder-output").start(() -> {
            try (var lines = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    if (line.startsWith("Forwarding from 127.0.0.1:")) {
                        forwarding.countDown();
                    } else if (!line.startsWith("Forwarding from ") && !line.startsWith("Handling connection")) {
                        keep.accept(line);
                    }
                }
            } catch (IOException e) {
                keep.accept("output: " + e.getMessage());
            }
        });
    }

    private void keep(String line) {
        synchronized (lastLines) {
            lastLines.add(line);
            if (lastLines.size() > LINES_KEPT) {
                lastLines.remove();
            }
        }
    }

    /// Local ports on which somebody listens, out of `/proc/net`: looking there disturbs nobody, as a connection would.
    private static Set<Integer> listening() throws IOException {
        var ports = new HashSet<Integer>();
        for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
            if (Files.isReadable(Path.of(table))) {
                for (String line : Files.readAllLines(Path.of(table))) {
                    String[] fields = line.strip().split(" +");
                    if (fields[3].equals("0A")) { // LISTEN
                        ports.add(Integer.parseInt(fields[1].substring(fields[1].lastIndexOf(':') + 1), 16));
                    }
                }
            }
        }
        return ports;
    }

    /// Local ports that nobody uses now, by the remote ports they are for.
    public static Map<Integer, Integer> freePorts(List<Integer> remotePorts) throws IOException {
        var held = new ArrayList<ServerSocket>();
        var ports = new LinkedHashMap<Integer, Integer>();
        try {
            for (int remote : remotePorts) {
                var socket = new ServerSocket(0, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
                held.add(socket);
                ports.put(remote, socket.getLocalPort());
            }
        } finally {
            for (ServerSocket socket : held) {
                socket.close();
            }
        }
        return ports;
    }
}

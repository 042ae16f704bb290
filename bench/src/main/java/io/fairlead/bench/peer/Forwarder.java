package io.fairlead.bench.peer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// A port-forward program as a process of its own, from its start to the line that says it forwards, and to its end.
///
/// Thread: one at a time; two daemon threads read its output.
final class Forwarder implements AutoCloseable {
    private static final int START_SECONDS_MAX = 30;
    private static final int LINES_KEPT = 20;

    private final Process process;
    private final Map<Integer, Integer> localPorts;
    private final ArrayDeque<String> lastLines = new ArrayDeque<>();
    private final CountDownLatch forwarding;
    private final double startMillis;

    /// Starts `command`, in which `{namespace}`, `{pod}`, `{kubeconfig}` and `{ports}` (`L:R L:R ...`) are filled in, and waits until it has said
    /// `Forwarding from 127.0.0.1` for each port, or anything with the local port in it.
    ///
    /// @throws IOException it ended, or said nothing in time; the message quotes its last lines
    static Forwarder start(List<String> command, Map<String, String> names, List<Integer> remotePorts) throws IOException, InterruptedException {
        Map<Integer, Integer> ports = freePorts(remotePorts);
        var words = new ArrayList<String>();
        for (String word : command) {
            if (word.equals("{ports}")) {
                ports.forEach((remote, local) -> words.add(local + ":" + remote));
            } else {
                String filled = word;
                for (var name : names.entrySet()) {
                    filled = filled.replace("{" + name.getKey() + "}", name.getValue());
                }
                words.add(filled);
            }
        }
        return new Forwarder(words, ports);
    }

    private Forwarder(List<String> words, Map<Integer, Integer> ports) throws IOException, InterruptedException {
        localPorts = ports;
        forwarding = new CountDownLatch(ports.size());
        long begun = System.nanoTime();
        process = new ProcessBuilder(words).start();
        process.getOutputStream().close();
        read(process.getInputStream());
        read(process.getErrorStream());
        while (!forwarding.await(20, TimeUnit.MILLISECONDS)) {
            boolean late = System.nanoTime() - begun > TimeUnit.SECONDS.toNanos(START_SECONDS_MAX);
            if (late || !process.isAlive()) {
                close();
                throw new IOException((late ? "does not forward after " + START_SECONDS_MAX + " s: " : "ended with " + process.exitValue() + ": ") + lastLines());
            }
        }
        startMillis = (System.nanoTime() - begun) / 1e6;
    }

    /// From its start to its line for the last port.
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

    /// Asks it to end as Ctrl-C would be answered by SIGTERM, and kills what is left after 5 s.
    @Override
    public void close() {
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

    private void read(InputStream stream) {
        Thread.ofVirtual().name("forwarder-output").start(() -> {
            try (var lines = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    if (line.startsWith("Forwarding from 127.0.0.1:")) {
                        forwarding.countDown();
                    } else if (!line.startsWith("Forwarding from ") && !line.startsWith("Handling connection")) {
                        keep(line);
                    }
                }
            } catch (IOException e) {
                keep("output: " + e.getMessage());
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

    private static Map<Integer, Integer> freePorts(List<Integer> remotePorts) throws IOException {
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

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
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// A port-forward program as a process of its own, from its start to its end, with all that it says kept.
///
/// Thread: one at a time; two virtual threads read its output. Bound: {@link #LINES_MAX} lines; further ones are counted.
public final class Forwarder implements AutoCloseable {
    private static final int START_SECONDS_MAX = 30;
    private static final int FIRST_BYTE_MILLIS_MAX = 20_000;
    static final int LINES_MAX = 100_000;
    /// What a message quotes.
    private static final int LAST_LINES = 20;
    /// For reading what one that has ended had said; a child may keep the streams open.
    private static final Duration LAST_WORDS_MAX = Duration.ofSeconds(5);

    private final Process process;
    private final Map<Integer, Integer> localPorts;
    private final List<String> lines = new ArrayList<>(); // with times
    private final ArrayDeque<String> lastLines = new ArrayDeque<>(); // as they were; guarded by lines
    private int linesSaid; // guarded by lines
    private final CountDownLatch forwarding;
    private final List<Thread> readers = new ArrayList<>();
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

    /// Starts `command` against `pod` and waits until it is ready for connections.
    ///
    /// @param pod "" for a command that does not name it
    /// @throws IOException it ended, or was not ready in time; the message quotes its last lines
    public static Forwarder start(PeerCommand command, Path kubeconfig, String namespace, String pod, List<Integer> remotePorts)
            throws IOException, InterruptedException {
        return start(command, Map.of("kubeconfig", kubeconfig.toString(), "namespace", namespace, "pod", pod), remotePorts);
    }

    /// The same.
    ///
    /// @param names what the command's placeholders stand for
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
        read(process.getInputStream());
        read(process.getErrorStream());
    }

    private void awaitReady(PeerCommand.Ready ready) throws IOException, InterruptedException {
        while (!switch (ready) {
            case LINE -> forwarding.await(20, TimeUnit.MILLISECONDS);
            case LISTENING -> forwarding.await(5, TimeUnit.MILLISECONDS) || listening().containsAll(localPorts.values());
        }) {
            if (!process.isAlive()) {
                awaitLastWords();
                if (forwarding.getCount() > 0) { // else it was ready, and whoever uses it hears of its end
                    throw new IOException("ended with " + process.exitValue() + ": " + lastLines());
                }
            }
            if (System.nanoTime() - begunNanos > TimeUnit.SECONDS.toNanos(START_SECONDS_MAX)) {
                throw new IOException("does not forward after " + START_SECONDS_MAX + " s: " + lastLines());
            }
        }
        startMillis = (System.nanoTime() - begunNanos) / 1e6;
    }

    private void awaitLastWords() throws InterruptedException {
        for (Thread reader : readers) {
            reader.join(LAST_WORDS_MAX);
        }
    }

    /// From its start to now, once one byte has gone to the pod's echo and come back.
    ///
    /// @throws IOException it did not come back, or not in time
    double firstByteMillis(int echoPort) throws IOException {
        try (var socket = new Socket()) {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(FIRST_BYTE_MILLIS_MAX);
            socket.connect(address(echoPort), FIRST_BYTE_MILLIS_MAX);
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

    /// Its end of a forward.
    public InetSocketAddress address(int remotePort) {
        return new InetSocketAddress("127.0.0.1", localPorts.get(remotePort));
    }

    ProcessTree tree() {
        return new ProcessTree(process.toHandle());
    }

    public boolean alive() {
        return process.isAlive();
    }

    /// Memory, handles, threads and CPU time of now, without those of its children; empty if it has ended.
    public Optional<ProcessFacts> facts() {
        return ProcessFacts.of(process.toHandle());
    }

    /// The same for a caller that has nothing to do without them.
    ///
    /// @throws IOException it has ended
    public ProcessFacts factsOrEnd() throws IOException {
        return facts().orElseThrow(() -> new IOException(ending()));
    }

    /// How it ended, and its last line, for one that has.
    public String ending() {
        try {
            if (process.waitFor(1, TimeUnit.SECONDS)) { // its code may be a moment behind
                awaitLastWords();
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        List<String> said = lines();
        return "the forwarder ended by itself" + (alive() ? "" : ", with " + process.exitValue())
                + (said.isEmpty() ? "" : "; its last line: " + said.getLast().strip());
    }

    /// What it has said so far, but for `Forwarding` and `Handling connection`, each line with the seconds since its start in front; where these
    /// are more than are kept, the last line says how many.
    public List<String> lines() {
        synchronized (lines) {
            var all = new ArrayList<>(lines);
            if (linesSaid > all.size()) {
                all.add("and " + (linesSaid - all.size()) + " lines more, which were not kept");
            }
            return all;
        }
    }

    /// How many lines that was, those included that were not kept.
    public int lineCount() {
        synchronized (lines) {
            return linesSaid;
        }
    }

    /// The last few of them in one, without times; that there are none.
    String lastLines() {
        synchronized (lines) {
            return !lastLines.isEmpty() ? String.join(" | ", lastLines)
                    : "it printed nothing" + (forwarding.getCount() < localPorts.size() ? " but what it forwards" : "");
        }
    }

    @Override
    public void close() {
        end(process);
    }

    /// Sends SIGTERM, and SIGKILL if `process` has not ended after 5 s or this thread is interrupted; once it has ended, as it always has when this
    /// returns, SIGKILL at once to whatever it had started.
    public static void end(Process process) {
        List<ProcessHandle> children = process.descendants().toList();
        process.destroy();
        try {
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException _) {
            process.destroyForcibly().onExit().join(); // which no interrupt ends
            Thread.currentThread().interrupt();
        }
        children.forEach(ProcessHandle::destroyForcibly);
    }

    /// SIGKILL, to it and to what it has started.
    void kill() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    private void read(InputStream stream) {
        readers.add(Thread.ofVirtual().name("forwarder-output").start(() -> {
            try (var output = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
                for (String line = output.readLine(); line != null; line = output.readLine()) {
                    if (line.startsWith("Forwarding from 127.0.0.1:")) {
                        forwarding.countDown();
                    } else if (!line.startsWith("Forwarding from ") && !line.startsWith("Handling connection")) {
                        keep(line);
                    }
                }
            } catch (IOException e) {
                keep("output: " + e.getMessage());
            }
        }));
    }

    private void keep(String line) {
        synchronized (lines) {
            linesSaid++;
            if (lines.size() < LINES_MAX) {
                lines.add(String.format(Locale.ROOT, "%7.2f  %s", (System.nanoTime() - begunNanos) / 1e9, line));
            }
            lastLines.add(line);
            if (lastLines.size() > LAST_LINES) {
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

package io.fairlead.bench.isolation;

import io.fairlead.bench.peer.Forwarder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// A port-forward program as a process of its own, with all that it says kept, so that a run can tell what it said about whom.
///
/// Thread: one at a time; two virtual threads read its output. Bound: {@link #LINES_MAX} lines; further ones are counted.
public final class ForwarderProcess implements AutoCloseable {
    private static final int START_SECONDS_MAX = 30;
    static final int LINES_MAX = 100_000;

    private final Process process;
    private final Map<Integer, Integer> localPorts;
    private final List<String> lines = new ArrayList<>();
    private int linesSaid; // guarded by lines
    private final CountDownLatch forwarding;
    private final long startNanos = System.nanoTime();

    /// The programs that a run can compare, by their names: for each, what stands before `-n NAMESPACE port-forward`.
    public static Map<String, List<String>> programs(String fairlead, String kubectl) {
        var all = new LinkedHashMap<String, List<String>>();
        all.put("fairlead", List.of(fairlead));
        all.put("kubectl-ws", List.of(kubectl));
        all.put("kubectl-spdy", List.of("env", "KUBECTL_PORT_FORWARD_WEBSOCKETS=false", kubectl));
        return all;
    }

    /// Starts `command` for `target`, and waits until it has said `Forwarding from 127.0.0.1` for each port.
    ///
    /// @param command one of {@link #programs}
    /// @param target such as `pod/NAME`
    /// @param flags behind the ports
    /// @throws IOException it ended, or said nothing in time; the message quotes what it said
    public static ForwarderProcess start(List<String> command, Path kubeconfig, String namespace, String target, List<Integer> remotePorts,
            List<String> flags) throws IOException, InterruptedException {
        Map<Integer, Integer> ports = Forwarder.freePorts(remotePorts);
        var words = new ArrayList<>(command);
        words.addAll(List.of("-n", namespace, "port-forward", target));
        ports.forEach((remote, local) -> words.add(local + ":" + remote));
        words.addAll(flags);
        var forwarder = new ForwarderProcess(words, kubeconfig, ports);
        try {
            forwarder.awaitReady();
            return forwarder;
        } catch (IOException | InterruptedException e) {
            forwarder.close();
            throw e;
        }
    }

    private ForwarderProcess(List<String> words, Path kubeconfig, Map<Integer, Integer> ports) throws IOException {
        localPorts = ports;
        forwarding = new CountDownLatch(ports.size());
        var builder = new ProcessBuilder(words);
        builder.environment().put("KUBECONFIG", kubeconfig.toString());
        process = builder.start();
        process.getOutputStream().close();
        Forwarder.read(process.getInputStream(), forwarding, this::keep);
        Forwarder.read(process.getErrorStream(), forwarding, this::keep);
    }

    private void awaitReady() throws IOException, InterruptedException {
        while (!forwarding.await(20, TimeUnit.MILLISECONDS)) {
            if (!process.isAlive()) {
                throw new IOException("ended with " + process.exitValue() + ": " + String.join(" | ", lines()));
            }
            if (System.nanoTime() - startNanos > TimeUnit.SECONDS.toNanos(START_SECONDS_MAX)) {
                throw new IOException("does not forward after " + START_SECONDS_MAX + " s: " + String.join(" | ", lines()));
            }
        }
    }

    public InetSocketAddress address(int remotePort) {
        return new InetSocketAddress("127.0.0.1", localPorts.get(remotePort));
    }

    public boolean alive() {
        return process.isAlive();
    }

    /// Memory, handles, threads and CPU time of now; empty if it has ended.
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
            process.waitFor(1, TimeUnit.SECONDS); // its code may be a moment behind
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

    @Override
    public void close() {
        Forwarder.end(process);
    }

    private void keep(String line) {
        synchronized (lines) {
            linesSaid++;
            if (lines.size() < LINES_MAX) {
                lines.add(String.format(Locale.ROOT, "%7.2f  %s", (System.nanoTime() - startNanos) / 1e9, line));
            }
        }
    }
}

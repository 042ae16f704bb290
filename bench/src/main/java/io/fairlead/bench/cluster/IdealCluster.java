package io.fairlead.bench.cluster;

import io.fairlead.bench.peer.Forwarder;
import io.fairlead.testbed.pod.PodMain;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The servers of {@link ServerPod} at the same ports of a pod of the ideal testbed: two processes, so that neither counts as the forwarder or as the
/// generator, and each has the handles of a process for itself.
///
/// Thread: one at a time.
public final class IdealCluster implements AutoCloseable {
    public static final String NAMESPACE = "default";
    public static final String POD = "pods";
    /// What the testbed is, for a run's `setup.md`.
    public static final String TESTBED = IdealMain.class.getName();
    private static final int NOBODY = 1; // tcpmux: nobody listens there

    /// Sessions of all forwarders, as the testbed counts them.
    ///
    /// @param up now
    /// @param busy those of them that carry a connection
    public record Sessions(int up, int busy) {}

    private final List<Process> processes = new ArrayList<>();
    private Process testbed;
    private BufferedReader answers;
    private Path kubeconfig;

    private IdealCluster() {}

    /// @param faults arguments of {@link IdealMain} before the ports
    /// @throws IOException one of the two has not started; it says why on standard error
    public static IdealCluster start(String... faults) throws IOException {
        var cluster = new IdealCluster();
        try {
            List<String> servers = ServerPod.servers();
            var listen = new ArrayList<>(List.of("host=127.0.0.1"));
            servers.forEach(server -> listen.add(ServerPod.behaviour(server) + "=0"));
            // It says, in their order: ready echo=41001 source=41002 ...
            String[] ready = line(cluster.launch(PodMain.class, listen).inputReader()).split(" ");
            var arguments = new ArrayList<>(List.of(faults));
            arguments.add(ServerPod.port("refused") + "=" + NOBODY);
            for (int i = 0; i < servers.size(); i++) {
                arguments.add(ServerPod.port(servers.get(i)) + "=" + ready[i + 1].substring(ready[i + 1].indexOf('=') + 1));
            }
            cluster.testbed = cluster.launch(IdealMain.class, arguments);
            cluster.answers = cluster.testbed.inputReader();
            cluster.kubeconfig = Path.of(line(cluster.answers));
            return cluster;
        } catch (IOException | RuntimeException e) {
            cluster.close();
            throw e;
        }
    }

    public Path kubeconfig() {
        return kubeconfig;
    }

    public Sessions sessions() {
        try {
            testbed.outputWriter().write("\n");
            testbed.outputWriter().flush();
            String[] counts = line(answers).split(" ");
            return new Sessions(Integer.parseInt(counts[0]), Integer.parseInt(counts[1]));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        processes.reversed().forEach(Forwarder::end);
    }

    private Process launch(Class<?> main, List<String> arguments) throws IOException {
        var words = new ArrayList<>(Arrays.asList(ProcessHandle.current().info().command().orElseThrow(), "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow", "-Xmx2g", "-XX:MaxDirectMemorySize=4g", "-cp", System.getProperty("java.class.path"),
                main.getName()));
        words.addAll(arguments);
        Process process = new ProcessBuilder(words).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        processes.add(process);
        return process;
    }

    private static String line(BufferedReader reader) throws IOException {
        String line = reader.readLine();
        if (line == null) {
            throw new IOException("the ideal testbed has ended");
        }
        return line;
    }
}

package io.fairlead.bench.scale;

import io.fairlead.testbed.pod.PodMain;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The ideal testbed and the servers of its pod, a process each, so that neither counts as the forwarder, and each has the handles of a process for
/// itself.
///
/// Thread: one at a time.
final class IdealCluster implements AutoCloseable {
    static final String NAMESPACE = "default";
    static final String TARGET = "pod/pods";
    static final int ECHO = 7000;
    static final int SOURCE = 7002;
    static final int CHECK = 7008;

    /// Sessions of all forwarders, as the testbed counts them.
    ///
    /// @param up now
    /// @param busy those of them that carry a connection
    record Sessions(int up, int busy) {}

    private final List<Process> processes = new ArrayList<>();
    private Process testbed;
    private BufferedReader answers;
    private Path kubeconfig;

    /// @param faults arguments of {@link IdealMain} before the ports
    static IdealCluster start(String... faults) throws IOException {
        var cluster = new IdealCluster();
        try {
            // It says: ready echo=41001 source=41002 ...
            String ready = line(cluster.launch(PodMain.class, List.of("host=127.0.0.1", "echo=0", "source=0", "check=0")).inputReader());
            var arguments = new ArrayList<>(List.of(faults));
            int[] numbers = {ECHO, SOURCE, CHECK};
            String[] servers = ready.split(" ");
            for (int i = 0; i < numbers.length; i++) {
                arguments.add(numbers[i] + "=" + servers[i + 1].substring(servers[i + 1].indexOf('=') + 1));
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

    Path kubeconfig() {
        return kubeconfig;
    }

    Sessions sessions() {
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
        for (Process process : processes.reversed()) {
            process.destroy();
            try {
                if (!process.waitFor(Duration.ofSeconds(10))) {
                    process.destroyForcibly();
                }
            } catch (InterruptedException _) {
                process.destroyForcibly();
                Thread.currentThread().interrupt();
            }
        }
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

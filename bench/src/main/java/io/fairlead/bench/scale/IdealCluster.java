package io.fairlead.bench.scale;

import io.fairlead.testbed.pod.PodMain;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The ideal testbed and the servers of its pod, a process each, so that neither counts as the forwarder, and each has the handles of a process for itself.
///
/// Thread: one at a time.
final class IdealCluster implements AutoCloseable {
    static final String NAMESPACE = "default";
    static final String POD = "pods";
    static final int ECHO = 7000;
    static final int SOURCE = 7002;
    static final int CHECK = 7008;

    private final List<Process> processes = new ArrayList<>();
    private Path kubeconfig;

    /// @param faults arguments of {@link IdealMain} before the ports
    static IdealCluster start(String... faults) throws IOException {
        var cluster = new IdealCluster();
        try {
            String ready = cluster.launch(PodMain.class, List.of("host=127.0.0.1", "echo=0", "source=0", "check=0")); // ready echo=41001 source=41002 ...
            var arguments = new ArrayList<>(List.of(faults));
            int[] numbers = {ECHO, SOURCE, CHECK};
            String[] servers = ready.split(" ");
            for (int i = 0; i < numbers.length; i++) {
                arguments.add(numbers[i] + "=" + servers[i + 1].substring(servers[i + 1].indexOf('=') + 1));
            }
            cluster.kubeconfig = Path.of(cluster.launch(IdealMain.class, arguments));
            return cluster;
        } catch (IOException | RuntimeException e) {
            cluster.close();
            throw e;
        }
    }

    Path kubeconfig() {
        return kubeconfig;
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

    private String launch(Class<?> main, List<String> arguments) throws IOException {
        var words = new ArrayList<>(Arrays.asList(ProcessHandle.current().info().command().orElseThrow(), "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow", "-Xmx2g", "-XX:MaxDirectMemorySize=4g", "-cp", System.getProperty("java.class.path"), main.getName()));
        words.addAll(arguments);
        Process process = new ProcessBuilder(words).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        processes.add(process);
        String line = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)).readLine();
        if (line == null) {
            throw new IOException(main.getSimpleName() + " " + arguments + " said nothing");
        }
        return line;
    }
}

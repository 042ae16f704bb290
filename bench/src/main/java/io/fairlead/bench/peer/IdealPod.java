package io.fairlead.bench.peer;

import io.fairlead.bench.cluster.ServerPod;
import io.fairlead.testbed.pod.PodMain;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The servers of {@link ServerPod} behind the ideal testbed: a process for each, so that what is measured is not beside them in one JVM.
///
/// Thread: one at a time.
final class IdealPod implements AutoCloseable {
    static final TurnRunner.Pod POD = new TurnRunner.Pod("default", "pods", "127.0.0.1");
    private static final String TESTBED = "io.fairlead.bench.scale.IdealMain"; // a program, started by its name

    private static final int NOBODY = 1; // tcpmux: nobody listens there

    private final List<Process> processes = new ArrayList<>();
    private Path kubeconfig;

    private IdealPod() {}

    /// @throws IOException one of the two has not started; it says why on standard error
    static IdealPod start() throws IOException {
        var ideal = new IdealPod();
        try {
            List<String> servers = servers();
            var arguments = new ArrayList<>(List.of("host=127.0.0.1"));
            servers.forEach(server -> arguments.add(server.replace("2", "") + "=0"));
            String[] ready = ideal.launch(PodMain.class.getName(), arguments).split(" "); // ready echo=41001 source=41002 ...
            var ports = new ArrayList<>(List.of(ServerPod.port("refused") + "=" + NOBODY));
            for (int i = 0; i < servers.size(); i++) {
                ports.add(ServerPod.port(servers.get(i)) + ready[i + 1].replaceFirst(".*=", "="));
            }
            ideal.kubeconfig = Path.of(ideal.launch(TESTBED, ports));
            return ideal;
        } catch (IOException | RuntimeException e) {
            ideal.close();
            throw e;
        }
    }

    Path kubeconfig() {
        return kubeconfig;
    }

    @Override
    public void close() {
        processes.reversed().forEach(Forwarder::end);
    }

    /// Those of the workloads, but the one that is none.
    private static List<String> servers() {
        return PeerWorkload.ALL.stream().flatMap(workload -> workload.parts().stream()).map(PeerWorkload.Part::server).filter(server -> !server.equals("refused")).distinct().toList();
    }

    private String launch(String main, List<String> arguments) throws IOException {
        var words = new ArrayList<>(Arrays.asList(ProcessHandle.current().info().command().orElseThrow(), "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow", "-Xmx2g", "-XX:MaxDirectMemorySize=4g", "-cp", System.getProperty("java.class.path"), main));
        words.addAll(arguments);
        Process process = new ProcessBuilder(words).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        processes.add(process);
        String line = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)).readLine();
        if (line == null) {
            throw new IOException(main + " has not started");
        }
        return line;
    }
}

package io.fairlead.bench.cluster;

import io.fairlead.testbed.PodSpec;
import io.fairlead.testbed.Testbed;
import io.fairlead.testbed.node.NodeSession;
import io.fairlead.testbed.node.Runtime;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/// The ideal testbed as a process of its own, with one pod `pods` whose servers are elsewhere: `IdealMain [rtt=MILLIS] [window=BYTES]
/// NUMBER=LOCAL_PORT ...`, where the pod's port NUMBER is the local port LOCAL_PORT. Prints the kubeconfig's path, then for each line that it reads
/// the number of sessions that are up, and of those among them that carry a connection. Runs until its input ends.
final class IdealMain {
    private IdealMain() {}

    public static void main(String[] args) throws IOException {
        Testbed testbed = Testbed.builder().runtime(Runtime.IDEAL).threads(2).start();
        java.lang.Runtime.getRuntime().addShutdownHook(new Thread(testbed::close));
        PodSpec pods = PodSpec.named(IdealCluster.POD);
        for (String arg : args) {
            String[] parts = arg.split("=", 2);
            switch (parts[0]) {
                case "rtt" -> {
                    Duration way = Duration.ofNanos((long) (Double.parseDouble(parts[1]) * 1e6 / 2));
                    testbed.faults().delay(way, way);
                }
                case "window" -> testbed.faults().window(Long.parseLong(parts[1]));
                default -> pods = pods.port("p" + parts[0], Integer.parseInt(parts[0]),
                        new InetSocketAddress("127.0.0.1", Integer.parseInt(parts[1])));
            }
        }
        testbed.addPod(pods);
        System.out.println(testbed.kubeconfig());
        var questions = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        while (questions.readLine() != null) {
            List<NodeSession> sessions = testbed.sessions();
            System.out.println(sessions.size() + " " + sessions.stream().filter(session -> session.pairsOpen() > 0).count());
        }
        System.exit(0);
    }
}

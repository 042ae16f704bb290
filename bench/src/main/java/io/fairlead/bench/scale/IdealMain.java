package io.fairlead.bench.scale;

import io.fairlead.testbed.PodSpec;
import io.fairlead.testbed.Testbed;
import io.fairlead.testbed.node.Runtime;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/// The ideal testbed as a process of its own, with one pod `pods` whose servers are elsewhere: `IdealMain [rtt=MILLIS] [window=BYTES] NUMBER=LOCAL_PORT ...`, where
/// the pod's port NUMBER is the local port LOCAL_PORT. Prints the kubeconfig's path and runs until killed.
final class IdealMain {
    private IdealMain() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        Testbed testbed = Testbed.builder().runtime(Runtime.IDEAL).threads(2).start();
        java.lang.Runtime.getRuntime().addShutdownHook(new Thread(testbed::close));
        PodSpec pods = PodSpec.named("pods");
        for (String arg : args) {
            String[] parts = arg.split("=", 2);
            switch (parts[0]) {
                case "rtt" -> {
                    Duration way = Duration.ofNanos((long) (Double.parseDouble(parts[1]) * 1e6 / 2));
                    testbed.faults().delay(way, way);
                }
                case "window" -> testbed.faults().window(Long.parseLong(parts[1]));
                default -> pods = pods.port("p" + parts[0], Integer.parseInt(parts[0]), new InetSocketAddress("127.0.0.1", Integer.parseInt(parts[1])));
            }
        }
        testbed.addPod(pods);
        System.out.println(testbed.kubeconfig());
        new CountDownLatch(1).await();
    }
}

package io.fairlead.bench.peer;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.CountDownLatch;

/// The peer `fabric8`: a port-forward written with the LocalPortForward of `io.fabric8:kubernetes-client`, its defaults throughout. The library
/// itself listens and copies; each accepted connection is a WebSocket of its own to the API server.
public final class Fabric8Forward {
    private Fabric8Forward() {}

    public static void main(String[] args) throws UnknownHostException, InterruptedException {
        ForwardArguments asked = ForwardArguments.parse(args);
        KubernetesClient client = new KubernetesClientBuilder().build(); // for as long as the process lives
        for (var port : asked.ports().entrySet()) {
            client.pods().inNamespace(asked.namespace()).withName(asked.pod())
                    .portForward(port.getValue(), InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port.getKey());
            ForwardArguments.announce(port.getKey(), port.getValue());
        }
        new CountDownLatch(1).await();
    }
}

package io.fairlead.bench.macro;

import io.fairlead.bench.cluster.ServerPod;
import io.fairlead.engine.Engine;
import io.fairlead.engine.Forward;
import io.fairlead.engine.ForwardEvent;
import io.fairlead.engine.ForwardException;
import io.fairlead.engine.ForwardSpec;
import io.fairlead.testbed.PodSpec;
import io.fairlead.testbed.Testbed;
import io.fairlead.testbed.node.Runtime;
import io.fairlead.testbed.pod.PodBehaviour;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// A forward of the servers that the benchmarks need, by an engine in this process. `testbed` runs cluster and servers in this process, too, on a
/// loop of their own and without a real runtime's limits; `kubeconfig` is the cluster that `KUBECONFIG` names, see {@link ServerPod}.
@State(Scope.Benchmark)
public class LiveForward {
    private static final List<String> SERVERS = List.of("source", "check", "echo");

    @Param("testbed")
    public String cluster;

    private final Queue<ForwardEvent> failures = new ConcurrentLinkedQueue<>();
    private AutoCloseable servers;
    private Engine engine;
    private Forward forward;

    @Setup
    public void start() throws IOException, InterruptedException, ForwardException {
        engine = Engine.start();
        forward = engine.forward(switch (cluster) {
            case "testbed" -> testbed();
            case "kubeconfig" -> pod();
            default -> throw new IllegalArgumentException("no cluster \"" + cluster + "\"; there are testbed and kubeconfig");
        }, event -> {
            if (event instanceof ForwardEvent.PairFailed || event instanceof ForwardEvent.TunnelLost) {
                failures.add(event);
            }
        });
    }

    private ForwardSpec testbed() throws IOException {
        var testbed = Testbed.builder().runtime(Runtime.IDEAL).start();
        servers = testbed;
        testbed.addPod(PodSpec.named("servers").port("source", 7001, PodBehaviour.source()).port("check", 7002, PodBehaviour.check())
                .port("echo", 7003, PodBehaviour.echo()));
        return ForwardSpec.of("servers", ":7001", ":7002", ":7003").withAddresses("127.0.0.1").withKubeconfig(testbed.kubeconfig());
    }

    private ForwardSpec pod() throws IOException, InterruptedException {
        Path kubeconfig = ServerPod.kubeconfig().orElseThrow(() -> new IllegalStateException("KUBECONFIG names no readable file"));
        var pod = ServerPod.deploy(kubeconfig);
        servers = pod;
        return ForwardSpec.of(pod.name(), SERVERS.stream().map(server -> ":" + ServerPod.port(server)).toArray(String[]::new))
                .withAddresses("127.0.0.1").withKubeconfig(kubeconfig).withNamespace(pod.namespace());
    }

    /// The local address of one of the servers: `source`, `check` or `echo`.
    InetSocketAddress address(String server) {
        return forward.listeners().get(SERVERS.indexOf(server)).local();
    }

    @Setup(Level.Iteration)
    public void begin() {
        LoopCpu.begin();
    }

    /// No connection may have failed while it was measured.
    @TearDown(Level.Iteration)
    public void end() {
        LoopCpu.end();
        if (!failures.isEmpty()) {
            throw new IllegalStateException(failures.size() + " failures, the first: " + failures.peek());
        }
    }

    @TearDown
    public void stop() throws Exception {
        if (engine != null) {
            engine.close();
        }
        if (servers != null) {
            servers.close();
        }
    }
}

package io.fairlead.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.UnixOperatingSystemMXBean;
import io.fairlead.bench.cluster.ServerPod;
import io.fairlead.engine.Engine;
import io.fairlead.engine.Forward;
import io.fairlead.engine.ForwardEvent;
import io.fairlead.engine.ForwardSpec;
import io.fairlead.testbed.LeakCheck;
import io.fairlead.testbed.pod.PodClient;
import io.fairlead.testbed.pod.PodClient.End;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The engine against a real API server, kubelet and runtime.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@ExtendWith(LeakCheck.class)
@Timeout(120)
class ForwardClusterIT {
    private static final int MIB = 1 << 20;
    private static final int FAILURES = 200;
    private static final int NEIGHBOURS = 50;
    /// Side by side, as a runtime takes a second to tell of a pod that resets.
    private static final int WORKERS = 20;

    private final List<ForwardEvent> events = new CopyOnWriteArrayList<>();
    private Path kubeconfig;
    private ServerPod pod;
    private Engine engine;
    private ExecutorService threads;

    @BeforeAll void deploy() throws IOException, InterruptedException {
        kubeconfig = ServerPod.kubeconfig().orElse(null);
        assumeTrue(kubeconfig != null, "KUBECONFIG names no readable file: there is no real cluster to test on");
        pod = ServerPod.deploy(kubeconfig);
    }

    @AfterAll void remove() {
        if (pod != null) {
            pod.close();
        }
    }

    @BeforeEach void start() {
        events.clear();
        engine = Engine.start();
        threads = Executors.newVirtualThreadPerTaskExecutor();
    }

    @AfterEach void stop() {
        engine.close();
        threads.shutdownNow();
    }

    @Test void aDnsQuestionOverTcpIsAnsweredByCoredns() throws Exception {
        ForwardSpec spec = ForwardSpec.of("deployment/coredns", ":53").withKubeconfig(kubeconfig).withNamespace("kube-system");
        Forward forward = engine.forward(spec, events::add);
        for (int i = 0; i < 20; i++) {
            try (PodClient client = PodClient.connect(forward.listeners().getFirst().local())) {
                var answers = List.of(Dns.ask(client, "kubernetes.default.svc.cluster.local"), Dns.ask(client, "answer.lab.test"));
                assertTrue(answers.contains(new Dns.Answer(0, 1)), answers::toString); // a lab's server may know one of the names only
            }
        }
        assertEquals(List.of(), failures());
    }

    @Test void aThousandConnectionsEachMoveAMebibyteBothWaysAtOnce() throws Exception {
        Forward forward = forward("echo");
        var together = new Semaphore(0);
        var hashes = new ArrayList<Future<String>>();
        for (int i = 0; i < 1000; i++) {
            long offset = i * 1013L;
            hashes.add(threads.submit(() -> {
                try (PodClient client = connect(forward, "echo")) {
                    client.socket().setSoTimeout(60_000);
                    client.echo(offset, 10);
                    together.release();
                    together.acquire(1000);
                    together.release(1000);
                    return client.echo(offset, MIB);
                }
            }));
        }
        for (int i = 0; i < 1000; i++) {
            assertEquals(PodClient.sha256(i * 1013L, MIB), result(hashes.get(i)));
        }
        assertEquals(List.of(), failures());
        assertEquals(1000, forward.stats().acceptedTotal());
        assertEquals(0, forward.stats().sessionsLostTotal());
        until("the pairs are gone", () -> forward.stats().pairsNow() == 0, forward);
    }

    @Test void fourThousandIdleConnectionsEachMoveBytesWhenTheyWakeUp() throws Exception {
        var system = (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        assumeTrue(system.getMaxFileDescriptorCount() >= 9000, "4,000 connections take 8,000 file handles here and ulimit -n is "
                + system.getMaxFileDescriptorCount());
        Forward forward = forward("echo");
        var clients = new ArrayList<PodClient>();
        try {
            for (int i = 0; i < 4000; i++) {
                clients.add(connect(forward, "echo"));
            }
            until("4,000 pairs are open", () -> forward.stats().pairsNow() == 4000, forward);
            assertEquals(List.of(), failures());
            var woken = new ArrayList<Future<String>>();
            for (PodClient client : clients) {
                woken.add(threads.submit(() -> client.echo(0, 2000)));
            }
            String hash = PodClient.sha256(0, 2000);
            for (Future<String> one : woken) {
                assertEquals(hash, result(one));
            }
        } finally {
            for (PodClient client : clients) {
                client.close();
            }
        }
        until("the pairs are gone", () -> forward.stats().pairsNow() == 0, forward);
        assertEquals(List.of(), failures());
    }

    @ParameterizedTest
    @ValueSource(strings = {"refused", "reset by the pod", "reset by the client"})
    void twoHundredFailingConnectionsAreNotNoticedByFiftyOthers(String how) throws Exception {
        Forward forward = engine.forward(spec("echo", "refused", "reset").withSessions(1), events::add);
        var stop = new AtomicBoolean();
        var rounds = new AtomicLong();
        var neighbours = new ArrayList<Future<Void>>();
        for (int i = 0; i < NEIGHBOURS; i++) {
            neighbours.add(threads.submit(() -> {
                try (PodClient client = connect(forward, "echo")) {
                    for (long offset = 0; !stop.get(); offset += 3000, rounds.incrementAndGet()) {
                        client.echo(offset, 3000);
                    }
                    return null;
                }
            }));
        }
        until("all fifty are under way", () -> rounds.get() > 4 * NEIGHBOURS, forward);
        var failing = new ArrayList<Future<Void>>();
        for (int worker = 0; worker < WORKERS; worker++) {
            failing.add(threads.submit(() -> {
                for (int i = 0; i < FAILURES / WORKERS; i++) {
                    failOnce(forward, how);
                }
                return null;
            }));
        }
        for (Future<Void> one : failing) {
            result(one);
        }
        stop.set(true);
        for (Future<Void> neighbour : neighbours) {
            result(neighbour);
        }
        int told = how.equals("reset by the client") ? 0 : FAILURES;
        until("each failure is told", () -> failures().size() == told, forward);
        assertEquals(told, forward.stats().pairsFailedTotal());
        assertEquals(how.equals("refused") ? FAILURES : 0, forward.stats().refusedTotal());
        assertEquals(0, forward.stats().sessionsLostTotal());
        assertEquals(1, forward.stats().sessionsOpenedTotal());
    }

    private static void failOnce(Forward forward, String how) throws IOException {
        switch (how) {
            case "refused" -> assertEquals(End.RESET, PodClient.endOf(local(forward, "refused")));
            case "reset by the pod" -> {
                try (PodClient client = connect(forward, "reset")) {
                    client.send((byte) 1);
                    assertEquals(End.RESET, client.awaitEnd());
                }
            }
            default -> {
                PodClient client = connect(forward, "echo");
                client.echo(0, 100);
                client.sendPattern(0, 5000); // its echo is under way when the reset comes
                client.reset();
            }
        }
    }

    @Test void aDeletedPodIsReplacedByTheNextOneWithoutHelp() throws Exception {
        try (ServerPod own = ServerPod.deploy(kubeconfig)) {
            ForwardSpec spec = ForwardSpec.of("pod/" + own.name(), ":" + ServerPod.port("echo")).withKubeconfig(kubeconfig)
                    .withNamespace(own.namespace())
                    .withAddresses("127.0.0.1");
            Forward forward = engine.forward(spec, events::add);
            try (PodClient client = connect(forward, "echo")) {
                client.echo(0, 1000);
                own.replace();
                assertTrue(List.of(End.RESET, End.FIN).contains(client.awaitEnd()));
            }
            try (PodClient client = connect(forward, "echo")) {
                client.echo(0, MIB);
            }
            assertTrue(events.stream().anyMatch(ForwardEvent.TunnelUp.class::isInstance), events::toString);
        }
    }

    @Test void aGigabyteThroughOneConnectionArrivesWholeEachWay() throws Exception {
        long bytes = 1_000_000_000;
        Forward forward = forward("source", "hash");
        String expected = PodClient.sha256(0, bytes);
        try (PodClient client = connect(forward, "source")) {
            assertEquals(expected, client.download(bytes));
        }
        try (PodClient client = connect(forward, "hash")) {
            assertEquals(expected, client.hash(bytes));
        }
        assertEquals(List.of(), failures());
    }

    // ---- around the tests

    private Forward forward(String... servers) throws Exception {
        return engine.forward(spec(servers), events::add);
    }

    private ForwardSpec spec(String... servers) {
        var ports = new ArrayList<String>();
        for (String server : servers) {
            ports.add(":" + ServerPod.port(server));
        }
        return ForwardSpec.of("pod/" + pod.name(), ports.toArray(String[]::new)).withKubeconfig(kubeconfig).withNamespace(pod.namespace())
                .withAddresses("127.0.0.1");
    }

    private static InetSocketAddress local(Forward forward, String server) {
        int port = ServerPod.port(server);
        return forward.listeners().stream().filter(l -> l.remotePort() == port).findFirst().orElseThrow().local();
    }

    private static PodClient connect(Forward forward, String server) throws IOException {
        return PodClient.connect(local(forward, server));
    }

    private List<ForwardEvent> failures() {
        return events.stream().filter(e -> e instanceof ForwardEvent.PairFailed || e instanceof ForwardEvent.TunnelLost).toList();
    }

    private static <T> T result(Future<T> task) throws InterruptedException {
        try {
            return task.get(90, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError("a connection failed: " + e.getCause(), e.getCause());
        } catch (TimeoutException e) {
            throw new AssertionError("a connection hangs", e);
        }
    }

    private void until(String what, BooleanSupplier holds, Forward forward) throws InterruptedException {
        long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!holds.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                fail("not within a minute: " + what + " " + forward.stats() + " " + failures());
            }
            Thread.sleep(5);
        }
    }
}

package io.fairlead.it;

import static org.junit.jupiter.api.Assertions.fail;

import io.fairlead.engine.Engine;
import io.fairlead.engine.Forward;
import io.fairlead.engine.ForwardEvent;
import io.fairlead.engine.ForwardException;
import io.fairlead.engine.ForwardSpec;
import io.fairlead.testbed.PodSpec;
import io.fairlead.testbed.TestPod;
import io.fairlead.testbed.Testbed;
import io.fairlead.testbed.pod.PodBehaviour;
import io.fairlead.testbed.pod.PodClient;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/// A testbed with one pod `servers`, an engine, and what the engine's forwards told. For one test.
final class ForwardLab implements AutoCloseable {
    static final int ECHO = 7000;
    static final int SOURCE = 7002;
    static final int RESET = 7004;
    static final int STALL = 7005;
    static final int CLOSE = 7006;
    static final int HASH = 7007;
    static final int CHECK = 7008;
    /// Nothing listens there.
    static final int REFUSED = 7099;
    static final Duration PATIENCE = Duration.ofSeconds(20);

    final Testbed testbed;
    final Engine engine = Engine.start();
    final List<ForwardEvent> events = new CopyOnWriteArrayList<>();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    private ForwardLab(Testbed testbed) {
        this.testbed = testbed;
    }

    static ForwardLab start() throws IOException {
        return start(Testbed.builder().start());
    }

    static ForwardLab start(Testbed testbed) throws IOException {
        testbed.addPod(PodSpec.named("servers").port("echo", ECHO, PodBehaviour.echo()).port("source", SOURCE, PodBehaviour.source())
                .port("reset", RESET, PodBehaviour.reset()).port("stall", STALL, PodBehaviour.stall()).port("close", CLOSE, PodBehaviour.close())
                .port("hash", HASH, PodBehaviour.hash()).port("check", CHECK, PodBehaviour.check()));
        return new ForwardLab(testbed);
    }

    TestPod servers() {
        return testbed.pod("default", "servers");
    }

    /// A spec for 127.0.0.1 with the administrator's kubeconfig, and one session: what happens to one connection has every chance to harm another.
    ForwardSpec spec(String target, String... ports) {
        return autoSpec(target, ports).withSessions(1);
    }

    /// The same with as many sessions as the engine thinks fit.
    ForwardSpec autoSpec(String target, String... ports) {
        return ForwardSpec.of(target, ports).withKubeconfig(testbed.kubeconfig()).withAddresses("127.0.0.1");
    }

    /// Forwards any free port of 127.0.0.1 to each of the remote ports of pod `servers`.
    Forward forward(int... remotePorts) throws ForwardException, InterruptedException {
        String[] ports = new String[remotePorts.length];
        for (int i = 0; i < ports.length; i++) {
            ports[i] = ":" + remotePorts[i];
        }
        return forward(spec("pod/servers", ports));
    }

    Forward forward(ForwardSpec spec) throws ForwardException, InterruptedException {
        return engine.forward(spec, events::add);
    }

    static InetSocketAddress local(Forward forward, int remotePort) {
        return forward.listeners().stream().filter(l -> l.remotePort() == remotePort).findFirst().orElseThrow().local();
    }

    static PodClient connect(Forward forward, int remotePort) throws IOException {
        return PodClient.connect(local(forward, remotePort));
    }

    /// A connection to `echo` that has moved bytes already.
    static PodClient echoing(Forward forward) throws IOException {
        PodClient client = connect(forward, ECHO);
        client.echo(0, 100);
        return client;
    }

    <T> Future<T> run(Callable<T> task) {
        return threads.submit(task);
    }

    /// The task's result, or its failure as ours; a task that hangs fails.
    static <T> T result(Future<T> task) throws InterruptedException {
        try {
            return task.get(2 * PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError("a connection failed: " + e.getCause(), e.getCause());
        } catch (TimeoutException e) {
            throw new AssertionError("a connection hangs", e);
        }
    }

    /// Waits for what real sockets bring about in their own time.
    static void until(String what, BooleanSupplier holds) throws InterruptedException {
        until(what, holds, () -> "");
    }

    static void until(String what, BooleanSupplier holds, Supplier<?> instead) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!holds.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                fail("not within " + PATIENCE.toSeconds() + " s: " + what + " " + instead.get());
            }
            Thread.sleep(2);
        }
    }

    <E extends ForwardEvent> List<E> events(Class<E> kind) {
        return events.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    <E extends ForwardEvent> E first(Class<E> kind) throws InterruptedException {
        until(kind.getSimpleName() + " among the events", () -> !events(kind).isEmpty(), () -> events);
        return events(kind).getFirst();
    }


    @Override
    public void close() {
        engine.close();
        threads.shutdownNow();
        testbed.close();
    }
}

package io.fairlead.it;

import static io.fairlead.it.ForwardLab.ECHO;
import static io.fairlead.it.ForwardLab.SOURCE;
import static io.fairlead.it.ForwardLab.connect;
import static io.fairlead.it.ForwardLab.echoing;
import static io.fairlead.it.ForwardLab.until;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.engine.Engine;
import io.fairlead.engine.Forward;
import io.fairlead.engine.ForwardEvent;
import io.fairlead.engine.ForwardSpec;
import io.fairlead.testbed.LeakCheck;
import io.fairlead.testbed.pod.PodClient;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// How forwards and the engine end, and what a consumer of events can and cannot hold up.
@ExtendWith(LeakCheck.class)
@Timeout(60)
class ForwardCloseIT {
    private ForwardLab lab;

    @BeforeEach void start() throws IOException {
        lab = ForwardLab.start();
    }

    @AfterEach void stop() {
        lab.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, ForwardSpec.SESSIONS_AUTO})
    void closingWhileTrafficFlowsEndsLocalSocketsAndThePodsSockets(int sessions) throws Exception {
        Forward forward = lab.forward(lab.autoSpec("pod/servers", ":" + ECHO, ":" + SOURCE).withSessions(sessions));
        InetSocketAddress address = ForwardLab.local(forward, ECHO);
        try (PodClient idle = echoing(forward); PodClient down = connect(forward, SOURCE); PodClient both = echoing(forward)) {
            down.sendCount(-1);
            down.receivePattern(0, 1 << 20);
            var echo = lab.run(() -> both.echo(0, 1L << 40));
            until("bytes flow", () -> forward.stats().upBytesTotal() > 1 << 20, forward::stats);
            long begun = System.nanoTime();
            forward.close();
            assertTrue(System.nanoTime() - begun < ForwardLab.PATIENCE.toNanos(), "close waits for no end of theirs");
            idle.awaitEnd();
            down.awaitEnd();
            assertThrows(AssertionError.class, () -> ForwardLab.result(echo));
        }
        until("the pod's sockets are closed", () -> lab.servers().connectionsOpen() == 0);
        until("the session is closed", () -> lab.testbed.sessions().isEmpty());
        assertThrows(ConnectException.class, () -> PodClient.connect(address));
        assertInstanceOf(ForwardEvent.Stopped.class, lab.events.getLast());
        assertTrue(forward.closed().toCompletableFuture().isDone());
        assertEquals(List.of(), lab.events(ForwardEvent.TunnelLost.class));
        assertEquals(List.of(), lab.events(ForwardEvent.PairFailed.class));
    }

    @Test void closingFreesTheLocalPortAndASecondCloseDoesNothing() throws Exception {
        Forward forward = lab.forward(ECHO);
        InetSocketAddress address = ForwardLab.local(forward, ECHO);
        echoing(forward).close();
        forward.close();
        forward.close();
        try (var _ = new ServerSocket(address.getPort(), 1, address.getAddress())) {
            assertEquals(1, lab.events(ForwardEvent.Stopped.class).size());
        }
    }

    @Test void oneForwardsEndLeavesTheOthersAlone() throws Exception {
        Forward first = lab.forward(ECHO);
        Forward second = lab.forward(ECHO);
        try (PodClient client = echoing(second)) {
            first.close();
            client.echo(0, 1 << 20);
            echoing(second).close();
        }
    }

    @Test void anEngineCanBeClosedTwiceAndForwardsNothingAfterwards() throws Exception {
        Engine engine = Engine.start();
        Forward forward = engine.forward(lab.spec("pod/servers", ":" + ECHO), _ -> { });
        try (PodClient client = echoing(forward)) {
            engine.close();
            client.awaitEnd();
        }
        engine.close();
        assertTrue(forward.closed().toCompletableFuture().isDone());
        assertThrows(IllegalStateException.class, () -> engine.forward(lab.spec("pod/servers", ":" + ECHO), _ -> { }));
        until("the session is closed", () -> lab.testbed.sessions().isEmpty());
    }

    @Test void aConsumerThatBlocksHoldsUpNoTrafficAndHearsTheRestLater() throws Exception {
        var gate = new CountDownLatch(1);
        var heard = new CopyOnWriteArrayList<ForwardEvent>();
        Forward forward = lab.engine.forward(lab.spec("pod/servers", ":" + ECHO), event -> {
            await(gate);
            heard.add(event);
        });
        for (int i = 0; i < 1500; i++) {
            try (PodClient client = connect(forward, ECHO)) {
                client.send((byte) i);
                assertEquals((byte) i, client.receive(1)[0]);
            }
        }
        assertEquals(List.of(), heard);
        gate.countDown();
        until("what was dropped is counted", () -> heard.stream().anyMatch(ForwardEvent.Dropped.class::isInstance)
                || heard.size() >= 1000, () -> heard.size());
        forward.close();
        assertInstanceOf(ForwardEvent.Stopped.class, heard.getLast());
        long dropped = heard.stream().filter(ForwardEvent.Dropped.class::isInstance).mapToLong(e -> ((ForwardEvent.Dropped) e).count()).sum();
        long accepted = heard.stream().filter(ForwardEvent.Accepted.class::isInstance).count();
        assertEquals(1500, accepted + dropped, "every event was delivered or counted");
    }

    @Test void aConsumerThatNeverReturnsDoesNotHoldUpClose() throws Exception {
        var gate = new CountDownLatch(1);
        Forward forward = lab.engine.forward(lab.spec("pod/servers", ":" + ECHO), _ -> await(gate));
        echoing(forward).close();
        var closing = lab.run(() -> {
            forward.close();
            return null;
        });
        try {
            closing.get(ForwardLab.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } finally {
            gate.countDown();
        }
        assertTrue(forward.closed().toCompletableFuture().isDone());
    }

    @Test void aConsumerThatThrowsHearsTheNextEventToo() throws Exception {
        var heard = new CopyOnWriteArrayList<ForwardEvent>();
        Forward forward = lab.engine.forward(lab.spec("pod/servers", ":" + ECHO), event -> {
            heard.add(event);
            if (event instanceof ForwardEvent.Accepted) {
                throw new IllegalStateException("thrown by the test's consumer");
            }
        });
        echoing(forward).close();
        echoing(forward).close();
        forward.close();
        assertEquals(2, heard.stream().filter(ForwardEvent.Accepted.class::isInstance).count());
        assertInstanceOf(ForwardEvent.Stopped.class, heard.getLast());
    }

    private static void await(CountDownLatch gate) {
        try {
            gate.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}

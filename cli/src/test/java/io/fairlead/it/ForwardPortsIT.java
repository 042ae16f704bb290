package io.fairlead.it;

import static io.fairlead.it.ForwardLab.CLOSE;
import static io.fairlead.it.ForwardLab.ECHO;
import static io.fairlead.it.ForwardLab.connect;
import static io.fairlead.it.ForwardLab.echoing;
import static io.fairlead.it.ForwardLab.until;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fairlead.engine.Failure;
import io.fairlead.engine.Forward;
import io.fairlead.engine.Forward.Listening;
import io.fairlead.engine.ForwardEvent;
import io.fairlead.engine.ForwardEvent.AcceptPaused;
import io.fairlead.engine.ForwardException;
import io.fairlead.testbed.LeakCheck;
import io.fairlead.testbed.pod.PodClient;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// Local ports: which are bound, what happens when they are taken, and how many connections they take at once.
@ExtendWith(LeakCheck.class)
@Timeout(60)
class ForwardPortsIT {
    private ForwardLab lab;

    @BeforeEach void start() throws IOException {
        lab = ForwardLab.start();
    }

    @AfterEach void stop() {
        lab.close();
    }

    @Test void severalPortsAreForwardedAtOnceByNumberAndByName() throws Exception {
        Forward forward = lab.forward(lab.spec("pod/servers", ":" + ECHO, ":close"));
        assertEquals(List.of(ECHO, CLOSE), forward.listeners().stream().map(Listening::remotePort).toList());
        try (PodClient echo = connect(forward, ECHO); PodClient bye = connect(forward, CLOSE)) {
            echo.echo(0, 10_000);
            assertEquals('b', bye.receive(4)[0]);
        }
        until("both listeners are told", () -> lab.events(ForwardEvent.Listening.class).size() == 2);
    }

    @Test void aRandomLocalPortIsTheSameOnBothLoopbackAddresses() throws Exception {
        assumeIpv6();
        Forward forward = lab.forward(lab.spec("pod/servers", ":" + ECHO).withAddresses("localhost"));
        List<InetSocketAddress> locals = forward.listeners().stream().map(Listening::local).toList();
        assertEquals(2, locals.size());
        assertTrue(locals.get(0).getAddress() instanceof Inet4Address && locals.get(1).getAddress() instanceof Inet6Address, locals::toString);
        assertEquals(locals.get(0).getPort(), locals.get(1).getPort());
        for (InetSocketAddress local : locals) {
            try (PodClient client = PodClient.connect(local)) {
                client.echo(0, 100_000);
            }
        }
    }

    @Test void twoRandomPortsDiffer() throws Exception {
        Forward forward = lab.forward(ECHO, CLOSE);
        assertEquals(2, forward.listeners().stream().map(l -> l.local().getPort()).distinct().count());
    }

    @Test void anIpv6AddressAloneIsServed() throws Exception {
        assumeIpv6();
        Forward forward = lab.forward(lab.spec("pod/servers", ":" + ECHO).withAddresses("::1"));
        assertEquals(1, forward.listeners().size());
        try (PodClient client = connect(forward, ECHO)) {
            assertTrue(client.socket().getInetAddress() instanceof Inet6Address);
            client.echo(0, 100_000);
        }
    }

    @Test void allAddressesOfBothKindsAreServedBesideEachOtherOnOnePort() throws Exception {
        assumeIpv6();
        Forward forward = lab.forward(lab.spec("pod/servers", ":" + ECHO).withAddresses("0.0.0.0", "::"));
        List<InetSocketAddress> locals = forward.listeners().stream().map(Listening::local).toList();
        assertEquals(2, locals.size(), locals::toString);
        for (String loopback : List.of("127.0.0.1", "::1")) {
            try (PodClient client = PodClient.connect(new InetSocketAddress(loopback, locals.getFirst().getPort()))) {
                client.echo(0, 1_000);
            }
        }
    }

    @Test void ofTwoLocalPortsTheTakenOneIsToldAndTheOtherServes() throws Exception {
        try (var taken = taken()) {
            Forward forward = lab.forward(lab.spec("pod/servers", taken.getLocalPort() + ":" + CLOSE, ":" + ECHO));
            assertEquals(List.of(ECHO), forward.listeners().stream().map(Listening::remotePort).toList());
            var failed = lab.first(ForwardEvent.ListenFailed.class);
            assertEquals("127.0.0.1", failed.address());
            assertEquals(taken.getLocalPort(), failed.localPort());
            echoing(forward).close();
        }
    }

    @Test void whenEveryLocalPortIsTakenTheForwardFailsAndLeavesNoSession() throws Exception {
        try (var first = taken(); var second = taken()) {
            var spec = lab.spec("pod/servers", first.getLocalPort() + ":" + ECHO, second.getLocalPort() + ":" + CLOSE);
            var failure = assertThrows(ForwardException.class, () -> lab.forward(spec)).failure();
            assertTrue(failure instanceof Failure.LocalPortsTaken, failure::toString);
            assertTrue(failure.what().startsWith("unable to listen on any of the requested ports"), failure.what());
            assertTrue(failure.why().contains("127.0.0.1:" + first.getLocalPort()), failure.why());
        }
        until("no session is left", () -> lab.testbed.sessions().isEmpty());
    }

    @Test void aPortTakenOnOneLoopbackAddressIsServedOnTheOther() throws Exception {
        assumeIpv6();
        try (var taken = taken()) {
            Forward forward = lab.forward(lab.spec("pod/servers", taken.getLocalPort() + ":" + ECHO).withAddresses("localhost"));
            assertEquals(1, forward.listeners().size());
            assertTrue(forward.listeners().getFirst().local().getAddress() instanceof Inet6Address);
            echoing(forward).close();
        }
    }

    @Test void connectionsPastTheLimitWaitAreServedInTurnAndToldOnce() throws Exception {
        Forward forward = lab.forward(lab.spec("pod/servers", ":" + ECHO).withPairsMax(3));
        var open = new ArrayList<PodClient>();
        for (int i = 0; i < 3; i++) {
            open.add(echoing(forward));
        }
        for (int i = 0; i < 4; i++) {
            PodClient waiting = connect(forward, ECHO);
            waiting.sendPattern(i, 500);
            waiting.socket().setSoTimeout(100);
            assertThrows(SocketTimeoutException.class, () -> waiting.receive(1));
            assertEquals(3, forward.stats().acceptedTotal() - i);
            open.removeFirst().close();
            waiting.socket().setSoTimeout((int) ForwardLab.PATIENCE.toMillis());
            waiting.receivePattern(i, 500);
            open.add(waiting);
        }
        assertTrue(lab.first(AcceptPaused.class).cause().contains("limit of 3"), () -> lab.events.toString());
        assertEquals(1, lab.events(AcceptPaused.class).size(), () -> lab.events.toString());
        for (PodClient client : open) {
            client.echo(9, 100);
            client.close();
        }
    }

    @Test void theLimitIsSharedByAllPortsAndEachIsServedAgain() throws Exception {
        Forward forward = lab.forward(lab.spec("pod/servers", ":" + ECHO, ":" + CLOSE, ":" + ForwardLab.HASH).withPairsMax(2));
        var first = List.of(echoing(forward), echoing(forward));
        PodClient echo = connect(forward, ECHO);
        PodClient bye = connect(forward, CLOSE);
        PodClient hash = connect(forward, ForwardLab.HASH);
        echo.sendPattern(0, 10);
        hash.sendCount(0);
        for (PodClient client : first) {
            client.close();
        }
        echo.receivePattern(0, 10);
        echo.close();
        assertEquals('b', bye.receive(4)[0]);
        bye.close();
        assertEquals(32, hash.receive(32).length);
        hash.close();
        for (int i = 0; i < 3; i++) {
            echoing(forward).close();
        }
    }

    private static ServerSocket taken() throws IOException {
        var socket = new ServerSocket();
        socket.bind(new InetSocketAddress("127.0.0.1", 0));
        return socket;
    }

    private static void assumeIpv6() {
        try (var _ = new ServerSocket(0, 1, InetAddress.getByName("::1"))) {
            return;
        } catch (IOException e) {
            assumeTrue(false, "this machine has no ::1: " + e.getMessage());
        }
    }
}

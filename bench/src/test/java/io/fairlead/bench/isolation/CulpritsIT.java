package io.fairlead.bench.isolation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.testbed.loop.Loops;
import io.fairlead.testbed.pod.PodBehaviour;
import io.fairlead.testbed.pod.PodServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The client process that is stopped, against servers on loopback.
class CulpritsIT {
    private final Loops loops = Loops.start("server", 1);

    @AfterEach
    void stop() {
        loops.close();
    }

    @ParameterizedTest(name = "one port for all: {0}")
    @ValueSource(booleans = {false, true})
    void theStoppedClientHasItsConnectionsAndStaysStopped(boolean onePort) throws Exception {
        InetSocketAddress any = address(PodBehaviour.any());
        var places = onePort ? new Culprits.Places(any, any, any, true)
                : new Culprits.Places(address(PodBehaviour.echo()), address(PodBehaviour.source(-1)), address(PodBehaviour.stall()), false);
        try (Culprits culprits = Culprits.start(Culprits.Case.D, places, Culprits.Leave.RESET)) {
            assertTrue(culprits.state().endsWith("client stopped"));
        }
    }

    @Test
    void aClientThatGetsNothingIsNotStoppedButSaid() throws Exception {
        InetSocketAddress echo = address(PodBehaviour.close()); // its first exchange breaks
        var places = new Culprits.Places(echo, address(PodBehaviour.source(-1)), echo, false);
        IOException e = assertThrows(IOException.class, () -> Culprits.start(Culprits.Case.D, places, Culprits.Leave.RESET).close());
        assertEquals("the client to be stopped did not get a first megabyte and first answers within 20 s, or lost a connection", e.getMessage());
    }

    private InetSocketAddress address(PodBehaviour behaviour) throws IOException {
        return new InetSocketAddress("127.0.0.1", PodServer.listen(loops, behaviour, "127.0.0.1", 0).port());
    }
}

package io.fairlead.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.testbed.load.Load;
import io.fairlead.testbed.load.LoadResult;
import io.fairlead.testbed.load.LoadSpec;
import io.fairlead.testbed.load.Mode;
import io.fairlead.testbed.loop.Loops;
import io.fairlead.testbed.pod.PodBehaviour;
import io.fairlead.testbed.pod.PodMain;
import io.fairlead.testbed.pod.PodServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The delaying relay between sockets of this machine.
class DelayRelayIT {
    private static final Duration ROUND_TRIP = Duration.ofMillis(20);

    private final Loops loops = Loops.start("test", 2);

    @AfterEach
    void stop() {
        loops.close();
    }

    @ParameterizedTest(name = "{0} against {1}, {2} connections")
    @CsvSource({"download, source, 1", "download, source, 16", "upload, check, 1", "upload, check, 16", "rr, echo, 64", "hash, echo, 8",
            "hash-up, hash, 4"})
    void bytesKeepTheirOrder(String mode, String server, int connections) throws Exception {
        LoadResult result = load(mode, PodMain.behaviour(server), connections);
        assertEquals(Map.of(), result.errors());
        assertTrue(result.verifiedBytes() > 0, result::json);
    }

    @Test
    void noAnswerIsFasterThanTheRoundTrip() throws Exception {
        LoadResult result = load("rr", PodBehaviour.echo(), 4);
        assertTrue(result.latency().getMinValue() >= ROUND_TRIP.toNanos() * 0.999, result::json); // three digits of a histogram
    }

    @Test
    void connectingTakesARoundTripOfItsOwn() throws Exception {
        LoadResult result = load("connect", PodBehaviour.echo(), 4);
        assertEquals(Map.of(), result.errors());
        assertTrue(result.latency().getMinValue() >= 2 * ROUND_TRIP.toNanos() * 0.999, result::json);
    }

    @Test
    void aHalfCloseArrivesBehindItsBytesAndTheAnswerStillComes() throws Exception {
        try (PodServer echo = PodServer.listen(loops, PodBehaviour.echo(), "127.0.0.1", 0); Socket socket = open(echo.port())) {
            socket.getOutputStream().write("all of it".getBytes(StandardCharsets.US_ASCII));
            socket.shutdownOutput();
            assertEquals("all of it", new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
        }
    }

    @Test
    void anEndBehindMoreThanTheSocketsTakeLosesNothing() throws Exception {
        int length = 40_000_000;
        try (PodServer source = PodServer.listen(loops, PodBehaviour.source(), "127.0.0.1", 0); Socket socket = open(source.port())) {
            socket.getOutputStream().write(ByteBuffer.allocate(8).putLong(length).array());
            assertEquals(length, socket.getInputStream().transferTo(OutputStream.nullOutputStream()));
        }
    }

    @Test
    void theServersEndIsAnEndAndNoReset() throws Exception {
        try (PodServer bye = PodServer.listen(loops, PodBehaviour.close(), "127.0.0.1", 0); Socket socket = open(bye.port())) {
            assertEquals("bye\n", new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
        }
    }

    @Test
    void aResetIsPassedOn() throws Exception {
        try (PodServer reset = PodServer.listen(loops, PodBehaviour.reset(), "127.0.0.1", 0); Socket socket = open(reset.port())) {
            socket.getOutputStream().write(1);
            assertThrows(SocketException.class, () -> socket.getInputStream().read());
        }
    }

    @Test
    void aServerThatIsNotThereIsAReset() throws Exception {
        try (var held = new Socket()) { // nobody listens at its port, and nobody else can take it
            held.bind(new InetSocketAddress("127.0.0.1", 0));
            try (Socket socket = open(held.getLocalPort())) {
                assertThrows(SocketException.class, () -> socket.getInputStream().read());
            }
        }
    }

    private Socket open(int port) throws IOException {
        DelayRelay relay = DelayRelay.start(loops, new InetSocketAddress("127.0.0.1", port), ROUND_TRIP);
        var socket = new Socket();
        socket.connect(relay.address());
        socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(10));
        return socket;
    }

    private LoadResult load(String mode, PodBehaviour behaviour, int connections) throws IOException, InterruptedException {
        try (PodServer server = PodServer.listen(loops, behaviour, "127.0.0.1", 0);
                DelayRelay relay = DelayRelay.start(loops, new InetSocketAddress("127.0.0.1", server.port()), ROUND_TRIP)) {
            LoadSpec spec = LoadSpec.of(Mode.of(mode), relay.address()).with("connections", Integer.toString(connections))
                    .withTimes(Duration.ofMillis(100), Duration.ofMillis(700));
            return Load.run(List.of(spec), Load.Window.IGNORED).getFirst();
        }
    }
}

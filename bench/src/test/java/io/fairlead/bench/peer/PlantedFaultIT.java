package io.fairlead.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.bench.cluster.ServerPod;
import io.fairlead.testbed.load.LoadResult;
import io.fairlead.testbed.load.Mode;
import io.fairlead.testbed.loop.Loops;
import io.fairlead.testbed.pod.PodMain;
import io.fairlead.testbed.pod.PodServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A side-by-side run's own turns against forwarders with a fault of which we know: each must be found, and nothing found where there is none.
/// The servers are those of the pod, on an address of this machine.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PlantedFaultIT {
    private static final long SLOW_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    private final Loops loops = Loops.start("servers", 1);
    private final List<PodServer> servers = new ArrayList<>();
    private final Map<String, PeerCommand> commands = new HashMap<>();

    /// Says that it forwards, and has the ports for itself, so that nobody else can listen there; it does not either.
    static final class Liar {
        private static final List<Socket> HELD = new ArrayList<>(); // a lost one would be closed

        private Liar() {}

        public static void main(String[] args) throws IOException, InterruptedException {
            for (var port : ForwardArguments.ports(args, 0).entrySet()) {
                var socket = new Socket();
                socket.bind(new InetSocketAddress("127.0.0.1", port.getKey()));
                HELD.add(socket);
                ForwardArguments.announce(port.getKey(), port.getValue());
            }
            Thread.sleep(Duration.ofMinutes(15)); // should nobody be left to end it
        }
    }

    @BeforeAll
    void listen() throws IOException {
        for (String name : List.of("echo", "source", "check", "echo2")) {
            servers.add(PodServer.listen(loops, PodMain.behaviour(name.replace("2", "")), OwnAddress.TEXT, ServerPod.port(name)));
        }
        commands.putAll(PeerCommand.known("fairlead", "kubectl"));
        commands.put("ends", line("sh", "-c", "echo no such pod >&2; exit 3"));
        commands.put("lies", line(Path.of(System.getProperty("java.home"), "bin", "java").toString(), Liar.class.getName(), "{ports}"));
    }

    @AfterAll
    void stop() {
        servers.forEach(PodServer::close);
        loops.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"down-1", "up-1", "rr-64", "open-64", "connect-8"})
    void aForwarderWithoutAFaultHasNoErrors(String workload) throws Exception {
        Measurement measured = run("faulty-none", PeerWorkload.named(workload).getFirst(), 0, 0.7);
        assertEquals(0, measured.errors(), () -> measured.values().toString());
        assertTrue(measured.results().getFirst().verifiedBytes() > 0 && measured.firstByteMillis() >= measured.startMillis(),
                () -> measured.values().toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"down-1", "up-1", "rr-64", "open-64"})
    void aLostByteIsAnError(String workload) throws Exception {
        Measurement measured = run("faulty-lose-byte", PeerWorkload.named(workload).getFirst(), 0, 2);
        assertTrue(measured.results().getFirst().errors().containsKey("wrong byte"), () -> measured.values().toString());
        assertTrue(measured.errors() > 0);
    }

    /// Two frames go for each exchange, so none can be faster than two sleeps; the fastest without the fault has none.
    @Test
    void aSleepOf200MicrosecondsInEachFrameIsInEveryLatency() throws Exception {
        LoadResult slept = run("faulty-sleep-200us", PeerWorkload.named("rr-1").getFirst(), 0, 1).results().getFirst();
        LoadResult plain = run("faulty-none", PeerWorkload.named("rr-1").getFirst(), 0, 1).results().getFirst();
        long least = 2 * FaultyRelay.SLEEP.toNanos();
        assertTrue(slept.latency().getMinValue() > least * 0.99, slept::json);
        assertTrue(plain.ops() > 0 && slept.ops() > 0, plain::json);
        assertTrue(plain.latency().getMinValue() < slept.latency().getMinValue(), plain::json);
    }

    /// In 3 s there are one or two stalls of 500 ms. What was due meanwhile waits: some 125 messages of the open loop wait for more than 250 ms in
    /// each. The closed loop sends nothing while it waits, so it has four late answers for each, however long the stall, and four more where the
    /// machine itself stalls; its percentiles do not show them.
    @Test
    void theOpenLoopShowsAStallThatTheClosedLoopIsBlindTo() throws Exception {
        PeerWorkload openLoop = PeerWorkload.one("open-4", Mode.RR_OPEN, "echo", "connections", "4", "rate", "500");
        PeerWorkload closedLoop = PeerWorkload.one("rr-4", Mode.RR, "echo", "connections", "4");
        LoadResult open = run("faulty-stall-500ms", openLoop, 0, 3).results().getFirst();
        LoadResult closed = run("faulty-stall-500ms", closedLoop, 0, 3).results().getFirst();
        long openLate = late(open);
        long closedLate = late(closed);
        assertTrue(openLate >= 60, () -> openLate + " " + open.json());
        assertTrue(closedLate >= 4 && closedLate < openLate / 2, () -> closedLate + " " + closed.json());
        assertTrue(open.micros(95) > 250_000, open::json);
        assertTrue(closed.micros(95) < 250_000, closed::json);
    }

    @Test
    void aReaderStoppedBySigstopStaysStoppedAndBreaksNothingOnAPlainRelay() throws Exception {
        Measurement measured = run("faulty-none", PeerWorkload.named("isolation-stopped").getFirst(), 0, 1);
        assertEquals("", measured.failure());
        assertEquals(0, measured.errors(), () -> measured.values().toString());
        assertTrue(measured.opsPerSecond() > 0, () -> measured.values().toString());
    }

    @Test
    void theDirectPathTakesTheRoundTripToo() throws Exception {
        LoadResult result = run("direct", PeerWorkload.named("rr-1").getFirst(), 20, 0.5).results().getFirst();
        assertTrue(result.ops() > 0 && result.latency().getMinValue() >= TimeUnit.MILLISECONDS.toNanos(20) * 0.999, result::json);
    }

    @Test
    void aPeerThatEndsIsAResultWithItsLastWords() throws Exception {
        Measurement measured = run("ends", PeerWorkload.named("rr-1").getFirst(), 0, 0.5);
        assertEquals("ended with 3: no such pod", measured.failure());
    }

    @Test
    void aPeerThatSaysItForwardsAndDoesNotIsAResult() throws Exception {
        Measurement measured = run("lies", PeerWorkload.named("rr-1").getFirst(), 0, 0.5);
        assertTrue(measured.failure().startsWith("the first byte did not come back: Connection refused"), measured::failure);
    }

    @Test
    void anInterruptedTurnLeavesNoProcess() throws Exception {
        var ending = new AtomicReference<Throwable>();
        Thread turn = Thread.ofPlatform().start(() -> {
            try {
                run("faulty-none", PeerWorkload.named("rr-1").getFirst(), 0, 60);
            } catch (IOException | InterruptedException e) {
                ending.set(e);
            }
        });
        while (relays() == 0 && turn.isAlive()) {
            Thread.onSpinWait();
        }
        turn.interrupt();
        turn.join();
        assertInstanceOf(InterruptedException.class, ending.get());
        assertFalse(relays() > 0);
    }

    private static long relays() {
        return ProcessHandle.current().children().filter(ProcessHandle::isAlive)
                .filter(child -> child.info().arguments().map(List::of).orElse(List.of()).contains(FaultyRelay.class.getName())).count();
    }

    private static long late(LoadResult result) {
        return result.latency().getCountBetweenValues(SLOW_NANOS, Long.MAX_VALUE / 2);
    }

    private static PeerCommand line(String... words) {
        return new PeerCommand(List.of(words), PeerCommand.Ready.LINE);
    }

    private Measurement run(String peer, PeerWorkload workload, int rttMillis, double seconds) throws IOException, InterruptedException {
        var runner = new TurnRunner(new TurnRunner.Pod("none", "none", OwnAddress.TEXT), null, commands, Duration.ofMillis(200),
                Duration.ofMillis((long) (seconds * 1000)));
        return runner.run(new Turn(workload, rttMillis, peer, 1));
    }
}

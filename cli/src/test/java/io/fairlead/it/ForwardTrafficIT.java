package io.fairlead.it;

import static io.fairlead.it.ForwardLab.CHECK;
import static io.fairlead.it.ForwardLab.CLOSE;
import static io.fairlead.it.ForwardLab.ECHO;
import static io.fairlead.it.ForwardLab.HASH;
import static io.fairlead.it.ForwardLab.REFUSED;
import static io.fairlead.it.ForwardLab.RESET;
import static io.fairlead.it.ForwardLab.SOURCE;
import static io.fairlead.it.ForwardLab.STALL;
import static io.fairlead.it.ForwardLab.connect;
import static io.fairlead.it.ForwardLab.echoing;
import static io.fairlead.it.ForwardLab.result;
import static io.fairlead.it.ForwardLab.until;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.engine.Forward;
import io.fairlead.engine.ForwardEvent.PairFailed;
import io.fairlead.engine.ForwardEvent.PairsMoving;
import io.fairlead.engine.ForwardEvent.PairsWaiting;
import io.fairlead.engine.ForwardSpec;
import io.fairlead.testbed.LeakCheck;
import io.fairlead.testbed.PodSpec;
import io.fairlead.testbed.pod.Pattern;
import io.fairlead.testbed.pod.PodClient;
import io.fairlead.testbed.pod.PodClient.End;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Bytes of local connections to a pod and back, and how connections end, each for itself.
@ExtendWith(LeakCheck.class)
@Timeout(90)
class ForwardTrafficIT {
    private static final int MIB = 1 << 20;

    private ForwardLab lab;

    @BeforeEach void start() throws IOException {
        lab = ForwardLab.start();
    }

    @AfterEach void stop() {
        lab.close();
    }

    @Test void anUploadThatNobodyReadLeavesNoSessionBehindWhenItGoes() throws Exception {
        try (Forward forward = lab.forward(lab.autoSpec("pod/servers", ":" + ECHO, ":" + STALL)); PodClient echo = echoing(forward)) {
            PodClient upload = connect(forward, STALL);
            var sent = new AtomicLong();
            Future<?> writer = lab.run(() -> {
                while (true) {
                    upload.sendPattern(0, MIB / 16);
                    sent.incrementAndGet();
                }
            });
            var seen = new long[2];
            until("the upload has come to a stand for a second", () -> {
                if (sent.get() != seen[0]) {
                    seen[0] = sent.get();
                    seen[1] = System.nanoTime();
                }
                return seen[0] > 0 && System.nanoTime() - seen[1] > 1_000_000_000L;
            });
            until("the connections are on sessions of their own, beside a spare", () -> lab.testbed.sessions().size() >= 3);
            upload.reset();
            until("one session for the echo and a spare", () -> lab.testbed.sessions().size() <= 2, () -> lab.testbed.sessions());
            echo.echo(100, 100);
            writer.cancel(true);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, ForwardSpec.SESSIONS_AUTO})
    void fiftyConnectionsAtOnceEachGetTheirOwnBytesBack(int sessions) throws Exception {
        Forward forward = lab.forward(lab.autoSpec("pod/servers", ":" + ECHO).withSessions(sessions));
        var hashes = new ArrayList<Future<String>>();
        for (int i = 0; i < 50; i++) {
            int offset = i * 1013;
            hashes.add(lab.run(() -> {
                try (PodClient client = connect(forward, ECHO)) {
                    return client.echo(offset, MIB + offset);
                }
            }));
        }
        for (int i = 0; i < 50; i++) {
            assertEquals(PodClient.sha256(i * 1013, MIB + i * 1013), result(hashes.get(i)));
        }
        assertEquals(List.of(), lab.events(PairFailed.class));
    }

    @Test void aDownloadOf50MiBArrivesWholeAndThenEnds() throws Exception {
        try (PodClient client = connect(lab.forward(SOURCE), SOURCE)) {
            assertEquals(PodClient.sha256(0, 50 * MIB), client.download(50 * MIB));
        }
    }

    @Test void anUploadOf50MiBArrivesWhole() throws Exception {
        Forward forward = lab.forward(CHECK, HASH);
        try (PodClient client = connect(forward, CHECK)) {
            client.upload(50);
        }
        try (PodClient client = connect(forward, HASH)) {
            assertEquals(PodClient.sha256(0, 50 * MIB), client.hash(50 * MIB));
        }
    }

    @Test void anAnswerThatComesLongAfterTheLocalHalfCloseIsDeliveredWhole() throws Exception {
        try (var server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            lab.testbed.addPod(PodSpec.named("thinking").port("slow", 80, new InetSocketAddress("127.0.0.1", server.getLocalPort())));
            Future<Void> answering = lab.run(() -> answerSlowly(server));
            Forward forward = lab.forward(lab.spec("pod/thinking", ":80"));
            try (PodClient client = connect(forward, 80)) {
                client.send("ask".getBytes(StandardCharsets.US_ASCII));
                client.halfClose();
                client.receivePattern(0, 2 * MIB);
                assertEquals(End.FIN, client.awaitEnd());
            }
            result(answering);
        }
    }

    /// Thinks for longer than the second that a runtime gives, answers 1 MiB, thinks again, and answers another.
    private static Void answerSlowly(ServerSocket server) throws IOException, InterruptedException {
        try (var socket = server.accept()) {
            socket.getInputStream().readNBytes(3);
            for (int part = 0; part < 2; part++) {
                Thread.sleep(part == 0 ? 1500 : 300);
                byte[] bytes = new byte[64 * 1024];
                for (long offset = (long) part * MIB; offset < (part + 1L) * MIB; offset += bytes.length) {
                    Pattern.slice(offset, bytes.length).getBytes(0, bytes);
                    socket.getOutputStream().write(bytes);
                }
            }
            return null;
        }
    }

    @Test void aHalfCloseWithoutABytesSentEndsTheConnection() throws Exception {
        try (PodClient client = connect(lab.forward(ECHO), ECHO)) {
            client.halfClose();
            assertEquals(End.FIN, client.awaitEnd());
        }
        until("the pod's socket is closed", () -> lab.servers().connectionsOpen() == 0);
    }

    @Test void aPodThatClosesFirstEndsTheLocalConnectionInOrder() throws Exception {
        try (PodClient client = connect(lab.forward(CLOSE), CLOSE)) {
            assertEquals("bye\n", new String(client.receive(4), StandardCharsets.US_ASCII));
            assertEquals(End.FIN, client.awaitEnd());
        }
        assertEquals(List.of(), lab.events(PairFailed.class));
    }

    @Test void aPodThatResetsResetsTheLocalConnection() throws Exception {
        Forward forward = lab.forward(RESET, ECHO);
        try (PodClient neighbour = echoing(forward); PodClient client = connect(forward, RESET)) {
            client.send((byte) 1);
            assertEquals(End.RESET, client.awaitEnd());
            neighbour.echo(7, MIB);
        }
        PairFailed failed = lab.first(PairFailed.class);
        assertEquals(RESET, failed.remotePort());
        assertTrue(failed.cause().contains("reset by peer"), failed.cause());
    }

    @Test void aLocalResetClosesThePodsSocket() throws Exception {
        Forward forward = lab.forward(ECHO);
        try (PodClient neighbour = echoing(forward)) {
            PodClient client = echoing(forward);
            assertEquals(2, lab.servers().connectionsOpen());
            client.reset();
            until("the pod's socket is closed", () -> lab.servers().connectionsOpen() == 1);
            neighbour.echo(7, MIB);
        }
        assertEquals(List.of(), lab.events(PairFailed.class));
    }

    @Test void aRefusedPortFailsFiftyTimesAndEchoConnectionsGoOnUndisturbed() throws Exception {
        Forward forward = lab.forward(ECHO, REFUSED);
        var stop = new AtomicBoolean();
        var rounds = new AtomicLong();
        var echoes = new ArrayList<Future<Void>>();
        for (int i = 0; i < 10; i++) {
            echoes.add(lab.run(() -> {
                try (PodClient client = echoing(forward)) {
                    for (long offset = 0; !stop.get(); offset += 5000, rounds.incrementAndGet()) {
                        client.echo(offset, 5000);
                    }
                    return null;
                }
            }));
        }
        for (int i = 0; i < 50; i++) {
            assertEquals(End.RESET, PodClient.endOf(ForwardLab.local(forward, REFUSED)));
        }
        until("the others move bytes, too", () -> rounds.get() >= 100 || echoes.stream().anyMatch(Future::isDone));
        stop.set(true);
        for (Future<Void> echo : echoes) {
            result(echo);
        }
        until("50 failures are told", () -> lab.events(PairFailed.class).size() == 50, () -> lab.events);
        assertTrue(lab.events(PairFailed.class).stream().allMatch(f -> f.remotePort() == REFUSED && f.cause().contains("connection refused")));
        assertEquals(50, forward.stats().refusedTotal());
        assertEquals(50, forward.stats().pairsFailedTotal());
        assertEquals(1, forward.stats().sessionsNow());
        assertEquals(0, forward.stats().sessionsLostTotal());
    }

    @Test void dataSentAtOnceToAPortThatRefusesHoldsUpNobody() throws Exception {
        Forward forward = lab.forward(ECHO, REFUSED);
        try (PodClient neighbour = echoing(forward)) {
            for (int i = 0; i < 20; i++) {
                try (PodClient client = connect(forward, REFUSED)) {
                    client.sendPattern(0, 20_000);
                    assertEquals(End.RESET, client.awaitEnd());
                } catch (IOException _) {
                    // reset while it still sent
                }
                neighbour.echo(i, 10_000);
            }
            for (int i = 0; i < 10; i++) {
                try (PodClient fresh = echoing(forward)) {
                    fresh.echo(i, 10_000);
                }
            }
        }
    }

    /// None of them takes a byte, so the session is not read, whether it is one or many: nothing goes to disk, nobody is reset.
    @ParameterizedTest
    @ValueSource(ints = {1, 8})
    void downloadsThatNobodyReadsAreHeldInBoundedMemoryAndLoseNothing(int connections) throws Exception {
        Forward forward = lab.forward(SOURCE);
        var clients = new ArrayList<PodClient>();
        for (int i = 0; i < connections; i++) {
            PodClient client = connect(forward, SOURCE);
            client.sendCount(64 * MIB);
            clients.add(client);
        }
        var seen = new AtomicLong(-1);
        until("the bytes that wait stop growing past the soft bound", () -> {
            long waiting = forward.stats().queuedBytesNow();
            return waiting > connections * MIB && seen.getAndSet(waiting) == waiting;
        }, forward::stats);
        long most = 0;
        for (int i = 0; i < 100; i++) {
            most = Math.max(most, forward.stats().queuedBytesNow());
            Thread.sleep(3);
        }
        assertTrue(most < connections * 4L * MIB, "below the bound of each, not " + most);
        var readers = new ArrayList<Future<?>>();
        for (PodClient client : clients) {
            readers.add(lab.run(() -> {
                client.receivePattern(0, 64 * MIB);
                assertEquals(End.FIN, client.awaitEnd());
                client.close();
                return null;
            }));
        }
        for (Future<?> reader : readers) {
            reader.get();
        }
        until("nothing waits any more", () -> forward.stats().queuedBytesNow() == 0, forward::stats);
    }

    @Test void aPodThatNeverReadsHoldsUpOnlyItsOwnLane() throws Exception {
        Forward forward = lab.forward(ECHO, STALL);
        var before = new ArrayList<PodClient>();
        for (int i = 0; i < 20; i++) {
            before.add(echoing(forward));
        }
        PodClient upload = connect(forward, STALL);
        var sent = new AtomicLong();
        Future<Void> sending = lab.run(() -> {
            try {
                for (; ; sent.addAndGet(50_000)) {
                    upload.sendPattern(0, 50_000);
                }
            } catch (IOException _) {
                return null; // the test's own reset
            }
        });
        var seen = new AtomicLong(-1);
        until("the upload stands still", () -> {
            long now = sent.get();
            boolean still = now > 0 && seen.getAndSet(now) == now;
            if (still) {
                return holdsFor(sent, now);
            }
            return false;
        });
        assertTrue(sent.get() < 16 * MIB, "what nobody takes is not read from the local program without end: " + sent);

        var going = new ArrayList<Future<String>>();
        for (PodClient client : before) {
            client.socket().setSoTimeout(60_000);
            going.add(lab.run(() -> client.echo(11, 2000)));
        }
        until("16 of 20 connections go on, as of five lanes one stands still", () -> going.stream().filter(Future::isDone).count() >= 16);
        for (int i = 0; i < 10; i++) {
            try (PodClient fresh = echoing(forward)) {
                fresh.echo(i, 200_000);
            }
        }
        // Our reset of the upload waits behind what the pod does not take; the pod's own end of it frees the lane.
        upload.reset();
        result(sending);
        lab.servers().server(STALL).resetConnections();
        for (Future<String> each : going) {
            result(each);
        }
        for (PodClient client : before) {
            client.echo(3, 2000);
            client.close();
        }
        assertEquals(0, forward.stats().sessionsLostTotal());
    }

    @Test void theConnectionsThatWaitBesideAnUnreadUploadAreNamedOnceAndSoIsTheEndOfIt() throws Exception {
        Forward forward = lab.forward(ECHO, STALL);
        var echoes = new ArrayList<PodClient>();
        for (int i = 0; i < 10; i++) {
            echoes.add(echoing(forward)); // two on each of the five lanes
        }
        PodClient upload = connect(forward, STALL);
        Future<Void> sending = lab.run(() -> {
            try {
                while (true) {
                    upload.sendPattern(0, 50_000);
                }
            } catch (IOException _) {
                return null; // the test's own reset
            }
        });
        PairsWaiting waiting = lab.first(PairsWaiting.class);
        assertEquals("servers", waiting.pod());
        assertEquals(STALL, waiting.unreadPort());
        assertEquals(Map.of(ECHO, 2), waiting.connections());
        assertEquals(List.of(), lab.events(PairsMoving.class));
        var named = new ArrayList<Future<String>>();
        var others = new ArrayList<Future<String>>();
        for (PodClient client : echoes) {
            client.socket().setSoTimeout(60_000);
            if (waiting.programs().contains(client.socket().getLocalSocketAddress())) {
                named.add(lab.run(() -> client.echo(11, 2000)));
            }
        }
        for (PodClient client : echoes) { // behind the named ones, and over and over: one that does not wait is done long before
            if (!waiting.programs().contains(client.socket().getLocalSocketAddress())) {
                others.add(lab.run(() -> {
                    for (int i = 0; i < 50; i++) {
                        client.echo(i, 2000);
                    }
                    return "";
                }));
            }
        }
        for (Future<String> other : others) {
            result(other); // it was not named and does not wait
        }
        assertEquals(2, named.size());
        assertFalse(named.stream().anyMatch(Future::isDone), "it was named and did not wait");
        upload.reset();
        result(sending);
        lab.servers().server(STALL).resetConnections();
        assertEquals(Map.of(ECHO, 2), lab.first(PairsMoving.class).connections());
        assertEquals(1, lab.events(PairsWaiting.class).size());
        for (Future<String> each : named) {
            result(each);
        }
        for (PodClient client : echoes) {
            client.close();
        }
    }

    private static boolean holdsFor(AtomicLong value, long expected) {
        long end = System.nanoTime() + Duration.ofMillis(300).toNanos();
        while (System.nanoTime() - end < 0) {
            if (value.get() != expected) {
                return false;
            }
            Thread.onSpinWait();
            Thread.yield();
        }
        return true;
    }

    @Test void aServerThatWritesSingleBytesIsUnderstood() throws Exception {
        lab.testbed.faults().splitWrites(1);
        Forward forward = lab.forward(ECHO, SOURCE, REFUSED);
        try (PodClient client = connect(forward, ECHO)) {
            client.echo(0, 3000);
        }
        try (PodClient client = connect(forward, SOURCE)) {
            client.download(20_000);
        }
        assertEquals(End.RESET, PodClient.endOf(ForwardLab.local(forward, REFUSED)));
        assertTrue(lab.first(PairFailed.class).cause().contains("connection refused"));
    }

    @Test void theFirstByteOfAConnectionToAKnownPortTakesOneRoundTrip() throws Exception {
        Forward forward = lab.forward(ECHO);
        echoing(forward).close();
        lab.testbed.faults().delay(Duration.ofMillis(20), Duration.ofMillis(20));
        long best = Long.MAX_VALUE;
        for (int i = 0; i < 100 && best >= 70_000_000; i++) { // a busy machine takes longer now and then, but not each time
            long begun = System.nanoTime();
            try (PodClient client = connect(forward, ECHO)) {
                client.send((byte) i);
                assertEquals(i, client.receive(1)[0]);
            }
            best = Math.min(best, System.nanoTime() - begun);
        }
        double millis = best / 1e6;
        assertTrue(millis >= 40 && millis < 70, "20 ms each way: one round trip is 40 ms, two were 80; it took " + millis + " ms");
        try (PodClient client = connect(forward, ECHO)) {
            client.echo(0, 5 * MIB);
        }
        lab.testbed.faults().delay(Duration.ZERO, Duration.ZERO);
        echoing(forward).close(); // behind it nothing is held back any more
    }

    @Test void countersTellWhatHappened() throws Exception {
        Forward forward = lab.forward(ECHO, SOURCE, RESET);
        assertEquals(1, forward.stats().sessionsNow());
        assertEquals(1, forward.stats().sessionsOpenedTotal());
        try (PodClient echo = connect(forward, ECHO); PodClient source = connect(forward, SOURCE); PodClient reset = connect(forward, RESET)) {
            echo.echo(0, MIB);
            source.download(2 * MIB);
            reset.send((byte) 1);
            assertEquals(End.RESET, reset.awaitEnd());
            until("one pair is open", () -> forward.stats().pairsNow() == 1, forward::stats);
        }
        until("none is open", () -> forward.stats().pairsNow() == 0, forward::stats);
        var stats = forward.stats();
        assertEquals(3, stats.acceptedTotal());
        assertEquals(1, stats.pairsFailedTotal());
        assertEquals(0, stats.refusedTotal());
        assertEquals(MIB + Long.BYTES + 1, stats.upBytesTotal());
        assertEquals(3 * MIB, stats.downBytesTotal());
        assertEquals(0, stats.queuedBytesNow());
        assertEquals(0, stats.waitingNow());
        assertEquals(0, stats.sessionsLostTotal());
        assertEquals(0, stats.acceptPausesTotal());
    }

    @Test void fiveHundredShortConnectionsLeaveNothingOpen() throws Exception {
        Forward forward = lab.forward(ForwardSpec.of("servers", ":" + ECHO).withKubeconfig(lab.testbed.kubeconfig()));
        var tasks = new ArrayList<Future<Void>>();
        for (int i = 0; i < 10; i++) {
            tasks.add(lab.run(() -> {
                for (int n = 0; n < 50; n++) {
                    try (PodClient client = connect(forward, ECHO)) {
                        client.send(ByteBuffer.allocate(4).putInt(n).array());
                        assertEquals(n, ByteBuffer.wrap(client.receive(4)).getInt());
                    }
                }
                return null;
            }));
        }
        for (Future<Void> task : tasks) {
            result(task);
        }
        until("all pairs are gone here", () -> forward.stats().pairsNow() == 0, forward::stats);
        until("and in the pod", () -> lab.servers().connectionsOpen() == 0 && lab.testbed.pairsOpen() == 0);
        assertFalse(lab.events.stream().anyMatch(PairFailed.class::isInstance), () -> lab.events.toString());
    }
}

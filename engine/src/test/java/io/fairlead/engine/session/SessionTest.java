package io.fairlead.engine.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.engine.Limits;
import io.fairlead.engine.session.SentFrame.Kind;
import io.fairlead.engine.testkit.LeakCheck;
import io.netty.buffer.Unpooled;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class SessionTest {
    private final InMemoryTunnel tunnel = new InMemoryTunnel();
    private final Session session = tunnel.session;

    /// Whatever a test did: when the session is lost, every pair has ended and is forgotten once, and no buffer is left.
    @AfterEach
    void everyPairIsForgottenOnceAndNothingIsHeld() {
        tunnel.begin();
        session.lost(new CloseReason.SessionLost("end of the test"));
        for (LocalEnd local : tunnel.locals) {
            assertNotNull(local.closed);
            assertEquals(1, local.forgotten);
        }
        assertEquals(0, session.pairs());
        tunnel.assertNothingHeld();
        assertEquals(Limits.READ_BYTES, session.readBytesMax());
    }

    // ---- opening

    @Test
    void bothStreamsAndTheFirstPayloadLeaveBeforeAnyReply() {
        LocalEnd local = tunnel.open();
        local.send("hello");
        assertEquals(List.of("SYN 5 error port 80 request 0", "SYN 15 data port 80 request 0", "DATA 15 hello"), tunnel.said());
        assertEquals(new PairState.Opening(), local.pair.state());
    }

    @Test
    void idsAreOddAndRiseAndBothOfAPairGoToOneWorker() {
        for (int i = 0; i < 40; i++) {
            LocalEnd local = tunnel.open();
            assertEquals(local.pair.errorId % 5, local.pair.dataId % 5);
            tunnel.reply(local);
        }
        int last = 0;
        for (SentFrame frame : tunnel.sent) {
            if (frame.kind() == Kind.SYN) {
                assertEquals(1, frame.id() % 2);
                assertTrue(frame.id() > last);
                last = frame.id();
            }
        }
        assertEquals(40, tunnel.sent.stream().filter(f -> f.kind() == Kind.SYN).map(SentFrame::requestId).distinct().count());
    }

    @Test
    void newPairsSpreadOverAllWorkers() {
        var lanes = new HashSet<Integer>();
        for (LocalEnd local : tunnel.openOnEachLane()) {
            lanes.add(local.pair.lane.index);
        }
        assertEquals(5, lanes.size());
    }

    @Test
    void aPairThatFindsNoCreditOpensWhenTheWorkerMoved() {
        List<LocalEnd> locals = openUntilOneWaits();
        LocalEnd last = locals.getLast();
        assertFalse(last.pair.wasOpened());
        session.beforeFlush();
        tunnel.pongs();
        assertTrue(last.pair.wasOpened());
    }

    private List<LocalEnd> openUntilOneWaits() {
        var locals = new ArrayList<LocalEnd>();
        do {
            locals.add(tunnel.open());
        } while (locals.getLast().pair.wasOpened());
        return locals;
    }

    @Test
    void aPairThatEndsBeforeItOpenedSendsNothingAndIsForgottenAfterItsEnd() {
        LocalEnd waits = openUntilOneWaits().getLast();
        tunnel.said();
        waits.pair.localReset(); // LocalEnd fails if it is forgotten first
        assertEquals(new CloseReason.LocalReset(), waits.closed);
        assertEquals(1, waits.forgotten);
        assertEquals(List.of(), tunnel.said());
        session.beforeFlush();
        tunnel.pongs();
        assertEquals(List.of(), tunnel.said());
    }

    @Test
    void aPairThatCannotEvenOpenOnAStalledLaneFailsAfterFiveSeconds() {
        LocalEnd waits = openUntilOneWaits().getLast();
        waits.send("hello");
        tunnel.begin();
        for (LocalEnd local : tunnel.locals) {
            if (local != waits && local.pair.lane == waits.pair.lane) {
                tunnel.session.onSynReply(local.pair.errorId, false, Unpooled.EMPTY_BUFFER);
            }
        }
        passWithPongsOfOthers(4_000, waits.pair.lane);
        assertNull(waits.closed);
        passWithPongsOfOthers(7_000, waits.pair.lane);
        assertInstanceOf(CloseReason.NoReply.class, waits.closed);
        assertEquals(1, waits.forgotten);
    }

    @Test
    void aPairOnALaneThatStallsNowAndThenWaitsOnForItsReply() {
        LocalEnd waits = openUntilOneWaits().getLast();
        for (int i = 0; i < 4; i++) {
            passWithPongsOfOthers(3_000, waits.pair.lane);
            assertEquals(1, session.stalledLanes());
            tunnel.pongs();
        }
        assertNull(waits.closed);
    }

    /// Time passes; pings of all lanes but `stuck` are answered.
    private void passWithPongsOfOthers(long millis, Lane stuck) {
        for (long i = 0; i < millis; i += 100) {
            tunnel.pass(100);
            answerAllBut(stuck);
        }
    }

    private void answerAllBut(Lane stuck) {
        for (SentFrame frame : List.copyOf(tunnel.sent)) {
            if (frame.kind() == Kind.PING && (frame.id() - 1) / 2 % 5 != stuck.index) {
                tunnel.sent.remove(frame);
                tunnel.begin();
                session.onPing(frame.id());
            } else if (frame.kind() == Kind.PROBE && frame.id() % 5 != stuck.index) {
                tunnel.sent.remove(frame);
                tunnel.peerResets(frame.id());
            }
        }
    }

    // ---- the gate

    @Test
    void payloadToAnUnknownPortWaitsForItsReplyAndTheGate() {
        LocalEnd local = tunnel.open(81, new PortHistory());
        local.send("hello");
        assertFalse(local.pair.wantsUpstream());
        assertEquals(2, tunnel.said().size());
        tunnel.pass(200);
        assertEquals(List.of(), tunnel.said());
        tunnel.reply(local);
        tunnel.pass(40);
        assertEquals(List.of(), tunnel.said());
        tunnel.pass(20);
        assertEquals(List.of("DATA 15 hello"), tunnel.said());
        assertTrue(local.pair.wantsUpstream());
    }

    @Test
    void theFirstBytesFromThePodOpenTheGateForAllPairsOfThePort() {
        var history = new PortHistory();
        LocalEnd first = tunnel.open(81, history);
        LocalEnd second = tunnel.open(81, history);
        LocalEnd other = tunnel.open(82, new PortHistory());
        for (LocalEnd local : List.of(first, second, other)) {
            local.send("hello");
            tunnel.reply(local);
        }
        tunnel.said();
        tunnel.fromPod(first, "hi");
        assertEquals(List.of("DATA " + first.pair.dataId + " hello", "DATA " + second.pair.dataId + " hello"), tunnel.said());
        assertTrue(history.accepts());
        assertTrue(other.pair.isGated());
    }

    @Test
    void aRefusalBehindTheGateSendsNoPayloadAndCostsTheNextPairTheGateAgain() {
        var history = new PortHistory();
        LocalEnd local = tunnel.open(81, history);
        local.send("hello");
        tunnel.reply(local);
        tunnel.said();
        refuse(local);
        assertInstanceOf(CloseReason.Refused.class, local.closed);
        assertEquals(List.of("FIN 15"), tunnel.said());
        tunnel.pass(200);
        assertFalse(history.accepts(), "the gate of a pair that was refused opens for nobody");
    }

    @Test
    void aHalfCloseWithoutPayloadPassesTheGate() {
        LocalEnd local = tunnel.open(81, new PortHistory());
        tunnel.reply(local);
        tunnel.said();
        local.pair.localEof();
        assertEquals(List.of("FIN 15"), tunnel.said());
    }

    private void refuse(LocalEnd local) {
        tunnel.podEof(local);
        tunnel.errorText(local, "dial tcp4 127.0.0.1:81: connect: connection refused");
        tunnel.peerResets(local.pair.errorId);
    }

    // ---- ends

    @Test
    void aRefusalEndsOnlyItsPair() {
        LocalEnd refused = tunnel.open();
        LocalEnd other = tunnel.open();
        tunnel.reply(refused);
        tunnel.reply(other);
        refuse(refused);
        assertInstanceOf(CloseReason.Refused.class, refused.closed);
        assertEquals(1, refused.forgotten);
        assertNull(other.closed);
        tunnel.fromPod(other, "still here");
        assertEquals("still here", other.text());
        assertEquals(1, session.counters().pairsRefused);
        assertFalse(tunnel.known.accepts());
    }

    @Test
    void anOrdinaryEndIsFinOnDataThenOnErrorAndOurFin() {
        LocalEnd local = tunnel.open();
        tunnel.reply(local);
        tunnel.said();
        tunnel.fromPod(local, "bye");
        tunnel.podEof(local);
        assertNull(local.closed);
        tunnel.errorEof(local);
        assertEquals(new CloseReason.Done(), local.closed);
        assertEquals("bye", local.text());
        assertEquals(1, local.forgotten);
        assertEquals(List.of("FIN 15"), tunnel.said());
    }

    @Test
    void theErrorTextIsReadToItsFinOrReset() {
        for (boolean fin : new boolean[] {true, false}) {
            LocalEnd local = tunnel.open();
            tunnel.reply(local);
            tunnel.errorText(local, "error forwarding: write: bro");
            tunnel.podEof(local);
            assertNull(local.closed);
            tunnel.errorText(local, "ken pipe\n");
            assertNull(local.closed);
            if (fin) {
                tunnel.errorEof(local);
            } else {
                tunnel.peerResets(local.pair.errorId);
            }
            assertEquals(new CloseReason.PodClosedEarly("error forwarding: write: broken pipe"), local.closed);
            assertEquals(1, local.forgotten);
        }
    }

    @Test
    void anErrorTextHasAnEnd() {
        LocalEnd local = tunnel.open();
        for (int i = 0; i < 100; i++) {
            tunnel.errorText(local, "x".repeat(1_000));
        }
        tunnel.errorEof(local);
        assertEquals(Limits.ERROR_TEXT_BYTES, local.closed.text().length());
    }

    /// The runtime resets the data stream ahead of the error stream when it had not closed it, as for a sandbox that is gone.
    @Test
    void anErrorTextCountsEvenIfTheDataStreamIsResetFirst() {
        LocalEnd local = tunnel.open();
        tunnel.reply(local);
        tunnel.errorText(local, "failed to find sandbox \"abc\" in store: not found");
        tunnel.peerResets(local.pair.dataId);
        tunnel.peerResets(local.pair.errorId);
        assertInstanceOf(CloseReason.PodGone.class, local.closed);
        assertEquals(1, local.forgotten);
    }

    @Test
    void aResetOfTheDataStreamEndsOnlyItsPair() {
        LocalEnd local = tunnel.open();
        LocalEnd other = tunnel.open();
        tunnel.reply(local);
        tunnel.said();
        tunnel.peerResets(local.pair.dataId);
        assertEquals(new CloseReason.PodReset(""), local.closed);
        assertNull(other.closed);
        assertEquals(List.of(), tunnel.said(), "a stream that the peer reset gets nothing any more");
        tunnel.errorEof(local);
        assertEquals(1, local.forgotten);
    }

    @Test
    void aRefusedStreamIsAResetBeforeTheReply() {
        LocalEnd local = tunnel.open();
        tunnel.peerResets(local.pair.dataId);
        assertEquals(new CloseReason.Rejected(), local.closed);
    }

    @Test
    void dataAfterALocalResetIsCountedAndDroppedAndThePairForgottenAtTheEndOfItsErrorStream() {
        LocalEnd local = tunnel.open();
        tunnel.reply(local);
        tunnel.said();
        local.pair.localReset();
        assertEquals(List.of("RST 15"), tunnel.said());
        tunnel.fromPod(local, "too late");
        assertEquals("", local.text());
        assertEquals(8, session.counters().lateBytes);
        assertEquals(0, local.forgotten);
        tunnel.errorEof(local);
        assertEquals(1, local.forgotten);
        tunnel.fromPod(local, "even later");
        assertEquals(18, session.counters().lateBytes);
    }

    @Test
    void aPairThatThePeerNeverWindsUpIsForgottenAfterThirtySeconds() {
        LocalEnd local = tunnel.open();
        tunnel.reply(local);
        local.pair.localReset();
        pass(28_000);
        assertEquals(0, local.forgotten);
        pass(8_000);
        assertEquals(1, local.forgotten);
    }

    @Test
    void whenAReplyNeverComesOnlyThatPairFailsAfterThirtySeconds() {
        LocalEnd mute = tunnel.open();
        LocalEnd other = tunnel.open();
        tunnel.reply(other);
        pass(29_000);
        assertNull(mute.closed);
        pass(6_000);
        assertInstanceOf(CloseReason.NoReply.class, mute.closed);
        assertNull(other.closed);
        assertTrue(session.isOpen());
    }

    /// Time passes with a peer that answers pings.
    private void pass(long millis) {
        for (long i = 0; i < millis; i += 50) {
            tunnel.pass(50);
            tunnel.pongs();
        }
    }

    @Test
    void payloadForAPairThatEndedIsReleased() {
        LocalEnd local = tunnel.open();
        local.pair.localReset();
        local.send("late");
        tunnel.assertNothingHeld();
    }

    // ---- half-close

    @Test
    void aFinIsHeldUntilThePodWasQuietForHalfASecondAfterItsAnswer() {
        LocalEnd local = exchange();
        local.pair.localEof();
        pass(300);
        tunnel.fromPod(local, "more");
        pass(450);
        assertEquals(List.of(), tunnel.said());
        pass(200);
        assertEquals(List.of("FIN 15"), tunnel.said());
        assertEquals(1, session.counters().finsHeld);
    }

    @Test
    void aFinIsHeldFiveSecondsForAnAnswerThatIsStillDue() {
        LocalEnd local = tunnel.open();
        tunnel.reply(local);
        local.send("request");
        tunnel.said();
        local.pair.localEof();
        pass(4_900);
        assertEquals(List.of(), tunnel.said());
        pass(300);
        assertEquals(List.of("FIN 15"), tunnel.said());
    }

    @Test
    void aHeldFinLeavesAtOnceWhenThePodEnds() {
        LocalEnd local = exchange();
        local.pair.localEof();
        tunnel.podEof(local);
        assertEquals(List.of("FIN 15"), tunnel.said());
        tunnel.errorEof(local);
        assertEquals(List.of(), tunnel.said(), "one FIN is enough");
        assertEquals(new CloseReason.Done(), local.closed);
    }

    @Test
    void aHeldFinThatLeftEarlyDoesNotKeepThoseBehindIt() {
        LocalEnd first = exchange();
        LocalEnd second = exchange();
        first.pair.localEof();
        second.pair.localEof();
        tunnel.podEof(first);
        tunnel.said();
        pass(700);
        assertEquals(List.of("FIN " + second.pair.dataId), tunnel.said());
    }

    /// Nobody reads the stream after the pod's FIN, and payload that nobody reads blocks the peer's worker for good.
    @Test
    void payloadThatStillWaitsWhenThePodEndsIsDropped() {
        LocalEnd local = tunnel.open();
        tunnel.reply(local);
        tunnel.said();
        session.onWritable(false);
        local.send("last words");
        local.pair.localEof();
        tunnel.podEof(local);
        session.onWritable(true);
        assertEquals(List.of("FIN 15"), tunnel.said());
    }

    @Test
    void aFinFollowsThePayloadThatStillWaits() {
        LocalEnd local = tunnel.open();
        tunnel.reply(local);
        tunnel.said();
        session.onWritable(false);
        local.send("last words");
        local.pair.localEof();
        pass(5_100);
        assertEquals(List.of(), tunnel.said());
        session.onWritable(true);
        assertEquals(List.of("DATA 15 last words", "FIN 15"), tunnel.said());
    }

    @Test
    void pastTheBoundTheOldestHeldFinLeaves() {
        var locals = new ArrayList<LocalEnd>();
        for (int i = 0; i <= Limits.FINS_HELD_MAX; i++) {
            LocalEnd local = tunnel.open();
            tunnel.reply(local);
            tunnel.fromPod(local, "x");
            locals.add(local);
            session.beforeFlush();
            tunnel.pongs();
        }
        tunnel.said();
        for (LocalEnd local : locals) {
            local.pair.localEof();
        }
        assertEquals(List.of("FIN " + locals.getFirst().pair.dataId), tunnel.said());
    }

    @Test
    void heldFinsThatHaveLeftDoNotMakeOthersLeaveEarly() {
        LocalEnd patient = tunnel.open();
        tunnel.reply(patient);
        patient.send("request");
        patient.pair.localEof();
        for (int i = 0; i <= Limits.FINS_HELD_MAX; i++) {
            LocalEnd quick = tunnel.open();
            tunnel.reply(quick);
            quick.send("request");
            quick.pair.localEof();
            tunnel.fromPod(quick, "answer");
            tunnel.podEof(quick);
            tunnel.errorEof(quick);
            session.beforeFlush();
            tunnel.pongs();
        }
        assertFalse(tunnel.said().contains("FIN " + patient.pair.dataId), "it alone is held");
        pass(5_100);
        assertEquals(List.of("FIN " + patient.pair.dataId), tunnel.said());
    }

    private LocalEnd exchange() {
        LocalEnd local = tunnel.open();
        tunnel.reply(local);
        local.send("request");
        tunnel.fromPod(local, "answer");
        tunnel.said();
        return local;
    }

    // ---- lanes

    @Test
    void neverMoreThanFiftyFramesForAWorkerThatDoesNotAnswer() {
        int[] frames = new int[5];
        int[] pings = new int[1];
        tunnel.onSent = f -> frames[f.kind() == Kind.PING ? pings[0]++ % 5 : f.id() % 5]++;
        for (int i = 0; i < 60; i++) {
            LocalEnd local = tunnel.open();
            for (int n = 0; n < 20; n++) {
                local.send("x".repeat(100));
            }
            if (i % 3 == 0) {
                local.pair.localEof();
            } else if (i % 3 == 1) {
                local.pair.localReset();
            }
            session.beforeFlush();
        }
        tunnel.pass(28_000);
        for (int count : frames) {
            assertTrue(count <= 50, java.util.Arrays.toString(frames));
        }
    }

    @Test
    void aSessionWithAStuckWorkerIsSpentOnceNoPairIsAlive() {
        LocalEnd[] locals = tunnel.openOnEachLane();
        for (int i = 0; i < 40; i++) {
            locals[2].send("x");
        }
        tunnel.pass(20);
        tunnel.begin();
        session.beforeFlush();
        passWithPongsOfOthers(400, locals[2].pair.lane);
        for (LocalEnd local : locals) {
            assertFalse(session.isSpent(), "one is alive");
            local.pair.localReset();
        }
        assertEquals(5, session.pairs(), "the peer holds them all");
        assertTrue(session.isSpent());
        tunnel.pongs();
        assertFalse(session.isSpent(), "the worker moves: it will wind them up");
    }

    /// An unread upload leaves one fence behind on its lane, and in a session with nothing else to do no other follows.
    @Test
    void anUnreadUploadAloneShowsWithinTwoSecondsWhicheverWorkerItStuck() {
        for (int i = 0; i < 5; i++) {
            var alone = new InMemoryTunnel();
            LocalEnd[] locals = alone.openOnEachLane();
            List.of(locals).forEach(alone::reply);
            alone.session.beforeFlush();
            alone.pongs();
            while (locals[i].pair.wantsUpstream()) {
                locals[i].send("x");
                alone.session.beforeFlush();
            }
            int worker = i;
            for (int ms = 0; ms < 2_000; ms += 10) {
                List<SentFrame> stuck = alone.sent.stream().filter(f -> f.kind() == Kind.PING && (f.id() - 1) / 2 % 5 == worker).toList();
                alone.sent.removeAll(stuck);
                alone.pongs();
                alone.sent.addAll(stuck);
                alone.pass(10);
            }
            assertEquals(1, alone.session.stalledLanes(), "worker " + i);
        }
    }

    @Test
    void aStalledLaneGetsNoNewPairsUntilItMoves() {
        LocalEnd[] locals = tunnel.openOnEachLane();
        Lane stuck = locals[2].pair.lane;
        for (int i = 0; i < 40; i++) {
            locals[2].send("x");
        }
        tunnel.pass(20);
        tunnel.begin();
        session.beforeFlush();
        passWithPongsOfOthers(400, stuck);
        assertEquals(1, session.stalledLanes());
        for (int i = 0; i < 20; i++) {
            assertNotEquals(2, tunnel.open().pair.lane.index);
        }
        tunnel.pongs();
        assertEquals(0, session.stalledLanes());
        assertTrue(locals[2].pair.wantsUpstream(), "its payload left");
    }

    // ---- what is told of a stalled lane

    /// What a session told: `waiting port <unread> {port=count} [local ports]`, `moving {port=count}`.
    private List<String> told() {
        var told = new ArrayList<String>();
        session.watch(new LaneWatch() {
            @Override
            public void onWaiting(int unreadPort, Map<Integer, Integer> connections, List<InetSocketAddress> programs) {
                told.add("waiting port " + unreadPort + " " + connections + " " + programs.stream().map(InetSocketAddress::getPort).toList());
            }

            @Override
            public void onMoving(Map<Integer, Integer> connections) {
                told.add("moving " + connections);
            }
        });
        return told;
    }

    private List<LocalEnd> uploadsOnFirstLane(int rounds) {
        return uploadsOnFirstLane(7005, rounds);
    }

    /// `rounds` pairs on each lane, replied to: their requests are 0 to 5 * rounds - 1. Returns those of the first lane, the first of which uploads
    /// to `uploadPort`; the others are connections to port 7000.
    private List<LocalEnd> uploadsOnFirstLane(int uploadPort, int rounds) {
        LocalEnd upload = tunnel.open(uploadPort, tunnel.known);
        while (tunnel.locals.size() < 5 * rounds) {
            tunnel.open(7000, tunnel.known);
        }
        tunnel.locals.forEach(tunnel::reply);
        session.beforeFlush();
        tunnel.clock.advanceMillis(100); // the round trip
        tunnel.pongs();
        for (int i = 0; i < 40 && upload.pair.wantsUpstream(); i++) {
            upload.send("x");
        }
        session.beforeFlush();
        return tunnel.locals.stream().filter(l -> l.pair.lane == upload.pair.lane).toList();
    }

    @Test
    void pairsThatWaitBesideAnUnreadUploadAreToldOnceAfterASecondAndAgainWhenTheyMove() {
        List<String> told = told();
        List<LocalEnd> lane = uploadsOnFirstLane(4);
        Lane stuck = lane.getFirst().pair.lane;
        lane.get(1).send("asks");
        passWithPongsOfOthers(800, stuck);
        assertEquals(0, session.stalledLanes(), "pongs take 100 ms here, so one that is late by less than 800 ms proves nothing");
        passWithPongsOfOthers(1_000, stuck);
        assertEquals(1, session.stalledLanes());
        assertEquals(List.of(), told, "stalled for 0.99 s");
        passWithPongsOfOthers(100, stuck);
        assertEquals(1, told.size());
        passWithPongsOfOthers(20_000, stuck);
        String programs = lane.stream().skip(1).map(l -> String.valueOf(l.program().getPort())).toList().toString();
        assertEquals(List.of("waiting port 7005 {7000=3} " + programs), told);
        lane.get(2).pair.localReset();
        tunnel.pongs();
        assertEquals(List.of("waiting port 7005 {7000=3} " + programs, "moving {7000=2}"), told);
    }

    @Test
    void anUploadBesideConnectionsToItsOwnPortIsNeitherToldAsWaitingNorAsGoingOn() {
        List<String> told = told();
        List<LocalEnd> lane = uploadsOnFirstLane(7000, 3);
        passWithPongsOfOthers(5_000, lane.getFirst().pair.lane);
        tunnel.pongs();
        assertEquals(0, session.stalledLanes());
        assertEquals(2, told.size(), told::toString);
        assertTrue(told.getFirst().startsWith("waiting port 7000 {7000=2}"), told::toString);
        assertEquals("moving {7000=2}", told.getLast());
    }

    @Test
    void nothingIsToldOfALaneThatLagsNowAndThen() {
        List<String> told = told();
        List<LocalEnd> lane = uploadsOnFirstLane(3);
        for (int i = 0; i < 5; i++) {
            passWithPongsOfOthers(1_700, lane.getFirst().pair.lane);
            assertEquals(1, session.stalledLanes());
            tunnel.pongs();
            assertEquals(0, session.stalledLanes());
            while (lane.getFirst().pair.wantsUpstream()) {
                lane.getFirst().send("x");
            }
            session.beforeFlush();
        }
        assertEquals(List.of(), told);
    }

    @Test
    void nothingIsToldWhenNothingStalls() {
        List<String> told = told();
        uploadsOnFirstLane(3);
        for (int i = 0; i < 500; i++) {
            tunnel.pass(10);
            tunnel.pongs();
        }
        assertEquals(List.of(), told);
    }

    @Test
    void nothingIsToldOfAnUploadThatIsAloneOnItsLane() {
        List<String> told = told();
        List<LocalEnd> lane = uploadsOnFirstLane(1);
        assertEquals(1, lane.size());
        passWithPongsOfOthers(5_000, lane.getFirst().pair.lane);
        assertEquals(1, session.stalledLanes());
        tunnel.pongs();
        assertEquals(List.of(), told);
    }

    @Test
    void pairsWhosePodHasEndedDoNotWait() {
        List<String> told = told();
        List<LocalEnd> lane = uploadsOnFirstLane(2);
        tunnel.podEof(lane.get(1));
        Lane stuck = lane.getFirst().pair.lane;
        passWithPongsOfOthers(5_000, stuck);
        assertEquals(1, session.stalledLanes());
        assertTrue(stuck.looked, "once is enough");
        tunnel.pongs();
        assertFalse(stuck.looked, "the next stop is looked at again");
        assertEquals(List.of(), told);
    }

    @Test
    void wherePayloadCameTooLateForAnEndedPairTheUploadBesideItIsNotBlamed() {
        List<String> told = told();
        List<LocalEnd> lane = uploadsOnFirstLane(3);
        tunnel.pongs();
        lane.get(1).send("late");
        for (int i = 0; i < 8; i++) {
            lane.getFirst().send("x");
        }
        tunnel.podEof(lane.get(1));
        tunnel.errorEof(lane.get(1));
        assertNotNull(lane.get(1).closed);
        session.beforeFlush();
        passWithPongsOfOthers(5_000, lane.getFirst().pair.lane);
        assertEquals(1, told.size(), told::toString);
        assertTrue(told.getFirst().startsWith("waiting port 0 {7000=1, 7005=1}"), told::toString);
    }

    @Test
    void whereSeveralMayBeTheOneThatIsNotReadNoneIsBlamed() {
        List<String> told = told();
        List<LocalEnd> lane = uploadsOnFirstLane(1);
        LocalEnd other = null;
        while (other == null || other.pair.lane != lane.getFirst().pair.lane) {
            other = tunnel.open(7000, tunnel.known);
        }
        tunnel.pongs();
        for (int i = 0; i < 8; i++) {
            lane.getFirst().send("x");
            other.send("y");
        }
        session.beforeFlush();
        passWithPongsOfOthers(5_000, other.pair.lane);
        assertEquals(1, told.size(), told::toString);
        assertTrue(told.getFirst().startsWith("waiting port 0 {7000=1, 7005=1}"), told::toString);
    }

    @Test
    void aStuckWorkerStopsOnlyThePairsOfItsLane() {
        LocalEnd[] locals = tunnel.openOnEachLane();
        for (LocalEnd local : locals) {
            tunnel.reply(local);
        }
        Lane stuck = locals[0].pair.lane;
        for (int i = 0; i < 3_000; i++) {
            for (LocalEnd local : locals) {
                if (local.pair.wantsUpstream()) {
                    local.send("x");
                }
            }
            session.beforeFlush();
            answerAllBut(stuck);
        }
        assertFalse(locals[0].pair.wantsUpstream());
        for (int i = 1; i < 5; i++) {
            int id = locals[i].pair.dataId;
            assertTrue(tunnel.sent.stream().filter(f -> f.kind() == Kind.DATA && f.id() == id).count() > 2_900, "lane " + i);
        }
        assertTrue(session.counters().probes > 0, "pings cannot pass the stuck lane for good");
    }

    /// A worker may be stuck for good (a port that refused with payload on its way); the session goes on and must not look idle to load balancers.
    @Test
    void keepAliveGoesOnThoughOneWorkerNeverMovesAgain() {
        LocalEnd[] locals = tunnel.openOnEachLane();
        Lane stuck = locals[0].pair.lane;
        for (int i = 1; i < 5; i++) {
            tunnel.reply(locals[i]);
        }
        for (int i = 0; i < 40; i++) {
            locals[0].send("x");
        }
        passWithPongsOfOthers(60_000, stuck);
        for (int minute = 0; minute < 5; minute++) {
            tunnel.said();
            passWithPongsOfOthers(15_000, stuck);
            long asked = session.counters().sweeps + session.counters().probes;
            passWithPongsOfOthers(15_000, stuck);
            assertTrue(session.counters().sweeps + session.counters().probes > asked, "nothing sent for 15 s");
        }
    }

    @Test
    void aSessionWithAStuckWorkerIsStillFoundDeadWhenNothingArrives() {
        LocalEnd[] locals = tunnel.openOnEachLane();
        Lane stuck = locals[0].pair.lane;
        for (int i = 1; i < 5; i++) {
            tunnel.reply(locals[i]);
        }
        for (int i = 0; i < 40; i++) {
            locals[0].send("x");
        }
        passWithPongsOfOthers(60_000, stuck);
        assertNotNull(deathWithin(60), "silence for a minute");
    }

    /// A pod that pauses for longer than a network may be silent: nothing but its pace is wrong.
    @Test
    void uploadsThatNobodyReadsOnAllLanesAtOnceWaitAsLongAsTheirPod() {
        LocalEnd[] uploads = uploads(5, Limits.UNREAD_FRAME_BYTES);
        assertNull(deathWithin(20));
        assertEquals(5, session.stalledLanes(), "new connections go elsewhere");
        assertNull(deathWithin(500));
        tunnel.pongs();
        assertEquals(0, session.stalledLanes());
        pass(11_000); // the next sweep asks about what could be sent only then
        for (LocalEnd upload : uploads) {
            assertNull(upload.closed);
            assertTrue(upload.pair.wantsUpstream());
        }
        assertNotNull(deathWithin(41), "nothing waits for the pod any more, and nothing comes");
    }

    @Test
    void theyDoNotWaitForEver() {
        uploads(5, Limits.UNREAD_FRAME_BYTES);
        assertEquals("nothing arrived for 600 s", deathWithin(601));
    }

    /// What the pods' workers answer lies in our own socket then.
    @Test
    void uploadsBesideLocalProgramsThatDoNotReadAreNotTakenForUnread() {
        uploads(5, Limits.UNREAD_FRAME_BYTES);
        for (int second = 0; second < 60; second++) {
            tunnel.clock.advanceMillis(1_000);
            session.unread();
            assertNull(tunnel.tick());
        }
        assertEquals(0, session.stalledLanes());
    }

    @Test
    void silenceBehindSmallRequestsOnAllLanesIsNoPodThatDoesNotRead() {
        uploads(5, Limits.UNREAD_FRAME_BYTES - 1);
        assertNotNull(deathWithin(41));
        assertEquals(0, session.stalledLanes());
    }

    @Test
    void oneWorkerThatHasNothingToWaitForAndIsSilentIsTheNetwork() {
        uploads(4, Limits.UNREAD_FRAME_BYTES);
        assertNotNull(deathWithin(41));
    }

    /// The first `count` of five connections, each on a lane of its own, send as much as they may.
    private LocalEnd[] uploads(int count, int bytes) {
        LocalEnd[] locals = tunnel.openOnEachLane();
        for (LocalEnd local : locals) {
            tunnel.reply(local);
        }
        session.beforeFlush();
        tunnel.pongs();
        pass(1); // what is asked now left after all that is back
        for (int i = 0; i < count; i++) {
            fill(locals[i], bytes);
        }
        session.beforeFlush();
        return locals;
    }

    private static void fill(LocalEnd upload, int bytes) {
        while (upload.pair.wantsUpstream()) {
            upload.send(new byte[bytes]);
        }
    }

    @Test
    void aServerThatAnswersNoPingsIsServedWithoutCreditUntilItAnswersOne() {
        LocalEnd upload = tunnel.open();
        tunnel.reply(upload);
        while (upload.pair.wantsUpstream()) {
            upload.send("x");
        }
        assertTrue(tunnel.sent.stream().filter(f -> f.kind() == Kind.DATA).count() <= Limits.LANE_DATA_FRAMES);
        tunnel.pass(9_900);
        assertFalse(upload.pair.wantsUpstream(), "it may be slow");
        tunnel.pass(200);
        for (int i = 0; i < 1_000; i++) {
            assertTrue(upload.pair.wantsUpstream());
            upload.send("x");
        }
        assertFalse(session.isSuspect());
        tunnel.pass(100_000); // and its silence is no sign of death
        tunnel.pongs();
        upload.send("x");
        assertFalse(upload.pair.wantsUpstream(), "what it took since the last ping is not known");
    }

    @Test
    void aServerThatNeverSpeaksIsDeadAndNotOneThatAnswersNoPings() {
        tunnel.open();
        assertNotNull(deathWithin(41));
    }

    /// Ctrl-Z, or a suspended machine: the clock went on, and nobody asked meanwhile.
    @Test
    void aProcessThatWasStoppedDoesNotTakeItsOwnSilenceForThePeers() {
        tunnel.reply(tunnel.open());
        pass(1_000);
        tunnel.pongs();
        tunnel.clock.advanceMillis(3_600_000);
        assertNull(tunnel.tick());
        assertNotNull(deathWithin(31), "no answer to what was asked then");
    }

    /// A local reader that pauses, alone on its session, has the session not read: pongs are there and nobody takes them.
    @Test
    void aSessionThatIsNotReadIsNotFoundDead() {
        tunnel.reply(tunnel.open());
        assertNull(tunnel.tick());
        tunnel.pongs();
        for (int second = 0; second < 120; second++) {
            tunnel.clock.advanceMillis(1_000);
            session.unread();
            assertNull(tunnel.tick());
        }
        assertNotNull(deathWithin(41), "it is read again and nothing comes");
    }

    private String deathWithin(int seconds) {
        for (int i = 0; i < seconds * 10; i++) {
            tunnel.clock.advanceMillis(100);
            String dead = tunnel.tick();
            if (dead != null) {
                return dead;
            }
        }
        return null;
    }

    @Test
    void creditComesBackWhole() {
        LocalEnd[] locals = tunnel.openOnEachLane();
        for (int i = 0; i < 2_000; i++) {
            LocalEnd local = locals[i % 5];
            if (local.pair.wantsUpstream()) {
                local.send("x");
            }
            session.beforeFlush();
            if (i % 7 == 0) {
                tunnel.pongs();
            }
        }
        for (LocalEnd local : locals) {
            tunnel.reply(local);
        }
        pass(11_000);
        for (LocalEnd local : locals) {
            assertEquals(0, local.pair.lane.inFlight());
            assertTrue(local.pair.wantsUpstream());
        }
    }

    /// Many uploads share a slow channel: each time it takes a little, other lanes must have their turn, too.
    @Test
    void aSlowChannelIsSharedByAllLanes() {
        var locals = new ArrayList<LocalEnd>();
        for (int i = 0; i < 20; i++) {
            LocalEnd local = tunnel.open();
            tunnel.reply(local);
            locals.add(local);
        }
        tunnel.said();
        session.onWritable(false);
        int[] room = new int[1];
        tunnel.onSent = f -> {
            if (f.kind() == Kind.DATA && --room[0] == 0) {
                session.onWritable(false);
            }
        };
        int[] frames = new int[5];
        for (int turn = 0; turn < 200; turn++) {
            for (LocalEnd local : locals) {
                if (local.pair.wantsUpstream()) {
                    local.send("x");
                }
            }
            room[0] = 2;
            session.onWritable(true);
            session.beforeFlush();
            tunnel.sent.forEach(f -> frames[f.id() % 5] += f.kind() == Kind.DATA ? 1 : 0);
            tunnel.pongs();
            tunnel.said();
        }
        for (int lane = 0; lane < 5; lane++) {
            assertTrue(frames[lane] >= 40, java.util.Arrays.toString(frames));
        }
    }

    // ---- pings

    @Test
    void aPingOfThePeerIsEchoedAndTheFencesKeepTheirWorkers() {
        LocalEnd[] locals = tunnel.openOnEachLane();
        tunnel.begin();
        session.onPing(2);
        assertTrue(tunnel.said().size() == 10 && tunnel.sent.isEmpty());
        for (LocalEnd local : locals) {
            tunnel.reply(local);
            assertTrue(local.pair.lane.inFlight() <= 1);
        }
        // The echo took worker 0's turn, so the next five pings go to workers 1, 2, 3, 4, 0.
        for (int i = 0; i < 16; i++) {
            locals[1].send("x");
        }
        session.beforeFlush();
        int first = tunnel.sent.stream().filter(f -> f.kind() == Kind.PING).findFirst().orElseThrow().id();
        tunnel.begin();
        session.onPing(first);
        assertEquals(0, locals[1].pair.lane.inFlight(), "its own worker answered");
    }

    @Test
    void pingsOfAFloodingPeerAreNotEchoedWithoutEnd() {
        for (int i = 1; i < 10_000; i++) {
            session.onPing(2 * i);
        }
        assertTrue(tunnel.sent.size() < 300, tunnel.sent.size() + " echoes wait for a peer that does not read");
    }

    @Test
    void pongsThatNobodyAskedForAreCountedAndChangeNothing() {
        for (int id : new int[] {1, 3, 99, Integer.MAX_VALUE, -1, Integer.MIN_VALUE + 1}) {
            session.onPing(id);
        }
        assertEquals(6, session.counters().unknownFrames);
    }

    @Test
    void framesOfUnknownStreamsAreCountedAndChangeNothing() {
        LocalEnd local = tunnel.open();
        session.onSynReply(99, false, Unpooled.EMPTY_BUFFER);
        session.onRstStream(99, 5);
        session.onHeaders(99, true, Unpooled.EMPTY_BUFFER);
        session.onSynStream(2, 0, false, Unpooled.EMPTY_BUFFER);
        tunnel.data(99, "abc", true);
        assertEquals(3, session.counters().unknownFrames);
        assertEquals(3, session.counters().lateBytes);
        assertNull(local.closed);
    }

    @Test
    void aSessionWithoutPairsPingsEachTenSecondsAndNotMore() {
        pass(100_000);
        assertTrue(session.counters().sweeps >= 9 && session.counters().sweeps <= 11, session.counters().sweeps + " sweeps");
    }

    @Test
    void aSilentSessionIsDeadAndOneWithAnswersIsNot() {
        pass(120_000);
        assertNotNull(deathWithin(45));
    }

    // ---- the end of the session

    @Test
    void whenTheSessionIsLostEveryPairEndsOnceAndNothingIsSent() {
        openUntilOneWaits();
        for (LocalEnd local : tunnel.locals) {
            local.send("x");
        }
        tunnel.locals.get(0).pair.localEof();
        tunnel.locals.get(1).pair.localReset();
        tunnel.said();
        session.lost(new CloseReason.SessionLost("cut"));
        assertEquals(List.of(), tunnel.said());
        for (LocalEnd local : tunnel.locals.subList(2, tunnel.locals.size())) {
            assertEquals(new CloseReason.SessionLost("cut"), local.closed);
        }
        assertEquals(0, session.pairs());
        assertFalse(session.isOpen());
    }

    /// A write may fail within the call that hands it over; the channel then tells the session at once.
    @Test
    void theSessionMayBeLostWhileALaneIsServed() {
        LocalEnd[] locals = tunnel.openOnEachLane();
        session.onWritable(false);
        for (LocalEnd local : locals) {
            local.send("x");
        }
        LocalEnd second = null;
        while (second == null) {
            LocalEnd local = tunnel.open();
            second = local.pair.lane == locals[0].pair.lane ? local : null;
        }
        tunnel.said();
        tunnel.onSent = f -> {
            if (f.kind() == Kind.DATA) {
                session.lost(new CloseReason.SessionLost("write failed"));
            }
        };
        session.onWritable(true);
        assertEquals(1, tunnel.said().size(), "nothing is sent after the loss");
        assertEquals(0, session.pairs());
    }

    @Test
    void resettingAllResetsEveryOpenPairOnce() {
        openUntilOneWaits();
        int opened = (int) tunnel.locals.stream().filter(l -> l.pair.wasOpened()).count();
        session.beforeFlush();
        tunnel.pongs();
        tunnel.said();
        session.resetAll();
        session.resetAll();
        assertEquals(opened + 1, tunnel.said().stream().filter(f -> f.startsWith("RST")).count());
        assertTrue(tunnel.locals.stream().allMatch(l -> l.closed.equals(new CloseReason.Stopped())));
    }

    @Test
    void aSessionThatWasToldToGoTakesNoPairs() {
        session.onGoAway(0, 0);
        assertTrue(session.isGoneAway());
        assertFalse(session.isOpen());
    }

    // ---- memory

    @Test
    void aSmallPayloadThatWaitsIsCopiedOutOfItsReadBuffer() {
        LocalEnd local = tunnel.open();
        session.onWritable(false);
        var read = tunnel.alloc.directBuffer(Limits.READ_BYTES);
        local.pair.send(read.setIndex(FrameOut.HEADROOM, FrameOut.HEADROOM).writeBytes(new byte[100]));
        assertEquals(0, read.refCnt());
        assertTrue(tunnel.alloc.metric().usedDirectMemory() < 1_000);
        session.onWritable(true);
    }

    @Test
    void pastTheSessionsBoundReadsBecomeSmallUntilThereIsRoomAgain() {
        session.onWritable(false);
        int pairs = 0;
        while (session.readBytesMax() == Limits.READ_BYTES) {
            tunnel.open().send(new byte[Limits.READ_BYTES - FrameOut.HEADROOM]);
            pairs++;
        }
        assertEquals(Limits.SESSION_HELD_BYTES / Limits.READ_BYTES, pairs);
        tunnel.locals.getFirst().pair.localReset();
        assertEquals(Limits.READ_BYTES, session.readBytesMax());
    }

    @Test
    void pairsThatEndedAreNotKeptBehindOneThatWaitsForItsReply() {
        tunnel.open();
        for (int i = 0; i < 2_000; i++) {
            LocalEnd local = tunnel.open();
            tunnel.reply(local);
            tunnel.podEof(local);
            tunnel.errorEof(local);
            if (i % 50 == 0) {
                tunnel.pass(10);
                tunnel.pongs();
            }
        }
        tunnel.pass(200);
        assertTrue(session.unansweredPairs() < 50, session.unansweredPairs() + " pairs are kept");
    }

    @Test
    void aPairMayBeEndedFromWithinItsOwnDelivery() {
        LocalEnd local = tunnel.open();
        tunnel.reply(local);
        local.onData = () -> local.pair.localReset();
        tunnel.data(local.pair.dataId, "x", true);
        tunnel.errorEof(local);
        assertEquals(new CloseReason.LocalReset(), local.closed);
        assertEquals(1, local.forgotten);
    }
}

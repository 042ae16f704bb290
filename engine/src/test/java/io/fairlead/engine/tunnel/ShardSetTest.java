package io.fairlead.engine.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.engine.ForwardSpec;
import io.fairlead.engine.Limits;
import io.fairlead.engine.frame.FrameEncoder;
import io.fairlead.engine.frame.HeaderBlockEncoder;
import io.fairlead.engine.session.CloseReason;
import io.fairlead.engine.session.Downstream;
import io.fairlead.engine.session.FrameOut;
import io.fairlead.engine.session.PortHistory;
import io.fairlead.engine.testkit.LeakCheck;
import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class ShardSetTest {
    private static final class Waiter implements ShardSet.Waiter {
        Tunnel tunnel;
        CloseReason refused;

        @Override
        public void placed(Tunnel tunnel) {
            assertEquals(null, refused);
            assertEquals(null, this.tunnel);
            this.tunnel = tunnel;
        }

        @Override
        public void refused(CloseReason why) {
            assertEquals(null, refused);
            assertEquals(null, tunnel);
            refused = why;
        }
    }

    private static final Downstream NOBODY = new Downstream() {
        @Override
        public void onData(ByteBuf source, int index, int length) {}

        @Override
        public void onUpstreamReady() {}

        @Override
        public void onClosed(CloseReason why) {}

        @Override
        public void onForgotten() {}
    };

    private final EmbeddedChannel home = new EmbeddedChannel();
    private final List<EmbeddedChannel> channels = new ArrayList<>();
    private final List<ShardSet.Lost> lost = new ArrayList<>();
    private int needs;
    private final ShardSet shards = new ShardSet(home.eventLoop(), 2, lost::add, () -> needs++);

    /// Placement goes by what is fresh and how long a connection has waited: here only as the tests say.
    @BeforeEach
    void noTimePasses() {
        home.freezeTime();
    }

    @AfterEach
    void close() {
        channels.forEach(EmbeddedChannel::finishAndReleaseAll);
        home.finishAndReleaseAll();
    }

    private Tunnel add() {
        return add(shards);
    }

    private Tunnel add(ShardSet shards) {
        var tunnel = new Tunnel("web-" + channels.size(), 80, 81);
        channels.add(new EmbeddedChannel(tunnel));
        CompletableFuture<Void> added = shards.add(tunnel);
        home.runPendingTasks();
        assertTrue(added.isDone());
        return tunnel;
    }

    private Waiter place() {
        return place(0, new PortHistory());
    }

    private Waiter place(int portIndex, PortHistory history) {
        var waiter = new Waiter();
        shards.place(portIndex, history, waiter);
        return waiter;
    }

    /// The tunnel's first pair, open, with so much payload from the pod that it is bulk, however late: the second half comes in the same moment
    /// as the end of the first.
    private void openBulk(Tunnel tunnel, int port, PortHistory history) {
        tunnel.open(port, history, NOBODY);
        EmbeddedChannel channel = channels.get(shards.tunnels().indexOf(tunnel));
        ByteBuf reply = channel.alloc().buffer();
        FrameEncoder.synReply(reply, new HeaderBlockEncoder(), 15, false);
        int frame = 8 + Limits.BULK_BYTES;
        ByteBuf data = channel.alloc().buffer().writeZero(2 * frame);
        FrameEncoder.dataHeader(data, 0, 15, false, Limits.BULK_BYTES);
        FrameEncoder.dataHeader(data, frame, 15, false, Limits.BULK_BYTES);
        channel.writeInbound(reply, data);
        assertEquals(1, tunnel.bulkPairs());
    }

    private void run() {
        channels.forEach(EmbeddedChannel::runPendingTasks);
        home.runPendingTasks();
    }

    @Test
    void aRetiredTunnelGetsNoConnections() {
        Tunnel first = add();
        assertEquals(first, place().tunnel);
        int before = needs;
        shards.retire(first);
        home.runPendingTasks();
        assertEquals(before + 1, needs);
        assertFalse(shards.isAccepting());
        Tunnel second = add();
        assertEquals(second, place().tunnel);
        before = needs;
        shards.retire(first);
        home.runPendingTasks();
        assertEquals(before, needs, "retired already");
    }

    /// Its end closes an empty tunnel, so it must not come between the choice of that tunnel and the connection's arrival there.
    @Test
    void retiringFromAnotherThreadComesBeforeOrAfterAPlacementAndNeverInside() {
        Tunnel tunnel = add();
        shards.retireAll();
        assertTrue(tunnel.isAccepting());
        assertEquals(tunnel, place().tunnel);
        home.runPendingTasks();
        assertFalse(tunnel.isAccepting());
        assertTrue(channels.getFirst().isOpen(), "it has a connection");
        tunnel.gone(0);
        assertFalse(channels.getFirst().isOpen());
    }

    @Test
    void aGivenNumberOfTunnelsSharesABurstOfConnections() {
        Tunnel first = add();
        Tunnel second = add();
        for (int i = 0; i < 6; i++) {
            place();
        }
        assertEquals(3, first.load());
        assertEquals(3, second.load());
    }

    /// A pair cannot move: downloads beside another port's requests, as both came in the same moment, would slow them to their end.
    @Test
    void furtherDownloadsJoinTheirLikeRatherThanAnotherPortsNewConnections() {
        Tunnel requests = add();
        Tunnel downloads = add();
        var history = new PortHistory();
        assertEquals(requests, place(0, new PortHistory()).tunnel);
        assertEquals(downloads, place(1, history).tunnel);
        openBulk(downloads, 81, history);
        for (int i = 0; i < 15; i++) {
            assertEquals(downloads, place(1, history).tunnel);
        }
        assertEquals(requests, place(0, new PortHistory()).tunnel);
    }

    /// As a load generator's: one connection that controls, and uploads beside it, none of which has shown what it is when the last one comes.
    @Test
    void connectionsOfAPortThatUploadedGetAWorkerEach() {
        ShardSet auto = new ShardSet(home.eventLoop(), ForwardSpec.SESSIONS_AUTO, lost::add, () -> needs++);
        var history = new PortHistory();
        Tunnel old = add(auto);
        old.open(80, history, NOBODY).send(payload(Limits.BULK_BYTES));
        assertTrue(history.isUpload());
        assertFalse(new PortHistory().isUpload());
        auto.retire(old);
        Tunnel first = add(auto);
        Tunnel second = add(auto);
        var tunnels = new ArrayList<Tunnel>();
        for (int i = 0; i < 9; i++) {
            var waiter = new Waiter();
            auto.place(0, history, waiter);
            tunnels.add(waiter.tunnel);
        }
        assertEquals(5, Collections.frequency(tunnels, first));
        assertEquals(4, Collections.frequency(tunnels, second));
    }

    /// Payload that was on its way when the pod ended may have left a worker stuck: until it is known, an upload is better off elsewhere.
    @Test
    void connectionsOfAPortThatUploadedDoNotGoWhereAWorkerMayBeStuck() {
        var history = new PortHistory();
        Tunnel suspect = add();
        suspect.open(80, history, NOBODY).send(payload(Limits.BULK_BYTES));
        EmbeddedChannel channel = channels.getLast();
        ByteBuf ends = channel.alloc().buffer();
        FrameEncoder.synReply(ends, new HeaderBlockEncoder(), 15, false);
        FrameEncoder.fin(ends, 15);
        FrameEncoder.fin(ends, 5);
        channel.writeInbound(ends);
        assertTrue(suspect.isSuspect());
        assertEquals(suspect, place(0, history).tunnel, "there is no other");
        Tunnel busier = add();
        for (int i = 0; i < 3; i++) {
            busier.placed(0, home.eventLoop().ticker().nanoTime());
        }
        assertEquals(suspect, place(0, new PortHistory()).tunnel);
        assertEquals(busier, place(0, history).tunnel);
    }

    private ByteBuf payload(int bytes) {
        return channels.getLast().alloc().buffer(FrameOut.HEADROOM + bytes).setIndex(FrameOut.HEADROOM, FrameOut.HEADROOM).writeZero(bytes);
    }

    @Test
    void whoeverWaitsIsPlacedOnTheNextTunnelInOrder() {
        Waiter first = place();
        Waiter second = place();
        assertEquals(2, needs);
        assertEquals(2, shards.waiting());
        Tunnel tunnel = add();
        assertEquals(tunnel, first.tunnel);
        assertEquals(tunnel, second.tunnel);
        assertEquals(0, shards.waiting());
        assertEquals(2, tunnel.load());
    }

    @Test
    void whoeverWaitedTooLongIsRefusedAndThoseAfterItWaitOn() {
        Waiter first = place();
        home.advanceTimeBy(10, TimeUnit.SECONDS);
        Waiter second = place();
        home.advanceTimeBy(Limits.WAIT_FOR_SESSION_NANOS - TimeUnit.SECONDS.toNanos(10) + 1, TimeUnit.NANOSECONDS);
        home.runScheduledPendingTasks();
        assertEquals(new CloseReason.SessionLost("none could be opened for 30 s"), first.refused);
        assertEquals(null, second.refused);
        assertEquals(1, shards.waiting());
        assertEquals(add(), second.tunnel);
        home.advanceTimeBy(1, TimeUnit.MINUTES);
        home.runScheduledPendingTasks();
        assertEquals(null, second.refused);
    }

    @Test
    void whoeverWaitsForABetterTunnelWaitsOnWhenThereIsNoneAnyMore() {
        Tunnel first = add();
        place(0, new PortHistory());
        Waiter other = place(1, new PortHistory());
        assertEquals(null, other.tunnel, "a second session is wanted anyway");
        shards.retire(first);
        home.runPendingTasks();
        home.advanceTimeBy(Limits.BETTER_PLACE_NANOS + 1, TimeUnit.NANOSECONDS);
        home.runScheduledPendingTasks();
        assertEquals(null, other.refused);
        assertEquals(add(), other.tunnel);
    }

    @Test
    void whoeverFoundNoTunnelTakesAPoorOneWhenABetterDoesNotCome() {
        place(0, new PortHistory());
        Waiter other = place(1, new PortHistory());
        Tunnel first = add();
        assertEquals(null, other.tunnel, "a second session is wanted anyway");
        home.advanceTimeBy(Limits.BETTER_PLACE_NANOS + 1, TimeUnit.NANOSECONDS);
        home.runScheduledPendingTasks();
        assertEquals(first, other.tunnel);
    }

    @Test
    void allWhoWaitCanBeRefusedAtOnce() {
        Waiter first = place();
        Waiter second = place();
        shards.refuseWaiting(new CloseReason.Stopped());
        home.runPendingTasks();
        assertEquals(new CloseReason.Stopped(), first.refused);
        assertEquals(new CloseReason.Stopped(), second.refused);
        assertEquals(0, shards.waiting());
    }

    @Test
    void aTunnelThatEndsIsReportedWithItsPairsAndItsCountersStay() {
        Tunnel tunnel = add();
        tunnel.open(80, new PortHistory(), NOBODY);
        channels.getFirst().close();
        run();
        assertEquals(1, lost.size());
        assertEquals(1, lost.getFirst().pairs());
        assertEquals(List.of(), shards.tunnels());
        assertEquals(1, shards.counters().pairsOpened);
        assertEquals(1, shards.lostTotal());
        assertEquals(1, needs);
    }

    @Test
    void aTunnelThatEndedBeforeItWasAddedIsRemovedAtOnce() {
        var tunnel = new Tunnel("web", 80);
        var channel = new EmbeddedChannel(tunnel);
        channels.add(channel);
        channel.close();
        Waiter waits = place();
        shards.add(tunnel);
        home.runPendingTasks();
        assertEquals(null, waits.tunnel);
        assertEquals(List.of(), shards.tunnels());
        assertEquals(1, lost.size());
    }

    @Test
    void closingClosesAllTunnelsRefusesWhoWaitsAndWhateverComesLater() {
        add();
        CompletableFuture<Void> closed = shards.close();
        home.runPendingTasks();
        run();
        assertTrue(closed.isDone());
        assertEquals(List.of(), lost, "nothing was lost: we asked");
        assertFalse(channels.getFirst().isOpen());
        assertEquals(new CloseReason.Stopped(), place().refused);
        add();
        assertFalse(channels.getLast().isOpen());
        assertEquals(List.of(), shards.tunnels());
    }
}

package io.fairlead.engine.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.engine.Limits;
import io.fairlead.engine.frame.Spdy;
import io.fairlead.engine.testkit.LeakCheck;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Many pairs at random against a peer with spdystream's five workers. Checked at each step: the peer's reader never finds a queue full, our
/// credit never believes more to be taken than is, bytes are whole and in order. At the end: every pair is forgotten once, every buffer released.
/// A failure names the seed that repeats it; `-Dfairlead.seed=N` runs that one alone.
@ExtendWith(LeakCheck.class)
class SessionSimulationTest {
    private static final int SEEDS = 40;

    @Test
    void pairsOfAHealthyRuntimeAllComeToTheirEnd() {
        run(new ScriptedPeer.Faults(0, 0, 0, true), true);
    }

    @Test
    void pairsOfStuckAndRefusingPodsDisturbNoOther() {
        run(new ScriptedPeer.Faults(10, 10, 20, true), true);
    }

    /// An old runtime leaves streams without a reader: their workers stand still for good, and pairs there end with the session at the latest.
    @Test
    void anOldRuntimeWhoseWorkersStandStillForGoodNeverStopsTheSession() {
        run(new ScriptedPeer.Faults(10, 20, 10, false), false);
    }

    private static void run(ScriptedPeer.Faults faults, boolean allEnd) {
        Long only = Long.getLong("fairlead.seed");
        for (long seed = only == null ? 0 : only; seed < (only == null ? SEEDS : only + 1); seed++) {
            try {
                new Simulation(seed, faults).run(allEnd);
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
            }
        }
    }

    private static final class Simulation {
        private final RandomGenerator random;
        private final InMemoryTunnel tunnel = new InMemoryTunnel();
        private final ScriptedPeer peer;
        private final PortHistory history = new PortHistory();
        private final List<Local> locals = new ArrayList<>();
        private String dead;
        private long tickDue;
        private long expireDue;

        private static final class Local {
            final LocalEnd end;
            int sent;
            boolean eof;
            boolean checked;

            Local(LocalEnd end) {
                this.end = end;
            }
        }

        Simulation(long seed, ScriptedPeer.Faults faults) {
            random = new Random(seed);
            peer = new ScriptedPeer(tunnel.session, random, faults);
            tunnel.onSent = frame -> peer.accept(frame, tunnel.clock.nowNanos());
        }

        void run(boolean allEnd) {
            for (int step = 0; step < 2_000 && dead == null; step++) {
                act();
                step();
            }
            tunnel.session.onWritable(true);
            peer.allMove();
            locals.stream().filter(l -> l.end.closed == null).forEach(this::eof);
            for (int step = 0; step < 30_000 && dead == null && tunnel.session.pairs() > 0; step++) {
                step();
            }
            if (allEnd) {
                assertEquals(0, tunnel.session.pairs(), () -> "pairs left though every pod moves: " + left());
                for (int step = 0; step < 10_000 && inFlight() > 4; step++) {
                    step();
                }
                assertTrue(inFlight() <= 4, "credit that never came back"); // frames behind the last ping
            }
            tunnel.begin();
            tunnel.session.lost(new CloseReason.SessionLost("end"));
            for (Local local : locals) {
                check(local);
                assertNotNull(local.end.closed);
                assertEquals(1, local.end.forgotten);
            }
            tunnel.assertNothingHeld();
            assertEquals(Limits.READ_BYTES, tunnel.session.readBytesMax());
        }

        private String left() {
            var text = new StringBuilder();
            for (Local local : locals) {
                StreamPair pair = local.end.pair;
                if (local.end.forgotten == 0) {
                    text.append("\n").append(pair.state()).append(pair.isGated() ? " gated" : "").append(pair.finHeld() ? " fin held" : "").append(pair.waiting ? " waiting" : "").append(", lane ").append(pair.lane.index).append(" with ").append(pair.lane.inFlight()).append(" in flight; ").append(peer.describe(pair.requestId));
                }
            }
            return text.toString();
        }

        private int inFlight() {
            return lanes().stream().mapToInt(Lane::inFlight).max().orElse(0);
        }

        private List<Lane> lanes() {
            return locals.stream().map(l -> l.end.pair.lane).distinct().toList();
        }

        private void act() {
            tunnel.begin();
            if (tunnel.session.pairs() < 40 && random.nextInt(5) == 0) {
                locals.add(new Local(tunnel.open(80, history)));
            }
            if (random.nextInt(20) == 0) {
                tunnel.session.onWritable(random.nextInt(3) > 0);
            }
            for (int i = locals.isEmpty() ? 0 : random.nextInt(12); i > 0; i--) {
                Local local = locals.get(Math.max(0, locals.size() - 1 - random.nextInt(60)));
                int what = random.nextInt(300);
                if (local.eof || local.end.closed != null) {
                    continue;
                }
                if (what == 0) {
                    eof(local);
                } else if (what == 1) {
                    local.end.pair.localReset();
                } else if (local.end.pair.wantsUpstream() || what == 2) {
                    int length = 1 + random.nextInt(random.nextInt(10) == 0 ? 20_000 : 500);
                    byte[] bytes = ScriptedPeer.pattern(local.end.pair.requestId, local.sent, length);
                    local.sent += length;
                    local.end.send(bytes);
                }
            }
        }

        private void eof(Local local) {
            tunnel.begin();
            local.eof = true;
            local.end.pair.localEof();
        }

        private void step() {
            tunnel.clock.advanceNanos(random.nextInt(40) == 0 ? 60_000_000 : random.nextInt(6_000_000));
            tunnel.begin();
            peer.step(tunnel.clock.nowNanos());
            if (tunnel.clock.nowNanos() - tickDue >= 0) {
                dead = tunnel.tick();
                assertTrue(dead == null || peer.isStuck(), dead);
                tickDue = tunnel.clock.nowNanos() + tunnel.session.tickNanos();
            }
            if (tunnel.clock.nowNanos() - expireDue >= 0) {
                tunnel.session.expire();
                expireDue = tunnel.clock.nowNanos() + 5_000_000_000L;
            }
            tunnel.session.beforeFlush();
            for (Lane lane : lanes()) {
                assertTrue(lane.inFlight() <= Spdy.WORKER_QUEUE_FRAMES);
                assertTrue(lane.inFlight() >= peer.outstanding(lane.index), "lane " + lane.index + " counts " + lane.inFlight()
                        + " frames, but " + peer.outstanding(lane.index) + " are not taken");
            }
            tunnel.sent.clear();
            for (Local local : locals) {
                check(local);
            }
        }

        private void check(Local local) {
            if (local.checked) {
                return;
            }
            int request = local.end.pair.requestId;
            if (local.eof && peer.sawEof(request)
                    && (local.end.closed == null || local.end.closed instanceof CloseReason.Done)) {
                assertEquals(local.sent, peer.upBytes(request), "the pod of pair " + request + " saw a FIN before all bytes");
            }
            if (local.end.closed != null) {
                local.checked = true;
                byte[] received = local.end.received.toByteArray();
                assertArrayEquals(ScriptedPeer.pattern(request, 0, received.length), received);
                if (local.end.closed instanceof CloseReason.Done) {
                    assertEquals(peer.downBytes(request), received.length, "bytes of pair " + request + " before its end");
                }
            }
        }
    }
}

package io.fairlead.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class PlanTest {
    @Test
    void peersTakeTurnsWithinAWorkloadAndWorkloadsWithinARound() {
        Plan plan = Plan.of(PeerWorkload.named("rr-1,down-1"), List.of(0), List.of("a", "b"), 2);
        assertEquals(List.of("rr-1 a 1", "rr-1 b 1", "down-1 a 1", "down-1 b 1", "rr-1 a 2", "rr-1 b 2", "down-1 a 2", "down-1 b 2"),
                plan.turns().stream().map(turn -> turn.title() + " " + turn.peer() + " " + turn.round()).toList());
    }

    @Test
    void aRoundTripIsInTheTitle() {
        Plan plan = Plan.of(PeerWorkload.named("rr-1"), List.of(0, 20), List.of("a"), 1);
        assertEquals(List.of("rr-1", "rr-1 @20ms"), plan.turns().stream().map(Turn::title).toList());
    }

    @Test
    void rawIsNotGivenWhatItCannotDo() {
        List<Turn> turns = Plan.of(PeerWorkload.named("stalled,isolation-stopped,rr-1"), List.of(0), List.of("raw", "a"), 1).turns();
        assertEquals(List.of("rr-1"), turns.stream().filter(turn -> turn.peer().equals("raw")).map(Turn::title).toList());
        assertEquals(3, turns.stream().filter(turn -> turn.peer().equals("a")).count());
    }

    @Test
    void theFullRunHasEveryPeerThriceAndFitsHalfAnHour() {
        List<Turn> turns = Plan.full(3).turns();
        assertEquals(Set.copyOf(Plan.PEERS), turns.stream().map(Turn::peer).collect(Collectors.toSet()));
        var counts = turns.stream().collect(Collectors.groupingBy(turn -> turn.title() + turn.peer(), Collectors.counting()));
        assertTrue(counts.values().stream().allMatch(n -> n == 3), counts::toString);
        assertEquals(228, turns.size()); // as docs/BENCHMARKS.md says
        long profiled = turns.stream().filter(turn -> turn.peer().equals("fairlead") && turn.round() == 1).count();
        double seconds = (turns.size() + profiled) * Plan.turnSeconds(Plan.WARMUP_SECONDS, Plan.SECONDS);
        assertTrue(seconds < 30 * 60, () -> seconds + " s");
    }

    @Test
    void aPlanWithoutSomePeersIsTheSameForTheOthers() {
        Plan full = Plan.full(1);
        assertEquals(full.turns().stream().filter(turn -> !List.of("raw", "direct").contains(turn.peer())).toList(),
                full.without(List.of("raw", "direct")).turns());
    }

    @Test
    void aFurtherPeerTakesItsTurnsBehindTheOthers() {
        Plan plan = Plan.quick(1).with(List.of("own"));
        assertEquals("own", plan.peers().getLast());
        assertEquals(plan.rows().size(), plan.turns().stream().filter(turn -> turn.peer().equals("own")).count());
    }

    @Test
    void theQuickRunFitsFourMinutes() {
        double seconds = Plan.quick(1).turns().size() * Plan.turnSeconds(Plan.QUICK_WARMUP_SECONDS, Plan.QUICK_SECONDS);
        assertTrue(seconds < 4 * 60 - 30, () -> seconds + " s");
        assertEquals(Plan.QUICK_PEERS, Plan.quick(1).peers());
    }

    @Test
    void aWorkloadThatIsNotThereIsNamedWithThoseThatAre() {
        var e = assertThrows(IllegalArgumentException.class, () -> PeerWorkload.named("rr-1,nothing"));
        assertTrue(e.getMessage().contains("\"nothing\"") && e.getMessage().contains("churn-64"), e::getMessage);
    }

    @Test
    void onlyTheStoppedReadersWorkloadHasOne() {
        assertTrue(PeerWorkload.named("isolation-stopped").getFirst().hasStoppedReader());
        assertFalse(PeerWorkload.named("isolation-alone").getFirst().hasStoppedReader());
    }
}

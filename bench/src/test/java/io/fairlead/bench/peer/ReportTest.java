package io.fairlead.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.testbed.load.LoadResult;
import io.fairlead.testbed.load.LoadSpec;
import io.fairlead.testbed.load.Mode;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

/// Arithmetic of the report, on made-up measurements.
class ReportTest {
    private static final PeerWorkload RR = PeerWorkload.named("rr-1").getFirst();

    private final List<Measurement> all = new ArrayList<>();

    @Test
    void ratiosAreOfMediansWithTheRangeRoundByRound() {
        add("ours", 200, 300, 400);
        add("theirs", 100, 200, 100);
        String text = Report.of(all, List.of("ours", "theirs"));
        assertTrue(text.contains("ours / theirs: op/s 3.00 (1.50-4.00)"), text);
        assertTrue(text.contains("| ours | 300 (200-400) |"), text);
    }

    @Test
    void toAMedianOfZeroThereIsNoRatioWhichIsSaid() {
        add("ours", 200, 300, 400);
        add("theirs", 0, 0, 0);
        String text = Report.of(all, List.of("ours", "theirs"));
        assertTrue(text.contains("ours / theirs: op/s no ratio (theirs: 0), p50 us 1.00"), text);
    }

    @Test
    void cpuTimeOfAFewClockTicksIsNoFigure() {
        add("ours", 200, 300);
        add("theirs", 100);
        Measurement usual = measured(new Turn(RR, 0, "theirs", 2), 100, Map.of());
        all.add(new Measurement(usual.turn(), "", usual.results(), new CpuTime(0.05, 0.04), 50, 100, 120, ""));
        String text = Report.of(all, List.of("ours", "theirs"));
        assertTrue(text.contains(" | under 10 ticks | 50.0"), text);
        assertTrue(text.contains("ours / theirs: op/s 2.50") && !text.contains("CPU us/op 0"), text);
    }

    @Test
    void eachRoundTripHasATableOfItsOwn() {
        all.add(measured(new Turn(RR, 0, "ours", 1), 10, Map.of()));
        all.add(measured(new Turn(RR, 20, "ours", 1), 5, Map.of()));
        String text = Report.of(all, List.of("ours"));
        assertTrue(text.contains("## rr-1\n") && text.contains("## rr-1 @20ms\n"), text);
    }

    @Test
    void aFailedPeerIsAnErrorWithItsReasonAndNoFigure() {
        add("ours", 200);
        all.add(Measurement.failed(new Turn(RR, 0, "theirs", 1), "ended with 1: no such pod"));
        String text = Report.of(all, List.of("ours", "theirs"));
        assertTrue(text.contains("- theirs, round 1: ended with 1: no such pod"), text);
        assertFalse(text.contains("ours / theirs"), text);
        assertEquals(1, all.getLast().errors());
    }

    @Test
    void aRoundInWhichOneFailedDoesNotShiftTheOthers() {
        add("ours", 200, 300);
        all.add(Measurement.failed(new Turn(RR, 0, "theirs", 1), "failed"));
        all.add(measured(new Turn(RR, 0, "theirs", 2), 100, Map.of()));
        assertTrue(Report.of(all, List.of("ours", "theirs")).contains("op/s 2.50"), Report.of(all, List.of("ours", "theirs")));
    }

    @Test
    void whatWaitsForMoreThanASecondIsCounted() {
        Measurement frozen = measured(new Turn(RR, 0, "ours", 1), 10, Map.of("unanswered for more than 1 s", 20L));
        assertEquals(20, frozen.unanswered());
        assertEquals(0, frozen.errors());
    }

    @Test
    void aLineOfTheRecordNamesItsTurnAndSplitsCpuTime() {
        Map<String, Object> values = measured(new Turn(RR, 20, "ours", 2), 50, Map.of()).values();
        assertEquals("[ours, rr-1, 20, 2]",
                List.of(values.get("peer"), values.get("workload"), values.get("rtt_ms"), values.get("round")).toString());
        assertEquals("[1.5, 1.0, 0.5]", List.of(values.get("cpu_s"), values.get("cpu_user_s"), values.get("cpu_system_s")).toString());
        assertEquals(30_000.0, values.get("cpu_us_per_op"));
        assertEquals(120.0, values.get("first_byte_ms"));
    }

    @Test
    void theMedianOfNothingIsNoNumber() {
        assertTrue(Double.isNaN(Report.median(new double[] {Double.NaN})));
        assertEquals(2.5, Report.median(new double[] {4, Double.NaN, 1, 2, 3}));
    }

    @Test
    void theColumnsAreThoseOfTheWorkloadHoweverMuchItMoved() {
        add("ours", 1_000_000); // 64 MB/s of exchanges
        String exchanges = Report.of(all, List.of("ours"));
        assertTrue(exchanges.contains("CPU us/op") && !exchanges.contains("MB/s |"), exchanges);
        all.clear();
        all.add(measured(new Turn(PeerWorkload.named("down-1").getFirst(), 0, "ours", 1), 10, Map.of())); // next to nothing
        String bulk = Report.of(all, List.of("ours"));
        assertTrue(bulk.contains("MB/s |") && !bulk.contains("CPU us/op"), bulk);
    }

    @Test
    void cpuTimeOfSeveralKindsOfExchangesIsNotTheFirstOnes() {
        Measurement one = measured(new Turn(PeerWorkload.named("isolation-alone").getFirst(), 0, "ours", 1), 100, Map.of());
        LoadResult part = one.results().getFirst();
        all.add(new Measurement(one.turn(), "", List.of(part, part), one.cpu(), 50, 100, 120, ""));
        assertFalse(all.getFirst().values().containsKey("cpu_us_per_op"), all.getFirst().values()::toString);
        assertTrue(Report.of(all, List.of("ours")).contains("op/s | p50 us | p99 us | max us | peak RSS MB"), Report.of(all, List.of("ours")));
    }

    private void add(String peer, long... opsPerRound) {
        for (int round = 1; round <= opsPerRound.length; round++) {
            all.add(measured(new Turn(RR, 0, peer, round), opsPerRound[round - 1], Map.of()));
        }
    }

    private static Measurement measured(Turn turn, long ops, Map<String, Long> outcomes) {
        var latency = new Histogram(3);
        latency.recordValue(1_000_000);
        var spec = LoadSpec.of(Mode.RR, new InetSocketAddress("127.0.0.1", 1));
        var result = new LoadResult(spec, 1, 1, ops * 64, ops, ops * 64, 0, 0.1, latency, Map.of(), outcomes);
        return new Measurement(turn, "", List.of(result), new CpuTime(1, 0.5), 50, 100, 120, "");
    }
}

package io.fairlead.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.cli.bench.Verdict.Finding;
import io.fairlead.cli.bench.Verdict.Gain;
import io.fairlead.cli.bench.Verdict.Limit;
import io.fairlead.testbed.load.Mode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/// Each rule with figures that just fit it, and the same without what it asks for.
class VerdictTest {
    static final Item REQUESTS_1 = new Item(Item.Kind.REQUEST, Mode.RR, 80, "", 1);
    static final Item REQUESTS_64 = new Item(Item.Kind.REQUEST, Mode.RR, 80, "", 64);
    private static final Item DOWN_1 = new Item(Item.Kind.DOWN, Mode.DRAIN, 80, "", 1);
    static final Item DOWN_64 = new Item(Item.Kind.DOWN, Mode.DRAIN, 80, "", 64);
    private static final Item TOUCH = new Item(Item.Kind.CONNECT, Mode.TOUCH, 80, "", 1);
    private static final OptionalDouble NO_ROUND_TRIP = OptionalDouble.empty();

    /// A window of 2 s in which nothing was busy.
    static Figure figure(Item item, int sessions, double score, double p50) {
        boolean bulk = item.kind().bulk();
        return new Figure(item, sessions, sessions, sessions, 0, 2, item.connections(), bulk ? 0 : score, bulk ? score : 0,
                bulk ? Optional.empty() : Optional.of(new Figure.Latency(100, p50, p50, p50 * 2, p50 * 3, p50 * 4, p50 * 5)),
                cpu(0.2, 0.1, 0.3), 0.1, Map.of(), Map.of());
    }

    static Cpu cpu(double loops, double busiestLoop, double machine) {
        return new Cpu(loops, busiestLoop, 2, Double.NaN, machine);
    }

    static Figure with(Figure f, Cpu cpu, double generatorSeconds, Map<String, Long> errors) {
        return new Figure(f.item(), f.sessions(), f.sessionsUp(), f.sessionsUpAtEnd(), f.acceptPauses(), f.seconds(), f.opened(), f.opsPerSecond(), f.megabytesPerSecond(), f.latency(), cpu,
                generatorSeconds, errors, f.outcomes());
    }

    static Figure with(Figure f, Map<String, Long> errors) {
        return with(f, f.cpu(), f.generatorSeconds(), errors);
    }

    private static Finding finding(OptionalDouble roundTrip, Figure... figures) {
        List<Finding> findings = Verdict.of(List.of(figures), roundTrip, false);
        assertEquals(1, findings.size());
        return findings.getFirst();
    }

    @Test
    void errorsComeBeforeAllElse() {
        Figure broken = with(figure(REQUESTS_64, 1, 1000, 900), cpu(2, 1, 1), 2, Map.of("reset", 7L));
        Finding finding = finding(NO_ROUND_TRIP, figure(REQUESTS_64, 0, 1000, 900), broken);
        assertEquals(Limit.ERRORS, finding.limit());
        assertEquals("1,000/s, p50 900 us with 1 session. Not to be trusted: 7 x reset.", finding.text());
    }

    @Test
    void aConnectionThatTheNodeHoldsIsNoCostOfConnecting() {
        Finding finding = finding(NO_ROUND_TRIP, figure(TOUCH, 0, 5000, 200), figure(TOUCH, 1, 1, 1_010_000));
        assertEquals(Limit.HELD, finding.limit());
        assertTrue(finding.text().contains("the node only ends such a connection after about 1.01 s"), finding.text());
        assertEquals(Limit.HELD, finding(NO_ROUND_TRIP, figure(TOUCH, 1, 1, 1_010_000)).limit());
        assertEquals(Limit.PATH, finding(NO_ROUND_TRIP, figure(TOUCH, 0, 5000, 100_000), figure(TOUCH, 1, 1, 1_010_000)).limit(), "the server itself is slow");
        assertEquals(Limit.PATH, finding(NO_ROUND_TRIP, figure(TOUCH, 1, 1, 399_000)).limit());
    }

    @Test
    void aConnectionThatIsHeldForLongerThanTheWindowIsToldAsALowerBound() {
        Finding finding = finding(NO_ROUND_TRIP, figure(TOUCH, 1, 0, 619_000));
        assertEquals(Limit.HELD, finding.limit());
        assertTrue(finding.text().contains("only ends such a connection after at least 619.00 ms (more than was measured; see --for)."), finding.text());
    }

    @Test
    void aBusyGeneratorMakesALowerBound() {
        assertEquals(Limit.GENERATOR, finding(NO_ROUND_TRIP, with(figure(DOWN_64, 1, 900, 0), cpu(1.9, 0.95, 1), 1.7, Map.of())).limit());
        assertEquals(Limit.CLIENT_CPU, finding(NO_ROUND_TRIP, with(figure(DOWN_64, 1, 900, 0), cpu(1.9, 0.95, 1), 1.69, Map.of())).limit());
    }

    @Test
    void whatIsNoFasterDirectlyIsTheServers() {
        Finding finding = finding(NO_ROUND_TRIP, figure(REQUESTS_64, 0, 1000, 900), figure(REQUESTS_64, 1, 900, 950));
        assertEquals(Limit.SERVER, finding.limit());
        assertTrue(finding.text().contains("the direct path carries 1,000/s, p50 900 us."), finding.text());
        assertEquals(Limit.BEYOND, finding(NO_ROUND_TRIP, figure(REQUESTS_64, 0, 1000, 900), figure(REQUESTS_64, 1, 899, 950)).limit());
    }

    @Test
    void theLoopIsBlamedBeforeTheMachine() {
        Figure figure = figure(DOWN_64, 1, 500, 0);
        assertEquals(Limit.CLIENT_CPU, finding(NO_ROUND_TRIP, with(figure, cpu(1.7, 0.85, 1), 0.1, Map.of())).limit());
        assertEquals(Limit.MACHINE_CPU, finding(NO_ROUND_TRIP, with(figure, cpu(1.7, 0.84, 0.85), 0.1, Map.of())).limit());
        assertEquals(Limit.BEYOND, finding(NO_ROUND_TRIP, with(figure, cpu(1.7, 0.84, 0.84), 0.1, Map.of())).limit());
        assertEquals(Limit.BEYOND, finding(NO_ROUND_TRIP, with(figure, cpu(1.7, 0.84, Double.NaN), 0.1, Map.of())).limit());
    }

    @Test
    void oneAtATimeIsLimitedByTheRoundTripWhereThatIsHalfOfIt() {
        assertEquals(Limit.ROUND_TRIP, finding(OptionalDouble.of(20_000), figure(REQUESTS_1, 1, 25, 40_000)).limit());
        Finding longer = finding(OptionalDouble.of(432), figure(REQUESTS_1, 1, 2300, 417));
        assertEquals(Limit.PATH, longer.limit(), "a part is not longer than the whole");
        assertFalse(longer.text().contains("432"), longer.text());
        Finding path = finding(OptionalDouble.of(19_999), figure(REQUESTS_1, 0, 5000, 200), figure(REQUESTS_1, 1, 25, 40_000));
        assertEquals(Limit.PATH, path.limit());
        assertTrue(path.text().contains("Directly it is 200 us, so the path adds 39.80 ms."), path.text());
        assertEquals(Limit.BEYOND, finding(OptionalDouble.of(20_000), figure(REQUESTS_64, 1, 1600, 40_000)).limit());
    }

    @Test
    void oneConnectionIsTheLimitWhereMoreCarryMore() {
        List<Finding> findings = Verdict.of(List.of(figure(DOWN_1, 1, 100, 0), figure(DOWN_64, 1, 120, 0)), NO_ROUND_TRIP, false);
        assertEquals(List.of(Limit.CONNECTION, Limit.BEYOND), findings.stream().map(Finding::limit).toList());
        assertTrue(findings.getFirst().text().contains("more carry 1.2 times as much"), findings.getFirst().text());
        assertEquals(Limit.BEYOND, Verdict.of(List.of(figure(DOWN_1, 1, 100, 0), figure(DOWN_64, 1, 119, 0)), NO_ROUND_TRIP, false).getFirst().limit());
    }

    @Test
    void theGainOfMoreSessionsIsTheBestAgainstTheFewest() {
        Finding gains = finding(NO_ROUND_TRIP, figure(DOWN_64, 2, 150, 0), figure(DOWN_64, 1, 100, 0), figure(DOWN_64, 4, 140, 0));
        assertEquals(1.5, gains.sessionsGain());
        assertTrue(gains.text().startsWith("150.0 MB/s with 2 sessions. "), gains.text());
        assertTrue(gains.text().endsWith(" More sessions help: 2 sessions carry 1.5 times what 1 session does."), gains.text());
        Finding same = finding(NO_ROUND_TRIP, figure(DOWN_64, 1, 100, 0), figure(DOWN_64, 8, 110, 0));
        assertTrue(same.text().endsWith(" More sessions than 1 make no clear difference: 1.10 times."), same.text());
        for (Finding none : List.of(finding(NO_ROUND_TRIP, figure(DOWN_64, 4, 100, 0)),
                finding(NO_ROUND_TRIP, figure(DOWN_1, 1, 100, 0), figure(DOWN_1, 2, 200, 0)))) {
            assertTrue(Double.isNaN(none.sessionsGain()) && !none.text().contains("More sessions"), none.text());
        }
        Figure busy = with(figure(DOWN_64, 2, 200, 0), cpu(1, 0.5, 1), 0.1, Map.of());
        String chance = finding(NO_ROUND_TRIP, figure(DOWN_64, 1, 100, 0), busy).text();
        assertTrue(chance.endsWith(" More sessions carried more, which may be chance: 2 sessions carry 2.0 times what 1 session does."), chance);
    }

    @Test
    void aGainThatIsWithinTheDifferenceOfTheTwoPassesMayBeChance() {
        Figure[] sure = {figure(DOWN_64, 1, 80, 0), figure(DOWN_64, 2, 101, 0), figure(DOWN_64, 2, 130, 0), figure(DOWN_64, 1, 100, 0)};
        assertEquals(Gain.HELPS, finding(NO_ROUND_TRIP, sure).gain());
        assertEquals(1.3, finding(NO_ROUND_TRIP, sure).sessionsGain());
        Figure[] unsure = {figure(DOWN_64, 1, 80, 0), figure(DOWN_64, 2, 100, 0), figure(DOWN_64, 2, 130, 0), figure(DOWN_64, 1, 100, 0)};
        assertEquals(Gain.CHANCE, finding(NO_ROUND_TRIP, unsure).gain());
        Figure[] endedEarly = {figure(DOWN_64, 1, 100, 0), figure(DOWN_64, 2, 130, 0), figure(DOWN_64, 2, 131, 0)};
        assertEquals(Gain.CHANCE, finding(NO_ROUND_TRIP, endedEarly).gain());
    }

    @Test
    void figuresWhosePassesDifferAreLeftOutWhereThereAreSteadyOnes() {
        Finding finding = finding(NO_ROUND_TRIP, figure(DOWN_64, 1, 100, 0), figure(DOWN_64, 2, 110, 0), figure(DOWN_64, 4, 400, 0),
                figure(DOWN_64, 4, 200, 0), figure(DOWN_64, 2, 110, 0), figure(DOWN_64, 1, 100, 0));
        assertEquals(2, finding.best().sessions());
        assertEquals(1.1, finding.sessionsGain());
        Finding steady = finding(NO_ROUND_TRIP, figure(DOWN_64, 1, 100, 0), figure(DOWN_64, 4, 400, 0), figure(DOWN_64, 4, 201, 0),
                figure(DOWN_64, 1, 100, 0));
        assertEquals(4, steady.best().sessions(), "less than 2 times");
    }

    @Test
    void whereOnlyTheSmallestNumberOfSessionsIsSteadyNothingIsSaidOfMore() {
        Finding finding = finding(NO_ROUND_TRIP, figure(DOWN_64, 1, 100, 0), figure(DOWN_64, 4, 400, 0), figure(DOWN_64, 4, 200, 0),
                figure(DOWN_64, 1, 100, 0));
        assertEquals(Gain.NOT_SAID, finding.gain());
        assertTrue(Double.isNaN(finding.sessionsGain()) && !finding.text().contains("sessions"), finding.text());
    }

    @Test
    void moreSessionsThatCarryAsMuchOrALittleLessMakeNoClearDifference() {
        for (double score : List.of(100.0, 84.0)) {
            Finding finding = finding(NO_ROUND_TRIP, figure(DOWN_64, 1, 100, 0), figure(DOWN_64, 4, score, 0));
            assertEquals(Gain.NONE, finding.gain());
            assertTrue(finding.text().endsWith(Verdict.text(" More sessions than 1 make no clear difference: %.2f times.", score / 100)), finding.text());
        }
    }

    @Test
    void thatMoreSessionsCarryLessIsToldOfTheLargestNumber() {
        Figure[] less = {figure(DOWN_64, 1, 100, 0), figure(DOWN_64, 2, 110, 0), figure(DOWN_64, 8, 83, 0), figure(DOWN_64, 8, 60, 0),
            figure(DOWN_64, 2, 110, 0), figure(DOWN_64, 1, 84, 0)};
        Finding finding = finding(NO_ROUND_TRIP, less);
        assertEquals(Gain.LESS, finding.gain());
        assertEquals(1.1, finding.sessionsGain());
        assertTrue(finding.text().endsWith(" More sessions carry less: 8 sessions carry 0.83 times what 1 session does."), finding.text());
        less[5] = figure(DOWN_64, 1, 82, 0);
        assertEquals(Gain.NONE, finding(NO_ROUND_TRIP, less).gain(), "within the difference of the two passes");
        Finding some = finding(NO_ROUND_TRIP, figure(DOWN_64, 1, 100, 0), figure(DOWN_64, 2, 70, 0), figure(DOWN_64, 8, 104, 0));
        assertEquals(Gain.NONE, some.gain(), "more of them do not");
        assertTrue(some.text().endsWith(" More sessions than 1 make no clear difference: 0.70 to 1.04 times."), some.text());
        less[5] = figure(DOWN_64, 1, 84, 0);
        less[1] = figure(DOWN_64, 2, 130, 0);
        less[4] = figure(DOWN_64, 2, 130, 0);
        assertEquals(Gain.HELPS, finding(NO_ROUND_TRIP, less).gain(), "some help");
    }

    @Test
    void whereSomethingFailedNothingIsSaidOfMoreSessions() {
        Finding finding = finding(NO_ROUND_TRIP, figure(DOWN_64, 1, 100, 0), with(figure(DOWN_64, 4, 300, 0), Map.of("reset", 1L)));
        assertEquals(Gain.NOT_SAID, finding.gain());
        assertTrue(Double.isNaN(finding.sessionsGain()), "nor in the JSON");
    }

    @Test
    void thatMoreConnectionsCarryMoreIsToldOfSoundFiguresAlone() {
        Figure one = figure(DOWN_1, 1, 100, 0);
        Figure more = figure(DOWN_64, 1, 300, 0);
        assertEquals(Limit.CONNECTION, Verdict.of(List.of(one, more, figure(DOWN_64, 1, 151, 0)), NO_ROUND_TRIP, false).getFirst().limit());
        assertEquals(Limit.BEYOND, Verdict.of(List.of(one, more, figure(DOWN_64, 1, 150, 0)), NO_ROUND_TRIP, false).getFirst().limit());
        assertEquals(Limit.BEYOND, Verdict.of(List.of(one, with(more, Map.of("reset", 1L))), NO_ROUND_TRIP, false).getFirst().limit());
    }

    @Test
    void whereNoFigureIsSteadyNothingIsTold() {
        Finding finding = finding(NO_ROUND_TRIP, figure(DOWN_64, 1, 300, 0), figure(DOWN_64, 1, 10, 0));
        assertEquals(Limit.UNSTEADY, finding.limit());
        assertEquals("300.0 MB/s with 1 session. That cannot be trusted: the two passes differ 30x.", finding.text());
        assertEquals(Gain.NOT_SAID, finding.gain());
    }

    @Test
    void whatCarriedNothingIsNoMeasureOfGain() {
        Finding finding = finding(NO_ROUND_TRIP, figure(DOWN_64, 1, 0, 0), figure(DOWN_64, 4, 100, 0));
        assertEquals(Gain.NOT_SAID, finding.gain());
        assertTrue(Double.isNaN(finding.sessionsGain()), finding.text());
    }

    @Test
    void aDirectPathThatIsNotSteadyIsNotComparedWith() {
        Finding finding = finding(NO_ROUND_TRIP, figure(DOWN_64, 0, 100, 0), figure(DOWN_64, 1, 100, 0), figure(DOWN_64, 1, 100, 0),
                figure(DOWN_64, 0, 20, 0));
        assertEquals(null, finding.direct());
        assertEquals(Limit.BEYOND, finding.limit());
    }

    @Test
    void aDirectFigureOfTheGeneratorsIsALowerBoundAndNoMeasureOfTheServer() {
        Figure direct = with(figure(REQUESTS_64, 0, 1000, 900), cpu(0, 0, 0.3), 1.7, Map.of());
        Finding finding = finding(NO_ROUND_TRIP, direct, figure(REQUESTS_64, 1, 950, 950));
        assertEquals(Limit.BEYOND, finding.limit());
        assertTrue(finding.text().endsWith(" The direct path carries 1,000/s, p50 900 us; the generator's own thread is full there, so it may carry more."), finding.text());
    }

    @Test
    void aForwardThatStoppedAcceptingIsLimitedByItsBound() {
        Figure f = figure(REQUESTS_64, 4, 1000, 900);
        Figure paused = new Figure(f.item(), 4, 4, 4, 3, f.seconds(), f.opened(), f.opsPerSecond(), f.megabytesPerSecond(), f.latency(), cpu(1.9, 0.95, 1), 0.1,
                f.errors(), f.outcomes());
        Finding finding = finding(NO_ROUND_TRIP, figure(REQUESTS_64, 1, 500, 900), paused);
        assertEquals(Limit.ACCEPTING, finding.limit());
        assertTrue(finding.text().contains("it stopped accepting 3 times, with 4,000 connections"), finding.text());
        assertEquals(Gain.NOT_SAID, finding.gain(), "not the sessions carried more");
    }

    @Test
    void ofTheEmbeddedClusterItsOwnThreadsAreKnownAndThereIsNoWire() {
        Figure figure = figure(DOWN_64, 1, 500, 0);
        Figure full = with(figure, new Cpu(0.4, 0.2, 3, 0.85, 1), 0.1, Map.of());
        Figure idle = with(figure, new Cpu(0.4, 0.2, 3, 0.84, 0.84), 0.1, Map.of());
        Figure busy = with(figure, new Cpu(0.4, 0.2, 3, 0.84, 0.85), 0.1, Map.of());
        assertEquals(List.of(Limit.CLUSTER_CPU, Limit.BEYOND, Limit.MACHINE_CPU), List.of(full, idle, busy).stream()
                .map(each -> Verdict.of(List.of(each), NO_ROUND_TRIP, true).getFirst().limit()).toList());
        String text = Verdict.of(List.of(idle), NO_ROUND_TRIP, true).getFirst().text();
        assertTrue(text.endsWith("(busiest event loop 20 %, busiest thread of the cluster 84 %, this machine 84 %): what limits cannot be told."), text);
        assertEquals(Limit.PATH, Verdict.of(List.of(figure(REQUESTS_1, 1, 9000, 100)), OptionalDouble.of(60), true).getFirst().limit());
        assertEquals(Limit.ROUND_TRIP, Verdict.of(List.of(figure(REQUESTS_1, 1, 9000, 100)), OptionalDouble.of(60), false).getFirst().limit());
    }

    @Test
    void theDirectPathAloneHasNoVerdict() {
        assertEquals(List.of(), Verdict.of(List.of(figure(DOWN_1, 0, 100, 0)), NO_ROUND_TRIP, false));
    }
}

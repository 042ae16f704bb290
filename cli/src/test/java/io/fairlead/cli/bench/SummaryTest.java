package io.fairlead.cli.bench;

import static io.fairlead.cli.bench.VerdictTest.DOWN_64;
import static io.fairlead.cli.bench.VerdictTest.REQUESTS_1;
import static io.fairlead.cli.bench.VerdictTest.REQUESTS_64;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.testbed.load.Mode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class SummaryTest {
    private static final Item CONNECT_1 = new Item(Item.Kind.CONNECT, Mode.CONNECT, 80, "", 1);
    private static final Item CONNECT_64 = new Item(Item.Kind.CONNECT, Mode.CONNECT, 80, "", 64);
    private static final Item TOUCH_64 = new Item(Item.Kind.CONNECT, Mode.TOUCH, 80, "", 64);
    private static final Cpu BUSY = VerdictTest.cpu(1, 0.5, 0.95);

    private static List<String> summary(Figure... figures) {
        return Summary.of(Verdict.of(List.of(figures), OptionalDouble.empty(), false), Verdict.unsteady(List.of(figures)), false);
    }

    private static Figure busy(Item item, int sessions, double score, double p50) {
        return VerdictTest.with(VerdictTest.figure(item, sessions, score, p50), BUSY, 0.1, Map.of());
    }

    @Test
    void manyItemsAreThreeLines() {
        assertEquals(List.of(
                "What limits: the processors of this machine (connecting 64; requests 64; download 64);"
                        + " the time that one takes on its way, in API server, node, runtime and pod, as each waits for the one before (connecting 1; requests 1).",
                "More sessions carried more, which may be chance: download 64 (1.5 times with 4 sessions)."
                        + " More sessions carry less: requests 64 (0.75 times with 4 sessions)."
                        + " More sessions than 1 make no clear difference: connecting 64 (0.97 times). One connection uses one session, however many there are.",
                "Against the direct path: connecting 1 takes 300 us more, requests 1 takes 80 us more;"
                        + " of its throughput the forward reaches 50 % with connecting 64, 40 % with requests 64, 30 % with download 64."),
                summary(VerdictTest.figure(CONNECT_1, 0, 5000, 200), VerdictTest.figure(CONNECT_64, 0, 9000, 200), VerdictTest.figure(REQUESTS_1, 0, 9000, 50),
                        VerdictTest.figure(REQUESTS_64, 0, 100_000, 900), VerdictTest.figure(DOWN_64, 0, 500, 0),
                        VerdictTest.figure(CONNECT_1, 1, 2000, 500), busy(CONNECT_64, 1, 4500, 900), VerdictTest.figure(REQUESTS_1, 1, 5000, 130),
                        busy(REQUESTS_64, 1, 40_000, 2000), busy(DOWN_64, 1, 100, 0),
                        busy(CONNECT_64, 4, 4400, 900), busy(REQUESTS_64, 4, 30_000, 2000), busy(DOWN_64, 4, 150, 0)));
    }

    @Test
    void whereOneThingLimitsAllItIsSaidOnceAndWhatWasNotComparedIsLeftOut() {
        assertEquals(List.of("What limits: API server, node, network or pod, as nothing here is full.",
                "More sessions than 1 make no clear difference: requests 64 (1.05 times), download 64 (1.10 times)."),
                summary(VerdictTest.figure(REQUESTS_64, 1, 1000, 900), VerdictTest.figure(REQUESTS_64, 8, 1050, 900),
                        VerdictTest.figure(DOWN_64, 1, 100, 0), VerdictTest.figure(DOWN_64, 8, 110, 0)));
    }

    @Test
    void whatMoreSessionsCarryIsToldOfThoseThatGain() {
        Figure[] both = {VerdictTest.figure(REQUESTS_64, 1, 1000, 900), VerdictTest.figure(REQUESTS_64, 2, 1100, 900),
            VerdictTest.figure(DOWN_64, 1, 100, 0), VerdictTest.figure(DOWN_64, 2, 150, 0)};
        assertEquals("More sessions help: download 64 (1.5 times with 2 sessions). More sessions than 1 make no clear difference: requests 64 (1.10 times).", summary(both).get(1));
        for (double score : List.of(99.0, 100.0)) {
            assertEquals(Verdict.text("More sessions than 1 make no clear difference: download 64 (%.2f times).", score / 100),
                    summary(VerdictTest.figure(DOWN_64, 1, 100, 0), VerdictTest.figure(DOWN_64, 2, score, 0)).get(1));
        }
    }

    @Test
    void nothingIsSaidOfMoreSessionsWhereNoneOfThemIsSteady() {
        assertEquals(List.of("What limits: API server, node, network or pod, as nothing here is full.",
                "Not steady, as one of the two passes carried 2 times the other or more: download 64, 4 sessions (400.0 MB/s and 200.0 MB/s)."
                        + " Measure again while nothing else runs here, or longer with --for."),
                summary(VerdictTest.figure(DOWN_64, 1, 100, 0), VerdictTest.figure(DOWN_64, 4, 400, 0), VerdictTest.figure(DOWN_64, 4, 200, 0),
                        VerdictTest.figure(DOWN_64, 1, 100, 0)));
    }

    @Test
    void whatGoesOneAtATimeMayTakeLessThanDirectly() {
        assertEquals("Against the direct path: connecting 1 takes 50 us less.",
                summary(VerdictTest.figure(CONNECT_1, 0, 5000, 200), VerdictTest.figure(CONNECT_1, 1, 5100, 150)).getLast());
    }

    @Test
    void passesThatDifferWidelyAreNamed() {
        assertEquals(List.of("What limits: not to be told, as the two passes differ (download 64);"
                        + " API server, node, network or pod, as nothing here is full (requests 64).",
                "Not steady, as one of the two passes carried 2 times the other or more: download 64, 1 session (300.0 MB/s and 10.0 MB/s)."
                        + " Measure again while nothing else runs here, or longer with --for."),
                summary(VerdictTest.figure(DOWN_64, 1, 10, 0), VerdictTest.figure(REQUESTS_64, 1, 1000, 900),
                        VerdictTest.figure(REQUESTS_64, 1, 501, 900), VerdictTest.figure(DOWN_64, 1, 300, 0)));
    }

    @Test
    void ofManyThatDifferTheFirstAreNamed() {
        var figures = new ArrayList<Figure>();
        for (int sessions : List.of(1, 2, 4, 8, 16)) {
            figures.add(VerdictTest.figure(DOWN_64, sessions, 100, 0));
            figures.add(VerdictTest.figure(DOWN_64, sessions, 0, 0));
        }
        String line = summary(figures.toArray(Figure[]::new)).getLast();
        assertTrue(line.contains("download 64, 4 sessions (100.0 MB/s and 0.0 MB/s); and 2 more. "), line);
    }

    @Test
    void errorsComeFirstAndTellNothingElse() {
        Map<String, Long> resets = Map.of("reset", 7L);
        assertEquals(List.of("What limits: not to be trusted, 7 x reset (requests 64);"
                        + " API server, node, network or pod, as nothing here is full (connecting 64; download 64).",
                "Against the direct path: of its throughput the forward reaches 10 % with connecting 64, 20 % with download 64."),
                summary(VerdictTest.figure(CONNECT_64, 0, 1000, 900), VerdictTest.figure(REQUESTS_64, 0, 1000, 900), VerdictTest.figure(DOWN_64, 0, 500, 0),
                        VerdictTest.figure(CONNECT_64, 1, 100, 900), VerdictTest.with(VerdictTest.figure(REQUESTS_64, 1, 900, 900), resets),
                        VerdictTest.figure(DOWN_64, 1, 100, 0)));
    }

    @Test
    void whatTheNodeHoldsIsNoCost() {
        assertEquals(List.of("What limits: the patience of server or node with a side that has ended, 1.01 s, which is no cost of connecting:"
                + " measure with --http, --echo or --send."),
                summary(VerdictTest.figure(TOUCH_64, 1, 64, 1_010_000), VerdictTest.figure(TOUCH_64, 4, 64, 1_010_000)));
    }

    @Test
    void whereTheGeneratorLimitsTheDirectPathAShareIsAtMostAndWhereItLimitsBothThereIsNone() {
        Figure[] figures = {generators(CONNECT_64, 0, 1000), VerdictTest.figure(CONNECT_64, 1, 500, 900), generators(REQUESTS_64, 0, 1000),
            generators(REQUESTS_64, 1, 900), VerdictTest.figure(DOWN_64, 0, 100, 0), VerdictTest.figure(DOWN_64, 1, 20, 0)};
        assertEquals("Against the direct path: of its throughput the forward reaches at most 50 % with connecting 64, 20 % with download 64"
                + " (\"at most\": the generator's own thread is full on the direct path).", summary(figures).getLast());
        assertTrue(summary(figures).getFirst().contains("the generator's own thread, so the path may carry more (requests 64)"), summary(figures).getFirst());
    }

    private static Figure generators(Item item, int sessions, double score) {
        return VerdictTest.with(VerdictTest.figure(item, sessions, score, 900), VerdictTest.cpu(0.2, 0.1, 0.3), 1.7, Map.of());
    }

    @Test
    void ofTheEmbeddedClusterItIsSaidThatAllRunsHere() {
        List<Figure> figures = List.of(busy(DOWN_64, 1, 100, 0), VerdictTest.figure(REQUESTS_1, 1, 9000, 100), VerdictTest.figure(REQUESTS_64, 1, 9000, 900));
        assertEquals("What limits: the processors of this machine, which does the embedded cluster's and the generator's work, too (download 64);"
                + " the time that one takes through fairlead and the embedded cluster, as each waits for the one before (requests 1);"
                + " not to be told, as nothing is full (requests 64).",
                Summary.of(Verdict.of(figures, OptionalDouble.of(60), true), List.of(), true).getFirst());
    }

    @Test
    void theDirectPathAloneHasNoSummary() {
        assertEquals(List.of(), summary(VerdictTest.figure(DOWN_64, 0, 100, 0)));
    }
}

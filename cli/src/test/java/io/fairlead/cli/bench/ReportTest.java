package io.fairlead.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.testbed.load.Mode;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeSet;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

class ReportTest {
    private static final Item REQUESTS = new Item(Item.Kind.REQUEST, Mode.RR, 7000, "", 1);
    private static final Item DOWN = new Item(Item.Kind.DOWN, Mode.DOWNLOAD, 7002, "", 64);

    private static Report report(boolean complete, List<Figure> figures) {
        return new Report(Map.of("fairlead", "1"), Map.of("target", "svc/api"), false, OptionalDouble.of(150.25), figures, List.of("why"), complete);
    }

    private static final List<Figure> FIGURES = List.of(VerdictTest.figure(REQUESTS, 0, 5000, 200), VerdictTest.figure(DOWN, 0, 900, 0),
            VerdictTest.figure(REQUESTS, 1, 2000, 480.5), VerdictTest.figure(DOWN, 1, 250, 0), VerdictTest.figure(REQUESTS, 4, 2000, 500), VerdictTest.figure(DOWN, 4, 240, 0));

    @Test
    void jsonHasEveryFigureWithItsPlaceAndTheVerdict() throws Exception {
        JsonNode json = new ObjectMapper().readTree(report(true, FIGURES).json());
        assertEquals("svc/api", json.at("/target/target").asText());
        assertEquals("1", json.at("/versions/fairlead").asText());
        assertEquals(150.25, json.at("/base_round_trip_us").asDouble());
        assertTrue(json.at("/complete").asBoolean());
        assertEquals("why", json.at("/failures/0").asText());
        assertEquals(6, json.at("/measurements").size());

        JsonNode direct = json.at("/measurements/0");
        assertEquals("direct", direct.at("/path").asText());
        assertFalse(direct.has("sessions") || direct.has("added_p50_us"), direct.toString());

        JsonNode requests = json.at("/measurements/2");
        assertEquals(new TreeSet<>(List.of("what", "mode", "port", "connections", "path", "sessions", "sessions_up", "sessions_up_at_end", "accept_pauses", "counts", "seconds", "opened", "ops_per_s", "MB_per_s",
                "latency_us", "added_p50_us", "cpu", "errors", "outcomes")), names(requests));
        assertEquals(List.of("request", "rr", "forward"), List.of(requests.at("/what").asText(), requests.at("/mode").asText(), requests.at("/path").asText()));
        assertEquals(new TreeSet<>(List.of("count", "mean", "p50", "p90", "p99", "p99.9", "max")), names(requests.at("/latency_us")));
        assertEquals(480.5, requests.at("/latency_us/p50").asDouble());
        assertEquals(280.5, requests.at("/added_p50_us").asDouble());
        assertEquals(new TreeSet<>(List.of("loops_s", "busiest_loop", "generator_s", "generator_full", "process_s", "machine")), names(requests.at("/cpu")));

        assertFalse(json.at("/measurements/3").has("latency_us"), "bulk has no operations");
        assertEquals(2, json.at("/verdict").size());
        assertEquals("path", json.at("/verdict/0/limit").asText());
        assertFalse(json.at("/verdict/0").has("sessions_gain"), "one connection");
        assertEquals(1.0, json.at("/verdict/1/sessions_gain").asDouble());
        assertEquals(0.96, json.at("/verdict/1/sessions_least").asDouble());
    }

    @Test
    void ofTwoFiguresOfAnItemOnAPathTheBetterOneCounts() throws Exception {
        List<Figure> twice = List.of(VerdictTest.figure(DOWN, 1, 100, 0), VerdictTest.figure(DOWN, 2, 137, 0),
                VerdictTest.figure(DOWN, 2, 130, 0), VerdictTest.figure(DOWN, 1, 135, 0));
        JsonNode json = new ObjectMapper().readTree(report(true, twice).json());
        assertEquals(List.of(false, true, false, true), counts(json));
        assertEquals(1.054, json.at("/measurements/1/passes_ratio").asDouble(), "137 by 130");
        assertFalse(json.at("/measurements/0").has("passes_ratio"), "it does not count");
        assertTrue(report(true, twice).lines().stream().anyMatch(line -> line.endsWith("   1.4x       0")), "135 by 100");
        assertEquals(1.015, json.at("/verdict/0/sessions_gain").asDouble(), "137 by 135, and not by the 100 of a JVM that was still warming up");
        assertEquals(1, report(true, twice).lines().stream().filter(line -> line.contains("1 session ")).count());
        Figure broken = VerdictTest.with(VerdictTest.figure(DOWN, 1, 90, 0), Map.of("reset", 1L));
        for (List<Figure> withErrors : List.of(List.of(twice.getFirst(), broken), List.of(broken, twice.getFirst()))) {
            assertEquals(List.of(broken), Figure.bestOfEach(withErrors), "errors are told");
        }
    }

    private static List<Boolean> counts(JsonNode json) {
        return StreamSupport.stream(json.at("/measurements").spliterator(), false).map(figure -> figure.at("/counts").asBoolean()).toList();
    }

    private static TreeSet<String> names(JsonNode node) {
        var names = new TreeSet<String>();
        node.fieldNames().forEachRemaining(names::add);
        return names;
    }

    @Test
    void theTableKeepsTheRowsOfAnItemTogether() {
        List<String> lines = report(true, FIGURES).lines();
        List<String> rows = lines.subList(1, lines.indexOf(""));
        assertEquals(List.of("requests, 1 connection", "", "", "download, 64 connections", "", ""), rows.stream().map(row -> row.substring(0, 30).strip()).toList());
        assertEquals(List.of("direct", "1 session", "4 sessions", "direct", "1 session", "4 sessions"), rows.stream().map(row -> row.substring(31, 49).strip()).toList());
        assertEquals("1 session 2,000 - 481 us 1.44 ms 281 us 10% - 0", rows.get(1).strip().replaceAll(" +", " "));
        assertEquals("1 session - 250.0 - - - 10% - 0", rows.get(4).strip().replaceAll(" +", " "));
    }

    @Test
    void sessionsThatWereNotUpAreSaid() {
        Figure f = VerdictTest.figure(DOWN, 8, 100, 0);
        Figure some = new Figure(f.item(), 8, 5, 5, 0, f.seconds(), f.opened(), f.opsPerSecond(), f.megabytesPerSecond(), f.latency(), f.cpu(), f.generatorSeconds(),
                f.errors(), f.outcomes());
        assertEquals("8 sessions", f.path());
        assertEquals("8 sessions (5 up)", some.path());
        assertTrue(report(true, List.of(some)).lines().get(1).contains(" 8 sessions (5 up) "), "in the table");
    }

    @Test
    void sessionsBeyondThoseAskedForAreSaid() {
        Figure f = VerdictTest.figure(DOWN, 1, 100, 0);
        Figure more = new Figure(f.item(), 1, 1, 2, 0, f.seconds(), f.opened(), f.opsPerSecond(), f.megabytesPerSecond(), f.latency(), f.cpu(), f.generatorSeconds(),
                f.errors(), f.outcomes());
        assertEquals("1 session (2 up)", more.path());
        assertTrue(report(true, List.of(more)).lines().contains(
                "More sessions than asked for were up, as fairlead opens another beside one that is held up: download 64 (1 session: 2)."), "told");
        assertFalse(report(true, List.of(f)).lines().stream().anyMatch(line -> line.startsWith("More sessions than asked for")), "none were");
    }

    @Test
    void figuresOfTheGeneratorsAreNamed() throws Exception {
        Figure full = VerdictTest.with(VerdictTest.figure(DOWN, 0, 100, 0), VerdictTest.cpu(0, 0, 0.6), 1.7, Map.of());
        Report report = report(true, List.of(full, VerdictTest.figure(DOWN, 1, 50, 0)));
        assertTrue(report.lines().contains("The generator's own thread was full, so the path may carry more than this: download 64 (direct)."), "told");
        JsonNode json = new ObjectMapper().readTree(report.json());
        assertEquals(List.of(true, false), List.of(json.at("/measurements/0/cpu/generator_full").asBoolean(), json.at("/measurements/1/cpu/generator_full").asBoolean()));
    }

    @Test
    void whatCameBesidesIsALineForEachKind() {
        Figure f = VerdictTest.figure(REQUESTS, 1, 100, 5);
        List<Figure> figures = List.of(0, 1, 2).stream().map(sessions -> new Figure(f.item(), sessions, sessions, sessions, 0, f.seconds(), f.opened(),
                f.opsPerSecond(), f.megabytesPerSecond(), f.latency(), f.cpu(), f.generatorSeconds(), f.errors(),
                Map.of("opened anew", 2L + sessions))).toList();
        assertTrue(report(true, figures).lines().contains("9 x opened anew: requests 1 (direct: 2, 1 session: 3, 2 sessions: 4)."), "one line");
    }

    @Test
    void whatIsMissingIsSaid() {
        assertTrue(report(false, FIGURES).lines().contains("Ended early: this is what was measured until then."));
        assertFalse(report(true, FIGURES).lines().contains("Ended early: this is what was measured until then."));
        assertTrue(report(true, FIGURES).lines().contains("A connection failed: why"));
    }
}

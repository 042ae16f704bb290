package io.fairlead.bench.chart;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.bench.record.Run;
import io.fairlead.bench.record.RunWriter;
import java.io.ByteArrayInputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import picocli.CommandLine;

class ChartsTest {
    @TempDir
    private Path folder;

    @Test
    void aRunGetsTheChartsThatItHasFiguresFor() throws Exception {
        Map<String, String> charts = Charts.of(Run.read(full().write(folder)));
        assertEquals(Set.of("throughput.svg", "cpu-per-gigabyte.svg", "operations.svg", "cpu-per-operation.svg", "latency-rr-64.svg",
                "latency-rr-1-rtt-20-ms.svg",
                "latency-beside-others.svg", "latency-mixed.svg"), charts.keySet());
        assertEquals(Set.of("throughput.svg", "cpu-per-gigabyte.svg"),
                Charts.of(Run.read(new RunWriter().bulk("down-1", "raw", 1).write(folder.resolve("bulk")))).keySet());
    }

    @Test
    void everyChartIsWellFormedAndAllItsTextIsInside() throws Exception {
        for (var chart : Charts.of(Run.read(full().write(folder))).entrySet()) {
            Document document = parse(chart.getValue());
            double width = Double.parseDouble(document.getDocumentElement().getAttribute("width"));
            double height = Double.parseDouble(document.getDocumentElement().getAttribute("height"));
            for (Element text : texts(document)) {
                double[] box = box(text);
                assertTrue(box[0] >= 0 && box[2] <= width && box[1] >= 0 && box[3] <= height, () -> chart.getKey() + ": " + text.getTextContent());
            }
        }
    }

    @Test
    void noTextLiesOnAnother() throws Exception {
        for (var chart : Charts.of(Run.read(full().write(folder))).entrySet()) {
            List<Element> texts = texts(parse(chart.getValue()));
            for (Element one : texts) {
                for (Element other : texts) {
                    double[] a = box(one);
                    double[] b = box(other);
                    assertFalse(one != other && a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3],
                            () -> chart.getKey() + ": \"" + one.getTextContent() + "\" on \"" + other.getTextContent() + "\"");
                }
            }
        }
    }

    @Test
    void barsAreAsLongAsTheirValues() throws Exception {
        Document document = parse(Charts.of(Run.read(new RunWriter().bulk("down-1", "fairlead", 300).bulk("down-1", "raw",
                450).write(folder))).get("throughput.svg"));
        var lengths = new ArrayList<Double>();
        var bars = document.getElementsByTagName("rect");
        for (int i = 1; i < bars.getLength(); i++) { // the first one is the background
            lengths.add(Double.parseDouble(((Element) bars.item(i)).getAttribute("width")));
        }
        assertEquals(1.5, lengths.get(1) / lengths.get(0), 0.01);
    }

    @Test
    void theDirectPathDoesNotMakeTheOthersSmall() throws Exception {
        Map<String, String> charts = Charts.of(Run.read(new RunWriter().bulk("down-1", "fairlead", 450).bulk("down-1", "direct",
                4500).write(folder)));
        List<String> texts = texts(parse(charts.get("throughput.svg"))).stream().map(Element::getTextContent).toList();
        assertTrue(texts.contains("500") && texts.contains("4,500") && !texts.contains("1,000"), texts::toString);
    }

    @Test
    void aBarBreaksOnlyWhereItsValueIsPastTheAxis() throws Exception {
        Map<String, String> charts = Charts.of(Run.read(new RunWriter().bulk("down-1", "fairlead", 400, 400, 400).bulk("down-1", "direct",
                200, 200, 4500).write(folder)));
        var document = parse(charts.get("throughput.svg"));
        var bars = document.getElementsByTagName("rect");
        double fairlead = Double.parseDouble(((Element) bars.item(1)).getAttribute("width"));
        double direct = Double.parseDouble(((Element) bars.item(2)).getAttribute("width"));
        assertEquals(0.5, direct / fairlead, 0.01, charts.get("throughput.svg"));
        double end = Double.parseDouble(((Element) bars.item(1)).getAttribute("x")) + fairlead;
        var lines = document.getElementsByTagName("line");
        for (int i = 0; i < lines.getLength(); i++) {
            assertTrue(Double.parseDouble(((Element) lines.item(i)).getAttribute("x2")) <= end + 1, charts.get("throughput.svg"));
        }
    }

    @Test
    void errorsAreCountedInWholeNumbers() throws Exception {
        String chart = Charts.of(Run.read(new RunWriter().line(RunWriter.turn("mixed", "fairlead", 1, "", 0), mixed()).write(folder)))
                .get("latency-beside-others.svg");
        assertTrue(texts(parse(chart)).stream().anyMatch(text -> text.getTextContent().endsWith(", 3 errors")), chart);
    }

    @Test
    void requestsOfAnOpenLoopAreNoMeasureOfSpeed() throws Exception {
        String chart = Charts.of(Run.read(full().write(folder))).get("operations.svg");
        List<String> texts = texts(parse(chart)).stream().map(Element::getTextContent).toList();
        assertTrue(texts.contains("rr-64") && !texts.contains("rr-1, RTT 20 ms"), texts::toString);
        assertTrue(texts.getLast().endsWith("; without rr-1, RTT 20 ms: an open loop, its rate is set"), texts::toString);
    }

    @Test
    void cpuTimeOfAFewClockTicksIsNoBar() throws Exception {
        var writer = new RunWriter().exchanges("rr-64", "raw", 9_000);
        for (double seconds : new double[] {0.12, 0.09}) {
            Map<String, Object> turn = RunWriter.turn("rr-64", "fairlead", seconds > 0.1 ? 1 : 2, "cpu_us_per_op", 1000);
            turn.putAll(Map.of("cpu_s", seconds, "rss_peak_MB", 90.0));
            writer.line(turn, Map.of("mode", "rr", "ops", 100, "ops_per_s", 30.0, "latency_us", Map.of("p50", 900.0)));
        }
        List<String> texts = texts(parse(Charts.of(Run.read(writer.write(folder))).get("cpu-per-operation.svg"))).stream()
                .map(Element::getTextContent).toList();
        assertTrue(texts.contains("no figure: less than 10 clock ticks (0.1 s) of CPU time"), texts::toString);
    }

    @Test
    void whiskersOfMedianAndPercentileLieOnTheirOwnLines() throws Exception {
        var heights = new TreeSet<String>();
        var lines = parse(Charts.of(Run.read(new RunWriter().exchanges("mixed", "fairlead", 900, 1000, 1100).write(folder)))
                .get("latency-beside-others.svg")).getElementsByTagName("line");
        for (int i = 0; i < lines.getLength(); i++) {
            var line = (Element) lines.item(i);
            if (line.getAttribute("class").equals("whisker") && line.getAttribute("y1").equals(line.getAttribute("y2"))) {
                heights.add(line.getAttribute("y1"));
            }
        }
        assertEquals(2, heights.size(), heights::toString);
    }

    @Test
    void logarithmicAxesAreNamedSo() throws Exception {
        Map<String, String> charts = Charts.of(Run.read(full().write(folder)));
        for (String name : List.of("latency-beside-others.svg", "latency-rr-64.svg")) {
            assertTrue(texts(parse(charts.get(name))).stream().anyMatch(text -> text.getTextContent().equals("latency, log scale")), name);
        }
    }

    @Test
    void aPeerThatFailedIsNamedWithItsReason() throws Exception {
        String chart = Charts.of(Run.read(full().write(folder))).get("throughput.svg");
        assertTrue(texts(parse(chart)).stream().anyMatch(text -> text.getTextContent().startsWith("failed: ended with 1 <no such")), chart);
    }

    @Test
    void roundsOfDifferentPercentilesMeetWhereBothAre() {
        List<double[]> merged = Charts.merged(List.of(List.of(point(50, 100), point(99, 400)), List.of(point(50, 200), point(90, 300), point(99,
                800), point(99.9, 900))));
        assertEquals(List.of(50.0, 90.0, 99.0), merged.stream().map(values -> values[0]).toList());
        assertArrayEquals(new double[] {50, 100, 150, 200}, merged.getFirst());
        assertArrayEquals(new double[] {99, 400, 600, 800}, merged.getLast());
    }

    @Test
    void benchmarksOfAClassAreOneChart() throws Exception {
        Files.writeString(folder.resolve("jmh.json"), """
                [{"benchmark":"io.x.Bench.decode","mode":"avgt","params":{"size":"64"},
                  "primaryMetric":{"score":100.0,"scoreError":5.0,"scoreUnit":"ns/op"}},
                 {"benchmark":"io.x.Bench.decode","mode":"avgt","params":{"size":"4096"},
                  "primaryMetric":{"score":300.0,"scoreError":"NaN","scoreUnit":"us/op"}},
                 {"benchmark":"io.x.Other.go","mode":"thrpt","primaryMetric":{"score":9.0,"scoreError":1.0,"scoreUnit":"ops/s"}}]""");
        Map<String, String> charts = Charts.of(Run.read(folder));
        assertEquals(Set.of("jmh-Bench.svg", "jmh-Other.svg"), charts.keySet());
        assertTrue(texts(parse(charts.get("jmh-Bench.svg"))).stream().anyMatch(text -> text.getTextContent().equals("100 (95.0–105)")));
        assertTrue(charts.get("jmh-Bench.svg").contains("decode, µs/op") && !charts.get("jmh-Bench.svg").contains("us/op"), charts.get("jmh-Bench.svg"));
    }

    @Test
    void anIsolationRunShowsItsPhases() throws Exception {
        Files.writeString(folder.resolve("measurements.jsonl"), """
                {"peer":"fairlead","case":"a","phase":"alone","group":"before","p50_ms":1.5,"p99_ms":4.0,"unanswered":0}
                {"peer":"kubectl-ws","case":"a","phase":"with","group":"before","p50_ms":0.0,"p99_ms":0.0,"unanswered":200}
                {"peer":"kubectl-ws","case":"a","phase":"gone","group":"before","p50_ms":0.0,"p99_ms":0.0,"unanswered":0}
                """);
        Map<String, String> charts = Charts.of(Run.read(folder));
        assertEquals(Set.of("isolation.svg"), charts.keySet());
        List<String> texts = texts(parse(charts.get("isolation.svg"))).stream().map(Element::getTextContent).toList();
        assertTrue(texts.containsAll(List.of("a, fairlead", "1.50 ms / 4.00 ms", "nothing came back, 200 unanswered",
                "nothing came back")), texts::toString);
    }

    @Test
    void theProgramSaysWhatItWroteAndWhatItNeeds() throws Exception {
        var out = new StringWriter();
        var err = new StringWriter();
        Path run = new RunWriter().bulk("down-1", "raw", 1).write(folder);
        assertEquals(0, program(out, err).execute(run.toString()));
        assertEquals(run.resolve("throughput.svg") + "\n" + run.resolve("cpu-per-gigabyte.svg") + "\n", out.toString());
        assertEquals(64, program(out, err).execute());
        assertEquals(64, program(out, err).execute(folder.resolve("nowhere").toString()));
        assertTrue(err.toString().contains("nowhere\" is no folder; name one of those under jmh-results"), err::toString);
        assertEquals(0, program(out, err).execute("--help"));
        for (String word : List.of("Usage: bench/charts", "RUN_FOLDER", "Exit code 0", "64:", "Example")) {
            assertTrue(out.toString().contains(word), out::toString);
        }
    }

    private static CommandLine program(StringWriter out, StringWriter err) {
        return ChartMain.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    }

    @Test
    void coloursStandOutFromTheirBackground() {
        for (int i = 0; i < Svg.COLOURS; i++) {
            assertTrue(contrast(Svg.ON_LIGHT.get(i), Svg.LIGHT_BACKGROUND) >= 3, "light " + i);
            assertTrue(contrast(Svg.ON_DARK.get(i), Svg.DARK_BACKGROUND) >= 3, "dark " + i);
        }
    }

    @Test
    void axesBeginAndEndOnRoundNumbers() {
        assertEquals(List.of(0.0, 100.0, 200.0, 300.0, 400.0, 500.0), Scale.linear(468, 0, 1).ticks());
        assertEquals(List.of(0.0, 0.5, 1.0, 1.5, 2.0), Scale.linear(2, 0, 1).ticks());
        assertEquals(List.of(100.0, 200.0, 500.0, 1000.0), Scale.log(130, 800, 0, 1).ticks());
        assertEquals(0.5, Scale.log(10, 1000, 0, 1).place(100), 1e-9);
        assertEquals("1,000 10 0.05", Scale.tick(1000) + " " + Scale.tick(10) + " " + Scale.tick(0.05));
    }

    private static RunWriter full() {
        var writer = new RunWriter();
        var peers = new ArrayList<>(List.of("fairlead", "kubectl-ws", "kubectl-spdy", "client-java", "fabric8", "raw", "direct",
                "a-longer-name-of-a-peer"));
        for (String peer : peers) {
            double size = 1 + peers.indexOf(peer) * 0.01; // lines that end close to each other
            writer.bulk("down-1", peer, 200 * size, 210 * size, 190 * size).exchanges("rr-64", peer, 12_000 * size, 12_500 * size, 18_000 * size);
            writer.line(RunWriter.turn("mixed", peer, 1, "cpu_s_per_GB", 1), mixed());
            writer.line(RunWriter.turn("rr-1", peer, 1, "rtt_ms", 20), Map.of("mode", "rr-open", "ops", 5000, "ops_per_s", 50.0,
                    "latency_us", Map.of("p50", 20_400.0, "p99", 20_900.0, "percentiles", List.of(List.of(0, 20_100.0), List.of(50, 20_400.0),
                            List.of(99.9, 21_000.0 * size)))));
        }
        return writer.failed("down-1", "ssh", 1,
                "ended with 1 <no such file & \"folder\"> and then it goes on for much longer than there is any room for it in a picture"
                        + " of this width");
    }

    private static Map<String, Object> mixed() {
        return Map.of("mode", "rr", "MB_per_s", 200.0, "ops_per_s", 900.0, "ops", 4500, "errors", Map.of("reset", 3), "latency_us", Map.of("p50",
                900.0, "p90", 1000.0, "p99", 2000.0));
    }

    private static double[] point(double percentile, double micros) {
        return new double[] {percentile, micros};
    }

    private static Document parse(String svg) throws Exception {
        return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
    }

    private static List<Element> texts(Document document) {
        var texts = new ArrayList<Element>();
        var nodes = document.getElementsByTagName("text");
        for (int i = 0; i < nodes.getLength(); i++) {
            texts.add((Element) nodes.item(i));
        }
        return texts;
    }

    /// Left, top, right, bottom of a text, with letters as wide as those of DejaVu Sans are on average.
    private static double[] box(Element text) {
        int size = Integer.parseInt(text.getAttribute("font-size"));
        double width = text.getTextContent().length() * size * 0.58;
        double x = Double.parseDouble(text.getAttribute("x"));
        double y = Double.parseDouble(text.getAttribute("y"));
        double left = switch (text.getAttribute("text-anchor")) {
            case "start" -> x;
            case "middle" -> x - width / 2;
            default -> x - width;
        };
        return new double[] {left, y - 0.75 * size, left + width, y + 0.2 * size};
    }

    /// As WCAG defines it.
    private static double contrast(String one, String other) {
        double a = luminance(one);
        double b = luminance(other);
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    }

    private static double luminance(String colour) {
        double[] weights = {0.2126, 0.7152, 0.0722};
        double sum = 0;
        for (int i = 0; i < 3; i++) {
            double value = Integer.parseInt(colour.substring(1 + 2 * i, 3 + 2 * i), 16) / 255.0;
            sum += weights[i] * (value <= 0.04045 ? value / 12.92 : Math.pow((value + 0.055) / 1.055, 2.4));
        }
        return sum;
    }
}

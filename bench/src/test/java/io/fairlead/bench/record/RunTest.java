package io.fairlead.bench.record;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunTest {
    @TempDir
    private Path folder;

    @Test
    void figuresOfATurnAreThoseThatItsWorkloadHas() throws IOException {
        Run run = Run.read(new RunWriter().bulk("down-1", "fairlead", 200).exchanges("rr-64", "fairlead", 6400).write(folder));
        List<Turn> bulk = run.turns("down-1", "fairlead");
        List<Turn> exchanges = run.turns("rr-64", "fairlead");
        assertArrayEquals(new double[] {200}, Figure.MEGABYTES_PER_SECOND.sorted(bulk));
        assertArrayEquals(new double[] {5}, Figure.CPU_PER_GIGABYTE.sorted(bulk));
        assertArrayEquals(new double[] {}, Figure.OPS_PER_SECOND.sorted(bulk));
        assertArrayEquals(new double[] {}, Figure.MEGABYTES_PER_SECOND.sorted(exchanges));
        assertArrayEquals(new double[] {6400}, Figure.OPS_PER_SECOND.sorted(exchanges));
        assertArrayEquals(new double[] {10_000}, Figure.P50.sorted(exchanges));
        assertArrayEquals(new double[] {}, Figure.FIRST_BYTE.sorted(exchanges));
    }

    @Test
    void aRoundTripMakesAWorkloadAnotherOne() throws IOException {
        Map<String, Object> turn = RunWriter.turn("rr-1", "raw", 1, "rtt_ms", 20);
        Run run = Run.read(new RunWriter().exchanges("rr-1", "raw", 100).line(turn, Map.of("mode", "rr")).write(folder));
        assertEquals(List.of("rr-1", "rr-1, RTT 20 ms"), run.workloads());
    }

    @Test
    void percentilesOfOldRunsAreTheirFourAndOfNewRunsTheirList() throws IOException {
        Map<String, Object> latency = Map.of("p50", 5.0, "percentiles", List.of(List.of(0, 1.0), List.of(50, 5.0), List.of(99, 9.0),
                List.of(99.99, 11.0), List.of(100, 11.0)));
        Run run = Run.read(new RunWriter().exchanges("old", "raw", 6400)
                .line(RunWriter.turn("new", "raw", 1, "", 0), Map.of("mode", "rr", "ops", 1000, "latency_us", latency)).write(folder));
        assertEquals(4, run.turns("old", "raw").getFirst().percentiles().size());
        List<double[]> points = run.turns("new", "raw").getFirst().percentiles();
        assertEquals(3, points.size(), "the maximum, and what a thousand exchanges cannot tell, is no point of the line");
        assertArrayEquals(new double[] {99, 9}, points.getLast());
    }

    @Test
    void aTurnThatFailedIsAnErrorWithoutFigures() throws IOException {
        Turn turn = Run.read(new RunWriter().failed("rr-1", "kubefwd", 1, "ended with 1").write(folder)).turns().getFirst();
        assertFalse(turn.ran());
        assertEquals(1, turn.errors());
        assertTrue(Double.isNaN(Figure.OPS_PER_SECOND.of(turn)));
    }

    @Test
    void scoresOfJmhKeepTheirParametersAndSecondaryMetrics() throws IOException {
        Files.writeString(folder.resolve("jmh.json"), """
                [{"benchmark":"io.x.FrameBench.decode","mode":"avgt","params":{"size":"64","from":"net"},
                  "primaryMetric":{"score":12.5,"scoreError":0.5,"scoreUnit":"ns/op"},
                  "secondaryMetrics":{"p99":{"score":20.0,"scoreError":"NaN","scoreUnit":"us"}}}]""");
        List<JmhScore> scores = Run.read(folder).jmh();
        assertEquals(new JmhScore("FrameBench.decode", "size=64, from=net", "", "avgt", 12.5, 0.5, "ns/op"), scores.getFirst());
        assertEquals("FrameBench.decode (size=64, from=net) p99", scores.getLast().name());
        assertTrue(Double.isNaN(scores.getLast().error()));
    }

    @Test
    void aFolderThatIsNoneAndALineThatDoesNotParseAreNamed() throws IOException {
        assertTrue(assertThrows(IOException.class, () -> Run.read(folder.resolve("nowhere"))).getMessage().contains("nowhere"));
        Files.writeString(folder.resolve("measurements.jsonl"), "{\"peer\":\"raw\"}\n{\"peer\":\"fair");
        assertEquals(folder.resolve("measurements.jsonl") + ", line 2 is not whole: \"{\"peer\":\"fair\" is no JSON."
                + " A run that is killed leaves such a line: delete it, and the lines before count",
                assertThrows(IOException.class, () -> Run.read(folder)).getMessage());
    }

    @Test
    void anEmptyFileIsSaidToBe() throws IOException {
        Path measurements = Files.writeString(folder.resolve("measurements.jsonl"), "\n");
        assertTrue(assertThrows(IOException.class, () -> Run.read(folder)).getMessage()
                .endsWith("is empty: the run ended before its first measurement"));
        Files.delete(measurements);
        Path scores = Files.writeString(folder.resolve("jmh.json"), "");
        assertTrue(assertThrows(IOException.class, () -> Run.read(folder)).getMessage()
                .endsWith("holds no score: the run ended before its first benchmark"));
        Files.writeString(scores, "[\n  {\"benchmark\"");
        assertTrue(assertThrows(IOException.class, () -> Run.read(folder)).getMessage()
                .contains("jmh.json is not whole: no JSON from its line 2 on"));
    }
}

package io.fairlead.bench.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.bench.record.RunWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompareMainTest {
    @TempDir
    private Path root;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    void aPlantedChangeIsFoundAndNamed() throws IOException {
        Path a = run("a", base());
        Path b = run("b", new RunWriter().bulk("down-1", "fairlead", 240, 248, 244).bulk("down-1", "kubectl-ws", 199, 206, 203)
                .exchanges("rr-64", "fairlead", 9600, 9700, 9500).exchanges("rr-64", "kubectl-ws", 6100, 6050, 6200));
        assertEquals(1, compare(a, b));
        String text = text(out);
        assertTrue(text.lines()
                .anyMatch(line -> line.matches(" +down-1 +fairlead +throughput MB/s +340 \\(335-345\\) +244 \\(240-248\\) +0.72 +lower, worse")),
                text);
        assertTrue(text.lines().anyMatch(line -> line.matches(" +down-1 +fairlead +CPU s/GB .* higher, worse")), text);
        assertFalse(text.contains("rr-64 "), text);
    }

    @Test
    void aFasterMachineShowsInTheFiguresAndNotInTheRatios() throws IOException {
        Path a = run("2026-01-01T0000-x-2c", base());
        Path b = run("2026-01-02T0000-y-2c", new RunWriter().bulk("down-1", "fairlead", 670, 690, 680).bulk("down-1", "kubectl-ws", 400, 410, 406)
                .exchanges("rr-64", "fairlead", 19200, 19400, 19000).exchanges("rr-64", "kubectl-ws", 12200, 12100, 12400));
        assertEquals(1, compare(a, b));
        assertTrue(text(out).contains("Ratio to kubectl-ws, round by round: none of"), text(out));
        assertTrue(text(out).contains("different machines"), text(out));
        out.reset();
        assertEquals(0, compare(a, b, "--ratios"));
        assertFalse(text(out).contains("Figures as they are"), text(out));
    }

    @Test
    void noiseIsNotReported() throws IOException {
        Path b = run("b", new RunWriter().bulk("down-1", "fairlead", 346, 338, 334).bulk("down-1", "kubectl-ws", 208, 201, 199)
                .exchanges("rr-64", "fairlead", 9550, 9800, 9480).exchanges("rr-64", "kubectl-ws", 6000, 6150, 6220));
        assertEquals(0, compare(run("a", base()), b));
        assertTrue(text(out).contains("Figures as they are: none of"), text(out));
    }

    @Test
    void whatOnlyOneRunHasIsSaid() throws IOException {
        Path b = run("b", new RunWriter().bulk("down-1", "fairlead", 340, 335, 345).bulk("down-1", "raw", 400, 400, 400)
                .line(RunWriter.turn("rr-64", "fairlead", 1, "start_ms", 400), Map.of("mode", "rr")));
        assertEquals(0, compare(run("a", base()), b));
        String text = text(out);
        assertTrue(text.contains("  only in A: kubectl-ws in down-1; rr-64\n"), text);
        assertTrue(text.contains("  only in B: raw in down-1\n"), text);
        assertTrue(text.contains("  start ms only in B: fairlead in rr-64\n"), text);
    }

    @Test
    void aPeerThatFailsInOneRunOnlyIsADifference() throws IOException {
        Path b = run("b", base().failed("rr-64", "fairlead", 4, "ended with 1"));
        assertEquals(1, compare(run("a", base()), b));
        assertTrue(text(out).lines().anyMatch(line -> line.matches(" +rr-64 +fairlead +errors +0 +1 .*higher, worse")), text(out));
    }

    @Test
    void errorsInBothRunsAreTold() throws IOException {
        Path a = run("a", base().failed("rr-64", "fairlead", 4, "ended with 1"));
        Path b = run("b", base().failed("rr-64", "fairlead", 4, "ended with 1").failed("rr-64", "fairlead", 5, "ended with 1"));
        assertEquals(0, compare(a, b));
        assertTrue(text(out).contains("  errors in both runs, so its figures are none: fairlead (1 and 2) in rr-64\n"), text(out));
    }

    @Test
    void aReferenceWithTooLittleCpuTimeInARoundGivesNoRatioOfIt() throws IOException {
        Path a = run("a", withReference(0.12, 0.12, 0.09));
        assertEquals(0, compare(a, a));
        assertTrue(text(out).contains("Ratio to kubectl-ws, round by round: none of 2 beyond noise"), text(out)); // operations and memory
        out.reset();
        Path sound = run("sound", withReference(0.12, 0.12, 0.12));
        assertEquals(0, compare(sound, sound));
        assertTrue(text(out).contains("Ratio to kubectl-ws, round by round: none of 3 beyond noise"), text(out));
    }

    /// @param cpuSeconds of the reference, a round each
    private static RunWriter withReference(double... cpuSeconds) {
        var writer = new RunWriter();
        for (int round = 1; round <= cpuSeconds.length; round++) {
            for (String peer : List.of("fairlead", "kubectl-ws")) {
                Map<String, Object> turn = RunWriter.turn("connect-1", peer, round, "cpu_us_per_op", 900);
                turn.putAll(Map.of("cpu_s", peer.equals("fairlead") ? 0.5 : cpuSeconds[round - 1], "rss_peak_MB", 60));
                writer.line(turn, Map.of("mode", "connect", "ops", 100, "ops_per_s", 30.0, "latency_us", Map.of("max", 900.0)));
            }
        }
        return writer;
    }

    @Test
    void runsThatWereNotMeasuredAlikeAreToldApart() throws IOException {
        Path a = run("a", base());
        Path b = run("b", base());
        Path old = run("old", base());
        Files.writeString(a.resolve("setup.md"), "# Setup\n\n- servers in the pod: x\n- rounds 3, 3.0 s measured after 3.0 s of warm-up, a fresh\n");
        Files.writeString(b.resolve("setup.md"), "# Setup\n\n- servers beside the testbed: x\n- rounds 5, 2.0 s measured after 1.5 s of warm-up, a\n");
        assertEquals(0, compare(a, b));
        assertTrue(text(out).contains("The runs were not measured alike (A: 3.0 s measured after 3.0 s of warm-up; B: 2.0 s measured after 1.5 s of"
                + " warm-up, on the ideal testbed), so what differs need not be of the code."), text(out));
        out.reset();
        assertEquals(0, compare(a, old));
        assertEquals(0, compare(a, a));
        assertFalse(text(out).contains("not measured alike"), text(out));
    }

    @Test
    void scoresOfJmhDifferWhereTheirIntervalsDo() throws IOException {
        String format = """
                [{"benchmark":"io.x.Bench.decode","mode":"avgt","primaryMetric":{"score":%s,"scoreError":%s,"scoreUnit":"ns/op"},
                  "secondaryMetrics":{"gc.count":{"score":%s,"scoreError":0.0,"scoreUnit":"counts"}}},
                 {"benchmark":"io.x.Bench.encode","mode":"avgt","primaryMetric":{"score":50.0,"scoreError":1.0,"scoreUnit":"ns/op"}}]""";
        Path a = Files.createDirectories(root.resolve("a"));
        Path b = Files.createDirectories(root.resolve("b"));
        Files.writeString(a.resolve("jmh.json"), format.formatted("100.0", "5.0", "3"));
        Files.writeString(b.resolve("jmh.json"), format.formatted("120.0", "4.0", "9"));
        assertEquals(1, compare(a, b));
        assertTrue(text(out).contains("JMH: 1 of 2 beyond noise"), text(out));
        assertTrue(text(out).contains("100 ±5.00"), text(out));
    }

    @Test
    void badArgumentsAndRunsThatShareNothingAreRefused() throws IOException {
        Path a = run("a", base());
        assertEquals(64, compare(a, root.resolve("nowhere")));
        assertTrue(text(err).contains("nowhere"), text(err));
        assertEquals(64, compare(a, a, "--fast"));
        assertEquals(64, CompareMain.run(new PrintStream(out), new PrintStream(err), a.toString()));
        assertEquals(64, compare(a, run("b", new RunWriter().bulk("up-1", "direct", 1, 2, 3))));
        assertTrue(text(err).contains("share no figure"), text(err));
    }

    @Test
    void aRunThatNothingCanBeReadOfIsNamedWithItsCommandAndWhatToGiveInstead() throws IOException {
        Path agreement = Files.createDirectories(root.resolve("x-agreement"));
        Files.writeString(agreement.resolve("setup.md"), "# Setup\n\n- JDK: 25\n- command: `bench/agreement`\n- 3 rounds\n");
        assertEquals(64, compare(run("a", base()), agreement));
        assertTrue(text(err).contains("x-agreement\" is a run of bench/agreement, whose figures stand in its summary.md"), text(err));
        assertTrue(text(err).contains("Name a folder of bench/peer, bench/jmh or bench/macro"), text(err));
        err.reset();
        assertEquals(64, compare(run("a", base()), Files.createDirectories(root.resolve("empty"))));
        assertTrue(text(err).contains("empty\" is no run's folder: it holds neither"), text(err));
    }

    @Test
    void helpHasUsageArgumentsExitCodesAndAnExample() {
        assertEquals(0, CompareMain.run(new PrintStream(out), new PrintStream(err), "--help"));
        for (String word : List.of("Usage: bench/compare", "--reference=PEER", "--ratios", "Exit code 0", "64:", "Example")) {
            assertTrue(text(out).contains(word), text(out));
        }
    }

    @Test
    void scoresThatOnlyOneRunHasAreCountedByClass() throws IOException {
        String one = "{\"benchmark\":\"io.x.%s\",\"mode\":\"avgt\",\"primaryMetric\":{\"score\":1.0,\"scoreError\":0.1,\"scoreUnit\":\"ns/op\"}}";
        Path a = Files.createDirectories(root.resolve("a"));
        Path b = Files.createDirectories(root.resolve("b"));
        Files.writeString(a.resolve("jmh.json"), "[" + one.formatted("Bench.decode") + "]");
        Files.writeString(b.resolve("jmh.json"), "[" + one.formatted("Bench.decode") + "," + one.formatted("Bench.encode") + ","
                + one.formatted("Other.go") + "," + one.formatted("Other.stop") + "]");
        assertEquals(0, compare(a, b));
        assertTrue(text(out).contains("  only in B: Bench (1 score), Other (2 scores)\n"), text(out));
    }

    @Test
    void aReferenceThatNotBothRunsHaveIsRefusedWithThosePresent() throws IOException {
        Path a = run("a", base());
        assertEquals(64, compare(a, run("b", new RunWriter().bulk("down-1", "fairlead", 340, 335, 345)), "--reference", "kubectl-ws"));
        assertTrue(text(err).contains("A has [fairlead, kubectl-ws], B [fairlead]"), text(err));
        assertEquals(64, compare(a, a, "--reference", "nobody"));
        assertTrue(text(err).contains("\"nobody\" is no peer of both runs"), text(err));
        assertEquals(0, compare(a, a, "--reference", "fairlead"));
    }

    @Test
    void withoutTheDefaultReferenceFiguresAreComparedAsTheyAre() throws IOException {
        Path alone = run("alone", new RunWriter().bulk("down-1", "fairlead", 340, 335, 345));
        assertEquals(0, compare(alone, alone));
        assertTrue(text(out).contains("Figures as they are: none of"), text(out));
    }

    private int compare(Path a, Path b, String... more) {
        String[] args = new String[2 + more.length];
        args[0] = a.toString();
        args[1] = b.toString();
        System.arraycopy(more, 0, args, 2, more.length);
        return CompareMain.run(new PrintStream(out, true, StandardCharsets.UTF_8), new PrintStream(err, true, StandardCharsets.UTF_8), args);
    }

    private Path run(String name, RunWriter writer) throws IOException {
        return writer.write(root.resolve(name));
    }

    private static RunWriter base() {
        return new RunWriter().bulk("down-1", "fairlead", 340, 335, 345).bulk("down-1", "kubectl-ws", 200, 205, 203)
                .exchanges("rr-64", "fairlead", 9600, 9700, 9500).exchanges("rr-64", "kubectl-ws", 6100, 6050, 6200);
    }

    private static String text(ByteArrayOutputStream bytes) {
        return bytes.toString(StandardCharsets.UTF_8);
    }
}

package io.fairlead.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.cli.bench.Verdict;
import io.fairlead.testbed.PodSpec;
import io.fairlead.testbed.Testbed;
import io.fairlead.testbed.pod.PodBehaviour;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The command against embedded clusters: its own, and one with servers that can and cannot do what is said of them.
class BenchIT {
    private static Testbed testbed;

    @TempDir
    Path temp;

    private final Captured captured = new Captured();

    @BeforeAll
    static void start() throws IOException {
        testbed = Testbed.builder().start();
        testbed.addPod(PodSpec.named("servers").port("echo", 7000, PodBehaviour.echo()).port("sink", 7001, PodBehaviour.sink())
                .port("source", 7002, PodBehaviour.source(-1)).port("http", 7003, PodBehaviour.http("hello\n")).port("close", 7006, PodBehaviour.close())
                .port("stall", 7005, PodBehaviour.stall()).silentPort("none", 7009, "TCP"));
    }

    @AfterAll
    static void stop() {
        testbed.close();
    }

    private ExitCode bench(String... args) {
        List<String> all = new ArrayList<>(List.of("bench", "--kubeconfig", testbed.kubeconfig().toString(), "--for", "200ms", "--connections", "2"));
        all.addAll(List.of(args));
        return new Cli(captured.output).run(all.toArray(String[]::new));
    }

    @Test
    void withoutATargetEveryKindIsMeasuredOnEveryPath() throws IOException {
        Path file = temp.resolve("bench.json");
        ExitCode code = new Cli(captured.output).run("bench", "--for", "400ms", "--connections", "1,3", "--sessions", "1,2", "--json", file.toString());
        assertEquals(ExitCode.OK, code, captured.err());
        JsonNode json = new ObjectMapper().readTree(file.toFile());
        assertTrue(json.at("/complete").asBoolean());
        assertEquals(4 * 2 * 3 * 2, json.at("/measurements").size(), "kinds, connections, paths, there and back");
        var seen = new TreeSet<String>();
        var paths = new ArrayList<String>();
        int counting = 0;
        for (JsonNode figure : json.at("/measurements")) {
            String path = figure.at("/path").asText().equals("direct") ? "direct" : figure.at("/sessions").asText();
            if (paths.isEmpty() || !paths.getLast().equals(path)) {
                paths.add(path);
            }
            counting += figure.at("/counts").asBoolean() ? 1 : 0;
            seen.add(figure.at("/what").asText());
            boolean bulk = Set.of("up", "down").contains(figure.at("/what").asText());
            if (figure.at("/counts").asBoolean()) { // in the other window the machine may have stood still
                assertTrue(figure.at(bulk ? "/MB_per_s" : "/ops_per_s").asDouble() > 0, figure.toString());
                assertEquals(figure.at("/path").asText().equals("forward"), figure.at("/cpu/loops_s").asDouble() > 0, figure.toString());
            }
            assertTrue(figure.at("/errors").isEmpty(), figure.toString());
            assertTrue(figure.at("/sessions_up").asInt() >= figure.at("/sessions").asInt(), figure.toString());
        }
        assertEquals(Set.of("connect", "request", "up", "down"), seen);
        assertEquals(List.of("direct", "1", "2", "1", "direct"), paths, "2 sessions twice in a row");
        assertEquals(4 * 2 * 3, counting);
        assertEquals(8, json.at("/verdict").size());
        assertTrue(List.of(3, 4).contains(json.at("/summary").size()), json.at("/summary") + ": the fourth where passes differ");
        assertTrue(json.at("/target/direct").asText().startsWith("127.0.0.1:"), json.at("/target").toString());
        assertEquals(Set.of(), undocumented(json));
        assertTrue(captured.out().contains("\nWhat limits: "), captured.out());
        assertTrue(captured.err().contains("fairlead: 48 of 48: download, 3 connections, direct: "), captured.err());
        List<String> progress = captured.err().lines().limit(17).toList();
        assertEquals(List.of("fairlead: unmeasured 1 of 8: download, 3 connections", "fairlead: unmeasured 8 of 8: connecting, 1 at a time",
                "fairlead: unmeasured 1 of 8: connecting, 1 at a time, direct", "fairlead: unmeasured 8 of 8: download, 3 connections, direct"),
                List.of(progress.get(1), progress.get(8), progress.get(9), progress.get(16)), "from the start");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            7000 --echo        | both connect request
            7001 --sink        | connect up
            7002 --source      | connect down
            7003 --http /      | connect request
            7006 --send bye    | connect
            7001               | connect
            """)
    void whatATargetCanDoIsMeasured(String args, String kinds) throws IOException {
        String[] words = ("servers " + args + " --sessions 1 --json -").split(" ");
        assertEquals(ExitCode.OK, bench(words), captured.err());
        JsonNode json = new ObjectMapper().readTree(captured.out());
        var seen = new TreeSet<String>();
        json.at("/measurements").forEach(figure -> seen.add(figure.at("/what").asText()));
        assertEquals(kinds, String.join(" ", seen));
        assertTrue(json.at("/target/direct").isNull() && !json.at("/target/direct_why_not").asText().isEmpty(),
                "the testbed's pod addresses lead nowhere, or elsewhere: " + json.at("/target"));
        assertEquals(Set.of(), undocumented(json));
    }

    /// Names in `json` that are missing where the help says they are told.
    private static Set<String> undocumented(JsonNode json) throws IOException {
        var names = new TreeSet<String>();
        addNames(json, names);
        assertTrue(names.containsAll(List.of("versions", "window_s", "mode", "text")), names.toString());
        String text = operating();
        String schema = text.substring(text.indexOf("**JSON**"), text.indexOf("**The end**"));
        names.removeAll(Arrays.asList(schema.split("[^\\w.]+")));
        return names;
    }

    /// All but kinds of errors and outcomes.
    private static void addNames(JsonNode node, Set<String> names) {
        node.fieldNames().forEachRemaining(name -> {
            names.add(name);
            if (!name.equals("errors") && !name.equals("outcomes")) {
                addNames(node.get(name), names);
            }
        });
        if (node.isArray()) {
            node.forEach(element -> addNames(element, names));
        }
    }

    private static String operating() throws IOException {
        return Files.readString(Path.of(System.getProperty("fairlead.root"), "docs/OPERATING.md"));
    }

    @Test
    void everythingThatMayLimitIsDocumented() throws IOException {
        String text = operating();
        for (Verdict.Limit limit : Verdict.Limit.values()) {
            assertTrue(text.contains("\n| `" + limit.name().toLowerCase(Locale.ROOT) + "` |"), limit.toString());
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            7009                  | port 7009 of pod servers refuses connections
            7009 --http /         | port 7009 of pod servers refuses connections
            7006 --http /         | GET / at port 7006 of pod servers is not answered as it must be
            7006 --echo           | port 7006 of pod servers does not echo
            7001 --echo           | port 7001 of pod servers does not echo
            7001 --source         | port 7001 of pod servers does not send by itself
            """)
    void whatATargetCannotDoIsSaidBeforeAnythingIsMeasured(String args, String what) {
        assertEquals(ExitCode.FAILED, bench(("servers " + args + " --sessions 1").split(" ")), captured.err());
        assertEquals("", captured.out());
        List<String> problem = captured.err().lines().skip(1).filter(line -> !line.startsWith("fairlead: unmeasured ")).toList();
        assertEquals("fairlead: " + what, problem.getFirst());
        assertEquals(3, problem.size(), captured.err());
    }

    @Test
    void whatEndsOnlyByTheRuntimesPatienceIsNoCostOfConnecting() {
        assertEquals(ExitCode.OK, bench("servers", "7005", "--sessions", "1"), captured.err());
        assertTrue(captured.out().contains("which is no cost of connecting"), captured.out());
    }

    @Test
    void aTargetThatIsNotThereEndsAsAForwardDoes() {
        assertEquals(ExitCode.NO_TARGET, bench("nobody", "80"));
    }

    @Test
    void aFileThatCannotBeWrittenIsFoundBeforeMeasuring() {
        assertEquals(ExitCode.FAILED, bench("servers", "7000", "--json", temp.resolve("no/such/folder.json").toString()));
        assertEquals("fairlead: cannot write " + temp.resolve("no/such/folder.json") + "\n        why   there is no folder " + temp.resolve("no/such")
                + "\n        do    make the folder, or name another file with --json\n", captured.err());
    }

    @Test
    void aFolderIsNoFileForJson() {
        assertEquals(ExitCode.FAILED, bench("servers", "7000", "--json", temp.toString()));
        assertTrue(captured.err().contains("why   it is a folder\n"), captured.err());
    }

    @Test
    void aFileThatIsThereKeepsWhatItHoldsUntilSomethingWasMeasured() throws IOException {
        Path file = Files.writeString(temp.resolve("bench.json"), "of last week");
        assertEquals(ExitCode.NO_TARGET, bench("nobody", "80", "--json", file.toString()));
        assertEquals("of last week", Files.readString(file));
        assertEquals(ExitCode.NO_TARGET, bench("nobody", "80", "--json", temp.resolve("new.json").toString()));
        assertFalse(Files.exists(temp.resolve("new.json")));
        assertEquals(ExitCode.OK, bench("servers", "7000", "--echo", "--sessions", "1", "--json", file.toString()), captured.err());
        assertTrue(new ObjectMapper().readTree(file.toFile()).at("/complete").asBoolean());
    }

    private static Process benchOfItsOwn(Path json, Path out, String window) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(Path.of(System.getProperty("fairlead.root"), "bin/fairlead").toString(), "bench", "--for", window,
                "--connections", "1", "--json", json.toString()).redirectOutput(out.toFile());
        builder.environment().put("FAIRLEAD_BUILD", "never");
        builder.environment().put("FAIRLEAD_AOT", "off");
        return builder.start();
    }

    @Test
    void aSignalBeforeTheFirstFigureEndsItWithASentence() throws IOException, InterruptedException {
        Path json = temp.resolve("bench.json");
        Path out = temp.resolve("out");
        Process process = benchOfItsOwn(json, out, "1m"); // so that the first figure is not there before the signal
        try (BufferedReader err = process.errorReader(UTF_8)) {
            String line = err.readLine();
            assertTrue(line.startsWith("fairlead: measuring pod bench, "), line);
            process.toHandle().destroy();
            List<String> rest = err.lines().filter(later -> !later.startsWith("fairlead: unmeasured ")).toList();
            assertTrue(process.waitFor(30, TimeUnit.SECONDS), "still running after SIGTERM");
            assertEquals(List.of("fairlead: ended before anything was measured; " + json + " is not written"), rest);
            assertEquals(143, process.exitValue());
            assertEquals("", Files.readString(out));
            assertFalse(Files.exists(json));
        } finally {
            process.destroyForcibly();
        }
    }

    /// Of this process, and so of what it starts: where a script runs the tests in the background. The program leaves it ignored then.
    private static boolean isInterruptIgnored() throws IOException {
        Path status = Path.of("/proc/self/status");
        return Files.exists(status) && Files.readAllLines(status).stream().filter(line -> line.startsWith("SigIgn:"))
                .anyMatch(line -> (Long.parseUnsignedLong(line.substring(7).strip(), 16) & 1 << 2 - 1) != 0);
    }

    @ParameterizedTest(name = "SIG{0}")
    @CsvSource({"INT, 130", "TERM, 143"})
    void aSignalEndsItWithWhatWasMeasuredUntilThen(String signal, int code) throws IOException, InterruptedException {
        assumeFalse(signal.equals("INT") && isInterruptIgnored(), "SIGINT is ignored here");
        Path json = temp.resolve("bench.json");
        Path out = temp.resolve("out");
        Process process = benchOfItsOwn(json, out, "300ms");
        try (BufferedReader err = process.errorReader(UTF_8)) {
            String line;
            while ((line = err.readLine()) != null && !line.startsWith("fairlead: 1 of ")) {
                assertFalse(line.contains("why"), line);
            }
            int sent = new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
            assertEquals(0, sent);
            err.lines().forEach(_ -> { });
            assertTrue(process.waitFor(30, TimeUnit.SECONDS), "still running after SIG" + signal);
            assertEquals(code, process.exitValue());
            assertTrue(Files.readString(out).contains("Ended early: "), Files.readString(out));
            JsonNode written = new ObjectMapper().readTree(json.toFile());
            assertFalse(written.at("/complete").asBoolean());
            assertTrue(written.at("/measurements").size() >= 1, written.toString());
        } finally {
            process.destroyForcibly();
        }
    }
}

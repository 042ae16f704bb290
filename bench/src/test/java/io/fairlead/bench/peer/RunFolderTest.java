package io.fairlead.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunFolderTest {
    private static final LocalDateTime NOW = LocalDateTime.of(2026, 11, 22, 20, 5, 59);

    @Test
    void runsOfOneMinuteHaveFoldersOfTheirOwn(@TempDir Path temp) throws IOException {
        Path results = temp.resolve("not there yet");
        Path first = RunFolder.create(results, "", NOW);
        String name = first.getFileName().toString();
        assertTrue(name.matches("2026-11-22T2005-[a-z0-9-]+-[0-9]+c"), name);
        assertEquals(results.resolve(name + "-2"), RunFolder.create(results, "", NOW));
        assertEquals(results.resolve(name + "-3"), RunFolder.create(results, "", NOW));
        assertEquals(results.resolve(name + "-agreement"), RunFolder.create(results, "-agreement", NOW));
        assertEquals(results.resolve(name + "-agreement-2"), RunFolder.create(results, "-agreement", NOW));
        try (var made = Files.list(results)) {
            assertEquals(5, made.filter(Files::isDirectory).count());
        }
    }

    @Test
    void theFolderOfARunThatHasNothingToTellIsRemoved(@TempDir Path temp) throws IOException {
        Path folder = RunFolder.create(temp, "", NOW);
        Files.writeString(folder.resolve("setup.md"), "# Setup");
        RunFolder.remove(folder);
        try (var left = Files.list(temp)) {
            assertEquals(0, left.count());
        }
    }

    @Test
    void resultsGoIntoAFolderThatIsThereOrIntoATemporaryOne(@TempDir Path temp) {
        RunFolder.require("none");
        RunFolder.require(RunFolder.RESULTS); // is made
        RunFolder.require(temp.toString());
        String mistyped = temp.resolve("jhm-results").toString();
        assertEquals("--results " + mistyped + ": there is no folder " + mistyped + "; make it, or take none for a temporary one",
                assertThrows(IllegalArgumentException.class, () -> RunFolder.require(mistyped)).getMessage());
    }

    @Test
    void aLoadAboveOneIsInTheSetup() {
        assertEquals("- load average before the run: 1.00 2.00 3.00 1/99 7\n", RunFolder.loadLine("1.00 2.00 3.00 1/99 7"));
        assertEquals("- load average before the run: 1.01 0.20 0.30 1/99 7; above 1: something else ran then, or just before\n",
                RunFolder.loadLine("1.01 0.20 0.30 1/99 7"));
    }

    @Test
    void aCommandIsWrittenAsAShellTakesItWithoutTheFoldersOfTheMachine() {
        assertEquals("--fairlead fairlead --rtt 0,20 --peer 'krelay=krelay -n {namespace} pod/{pod} {ports}' 'it'\\''s'",
                RunFolder.withoutFolders(List.of("--fairlead", "/opt/some/fairlead", "--rtt", "0,20", "--peer",
                        "krelay=/opt/some/krelay -n {namespace} pod/{pod} {ports}", "it's")));
    }

    @Test
    void whatCannotBeRunHasNoOutput() {
        assertEquals("", RunFolder.output("there-is-no-such-program"));
        assertEquals("first", RunFolder.output("printf", "first\\nsecond\\n"));
    }
}

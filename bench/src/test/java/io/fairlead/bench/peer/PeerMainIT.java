package io.fairlead.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A whole run, short, on the ideal testbed.
class PeerMainIT {
    @TempDir Path temp;

    @Test
    void aRunLeavesItsMeasurementsAndAProfileWithSamplesOfTheEventLoops() throws IOException {
        Path results = Files.createDirectory(temp.resolve("results"));
        assertEquals(0, run("--fairlead", BuiltFairlead.script(temp), "--peers", "fairlead,raw", "--profile", "--results", results.toString()));
        Path folder;
        try (var made = Files.list(results)) {
            List<Path> all = made.toList();
            assertEquals(1, all.size());
            folder = all.getFirst();
        }
        assertEquals(2, Files.readAllLines(folder.resolve("measurements.jsonl")).size());
        String setup = Files.readString(folder.resolve("setup.md"));
        assertTrue(setup.contains("none, the ideal testbed: `io.fairlead.bench.cluster.IdealMain`"), setup);
        assertTrue(Files.readString(folder.resolve("summary.md")).contains("fairlead / raw: MB/s "));
        String profile = Files.readString(folder.resolve("profile.md"));
        assertTrue(profile.startsWith(ProfileReport.HEAD + "\n## down-1\n\n`bench/peer --peers fairlead --workloads down-1 "), profile);
        assertTrue(profile.matches("(?s).* [1-9][0-9,]* samples stand for .*"), profile);
        assertTrue(profile.contains("| event loops |") && profile.contains("self time of the event loops"), profile);
    }

    @Test
    void resultsThatAreNoFolderAreRefusedInOneSentence() throws IOException {
        Path file = Files.writeString(temp.resolve("file"), "kept");
        PrintStream usual = System.err;
        var said = new ByteArrayOutputStream();
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            assertEquals(64, run("--peers", "raw", "--results", file.toString()));
        } finally {
            System.setErr(usual);
        }
        String text = said.toString(StandardCharsets.UTF_8);
        assertTrue(text.contains("bench/peer: --results " + file + ": there is no folder " + file), text);
        assertFalse(text.contains("\tat "), text);
        assertEquals("kept", Files.readString(file));
    }

    private static int run(String... options) {
        var all = new ArrayList<>(List.of("--ideal", "--workloads", "down-1", "--rounds", "1", "--warmup", "0.5", "--seconds", "1"));
        all.addAll(List.of(options));
        return PeerMain.commandLine().execute(all.toArray(String[]::new));
    }
}

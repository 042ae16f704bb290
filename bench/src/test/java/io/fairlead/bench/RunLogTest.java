package io.fairlead.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunLogTest {
    @TempDir Path results;

    @Test
    void aRunLeavesItsSetupItsMeasurementsAndWhatItSaid() throws Exception {
        var log = new RunLog("Scale", results.toString());
        log.setup("- machine: this one\n");
        log.say("%-6s %d", "active", 4000);
        log.row("for the summary alone");
        log.measured(Map.of("part", "active"));
        log.measured(Map.of("part", "path"));
        log.end("");
        assertEquals("# Setup\n\n- machine: this one\n", text("setup.md"));
        assertEquals("{\"part\":\"active\"}\n{\"part\":\"path\"}\n", text("measurements.jsonl"));
        assertEquals("# Scale\n\n```\nactive 4000\nfor the summary alone\n```\n", text("summary.md"));
    }

    @Test
    void aRunThatWasInterruptedSaysHowFarItCame() throws Exception {
        var log = new RunLog("Scale", results.toString());
        log.setup("");
        log.end("Ended in part path.");
        assertEquals("# Scale\n\nEnded in part path.\n\n```\n```\n", text("summary.md"));
    }

    @Test
    void theLanguageOfTheMachineChangesNoFigure() throws Exception {
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.GERMANY);
        try {
            var log = new RunLog("Scale", results.toString());
            log.setup("");
            log.say("%.1f MB/s", 1234.5);
            log.end("");
        } finally {
            Locale.setDefault(before);
        }
        assertEquals("# Scale\n\n```\n1234.5 MB/s\n```\n", text("summary.md"));
    }

    private String text(String name) throws IOException {
        try (Stream<Path> folders = Files.list(results)) {
            List<Path> all = folders.toList();
            assertEquals(1, all.size(), all::toString);
            return Files.readString(all.getFirst().resolve(name));
        }
    }
}

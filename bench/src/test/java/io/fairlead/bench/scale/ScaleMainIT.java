package io.fairlead.bench.scale;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScaleMainIT {
    @TempDir Path folder;

    @Test
    void aForwarderThatEndsByItselfIsAFailureAndNoFigure() throws Exception {
        // In the first part it ends under load; in the others, which wait for its sessions, as soon as it has begun.
        Path loaded = folder.resolve("loaded");
        Path forwarder = Files.writeString(folder.resolve("forwarder"), """
                #!/bin/sh
                [ "$1" = --version ] && exit 0
                echo 'Forwarding from 127.0.0.1:1 -> 1'
                until [ -e '%s' ]; do sleep 0.1; done
                echo 'out of luck' >&2
                exit 70
                """.formatted(loaded));
        Files.setPosixFilePermissions(forwarder, PosixFilePermissions.fromString("rwx------"));
        Path results = Files.createDirectory(folder.resolve("results"));
        PrintStream usual = System.err;
        System.setErr(new PrintStream(usual, true) {
            @Override
            public PrintStream printf(Locale locale, String format, Object... arguments) {
                if (format.contains("connections are open")) {
                    try {
                        Files.createFile(loaded);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                }
                return super.printf(locale, format, arguments);
            }
        });
        try {
            assertEquals(0, ScaleMain.commandLine().execute("--parts", "active-ideal,path", "--active-ideal", "3", "--seconds", "0.1", "--fairlead",
                    forwarder.toString(), "--results", results.toString()));
        } finally {
            System.setErr(usual);
        }
        List<String> lines = measurements(results);
        assertEquals(5, lines.size(), "active-ideal, and four of path: " + lines);
        for (String line : lines) {
            assertTrue(line.contains("\"failure\":\"the forwarder ended by itself, with 70; its last line: "), line);
            assertTrue(line.contains("out of luck"), line);
        }
        assertTrue(lines.getFirst().contains("opened 0 connections, errors {connect: refused=3}"), lines.getFirst());
    }

    private static List<String> measurements(Path results) throws IOException {
        try (Stream<Path> folders = Files.list(results)) {
            return Files.readAllLines(folders.toList().getFirst().resolve("measurements.jsonl"));
        }
    }
}

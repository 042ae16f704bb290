package io.fairlead.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ForwarderIT {
    @TempDir Path folder;

    @Test
    void theLauncherIsGivenTimeForItsCacheBeforeTheFirstTurn() throws Exception {
        Path said = folder.resolve("said");
        Forwarder.prepare(program("echo $FAIRLEAD_AOT $@ > " + said));
        assertEquals("now --version\n", Files.readString(said));
    }

    @Test
    void aProgramThatCannotBePreparedIsNamed() throws Exception {
        String program = program("exit 3");
        var e = assertThrows(IOException.class, () -> Forwarder.prepare(program));
        assertEquals(program + " --version ended with 3; see what it says above", e.getMessage());
    }

    @Test
    void aProgramThatEndsWithoutAWordIsSaidToHavePrintedNothing() {
        var command = new PeerCommand(List.of("false"), PeerCommand.Ready.LINE);
        var e = assertThrows(IOException.class, () -> Forwarder.start(command, Path.of("none"), "default", "a", List.of(7000)));
        assertEquals("ended with 1: it printed nothing", e.getMessage());
    }

    @Test
    void aProcessThatHasEndedHasNoFactsAndSaysHow() throws Exception {
        Path end = folder.resolve("end");
        try (Forwarder forwarder = start("while [ ! -e " + end + " ]; do sleep 0.05; done; echo no more >&2; exit 3")) {
            assertTrue(forwarder.facts().orElseThrow().residentMegabytes() > 0);
            Files.createFile(end);
            await(() -> !forwarder.alive() && forwarder.lineCount() == 1);
            assertTrue(forwarder.facts().isEmpty());
            String message = assertThrows(IOException.class, forwarder::factsOrEnd).getMessage();
            assertTrue(message.matches("the forwarder ended by itself, with 3; its last line: [0-9]+[.][0-9]{2}  no more"), message);
        }
    }

    @Test
    void linesThatAreNotKeptAreCountedAndSaid() throws Exception {
        int said = Forwarder.LINES_MAX + 23;
        try (Forwarder forwarder = start("seq " + said + "; exec sleep 1000")) {
            await(() -> forwarder.lineCount() == said);
            List<String> lines = forwarder.lines();
            assertEquals(Forwarder.LINES_MAX + 1, lines.size());
            assertTrue(lines.get(Forwarder.LINES_MAX - 1).endsWith("  " + Forwarder.LINES_MAX), lines.get(Forwarder.LINES_MAX - 1));
            assertEquals("and 23 lines more, which were not kept", lines.getLast());
            assertTrue(forwarder.lastLines().endsWith(" | " + said), forwarder::lastLines);
        }
    }

    @Test
    void theLanguageOfTheMachineChangesNoTime() throws Exception {
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.GERMANY);
        try (Forwarder forwarder = start("echo hello; exec sleep 1000")) {
            await(() -> forwarder.lineCount() == 1);
            assertTrue(forwarder.lines().getFirst().matches(" *[0-9]+[.][0-9]{2}  hello"), forwarder.lines()::toString);
        } finally {
            Locale.setDefault(before);
        }
    }

    private String program(String text) throws IOException {
        Path file = folder.resolve("fairlead");
        Files.writeString(file, "#!/bin/sh\n" + text + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
        return file.toString();
    }

    /// A program that forwards nothing, but says so.
    private static Forwarder start(String script) throws Exception {
        var command = new PeerCommand(List.of("sh", "-c", "echo 'Forwarding from 127.0.0.1:1 -> 7000'; " + script), PeerCommand.Ready.LINE);
        return Forwarder.start(command, Path.of("none"), "default", "a", List.of(7000));
    }

    private static void await(BooleanSupplier wanted) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!wanted.getAsBoolean()) {
            assertTrue(System.nanoTime() - deadline < 0, "not so after 20 s");
            Thread.sleep(10);
        }
    }
}

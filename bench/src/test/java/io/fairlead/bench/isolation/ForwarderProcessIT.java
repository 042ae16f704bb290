package io.fairlead.bench.isolation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

class ForwarderProcessIT {
    @Test
    void aProcessThatHasEndedHasNoFactsAndSaysHow() throws Exception {
        try (ForwarderProcess forwarder = start("sleep 1; echo no more >&2; exit 3")) {
            assertTrue(forwarder.facts().orElseThrow().residentMegabytes() > 0);
            await(() -> !forwarder.alive() && forwarder.lineCount() == 1);
            assertTrue(forwarder.facts().isEmpty());
            String message = assertThrows(IOException.class, forwarder::factsOrEnd).getMessage();
            assertTrue(message.matches("the forwarder ended by itself, with 3; its last line: [0-9]+[.][0-9]{2}  no more"), message);
        }
    }

    @Test
    void linesThatAreNotKeptAreCountedAndSaid() throws Exception {
        int said = ForwarderProcess.LINES_MAX + 23;
        try (ForwarderProcess forwarder = start("seq " + said + "; exec sleep 1000")) {
            await(() -> forwarder.lineCount() == said);
            List<String> lines = forwarder.lines();
            assertEquals(ForwarderProcess.LINES_MAX + 1, lines.size());
            assertTrue(lines.get(ForwarderProcess.LINES_MAX - 1).endsWith("  " + ForwarderProcess.LINES_MAX), lines.get(ForwarderProcess.LINES_MAX - 1));
            assertEquals("and 23 lines more, which were not kept", lines.getLast());
        }
    }

    @Test
    void theLanguageOfTheMachineChangesNoTime() throws Exception {
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.GERMANY);
        try (ForwarderProcess forwarder = start("echo hello; exec sleep 1000")) {
            await(() -> forwarder.lineCount() == 1);
            assertTrue(forwarder.lines().getFirst().matches(" *[0-9]+[.][0-9]{2}  hello"), forwarder.lines()::toString);
        } finally {
            Locale.setDefault(before);
        }
    }

    /// A program that forwards nothing, but says so.
    private static ForwarderProcess start(String script) throws Exception {
        return ForwarderProcess.start(List.of("sh", "-c", "echo 'Forwarding from 127.0.0.1:1 -> 7000'; " + script), Path.of("none"), "default", "pod/a",
                List.of(7000), List.of());
    }

    private static void await(BooleanSupplier wanted) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!wanted.getAsBoolean()) {
            assertTrue(System.nanoTime() - deadline < 0, "not so after 20 s");
            Thread.sleep(10);
        }
    }
}

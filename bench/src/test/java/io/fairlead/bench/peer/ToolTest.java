package io.fairlead.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ToolTest {
    private static final String SECONDS = "9876"; // what the sleeping processes of this test are known by

    @Test
    void whatItSaysIsReadToItsEndHoweverMuch() throws IOException, InterruptedException {
        assertEquals(1_000_000, Tool.output(new ProcessBuilder("sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x"), 60).length());
    }

    @Test
    void itsExitCodeIsToldBesideWhatItSays(@TempDir Path folder) throws IOException, InterruptedException {
        Path said = folder.resolve("said");
        assertEquals(3, Tool.run(new ProcessBuilder("sh", "-c", "echo sorry; exit 3"), said, 60));
        assertEquals("sorry\n", Files.readString(said));
    }

    @Test
    void aProgramThatDoesNotEndIsEnded() {
        var e = assertThrows(IOException.class, () -> Tool.output(new ProcessBuilder("sleep", SECONDS), 1));
        assertEquals("sleep " + SECONDS + " has not ended after 1 s", e.getMessage());
        assertEquals(0, sleeping());
    }

    @Test
    void anInterruptEndsTheWaitAndTheProgram() throws InterruptedException {
        var ending = new AtomicReference<Throwable>();
        Thread waiting = Thread.ofPlatform().start(() -> {
            try {
                Tool.output(new ProcessBuilder("sleep", SECONDS), 600);
            } catch (IOException | InterruptedException e) {
                ending.set(e);
            }
        });
        while (sleeping() == 0 && waiting.isAlive()) {
            Thread.onSpinWait();
        }
        waiting.interrupt();
        waiting.join();
        assertInstanceOf(InterruptedException.class, ending.get());
        assertEquals(0, sleeping());
    }

    private static long sleeping() {
        return ProcessHandle.current().children().filter(ProcessHandle::isAlive)
                .filter(child -> child.info().arguments().map(List::of).orElse(List.of()).contains(SECONDS)).count();
    }
}

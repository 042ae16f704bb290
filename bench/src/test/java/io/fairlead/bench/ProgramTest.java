package io.fairlead.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

class ProgramTest {
    @Command(name = "bench/some", mixinStandardHelpOptions = false)
    private static final class Some implements Runnable {
        @Mixin
        private RunOptions options;

        @Override
        public void run() {
            throw new AssertionError("a bad option");
        }
    }

    private final PrintStream usual = System.err;
    private final ByteArrayOutputStream said = new ByteArrayOutputStream();

    @BeforeEach
    void listen() {
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void stopListening() {
        System.setErr(usual);
    }

    @Test
    void whatFailsIsOneSentenceAndExitCode1() {
        assertEquals(1, Program.run("bench/some", _ -> {
            throw new IOException("the node does not hold the image");
        }));
        assertEquals("bench/some: the node does not hold the image\n", said());
    }

    @Test
    void aFileThatIsInTheWayOrMissingOrForbiddenIsSaidToBe() {
        assertEquals("results is in the way: it is no folder", Program.sentence(new FileAlreadyExistsException("results")));
        assertEquals("no permission for results", Program.sentence(new AccessDeniedException("results")));
        assertEquals("results is not there", Program.sentence(new NoSuchFileException("results")));
    }

    @Test
    void aFailureThatASignalHasCausedIsAnInterruption() throws InterruptedException {
        var signal = new AtomicReference<Thread>();
        assertEquals(130, Program.run("bench/some", interruption -> {
            signal.set(Thread.ofVirtual().start(interruption::signalled));
            while (!Thread.interrupted()) {
                Thread.onSpinWait();
            }
            throw new IOException("the request was broken off");
        }));
        signal.get().join(); // it kills this process's children at its end
        assertEquals("bench/some: interrupted\n", said());
    }

    @Test
    void aBadOptionIsToldInALineWithoutColours() {
        var err = new StringWriter();
        assertEquals(64, Program.commandLine(new Some()).setErr(new PrintWriter(err)).execute("--nonsense"));
        assertEquals("bench/some: Unknown option: '--nonsense'", err.toString().lines().findFirst().orElseThrow());
        assertEquals("see bench/some --help", err.toString().lines().reduce("", (_, last) -> last));
        assertFalse(Program.commandLine(new Some()).getUsageMessage().contains("\u001b"));
    }

    private String said() {
        return said.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
    }
}

package io.fairlead.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// A program with a child, and something to remove at its end, meets SIGTERM.
class InterruptionIT {
    /// The program: swallows the first interrupt, as code does that takes it for a failure of its piece of work.
    static final class Program {
        private Program() {}

        public static void main(String[] args) throws IOException {
            try (Interruption interruption = Interruption.guard()) {
                try {
                    Process child = new ProcessBuilder("sleep", "1000").start();
                    System.out.println(child.pid()); // the signal comes behind this, so that it is a sleep which it interrupts
                    while (true) {
                        try {
                            Thread.sleep(100_000);
                        } catch (InterruptedException _) {
                            System.out.println("took it for a failure");
                        }
                        interruption.check();
                    }
                } catch (InterruptedException _) {
                    System.out.println("removed");
                }
            }
        }
    }

    @Test
    void aSignalHasTheWorkCleanUpAndKillsWhatIsLeft() throws Exception {
        var builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), Program.class.getName());
        builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
        Process program = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try (var lines = new BufferedReader(new InputStreamReader(program.getInputStream(), StandardCharsets.UTF_8))) {
            ProcessHandle child = ProcessHandle.of(Long.parseLong(lines.readLine())).orElseThrow();
            program.toHandle().destroy(); // its output stays open
            assertEquals("took it for a failure", lines.readLine());
            assertEquals("removed", lines.readLine());
            assertTrue(program.waitFor(20, TimeUnit.SECONDS));
            child.onExit().get(10, TimeUnit.SECONDS);
            assertFalse(child.isAlive());
        } finally {
            program.destroyForcibly();
        }
    }
}

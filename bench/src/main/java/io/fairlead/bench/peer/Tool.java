package io.fairlead.bench.peer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/// A program that is run for what it says.
final class Tool {
    private Tool() {}

    /// What it wrote to standard output: into a file, so that nothing but the wait for its end blocks, which an interrupt and the limit end. It does
    /// not outlive the call.
    ///
    /// @throws IOException it cannot be run, or has not ended in time
    static String output(ProcessBuilder builder, int secondsMax) throws IOException, InterruptedException {
        Path said = Files.createTempFile("fairlead-tool", ".txt");
        try {
            Process process = builder.redirectOutput(said.toFile()).start();
            try {
                process.getOutputStream().close();
                if (!process.waitFor(secondsMax, TimeUnit.SECONDS)) {
                    throw new IOException(RunFolder.withoutFolders(builder.command()) + " has not ended after " + secondsMax + " s");
                }
            } finally {
                Forwarder.end(process);
            }
            return Files.readString(said).strip();
        } finally {
            Files.deleteIfExists(said);
        }
    }
}

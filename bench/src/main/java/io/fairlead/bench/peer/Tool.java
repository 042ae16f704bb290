package io.fairlead.bench.peer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/// A program that is run to its end, in a limited time, with what it says in a file: so nothing but the wait blocks, which an interrupt and the
/// limit end. It does not outlive the call.
public final class Tool {
    private Tool() {}

    /// Its exit code.
    ///
    /// @param output where its standard output goes
    /// @throws IOException it cannot be run, or has not ended in time
    public static int run(ProcessBuilder builder, Path output, int secondsMax) throws IOException, InterruptedException {
        Process process = builder.redirectOutput(output.toFile()).start();
        try {
            process.getOutputStream().close();
            if (!process.waitFor(secondsMax, TimeUnit.SECONDS)) {
                throw new IOException(RunFolder.withoutFolders(builder.command()) + " has not ended after " + secondsMax + " s");
            }
            return process.exitValue();
        } finally {
            Forwarder.end(process);
        }
    }

    /// What it wrote to standard output, whatever its exit code.
    ///
    /// @throws IOException as {@link #run}
    static String output(ProcessBuilder builder, int secondsMax) throws IOException, InterruptedException {
        Path said = Files.createTempFile("fairlead-tool", ".txt");
        try {
            run(builder, said, secondsMax);
            return Files.readString(said).strip();
        } finally {
            Files.deleteIfExists(said);
        }
    }
}

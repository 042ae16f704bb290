package io.fairlead.bench.peer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/// `profile.md` of a run: a section for each profiled turn, written when the turn has ended.
///
/// Thread: one at a time.
final class ProfileFile {
    private final Path file;

    ProfileFile(Path file) {
        this.file = file;
    }

    /// Does `turn` with a recording. A profile that fails is a result, too: its section says why.
    ///
    /// @param command repeats it
    /// @param usual the same work without a recording
    Measurement add(TurnRunner runner, Turn turn, String command, List<Measurement> usual) throws IOException, InterruptedException {
        try (var recording = new FlightRecording()) {
            Measurement measured = runner.run(turn, recording);
            append(section(measured, recording, command, usual));
            return measured;
        }
    }

    static String section(Measurement measured, FlightRecording recording, String command, List<Measurement> usual) {
        if (!recording.isWritten()) {
            return ProfileReport.failed(measured.turn(), measured.ran() ? measured.diedWith() : measured.failure());
        }
        try {
            return ProfileReport.of(measured, recording.cpuOfWindow(), recording.window(), command, usual);
        } catch (IOException e) {
            return ProfileReport.failed(measured.turn(), "the recording cannot be read: " + e.getMessage());
        }
    }

    private void append(String section) throws IOException {
        Files.writeString(file, (Files.exists(file) ? "" : ProfileReport.HEAD) + section, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}

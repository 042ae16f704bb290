package io.fairlead.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
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

    private String program(String text) throws IOException {
        Path file = folder.resolve("fairlead");
        Files.writeString(file, "#!/bin/sh\n" + text + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
        return file.toString();
    }
}

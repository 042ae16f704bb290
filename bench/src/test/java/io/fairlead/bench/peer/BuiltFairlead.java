package io.fairlead.bench.peer;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/// fairlead as this build has made it, for the tests that need a real forwarder: nothing is built, and no start-up cache made.
final class BuiltFairlead {
    private BuiltFairlead() {}

    /// A script in `folder` that starts it.
    static String script(Path folder) throws IOException {
        Path root = Path.of("").toAbsolutePath().getParent();
        assumeTrue(Files.exists(root.resolve("cli/target/fairlead.jar")), "cli is not built: ./mvnw verify builds it before bench");
        Path file = folder.resolve("fairlead");
        Files.writeString(file, "#!/bin/sh\nexport FAIRLEAD_BUILD=never FAIRLEAD_AOT=off FAIRLEAD_JAVA_HOME=" + System.getProperty("java.home")
                + "\nexec " + root.resolve("bin/fairlead") + " \"$@\"\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
        return file.toString();
    }
}

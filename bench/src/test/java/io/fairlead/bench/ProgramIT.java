package io.fairlead.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.bench.agree.AgreementMain;
import io.fairlead.bench.isolation.IsolationMain;
import io.fairlead.bench.scale.ScaleMain;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// Programs as a user starts them, where there is no cluster.
class ProgramIT {
    @Test
    void whatNeedsAClusterEndsWith78AndSaysSo() throws Exception {
        for (Class<?> program : List.of(IsolationMain.class, AgreementMain.class)) {
            String said = run(78, program);
            assertTrue(said.contains("KUBECONFIG names no readable file"), said);
        }
    }

    @Test
    void aBadArgumentEndsWith64AndIsQuoted() throws Exception {
        assertTrue(run(64, ScaleMain.class, "--window", "0").contains("--window 0: has to be 1 or more"));
        assertTrue(run(64, AgreementMain.class, "--rounds", "5").contains("without arguments"));
    }

    /// What it said, on both streams.
    private static String run(int code, Class<?> program, String... arguments) throws Exception {
        var words = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), program.getName()));
        words.addAll(Arrays.asList(arguments));
        var builder = new ProcessBuilder(words).redirectErrorStream(true);
        builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
        builder.environment().remove("KUBECONFIG");
        Process process = builder.start();
        try {
            process.getOutputStream().close();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertTrue(process.waitFor(20, TimeUnit.SECONDS));
            assertEquals(code, process.exitValue(), said);
            return said;
        } finally {
            process.destroyForcibly();
        }
    }
}

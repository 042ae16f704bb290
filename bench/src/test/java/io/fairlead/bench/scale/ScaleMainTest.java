package io.fairlead.bench.scale;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScaleMainTest {
    @ParameterizedTest
    @ValueSource(strings = {"--parts everything", "--parts", "--seconds 0", "--seconds Infinity", "--active 0", "--active-ideal 0", "--count 19",
            "--at-once 0", "--results nowhere", "--path-connections 0", "--rtt 0", "--rtt -1", "--rtt NaN", "--window 0", "--window -1", "--window 1M", "--rounds 0",
            "--nonsense"})
    void aBadOptionEndsWith64BeforeAnythingIsStarted(String line) {
        assertEquals(64, ScaleMain.commandLine().setErr(new PrintWriter(new StringWriter())).execute(line.split(" ")));
    }

    @Test
    void anUnknownPartIsToldWithTheWordsThatAreKnown() {
        var err = new StringWriter();
        ScaleMain.commandLine().setErr(new PrintWriter(err)).execute("--parts", "nosuch");
        assertTrue(err.toString().startsWith("bench/scale: Invalid value for option '--parts' (PART): \"nosuch\" is none of active, active-ideal, million,"
                + " million-ideal, path, download\n"), err::toString);
    }

    @Test
    void helpNamesEveryOption() {
        var out = new StringWriter();
        assertEquals(0, ScaleMain.commandLine().setOut(new PrintWriter(out)).execute("--help"));
        ScaleMain.commandLine().getCommandSpec().options()
                .forEach(option -> assertTrue(out.toString().contains(option.longestName()), () -> option.longestName() + " in " + out));
    }

    @Test
    void cpuTimeOfATurnThatMovedNothingIsNotDividedByNothing() {
        assertEquals("0.25 s/GB", ScaleMain.cpu(0.5, 2_000_000_000));
        assertEquals("0.50 s for no byte", ScaleMain.cpu(0.5, 0));
    }
}

package io.fairlead.bench.isolation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IsolationMainTest {
    @ParameterizedTest
    @ValueSource(strings = {"--cases e", "--cases", "--connections 0", "--seconds 0", "--seconds NaN", "--reference 0", "--rate -1", "--repeat-b -1",
            "--known perhaps", "--results nowhere", "--one-port 1", "--leave", "--peers nobody", "--peers fairlead,nobody", "--sessions 0", "--sessions many", "--nonsense"})
    void aBadOptionEndsWith64BeforeAnythingIsStarted(String line) {
        assertEquals(64, IsolationMain.commandLine().setErr(new PrintWriter(new StringWriter())).execute(line.split(" ")));
    }

    @Test
    void helpNamesEveryOption() {
        var out = new StringWriter();
        assertEquals(0, IsolationMain.commandLine().setOut(new PrintWriter(out)).execute("--help"));
        IsolationMain.commandLine().getCommandSpec().options()
                .forEach(option -> assertTrue(out.toString().contains(option.longestName()), () -> option.longestName() + " in " + out));
    }
}

package io.fairlead.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PeerMainTest {
    @ParameterizedTest
    @ValueSource(strings = {"--rounds", "--rounds none", "--nonsense", "--workloads nothing", "--peers nobody", "--rtt -1", "--seconds 0", "--rounds 0",
            "--profile --peers kubectl-ws,fairlead", "--ideal --peers fairlead,direct"})
    void aBadOptionEndsWith64BeforeAnythingIsStarted(String line) {
        assertEquals(64, PeerMain.commandLine().setErr(new PrintWriter(new StringWriter())).execute(line.split(" ")));
    }

    @Test
    void helpNamesEveryWorkloadAndHowToRunOtherPrograms() {
        var out = new StringWriter();
        assertEquals(0, PeerMain.commandLine().setOut(new PrintWriter(out)).execute("--help"));
        String text = out.toString().replaceAll("\\s+", " ");
        PeerWorkload.ALL.forEach(workload -> assertTrue(text.contains(workload.name()), () -> workload.name() + " in " + text));
        assertFalse(text.contains("\u001b"), text);
        PeerMain.commandLine().getCommandSpec().options().forEach(option -> assertTrue(text.contains(option.longestName()), option::longestName));
        Plan.PEERS.forEach(peer -> assertTrue(text.contains(peer), peer));
        assertTrue(text.contains("krelay -n {namespace} pod/{pod} {ports}"), text);
    }
}

package io.fairlead.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class PeerMainTest {
    @ParameterizedTest
    @ValueSource(strings = {"--rounds", "--rounds none", "--nonsense", "--workloads nothing", "--peers nobody", "--rtt -1", "--seconds 0",
            "--seconds NaN", "--warmup Infinity", "--rounds 0", "--results nowhere", "--profile --peers kubectl-ws,fairlead",
            "--seconds 1e9", "--warmup 3601", "--peers fairlead,fairlead", "--rtt 20,20", "--workloads rr-1,rr-1",
            "--peer fairlead=x", "--peer raw=x", "--peer =x", "--peer own=", "--peer own=x --peers fairlead"})
    void aBadOptionEndsWith64BeforeAnythingIsStarted(String line) {
        var err = new StringWriter();
        assertEquals(64, PeerMain.commandLine().setErr(new PrintWriter(err)).execute(line.split(" ")));
        assertTrue(err.toString().startsWith("bench/peer: "), err::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {"direct", "client-java", "fabric8", "faulty-none", "faulty-stall-500ms", "own"})
    void theIdealTestbedIsRefusedForWhatCannotWorkOnIt(String peer) {
        var err = new StringWriter();
        assertEquals(64, PeerMain.commandLine().setErr(new PrintWriter(err))
                .execute(peer.equals("own") ? new String[] {"--ideal", "--peer", "own=ssh -L127.0.0.1:{local}:{ip}:{remote} node"}
                        : new String[] {"--ideal", "--peers", "fairlead," + peer}));
        assertTrue(err.toString().startsWith("bench/peer: --ideal does not go with " + peer + ": "), err::toString);
    }

    @Test
    void aPeerThatNobodyWouldRunAndARoundTripOutOfRangeAreQuoted() {
        var err = new StringWriter();
        PeerMain.commandLine().setErr(new PrintWriter(err)).execute("--peer", "own=x", "--peers", "fairlead,raw");
        PeerMain.commandLine().setErr(new PrintWriter(err)).execute("--rtt", "-5");
        assertTrue(err.toString().contains("\"own\" is defined by --peer but not in --peers fairlead,raw\n"), err::toString);
        assertTrue(err.toString().contains("bench/peer: --rtt -5: has to be 0 to 10000\n"), err::toString);
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

    @Test
    void theSetupHasTheCommandAsItWasTypedAndKubectlsVersionOnlyWhereItTakesPart() {
        PeerMain main = parsed("--quick", "--fairlead", "/opt/some/fairlead", "--kubectl", "/opt/some/kubectl-1.34", "--peer", "k=krelay {ports}");
        PeerCommand fairlead = PeerCommand.known("/opt/some/fairlead", "kubectl").get("fairlead");
        String setup = main.setup(Plan.quick(1), Map.of("fairlead", fairlead), "- machine\n",
                new Servers(new TurnRunner.Pod("n", "p", "10.1.2.3"), Path.of("config"), "v1.34.4", () -> {}));
        assertTrue(setup.contains("- command: `bench/peer --quick --fairlead fairlead --kubectl kubectl-1.34 --peer 'k=krelay {ports}'`\n"), setup);
        assertTrue(setup.contains("- fairlead: `fairlead -n {namespace} port-forward pod/{pod} {ports}`\n"), setup);
        assertFalse(setup.contains("- kubectl"), setup);
    }

    @Test
    void whatARunTakesIsSaidInTheRightNumber() {
        assertEquals("1 turn of about 6.6 s: a minute at most", PeerMain.expected(1, 6.6));
        assertEquals("228 turns of about 6.6 s: some 26 minutes", PeerMain.expected(228, 6.6));
    }

    @Test
    void theCommandOfAProfileNamesTheProgramThatWasProfiled() {
        var turn = new Turn(PeerWorkload.named("rr-64").getFirst(), 20, "fairlead", 1);
        assertEquals("bench/peer --peers fairlead --workloads rr-64 --rtt 20 --rounds 1 --seconds 3.0 --warmup 20.0 --fairlead other --ideal"
                + " --profile",
                parsed("--fairlead", "/opt/some/other", "--ideal", "--warmup", "20", "--kubectl", "k").profileCommand(turn));
        assertEquals("bench/peer --peers fairlead --workloads rr-64 --rtt 20 --rounds 1 --seconds 2.0 --warmup 1.5 --profile",
                parsed("--quick").profileCommand(turn));
    }

    @Test
    void whoSharesTheMachineIsSaidForTheClusterAndForTheTestbed() {
        assertTrue(PeerMain.conditions(false).startsWith("The generator, the forwarder, the API server, the kubelet, the runtime and the pod share"));
        String ideal = PeerMain.conditions(true);
        assertTrue(ideal.startsWith("The generator, the forwarder, the testbed and the servers, a process each, share"), ideal);
        assertTrue(ideal.contains("a relay of the harness before the testbed; its CPU"), ideal);
    }

    private static PeerMain parsed(String... arguments) {
        CommandLine line = PeerMain.commandLine();
        line.parseArgs(arguments);
        return line.getCommand();
    }
}

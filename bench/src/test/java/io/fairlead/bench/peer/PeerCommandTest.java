package io.fairlead.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Command lines: ours for the peers, and those of the forwarders we write.
class PeerCommandTest {
    private final Map<Integer, Integer> ports = new LinkedHashMap<>();

    PeerCommandTest() {
        ports.put(7000, 41000);
        ports.put(7002, 41002);
    }

    @Test
    void portsBecomeOneWordEach() {
        assertEquals(List.of("kubectl", "-n", "ns", "pod/p", "41000:7000", "41002:7002"),
                fill("kubectl", "-n", "{namespace}", "pod/{pod}", "{ports}"));
    }

    @Test
    void aWordWithLocalAndRemoteIsRepeatedForEachPort() {
        assertEquals(List.of("ssh", "-N", "-L127.0.0.1:41000:10.1.2.3:7000", "-L127.0.0.1:41002:10.1.2.3:7002", "node"),
                fill("ssh", "-N", "-L127.0.0.1:{local}:{ip}:{remote}", "node"));
    }

    @Test
    void programsTakeWhatKubectlTakesAndFlagsBehindIt() {
        assertEquals(List.of("env", "KUBECTL_PORT_FORWARD_WEBSOCKETS=false", "k", "-n", "ns", "port-forward", "pod/p", "41000:7000", "41002:7002",
                "--v", "4"), fill(PeerCommand.programs("f", "k").get("kubectl-spdy").with("--v", "4")));
        assertEquals(List.of("a folder/kubectl", "-n", "ns", "port-forward", "deployment/tools", "41000:7000", "41002:7002"),
                fill(PeerCommand.portForward("deployment/tools", "a folder/kubectl")));
    }

    @Test
    void ourForwardersReadWhatKubectlReads() {
        assertEquals(new ForwardArguments("ns", "p", Map.of(41000, 7000, 41002, 7002)),
                ForwardArguments.parse("-n", "ns", "pod/p", "41000:7000", "41002:7002"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-n ns pod/p", "-n ns p 1:2", "-n ns pod/p 1", "-n ns pod/p 1:x"})
    void whatIsNoForwardIsRefused(String line) {
        assertThrows(IllegalArgumentException.class, () -> ForwardArguments.parse(line.split(" ")));
    }

    private List<String> fill(String... words) {
        return fill(new PeerCommand(List.of(words), PeerCommand.Ready.LINE));
    }

    private List<String> fill(PeerCommand command) {
        return command.fill(Map.of("namespace", "ns", "pod", "p", "ip", "10.1.2.3"), ports);
    }
}

package io.fairlead.bench.peer;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// How a forwarder is started.
///
/// @param words `{namespace}`, `{pod}`, `{ip}` and `{kubeconfig}` in them are filled in; the word `{ports}` becomes one word `LOCAL:REMOTE` for each
///        port, and so does any word with `{local}` and `{remote}` in it
/// @param ready when it counts as started
public record PeerCommand(List<String> words, Ready ready) {
    private static final String POD = "pod/{pod}";

    /// What tells that a forwarder takes connections.
    public enum Ready {
        /// It has printed `Forwarding from 127.0.0.1:...` for each port.
        LINE,
        /// All its local ports are in LISTEN state; for programs whose output we do not know.
        LISTENING
    }

    /// The programs that are told what to forward as kubectl is, by their names.
    ///
    /// @param fairlead the program, and so `kubectl`
    public static Map<String, PeerCommand> programs(String fairlead, String kubectl) {
        var all = new LinkedHashMap<String, PeerCommand>();
        all.put("fairlead", portForward(POD, fairlead));
        all.put("kubectl-ws", portForward(POD, kubectl));
        all.put("kubectl-spdy", portForward(POD, "env", "KUBECTL_PORT_FORWARD_WEBSOCKETS=false", kubectl));
        return all;
    }

    /// All that a run knows by name; `raw` and `direct` are none.
    static Map<String, PeerCommand> known(String fairlead, String kubectl) {
        Map<String, PeerCommand> all = programs(fairlead, kubectl);
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        all.put("client-java", line(java, ClientJavaForward.class.getName(), "-n", "{namespace}", POD, "{ports}"));
        all.put("fabric8", line(java, Fabric8Forward.class.getName(), "-n", "{namespace}", POD, "{ports}"));
        for (FaultyRelay.Fault fault : FaultyRelay.Fault.values()) {
            all.put("faulty-" + fault, line(java, FaultyRelay.class.getName(), fault.toString(), "{ip}", "{ports}"));
        }
        return all;
    }

    /// @param target such as `deployment/tools`
    /// @param program what stands before `-n NAMESPACE port-forward`
    public static PeerCommand portForward(String target, String... program) {
        return line(program).with("-n", "{namespace}", "port-forward", target, "{ports}");
    }

    private static PeerCommand line(String... words) {
        return new PeerCommand(List.of(words), Ready.LINE);
    }

    /// The same with `flags` at its end.
    public PeerCommand with(String... flags) {
        return new PeerCommand(Stream.concat(words.stream(), Stream.of(flags)).toList(), ready);
    }

    /// A command line as a user writes it, split at blanks.
    static PeerCommand of(String line, Ready ready) {
        return new PeerCommand(List.of(line.strip().split(" +")), ready);
    }

    /// Whether it goes to the pod's own address.
    boolean usesAddress() {
        return words.stream().anyMatch(word -> word.contains("{ip}"));
    }

    /// The words of the command line.
    ///
    /// @param ports remote to local
    List<String> fill(Map<String, String> names, Map<Integer, Integer> ports) {
        var filled = new ArrayList<String>();
        for (String word : words) {
            String text = word.equals("{ports}") ? "{local}:{remote}" : word;
            for (var name : names.entrySet()) {
                text = text.replace("{" + name.getKey() + "}", name.getValue());
            }
            if (text.contains("{local}")) {
                for (var port : ports.entrySet()) {
                    filled.add(text.replace("{local}", port.getValue().toString()).replace("{remote}", port.getKey().toString()));
                }
            } else {
                filled.add(text);
            }
        }
        return filled;
    }
}

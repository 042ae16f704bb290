package io.fairlead.bench.peer;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// How a forwarder is started.
///
/// @param words `{namespace}`, `{pod}`, `{ip}` and `{kubeconfig}` in them are filled in; the word `{ports}` becomes one word `LOCAL:REMOTE` for each
///        port, and so does any word with `{local}` and `{remote}` in it
/// @param ready when it counts as started
record PeerCommand(List<String> words, Ready ready) {
    /// What tells that a forwarder takes connections.
    enum Ready {
        /// It has printed `Forwarding from 127.0.0.1:...` for each port.
        LINE,
        /// All its local ports are in LISTEN state; for programs whose output we do not know.
        LISTENING
    }

    /// The forwarders that a run knows by name; `raw` and `direct` are none.
    ///
    /// @param fairlead the program, and so `kubectl`
    static Map<String, PeerCommand> known(String fairlead, String kubectl) {
        var all = new LinkedHashMap<String, PeerCommand>();
        String tail = " -n {namespace} port-forward pod/{pod} {ports}";
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        all.put("fairlead", of(fairlead + tail, Ready.LINE));
        all.put("kubectl-ws", of(kubectl + tail, Ready.LINE));
        all.put("kubectl-spdy", of("env KUBECTL_PORT_FORWARD_WEBSOCKETS=false " + kubectl + tail, Ready.LINE));
        all.put("client-java", of(java + " " + ClientJavaForward.class.getName() + " -n {namespace} pod/{pod} {ports}", Ready.LINE));
        all.put("fabric8", of(java + " " + Fabric8Forward.class.getName() + " -n {namespace} pod/{pod} {ports}", Ready.LINE));
        for (FaultyRelay.Fault fault : FaultyRelay.Fault.values()) {
            all.put("faulty-" + fault, of(java + " " + FaultyRelay.class.getName() + " " + fault + " {ip} {ports}", Ready.LINE));
        }
        return all;
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

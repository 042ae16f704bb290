package io.fairlead.bench.peer;

import java.util.ArrayList;
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

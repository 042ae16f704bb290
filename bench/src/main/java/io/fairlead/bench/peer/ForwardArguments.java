package io.fairlead.bench.peer;

import java.util.LinkedHashMap;
import java.util.Map;

/// The command line of the forwarders that we write around a library: `-n NAMESPACE pod/NAME LOCAL:REMOTE ...`, as kubectl's.
///
/// @param ports local to remote, in their order
record ForwardArguments(String namespace, String pod, Map<Integer, Integer> ports) {
    /// @throws IllegalArgumentException not of that form
    static ForwardArguments parse(String... args) {
        if (args.length < 4 || !args[0].equals("-n") || !args[2].startsWith("pod/")) {
            throw new IllegalArgumentException("usage: -n NAMESPACE pod/NAME LOCAL:REMOTE ...");
        }
        return new ForwardArguments(args[1], args[2].substring("pod/".length()), ports(args, 3));
    }

    /// `LOCAL:REMOTE` words of `args` from index `from` on.
    ///
    /// @throws IllegalArgumentException one of them is none
    static Map<Integer, Integer> ports(String[] args, int from) {
        var ports = new LinkedHashMap<Integer, Integer>();
        for (int i = from; i < args.length; i++) {
            String[] pair = args[i].split(":");
            try {
                ports.put(Integer.parseInt(pair[0]), Integer.parseInt(pair[1]));
            } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
                throw new IllegalArgumentException("\"" + args[i] + "\" is not LOCAL:REMOTE", e);
            }
        }
        return ports;
    }

    /// What the harness waits for: kubectl's own line.
    static void announce(int local, int remote) {
        System.out.println("Forwarding from 127.0.0.1:" + local + " -> " + remote);
    }
}

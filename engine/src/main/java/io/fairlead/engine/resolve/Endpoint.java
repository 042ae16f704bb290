package io.fairlead.engine.resolve;

import java.util.List;

/// The pod and the ports that a target became.
///
/// @param uid tells the pod from a later one of the same name
/// @param address the pod's IP address; empty when it is not known
/// @param ports in the order they were asked for
public record Endpoint(String namespace, String pod, String uid, String node, String address, List<PortPair> ports) {
    public Endpoint {
        ports = List.copyOf(ports);
    }
}

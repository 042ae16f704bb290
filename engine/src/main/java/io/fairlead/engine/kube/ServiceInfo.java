package io.fairlead.engine.kube;

import java.util.List;

/// What forwarding to a service needs of it.
///
/// @param selector labels of its pods in the API's query form; empty when the service has none
/// @param headless its cluster IP is `None`
public record ServiceInfo(String namespace, String name, String selector, boolean headless, List<Port> ports) {

    /// One service port. `name` may be empty. The target is a container port's name, or if that is empty a number, 0 for absent.
    public record Port(String name, int number, String protocol, String targetName, int targetNumber) {}

    public ServiceInfo {
        ports = List.copyOf(ports);
    }
}

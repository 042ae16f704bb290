package io.fairlead.testbed;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.testbed.api.Json;
import io.fairlead.testbed.pod.PodBehaviour;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What a pod is: name, labels, phase, and what answers on its ports. Each method returns a changed copy.
///
/// @param ports declared container ports in order
/// @param phase `Running`, `Pending`, `Succeeded`, `Failed` or `Unknown`; only a running pod has servers
/// @param scheduled whether a node is assigned
/// @param created null for now
public record PodSpec(String namespace, String name, Map<String, String> labels, List<Port> ports, String phase, boolean ready, boolean scheduled,
        int restarts, Instant created) {
    /// A container port.
    ///
    /// @param name may be empty
    /// @param protocol `TCP`, `UDP` or `SCTP`
    /// @param behaviour what an in-process server does there, or null
    /// @param address a server outside that stands in for the pod's, or null; null for both: nothing listens
    public record Port(String name, int number, String protocol, PodBehaviour behaviour, InetSocketAddress address) {}

    public PodSpec {
        labels = Map.copyOf(labels);
        ports = List.copyOf(ports);
    }

    /// A running, ready pod in namespace `default` without ports.
    public static PodSpec named(String name) {
        return new PodSpec("default", name, Map.of(), List.of(), "Running", true, true, 0, null);
    }

    public PodSpec in(String space) {
        return new PodSpec(space, name, labels, ports, phase, ready, scheduled, restarts, created);
    }

    public PodSpec label(String key, String value) {
        var more = new LinkedHashMap<>(labels);
        more.put(key, value);
        return new PodSpec(namespace, name, more, ports, phase, ready, scheduled, restarts, created);
    }

    /// A port that an in-process server answers.
    public PodSpec port(String portName, int number, PodBehaviour behaviour) {
        return port(new Port(portName, number, "TCP", behaviour, null));
    }

    /// A port that the server at `address` answers.
    public PodSpec port(String portName, int number, InetSocketAddress address) {
        return port(new Port(portName, number, "TCP", null, address));
    }

    /// A port that is declared but on which nothing listens.
    public PodSpec silentPort(String portName, int number, String protocol) {
        return port(new Port(portName, number, protocol, null, null));
    }

    public PodSpec port(Port port) {
        var more = new ArrayList<>(ports);
        more.add(port);
        return new PodSpec(namespace, name, labels, more, phase, ready, scheduled, restarts, created);
    }

    /// In another phase than Running the pod is not ready.
    public PodSpec phase(String other) {
        return new PodSpec(namespace, name, labels, ports, other, ready && other.equals("Running"), scheduled, restarts, created);
    }

    public PodSpec notReady() {
        return new PodSpec(namespace, name, labels, ports, phase, false, scheduled, restarts, created);
    }

    /// No node assigned, hence Pending.
    public PodSpec unscheduled() {
        return new PodSpec(namespace, name, labels, ports, "Pending", false, false, restarts, created);
    }

    public PodSpec restarted(int times) {
        return new PodSpec(namespace, name, labels, ports, phase, ready, scheduled, times, created);
    }

    public PodSpec createdAt(Instant time) {
        return new PodSpec(namespace, name, labels, ports, phase, ready, scheduled, restarts, time);
    }

    PodSpec renamed(String other) {
        return new PodSpec(namespace, other, labels, ports, phase, ready, scheduled, restarts, created);
    }

    /// The API object.
    ObjectNode json(String ip) {
        Instant since = (created == null ? Instant.now() : created).truncatedTo(ChronoUnit.SECONDS);
        ObjectNode pod = Json.object();
        ObjectNode metadata = pod.putObject("metadata").put("name", name).put("namespace", namespace).put("creationTimestamp", since.toString());
        ObjectNode labelled = metadata.putObject("labels");
        labels.forEach(labelled::put);
        ObjectNode spec = pod.putObject("spec");
        if (scheduled) {
            spec.put("nodeName", Testbed.NODE);
        }
        ObjectNode container = spec.putArray("containers").addObject().put("name", "main").put("image", "testbed");
        ArrayNode containerPorts = container.putArray("ports");
        for (Port port : ports) {
            ObjectNode json = containerPorts.addObject().put("containerPort", port.number()).put("protocol", port.protocol());
            if (!port.name().isEmpty()) {
                json.put("name", port.name());
            }
        }
        ObjectNode status = pod.putObject("status").put("phase", phase);
        if (scheduled) {
            status.put("hostIP", "127.0.0.1").put("podIP", ip);
            status.putArray("podIPs").addObject().put("ip", ip);
        }
        ArrayNode conditions = status.putArray("conditions");
        conditions.addObject().put("type", "PodScheduled").put("status", scheduled ? "True" : "False").put("lastTransitionTime", since.toString());
        conditions.addObject().put("type", "Ready").put("status", ready ? "True" : "False").put("lastTransitionTime", since.toString());
        ObjectNode state = status.putArray("containerStatuses").addObject().put("name", "main").put("image", "testbed").put("imageID", "")
                .put("ready", ready).put("restartCount", restarts).put("started", ready);
        state.putObject("state").putObject(phase.equals("Running") ? "running" : "waiting");
        return pod;
    }
}

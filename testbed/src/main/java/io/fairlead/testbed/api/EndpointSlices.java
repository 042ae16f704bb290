package io.fairlead.testbed.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/// Keeps one EndpointSlice for each Service with a selector, as the endpoint slice controller does, with every pod that the selector finds.
///
/// Thread: any; one lock. {@link #refresh} is called after a change of pods or services.
public final class EndpointSlices {
    private final ObjectStore store;

    public EndpointSlices(ObjectStore store) {
        this.store = store;
    }

    public synchronized void refresh() {
        for (ObjectNode service : store.list(Resource.SERVICES, "", _ -> true).objects()) {
            if (service.at("/spec/selector").isObject()) {
                refresh(service);
            }
        }
    }

    private void refresh(ObjectNode service) {
        String namespace = service.at("/metadata/namespace").asText();
        String name = service.at("/metadata/name").asText();
        JsonNode selector = service.at("/spec/selector");
        List<ObjectNode> pods = store.list(Resource.PODS, namespace, pod -> selector.propertyStream()
                .allMatch(label -> pod.path("metadata").path("labels").path(label.getKey()).equals(label.getValue()))).objects()
                .stream().filter(pod -> pod.path("status").has("podIP")).toList();
        ObjectNode slice = Json.object().put("addressType", "IPv4");
        ObjectNode metadata = slice.putObject("metadata").put("name", name + "-testbed").put("namespace", namespace);
        metadata.putObject("labels").put("kubernetes.io/service-name", name);
        ArrayNode endpoints = slice.putArray("endpoints");
        pods.forEach(pod -> endpoint(endpoints.addObject(), pod));
        ArrayNode ports = slice.putArray("ports");
        for (JsonNode port : service.at("/spec/ports")) {
            ports.addObject().put("name", port.path("name").asText("")).put("protocol", port.path("protocol").asText("TCP"))
                    .put("port", target(port.path("targetPort"), pods));
        }
        ObjectNode before = store.get(Resource.ENDPOINT_SLICES, namespace, name + "-testbed").orElse(null);
        if (before == null || !before.path("endpoints").equals(endpoints) || !before.path("ports").equals(ports)) {
            store.put(Resource.ENDPOINT_SLICES, slice);
        }
    }

    private static void endpoint(ObjectNode endpoint, ObjectNode pod) {
        boolean terminating = pod.path("metadata").has("deletionTimestamp");
        boolean ready = false;
        for (JsonNode condition : pod.at("/status/conditions")) {
            ready |= condition.path("type").asText().equals("Ready") && condition.path("status").asText().equals("True");
        }
        endpoint.putArray("addresses").add(pod.at("/status/podIP").asText());
        endpoint.putObject("conditions").put("ready", ready && !terminating).put("serving", ready).put("terminating", terminating);
        endpoint.put("nodeName", pod.at("/spec/nodeName").asText());
        endpoint.putObject("targetRef").put("kind", "Pod").put("namespace", pod.at("/metadata/namespace").asText())
                .put("name", pod.at("/metadata/name").asText()).put("uid", pod.at("/metadata/uid").asText());
    }

    /// A number, or the container port of that name in the first pod that has it; 0 if none has.
    private static int target(JsonNode targetPort, List<ObjectNode> pods) {
        if (targetPort.isInt()) {
            return targetPort.asInt();
        }
        for (ObjectNode pod : pods) {
            for (JsonNode port : pod.at("/spec/containers/0/ports")) {
                if (port.path("name").asText().equals(targetPort.asText())) {
                    return port.path("containerPort").asInt();
                }
            }
        }
        return 0;
    }
}

package io.fairlead.testbed.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/// Lists of pods as tables, the form in which kubectl asks for what it prints.
final class Tables {
    private Tables() {}

    /// Whether the client prefers `Table` and this resource has one here.
    static boolean wanted(Resource resource, String accept) {
        return resource == Resource.PODS && accept.contains("as=Table");
    }

    static ObjectNode pods(List<ObjectNode> pods, String version) {
        ObjectNode table = Json.object().put("kind", "Table").put("apiVersion", "meta.k8s.io/v1");
        table.putObject("metadata").put("resourceVersion", version);
        ArrayNode columns = table.putArray("columnDefinitions");
        for (String name : List.of("Name", "Ready", "Status", "Restarts", "Age")) {
            columns.addObject().put("name", name).put("type", "string").put("format", name.equals("Name") ? "name" : "").put("description", "")
                    .put("priority", 0);
        }
        ArrayNode rows = table.putArray("rows");
        pods.forEach(pod -> row(rows.addObject(), pod));
        return table;
    }

    private static void row(ObjectNode row, ObjectNode pod) {
        JsonNode containers = pod.at("/status/containerStatuses");
        int ready = 0;
        int restarts = 0;
        for (JsonNode container : containers) {
            ready += container.path("ready").asBoolean() ? 1 : 0;
            restarts = Math.max(restarts, container.path("restartCount").asInt());
        }
        String status = pod.at("/metadata/deletionTimestamp").isMissingNode() ? pod.at("/status/phase").asText() : "Terminating";
        row.putArray("cells").add(pod.at("/metadata/name").asText()).add(ready + "/" + pod.at("/spec/containers").size()).add(status)
                .add(Integer.toString(restarts)).add(age(pod));
        ObjectNode object = row.putObject("object").put("kind", "PartialObjectMetadata").put("apiVersion", "meta.k8s.io/v1");
        object.set("metadata", pod.path("metadata"));
    }

    private static String age(ObjectNode pod) {
        Duration age = Duration.between(Instant.parse(pod.at("/metadata/creationTimestamp").asText()), Instant.now());
        if (age.toMinutes() < 2) {
            return Math.max(0, age.toSeconds()) + "s";
        }
        return age.toHours() < 3 ? age.toMinutes() + "m" : age.toDays() < 2 ? age.toHours() + "h" : age.toDays() + "d";
    }
}

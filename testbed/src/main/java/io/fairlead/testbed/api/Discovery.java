package io.fairlead.testbed.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// What the server says about itself: `/version`, `/api`, `/apis`, and the resources of each group version. Plain lists, which clients take also
/// when they ask for the aggregated form.
final class Discovery {
    private static final List<String> VERBS = List.of("create", "delete", "get", "list", "update", "watch");

    private Discovery() {}

    static Optional<ObjectNode> get(String path, String address) {
        return switch (path) {
            case "/version", "/version/" -> Optional.of(version());
            case "/api", "/api/" -> Optional.of(versions(address));
            case "/apis", "/apis/" -> Optional.of(groups());
            case "/api/v1" -> Optional.of(resources("v1"));
            default -> group(path);
        };
    }

    private static Optional<ObjectNode> group(String path) {
        for (String group : Resource.groups()) {
            if (path.equals("/apis/" + group)) {
                return Optional.of(group(Json.object().put("kind", "APIGroup").put("apiVersion", "v1"), group));
            }
            if (path.equals("/apis/" + group + "/v1")) {
                return Optional.of(resources(group + "/v1"));
            }
        }
        return Optional.empty();
    }

    private static ObjectNode version() {
        return Json.object().put("major", "1").put("minor", "34").put("gitVersion", "v1.34.0").put("gitCommit", "fairlead-testbed")
                .put("gitTreeState", "clean").put("buildDate", "2026-01-01T00:00:00Z").put("goVersion", "none").put("compiler", "javac")
                .put("platform", "java");
    }

    private static ObjectNode versions(String address) {
        ObjectNode json = Json.object().put("kind", "APIVersions");
        json.putArray("versions").add("v1");
        json.putArray("serverAddressByClientCIDRs").addObject().put("clientCIDR", "0.0.0.0/0").put("serverAddress", address);
        return json;
    }

    private static ObjectNode groups() {
        ObjectNode json = Json.object().put("kind", "APIGroupList").put("apiVersion", "v1");
        ArrayNode groups = json.putArray("groups");
        Resource.groups().forEach(group -> groups.add(group(Json.object(), group)));
        return json;
    }

    private static ObjectNode group(ObjectNode json, String group) {
        json.put("name", group);
        json.putArray("versions").addObject().put("groupVersion", group + "/v1").put("version", "v1");
        json.putObject("preferredVersion").put("groupVersion", group + "/v1").put("version", "v1");
        return json;
    }

    private static ObjectNode resources(String apiVersion) {
        ObjectNode json = Json.object().put("kind", "APIResourceList").put("apiVersion", "v1").put("groupVersion", apiVersion);
        ArrayNode resources = json.putArray("resources");
        Arrays.stream(Resource.values()).filter(r -> r.apiVersion().equals(apiVersion)).forEach(r -> resource(resources.addObject(), r));
        if (apiVersion.equals("v1")) {
            ObjectNode forward = resources.addObject().put("name", "pods/portforward").put("singularName", "").put("namespaced", true)
                    .put("kind", "PodPortForwardOptions");
            forward.putArray("verbs").add("create").add("get");
        }
        return json;
    }

    private static void resource(ObjectNode json, Resource resource) {
        json.put("name", resource.plural).put("singularName", resource.kind.toLowerCase(java.util.Locale.ROOT))
                .put("namespaced", resource.namespaced).put("kind", resource.kind);
        VERBS.forEach(json.putArray("verbs")::add);
        if (!resource.shortName.isEmpty()) {
            json.putArray("shortNames").add(resource.shortName);
        }
        json.putArray("categories").add("all");
    }
}

package io.fairlead.testbed.api;

import com.fasterxml.jackson.databind.node.ObjectNode;

/// A failure as the API server words it: a Status object, empty fields omitted. Source: docs/PROTOCOL.md 2.4.
///
/// @param reason null where the server gives none
/// @param kind plural resource of `name`; null for no details
public record Status(int code, String reason, String message, String name, String kind) {
    static Status unauthorized() {
        return new Status(401, "Unauthorized", "Unauthorized", null, null);
    }

    static Status notFound(Resource resource, String name) {
        String group = resource.group.isEmpty() ? "" : "." + resource.group;
        return new Status(404, "NotFound", resource.plural + group + " \"" + name + "\" not found", name, resource.plural);
    }

    static Status noSuchPath() {
        return new Status(404, "NotFound", "the server could not find the requested resource", null, null);
    }

    static Status badRequest(String message) {
        return new Status(400, "BadRequest", message, null, null);
    }

    /// One without details, for a fault.
    public static Status of(int code) {
        return switch (code) {
            case 401 -> unauthorized();
            case 403 -> new Status(403, "Forbidden", "pods is forbidden: denied by a fault of the testbed", null, null);
            case 404 -> new Status(404, "NotFound", "pods not found: denied by a fault of the testbed", null, null);
            case 429 -> new Status(429, "TooManyRequests", "Too many requests, please try again later.", null, null);
            default -> new Status(code, null, "error dialing backend: dial tcp 127.0.0.1:10250: connect: connection refused", null, null);
        };
    }

    ObjectNode json() {
        ObjectNode json = Json.object();
        json.put("kind", "Status").put("apiVersion", "v1");
        json.putObject("metadata");
        json.put("status", "Failure").put("message", message);
        if (reason != null) {
            json.put("reason", reason);
        }
        if (kind != null) {
            ObjectNode details = json.putObject("details");
            if (name != null) {
                details.put("name", name);
            }
            details.put("kind", kind);
        }
        return json.put("code", code);
    }
}

package io.fairlead.engine.kube;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// From the API's JSON to our records. Pure.
final class ApiObjects {
    private ApiObjects() {}

    static PodInfo pod(Json pod) {
        Json meta = pod.at("metadata");
        Json status = pod.at("status");
        Json ready = status.at("conditions").items().stream()
                .filter(condition -> condition.at("type").text().equals("Ready")).findFirst().orElse(pod.at("none"));
        List<PodInfo.Port> ports = new ArrayList<>();
        addPorts(pod.at("spec", "containers"), false, ports);
        addPorts(pod.at("spec", "initContainers"), true, ports);
        return new PodInfo(meta.at("namespace").text(), meta.at("name").text(), meta.at("uid").text(), pod.at("spec", "nodeName").text(),
                status.at("podIP").text(), status.at("phase").text(), ready.at("status").text().equals("True"), ready.at("lastTransitionTime").time(),
                meta.at("deletionTimestamp").time(), meta.at("creationTimestamp").time(),
                restarts(status.at("containerStatuses"), null), restarts(status.at("initContainerStatuses"), sidecars(pod)), ports);
    }

    private static void addPorts(Json containers, boolean init, List<PodInfo.Port> into) {
        for (Json container : containers.items()) {
            for (Json port : container.at("ports").items()) {
                into.add(new PodInfo.Port(port.at("name").text(), port.at("containerPort").number(), protocol(port), init));
            }
        }
    }

    private static List<String> sidecars(Json pod) {
        return pod.at("spec", "initContainers").items().stream()
                .filter(container -> container.at("restartPolicy").text().equals("Always"))
                .map(container -> container.at("name").text()).toList();
    }

    /// @param only names of the containers that count; null for all
    private static int restarts(Json statuses, List<String> only) {
        return statuses.items().stream()
                .filter(status -> only == null || only.contains(status.at("name").text()))
                .mapToInt(status -> status.at("restartCount").number()).max().orElse(0);
    }

    static ServiceInfo service(Json service) {
        Json spec = service.at("spec");
        List<ServiceInfo.Port> ports = new ArrayList<>();
        for (Json port : spec.at("ports").items()) {
            String target = port.at("targetPort").text();
            boolean numeric = !target.isEmpty() && target.chars().allMatch(c -> c >= '0' && c <= '9'); // names have a letter, says the API
            ports.add(new ServiceInfo.Port(port.at("name").text(), port.at("port").number(), protocol(port),
                    numeric ? "" : target, numeric ? port.at("targetPort").number() : 0));
        }
        return new ServiceInfo(service.at("metadata", "namespace").text(), service.at("metadata", "name").text(),
                labelSelector(spec.at("selector")), spec.at("clusterIP").text().equals("None"), ports);
    }

    private static String protocol(Json port) {
        String protocol = port.at("protocol").text();
        return protocol.isEmpty() ? "TCP" : protocol;
    }

    /// The label selector of a workload in the query form.
    static String selector(Kind kind, Json workload) {
        Json selector = workload.at("spec", "selector");
        if (kind == Kind.REPLICATION_CONTROLLER) {
            return labelSelector(selector);
        }
        List<String> terms = new ArrayList<>();
        String labels = labelSelector(selector.at("matchLabels"));
        if (!labels.isEmpty()) {
            terms.add(labels);
        }
        for (Json expression : selector.at("matchExpressions").items()) {
            String key = expression.at("key").text();
            String values = expression.at("values").items().stream().map(Json::text).collect(Collectors.joining(",", "(", ")"));
            terms.add(switch (expression.at("operator").text()) {
                case "In" -> key + " in " + values;
                case "NotIn" -> key + " notin " + values;
                case "DoesNotExist" -> "!" + key;
                default -> key;
            });
        }
        return String.join(",", terms);
    }

    /// `a=b,c=d`, sorted by name.
    private static String labelSelector(Json labels) {
        return new TreeMap<>(labels.entries()).entrySet().stream()
                .map(label -> label.getKey() + "=" + label.getValue().text()).collect(Collectors.joining(","));
    }
}

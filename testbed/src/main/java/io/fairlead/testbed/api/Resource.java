package io.fairlead.testbed.api;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// The kinds of object that the API server keeps.
public enum Resource {
    PODS("", "v1", "pods", "Pod", true, "po"),
    SERVICES("", "v1", "services", "Service", true, "svc"),
    NAMESPACES("", "v1", "namespaces", "Namespace", false, "ns"),
    NODES("", "v1", "nodes", "Node", false, "no"),
    ENDPOINTS("", "v1", "endpoints", "Endpoints", true, "ep"),
    REPLICATION_CONTROLLERS("", "v1", "replicationcontrollers", "ReplicationController", true, "rc"),
    DEPLOYMENTS("apps", "v1", "deployments", "Deployment", true, "deploy"),
    REPLICA_SETS("apps", "v1", "replicasets", "ReplicaSet", true, "rs"),
    STATEFUL_SETS("apps", "v1", "statefulsets", "StatefulSet", true, "sts"),
    DAEMON_SETS("apps", "v1", "daemonsets", "DaemonSet", true, "ds"),
    JOBS("batch", "v1", "jobs", "Job", true, ""),
    CRON_JOBS("batch", "v1", "cronjobs", "CronJob", true, "cj"),
    ENDPOINT_SLICES("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true, "");

    final String group;
    final String version;
    final String plural;
    final String kind;
    final boolean namespaced;
    final String shortName;

    Resource(String group, String version, String plural, String kind, boolean namespaced, String shortName) {
        this.group = group;
        this.version = version;
        this.plural = plural;
        this.kind = kind;
        this.namespaced = namespaced;
        this.shortName = shortName;
    }

    public String kind() {
        return kind;
    }

    public String plural() {
        return plural;
    }

    /// "v1" or "apps/v1".
    public String apiVersion() {
        return group.isEmpty() ? version : group + "/" + version;
    }

    static Optional<Resource> find(String apiVersion, String plural) {
        return Arrays.stream(values()).filter(r -> r.apiVersion().equals(apiVersion) && r.plural.equals(plural)).findFirst();
    }

    /// The resource of an object that names its `apiVersion` and `kind`.
    public static Optional<Resource> ofKind(String apiVersion, String kind) {
        return Arrays.stream(values()).filter(r -> r.apiVersion().equals(apiVersion) && r.kind.equals(kind)).findFirst();
    }

    static List<String> groups() {
        return Arrays.stream(values()).map(r -> r.group).filter(g -> !g.isEmpty()).distinct().toList();
    }
}

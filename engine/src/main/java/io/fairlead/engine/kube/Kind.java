package io.fairlead.engine.kube;

import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// The kinds a forward can name, with the words kubectl takes for them.
public enum Kind {
    POD("", "pods", "pod", "po"),
    SERVICE("", "services", "service", "svc"),
    REPLICATION_CONTROLLER("", "replicationcontrollers", "replicationcontroller", "rc"),
    DEPLOYMENT("apps", "deployments", "deployment", "deploy"),
    REPLICA_SET("apps", "replicasets", "replicaset", "rs"),
    STATEFUL_SET("apps", "statefulsets", "statefulset", "sts"),
    DAEMON_SET("apps", "daemonsets", "daemonset", "ds"),
    JOB("batch", "jobs", "job", "");

    private final String group;
    private final String plural;
    private final String singular;
    private final String shortName;

    Kind(String group, String plural, String singular, String shortName) {
        this.group = group;
        this.plural = plural;
        this.singular = singular;
        this.shortName = shortName;
    }

    /// The kind that `word` names: short, singular or plural in any case, alone or as `resource.group` or `resource.version.group`.
    /// Like kubectl, takes the beginning of a group for the group.
    public static Optional<Kind> of(String word) {
        int dot = word.indexOf('.');
        String resource = (dot < 0 ? word : word.substring(0, dot)).toLowerCase(Locale.ROOT);
        String rest = dot < 0 ? "" : word.substring(dot + 1);
        if (resource.isEmpty()) {
            return Optional.empty();
        }
        for (Kind kind : values()) {
            if (Set.of(kind.plural, kind.singular).contains(resource) || kind.shortName.equals(resource)) {
                return dot < 0 || kind.hasGroup(rest) ? Optional.of(kind) : Optional.empty();
            }
        }
        return Optional.empty();
    }

    private boolean hasGroup(String rest) {
        int dot = rest.indexOf('.');
        if (dot >= 0 && rest.substring(0, dot).equals("v1")) {
            String asked = rest.substring(dot + 1);
            return asked.isEmpty() || group.startsWith(asked);
        }
        return !group.isEmpty() && !rest.isEmpty() && group.startsWith(rest);
    }

    /// The word in URLs and messages, for instance `deployments`.
    public String plural() {
        return plural;
    }

    /// The word for one of them, for instance `deployment`.
    public String singular() {
        return singular;
    }

    /// As the API server writes it in messages, for instance `deployments.apps`.
    public String qualified() {
        return group.isEmpty() ? plural : plural + "." + group;
    }

    /// The API's root for this kind, for instance `/apis/apps/v1`.
    String apiRoot() {
        return group.isEmpty() ? "/api/v1" : "/apis/" + group + "/v1";
    }
}

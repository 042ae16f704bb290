package io.fairlead.engine.kube;

import java.util.List;

/// Pods at one moment; a watch goes on from `resourceVersion`.
public record PodList(List<PodInfo> pods, String resourceVersion) {
    public PodList {
        pods = List.copyOf(pods);
    }
}

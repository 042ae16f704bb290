package io.fairlead.engine.kube;

import io.fairlead.engine.ForwardException;

/// A cluster over its API.
final class ApiCluster implements Cluster {
    private final KubeConfig.Settings settings;
    private final Credentials credentials;

    ApiCluster(KubeConfig.Settings settings) {
        this.settings = settings;
        this.credentials = new Credentials(settings);
    }

    @Override
    public String context() {
        return settings.context();
    }

    @Override
    public String namespace() {
        return settings.namespace();
    }

    @Override
    public String server() {
        return settings.server();
    }

    @Override
    public Access access() throws ForwardException {
        return credentials.access();
    }

    @Override
    public void rejected() {
        credentials.rejected();
    }

    @Override
    public PodInfo pod(String namespace, String name) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ServiceInfo service(String namespace, String name) {
        throw new UnsupportedOperationException();
    }

    @Override
    public String selector(Kind workload, String namespace, String name) {
        throw new UnsupportedOperationException();
    }

    @Override
    public PodList pods(String namespace, PodQuery query) {
        throw new UnsupportedOperationException();
    }

    @Override
    public PodWatch watch(String namespace, PodQuery query, String resourceVersion) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}

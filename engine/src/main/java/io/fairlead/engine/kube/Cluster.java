package io.fairlead.engine.kube;

import io.fairlead.engine.ForwardException;

import java.nio.file.Path;
import java.util.Optional;

/// One API server as one context of a kubeconfig sees it: credentials, TLS, and the reads that finding a pod needs.
///
/// Any thread; every method may block on the caller's thread, and an interrupt ends it.
public interface Cluster extends AutoCloseable {
    /// Reads the kubeconfig and checks it. Does not talk to the server.
    ///
    /// @param kubeconfig must exist; empty for `$KUBECONFIG`, then `~/.kube/config`, then the pod we run in
    /// @param context empty for the kubeconfig's current one
    /// @param namespace empty for the context's own, then `default`
    /// @param connector opens the connections of the reads
    static Cluster open(Optional<Path> kubeconfig, Optional<String> context, Optional<String> namespace, Connector connector)
            throws ForwardException {
        return new ApiCluster(KubeConfig.load(Surroundings.ofThisProcess(), kubeconfig, context, namespace), connector);
    }

    /// Name of the context; `in-cluster` where there is no kubeconfig.
    String context();

    String namespace();

    /// The server's URL as the kubeconfig has it.
    String server();

    /// Credentials fit for use now: token files and certificate files are read again at each call.
    Access access() throws ForwardException, InterruptedException;

    /// The server answered 401 to what {@link #access} gave: nothing cached is used for the next call.
    void rejected();

    /// The connection that the last read left open, for the caller to go on with and to close: a session on it saves a TLS handshake. Empty when
    /// there is none, or none that fits `access`.
    Optional<ByteStream> takeIdle(Access access);

    PodInfo pod(String namespace, String name) throws ForwardException, InterruptedException;

    ServiceInfo service(String namespace, String name) throws ForwardException, InterruptedException;

    /// The label selector of a workload in the API's query form, for instance `app=web,tier in (a,b)`.
    String selector(Kind workload, String namespace, String name) throws ForwardException, InterruptedException;

    PodList pods(String namespace, PodQuery query) throws ForwardException, InterruptedException;

    /// What changes after `resourceVersion`, which came with {@link #pods}.
    PodWatch watch(String namespace, PodQuery query, String resourceVersion) throws ForwardException, InterruptedException;

    @Override
    void close();
}

package io.fairlead.engine;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CompletionStage;

/// A running forward: its listeners stay until {@link #close}, whatever happens to pods and sessions. Any thread.
public interface Forward extends AutoCloseable {
    /// One bound local address and the pod port behind it.
    record Listening(InetSocketAddress local, int remotePort) {}

    /// The ends of the path, for whoever wants to compare with it.
    ///
    /// @param server URL of the API server, as the kubeconfig has it
    /// @param podAddress IP address of the pod that new connections go to, which need not be reachable from here; empty when it is not known
    record Route(String server, String podAddress) {}

    /// Bound addresses, in the order of the ports and then of the addresses; never empty.
    List<Listening> listeners();

    /// The pod that new connections go to.
    String pod();

    Route route();

    /// A snapshot of the counters; cheap enough for every second.
    ForwardStats stats();

    /// Completes after {@link #close}, and never exceptionally.
    CompletionStage<Void> closed();

    /// Stops accepting, resets the open pairs (their pod sockets close), says go-away and closes the sessions. Blocks at most
    /// {@link Limits#CLOSE_NANOS}; a second call waits for the first.
    @Override
    void close();
}

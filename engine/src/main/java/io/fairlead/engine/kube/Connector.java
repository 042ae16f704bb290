package io.fairlead.engine.kube;

import java.io.IOException;

/// Opens the connections that the reads go over: whoever opens the sessions, so that both share one way to the server, one TLS library
/// and its sessions.
@FunctionalInterface
public interface Connector {
    /// A fresh connection, TLS included where `access` wants it, within time limits of its own. Blocks; an interrupt ends it.
    ///
    /// @throws IOException of a type that {@link ServerFailure} understands
    ByteStream connect(Access access) throws IOException, InterruptedException;
}

package io.fairlead.engine.kube;

import java.io.IOException;
import java.io.InputStream;

/// One connection as bytes, read and written by one thread that may block; {@link #close} may come from any.
public interface ByteStream extends AutoCloseable {
    /// What the server sends. A read that takes too long throws {@link java.net.SocketTimeoutException} and may be tried again; one whose
    /// thread is interrupted closes the connection, throws some other {@link IOException} and leaves the thread interrupted.
    InputStream in();

    /// Sends all of `bytes`, which stay as they are from now on. May return before they are out: a failure shows at the next read.
    void write(byte[] bytes) throws IOException;

    /// No read may take longer than this, from now on.
    void readTimeout(int millis);

    /// Ends a blocked read, too.
    @Override
    void close();
}

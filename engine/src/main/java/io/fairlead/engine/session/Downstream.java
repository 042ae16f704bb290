package io.fairlead.engine.session;

import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;

/// The local side of a pair, as the session sees it. Called on the session's thread only.
public interface Downstream {
    /// Payload from the pod: bytes `[index, index + length)` of `source`. Borrowed.
    void onData(ByteBuf source, int index, int length);

    /// The pair has room again for what the local socket has to say.
    void onUpstreamReady();

    /// Address of the local program, for messages; null when it is not known.
    default InetSocketAddress program() {
        return null;
    }

    /// The pair is over: no call follows. Everything before it was delivered by {@link #onData}.
    void onClosed(CloseReason why);

    /// The peer holds nothing of the pair any more; called once, after {@link #onClosed} or in its place when the session is lost.
    void onForgotten();
}

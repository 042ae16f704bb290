package io.fairlead.engine.dial;

import io.fairlead.engine.kube.Connector;
import io.fairlead.engine.wire.Transport;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;

/// One event loop for all tests of this JVM, and the connector on it that a forward would use. Its daemon thread ends with the JVM.
public final class SharedLoop {
    static final EventLoop LOOP = new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("test-loop", true),
            Transport.best().handlerFactory()).next();

    private SharedLoop() {}

    public static Connector connector() {
        return new ServerChannels(Transport.best(), LOOP);
    }
}

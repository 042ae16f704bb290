package io.fairlead.engine;

import io.fairlead.engine.dial.ServerChannels;
import io.fairlead.engine.kube.Cluster;
import io.fairlead.engine.wire.HeadroomReads;
import io.fairlead.engine.wire.TlsClient;
import io.fairlead.engine.wire.Transport;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/// Forwards local ports to pods. One engine serves any number of forwards with at most two event loops; start one per process.
///
/// ```java
/// try (Engine engine = Engine.start();
///      Forward db = engine.forward(ForwardSpec.of("svc/db", ":5432"), event -> { })) {
///     connect(db.listeners().getFirst().local());
/// }
/// ```
/// Any thread; may block, and is made for virtual threads.
public final class Engine implements AutoCloseable {
    /// More loops than this only pay when several forwards are busy at once; a session lives on one.
    private static final int LOOPS_MAX = 2;

    private final Transport transport = Transport.best();
    private final EventLoopGroup loops;
    private final Set<RunningForward> forwards = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean closed = new AtomicBoolean();

    private Engine() {
        int count = Math.min(LOOPS_MAX, Runtime.getRuntime().availableProcessors());
        loops = new MultiThreadIoEventLoopGroup(count, new DefaultThreadFactory("fairlead-loop", true), transport.handlerFactory());
    }

    /// Returns at once; what TLS needs is loaded meanwhile, on a thread of its own, as it takes longer than reading a kubeconfig.
    public static Engine start() {
        var engine = new Engine();
        Thread.ofPlatform().daemon().name("fairlead-tls").start(TlsClient::load);
        return engine;
    }

    /// Starts a forward: resolves the target, opens the first session, binds the ports, in this order. Returns when connections are served;
    /// from then on lost sessions and pods are replaced without anyone's help.
    ///
    /// @param events told what a user may want to see; see {@link ForwardEvent} for its thread
    /// @throws ForwardException nothing is forwarded; says why and what to do
    public Forward forward(ForwardSpec spec, Consumer<ForwardEvent> events) throws ForwardException, InterruptedException {
        if (closed.get()) {
            throw new IllegalStateException("the engine is closed");
        }
        EventLoop home = loops.next();
        var channels = new ServerChannels(transport, loops.next());
        Cluster cluster = Cluster.open(spec.kubeconfig(), spec.context(), spec.namespace(), channels);
        var forward = new RunningForward(spec, cluster, transport, channels, home, loops, events, forwards::remove);
        forward.start();
        forwards.add(forward);
        if (closed.get()) { // meanwhile: whoever closed did not see this one
            forward.close();
            throw new IllegalStateException("the engine is closed");
        }
        return forward;
    }

    /// Closes every forward and ends the loops. Blocks at most some seconds; a second call waits for the first.
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            loops.terminationFuture().awaitUninterruptibly();
            return;
        }
        forwards.forEach(RunningForward::close);
        loops.forEach(loop -> loop.execute(HeadroomReads::releaseLoopBuffer));
        // No quiet period: the loops' threads sit in native code, for which the JVM's exit waits up to 300 ms.
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(1, TimeUnit.SECONDS);
    }
}

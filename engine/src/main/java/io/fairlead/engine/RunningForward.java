package io.fairlead.engine;

import io.fairlead.engine.dial.Dialer;
import io.fairlead.engine.dial.ServerChannels;
import io.fairlead.engine.kube.Cluster;
import io.fairlead.engine.listen.Listener;
import io.fairlead.engine.listen.LocalAddresses;
import io.fairlead.engine.listen.LocalAddresses.LocalAddress;
import io.fairlead.engine.listen.PairBudget;
import io.fairlead.engine.resolve.Endpoint;
import io.fairlead.engine.resolve.PortPair;
import io.fairlead.engine.resolve.TargetResolver;
import io.fairlead.engine.session.CloseReason;
import io.fairlead.engine.session.Counters;
import io.fairlead.engine.session.PortHistory;
import io.fairlead.engine.supervise.EventQueue;
import io.fairlead.engine.supervise.Supervisor;
import io.fairlead.engine.tunnel.ShardSet;
import io.fairlead.engine.tunnel.Tunnel;
import io.fairlead.engine.wire.Transport;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/// One forward from start to close: puts supervisor, tunnels and listeners together.
final class RunningForward implements Forward {
    private final ForwardSpec spec;
    private final Cluster cluster;
    private final Transport transport;
    private final EventLoop home;
    private final EventQueue events;
    private final Consumer<RunningForward> onClosed;
    private final PairBudget budget;
    private final Supervisor supervisor;
    private final ShardSet shards;
    private final List<Listener> listeners = new ArrayList<>();
    private final List<PortHistory> histories = new CopyOnWriteArrayList<>();
    private final AtomicBoolean closing = new AtomicBoolean();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();

    RunningForward(ForwardSpec spec, Cluster cluster, Transport transport, ServerChannels channels, EventLoop home, EventLoopGroup loops,
            Consumer<ForwardEvent> consumer, Consumer<RunningForward> onClosed) {
        this.spec = spec;
        this.cluster = cluster;
        this.transport = transport;
        this.home = home;
        this.onClosed = onClosed;
        events = new EventQueue(consumer);
        budget = new PairBudget(spec.pairsMax());
        supervisor = new Supervisor(spec, new TargetResolver(cluster), new Dialer(channels, cluster), loops, events,
                () -> histories.forEach(PortHistory::forget));
        shards = new ShardSet(home, spec.sessions(),
                lost -> events.accept(new ForwardEvent.TunnelLost(lost.tunnel().pod(), lost.pairs(),
                        lost.why() instanceof CloseReason.SessionLost(var cause) ? cause : lost.why().text())),
                supervisor::nudge);
    }

    void start() throws ForwardException, InterruptedException {
        try {
            List<LocalAddress> addresses = LocalAddresses.parse(spec.addresses());
            Tunnel first = supervisor.first();
            shards.add(first).join();
            bind(supervisor.endpoint(), addresses);
            supervisor.start(shards);
        } catch (ForwardException | InterruptedException | RuntimeException e) {
            close();
            throw e;
        }
    }

    // ---- binding, by kubectl's rules: docs/PROTOCOL.md 7.4

    private void bind(Endpoint endpoint, List<LocalAddress> addresses) throws ForwardException, InterruptedException {
        var failed = new ArrayList<ForwardEvent.ListenFailed>();
        for (int i = 0; i < endpoint.ports().size(); i++) {
            bindPort(i, endpoint.ports().get(i), addresses, failed);
        }
        if (listeners.isEmpty()) {
            throw new ForwardException(new Failure.LocalPortsTaken(spec.ports(),
                    failed.stream().map(f -> bracketed(f.address()) + ":" + f.localPort() + ": " + f.cause()).toList()));
        }
        failed.forEach(events);
    }

    /// One port on all addresses. A required address that fails takes the port with it; so does failing on all of the others.
    private void bindPort(int index, PortPair port, List<LocalAddress> addresses, List<ForwardEvent.ListenFailed> failed) throws InterruptedException {
        int local = port.local();
        var history = new PortHistory(); // one port of the pod, however many addresses it has here
        histories.add(history);
        var bound = new ArrayList<Listener>();
        boolean requiredFailed = false;
        for (LocalAddress address : addresses) {
            try {
                var socket = new InetSocketAddress(address.address(), local);
                bound.add(Listener.bind(transport, home, socket, index, port.remote(), history, shards, budget, events));
                local = bound.getLast().local().getPort();
            } catch (IOException e) {
                requiredFailed |= address.required();
                failed.add(new ForwardEvent.ListenFailed(address.text(), local, Listener.cause(e)));
            }
        }
        if (requiredFailed || bound.isEmpty()) {
            bound.forEach(Listener::close);
            bound.clear();
        }
        for (Listener listener : bound) {
            listeners.add(listener);
            events.accept(new ForwardEvent.Listening(listener.local(), listener.remotePort()));
        }
    }

    private static String bracketed(String address) {
        return address.contains(":") ? "[" + address + "]" : address;
    }

    // ---- Forward

    @Override
    public List<Listening> listeners() {
        return listeners.stream().map(l -> new Listening(l.local(), l.remotePort())).toList();
    }

    @Override
    public String pod() {
        return supervisor.endpoint().pod();
    }

    @Override
    public Route route() {
        return new Route(cluster.server(), supervisor.endpoint().address());
    }

    @Override
    public ForwardStats stats() {
        Counters c = shards.counters();
        List<Tunnel> tunnels = shards.tunnels();
        return new ForwardStats(budget.acceptedTotal(), tunnels.stream().mapToLong(Tunnel::pairs).sum(), c.pairsFailed, c.pairsRefused,
                c.upBytes, c.downBytes, c.lateBytes, tunnels.stream().mapToLong(Tunnel::queuedBytes).sum(), tunnels.size(),
                shards.openedTotal(), shards.lostTotal(), shards.waiting(), budget.pausesTotal());
    }

    @Override
    public CompletionStage<Void> closed() {
        return closed;
    }

    @Override
    public void close() {
        if (!closing.compareAndSet(false, true)) {
            closed.join();
            return;
        }
        try {
            listeners.forEach(Listener::close);
            supervisor.close();
            shards.close().get(Limits.CLOSE_NANOS, TimeUnit.NANOSECONDS);
            listeners.forEach(Listener::resetSockets);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException | RejectedExecutionException _) {
            // the loops' end closes what is still open, or has done so
        } finally {
            end();
        }
    }

    /// The rest of closing. Whoever calls {@link #close} a second time waits for it.
    private void end() {
        try {
            cluster.close();
            events.close();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } finally {
            onClosed.accept(this);
            closed.complete(null);
        }
    }
}

package io.fairlead.engine.supervise;

import io.fairlead.engine.Failure;
import io.fairlead.engine.ForwardEvent;
import io.fairlead.engine.ForwardException;
import io.fairlead.engine.ForwardSpec;
import io.fairlead.engine.Limits;
import io.fairlead.engine.dial.Dialer;
import io.fairlead.engine.resolve.Endpoint;
import io.fairlead.engine.resolve.TargetResolver;
import io.fairlead.engine.tunnel.ShardSet;
import io.fairlead.engine.tunnel.Tunnel;
import io.netty.channel.EventLoopGroup;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// Keeps the tunnels of one forward alive: opens the first, further ones ahead of need, and whenever none takes new connections any more,
/// resolves the target anew. A second virtual thread watches the pod, so that its end is known before a connection fails.
///
/// Thread: {@link #first} on the caller's; then one virtual thread, which blocks; {@link #nudge} from any.
public final class Supervisor {
    private static final System.Logger LOG = System.getLogger(Supervisor.class.getName());

    private final ForwardSpec spec;
    private final TargetResolver resolver;
    private final Dialer dialer;
    private final EventLoopGroup loops;
    private final Consumer<ForwardEvent> events;
    private final Runnable onMoved;
    private final Semaphore nudges = new Semaphore(0);

    private ShardSet shards;
    private volatile Endpoint endpoint;
    /// The last pod that was seen to go. Where no other runs for {@link Limits#GOING_KEPT_NANOS}, it is used again until it ends.
    private volatile String goingUid = "";
    private long lookedNanos = System.nanoTime();
    private Backoff spareBackoff = newBackoff();
    private long sparesNotBefore = System.nanoTime();
    private Backoff earlyEnds = newBackoff();
    private long upNanos = System.nanoTime();
    private long lostBefore;
    private Thread healer;
    private Thread watcher;
    private final Set<Thread> enders = ConcurrentHashMap.newKeySet();

    /// @param onMoved run when another pod takes the place of the one before, ahead of its first tunnel; must not block
    public Supervisor(ForwardSpec spec, TargetResolver resolver, Dialer dialer, EventLoopGroup loops, Consumer<ForwardEvent> events,
            Runnable onMoved) {
        this.spec = spec;
        this.resolver = resolver;
        this.dialer = dialer;
        this.loops = loops;
        this.events = events;
        this.onMoved = onMoved;
    }

    /// The pod and ports of now.
    public Endpoint endpoint() {
        return endpoint;
    }

    /// Resolves the target and opens the first tunnel. Blocks. Called once, before {@link #start}.
    public Tunnel first() throws ForwardException, InterruptedException {
        endpoint = resolver.resolve(spec.target(), spec.ports(), spec.podRunningTimeout());
        LOG.log(Level.DEBUG, () -> spec.target() + " became pod " + endpoint.pod() + " on node " + endpoint.node() + ", ports " + endpoint.ports());
        return telling(dialer.dialAfterReads(endpoint));
    }

    /// Begins to keep `shards`, which has the first tunnel, alive.
    public void start(ShardSet shards) {
        this.shards = shards;
        nudge(); // further tunnels may be wanted
        healer = Thread.ofVirtual().name("fairlead-supervisor").start(this::heal);
    }

    /// Something changed: a tunnel ended, the pod is going, or a connection waits. Never blocks.
    public void nudge() {
        nudges.release();
    }

    /// Ends both threads. Waits for the one that dials, but no longer than {@link Limits#CLOSE_NANOS}: a name lookup hears no interrupt. What it
    /// dials after that finds its forward closed.
    public void close() throws InterruptedException {
        if (healer != null) {
            healer.interrupt();
            healer.join(Duration.ofNanos(Limits.CLOSE_NANOS));
        }
    }

    private void heal() {
        try {
            watch();
            while (true) {
                nudges.tryAcquire(pauseNanos(), TimeUnit.NANOSECONDS);
                nudges.drainPermits();
                try {
                    tend();
                } catch (RuntimeException e) {
                    LOG.log(Level.ERROR, "keeping the sessions of " + spec.target() + " alive failed; it goes on", e);
                    TimeUnit.NANOSECONDS.sleep(Limits.BACKOFF_MAX_NANOS);
                }
            }
        } catch (InterruptedException _) {
            // the forward is closed
        } finally {
            watcher.interrupt();
            enders.forEach(Thread::interrupt);
        }
    }

    /// How long to wait for a nudge before looking anyway.
    private long pauseNanos() {
        if (isGoing()) {
            return Limits.GOING_NANOS;
        }
        long spares = sparesNotBefore - System.nanoTime();
        return spares > 0 && shards.wantsTunnel() ? spares : Limits.SPARE_IDLE_NANOS;
    }

    private void tend() throws InterruptedException {
        shards.trim();
        if (isGoing() && shards.isAccepting()) { // otherwise the target is resolved anew below
            leaveIfReplaced();
        }
        if (!shards.isAccepting()) {
            reopen();
        }
        openSpares();
        shards.retireStalled();
    }

    private boolean isGoing() {
        return goingUid.equals(endpoint.uid());
    }

    /// The pod of now is being deleted and was used on, as nothing replaced it: perhaps something does by now. Its end is the watch's to tell.
    private void leaveIfReplaced() throws InterruptedException {
        if (System.nanoTime() - lookedNanos < Limits.GOING_NANOS) {
            return;
        }
        lookedNanos = System.nanoTime();
        try {
            if (!resolver.resolve(spec.target(), spec.ports(), Duration.ZERO).uid().equals(endpoint.uid())) {
                shards.retireAll().join();
            }
        } catch (ForwardException e) {
            LOG.log(Level.DEBUG, () -> "looking for another pod failed: " + e.failure().what());
        }
    }

    /// Tunnels to the pod of now, as many as are wanted. Nobody needs them yet, so a failure is no hurry.
    private void openSpares() throws InterruptedException {
        if (sparesNotBefore - System.nanoTime() > 0) {
            return;
        }
        try {
            while (shards.isAccepting() && shards.wantsTunnel()) {
                pauseAfterEarlyEnd();
                boolean going = isGoing();
                if (add(dialer.dial(endpoint, loops.next()), going)) {
                    up(endpoint);
                }
            }
            spareBackoff = newBackoff();
        } catch (ForwardException e) {
            events.accept(new ForwardEvent.SpareFailed(e.failure()));
            sparesNotBefore = System.nanoTime() + spareBackoff.nextNanos();
        }
    }

    /// Adds a tunnel to the endpoint's pod, unless the pod was seen to go since `going`: the others were taken out of use then, this one was on its
    /// way. Returns whether it is in use.
    private boolean add(Tunnel tunnel, boolean going) {
        telling(tunnel);
        if (isGoing() != going) {
            tunnel.close();
            return false;
        }
        shards.add(tunnel).join();
        if (isGoing() != going) { // just now: perhaps it was added after the others were taken out
            shards.retireAll().join();
            return false;
        }
        return true;
    }

    private Tunnel telling(Tunnel tunnel) {
        tunnel.tell(events);
        return tunnel;
    }

    private static Backoff newBackoff() {
        return new Backoff(() -> ThreadLocalRandom.current().nextDouble());
    }

    private void reopen() throws InterruptedException {
        var backoff = newBackoff();
        var looks = newBackoff();
        long began = System.nanoTime();
        while (!shards.isAccepting()) {
            pauseAfterEarlyEnd();
            try {
                Endpoint next = resolver.resolve(spec.target(), spec.ports(), spec.podRunningTimeout());
                boolean going = next.uid().equals(goingUid);
                if (going && System.nanoTime() - began < Limits.GOING_KEPT_NANOS) {
                    TimeUnit.NANOSECONDS.sleep(Math.min(Limits.GOING_NANOS, looks.nextNanos()));
                    continue;
                }
                Tunnel tunnel = dialer.dialAfterReads(next);
                boolean moved = !next.uid().equals(endpoint.uid());
                endpoint = next;
                if (moved) {
                    onMoved.run();
                }
                if (!add(tunnel, going)) {
                    continue;
                }
                if (going) {
                    events.accept(new ForwardEvent.PodKept(next.pod()));
                }
                up(next);
                if (moved || going || !watcher.isAlive()) {
                    watch();
                }
            } catch (ForwardException e) {
                boolean starting = e.failure() instanceof Failure.PodNotRunning;
                long nanos = Math.min(backoff.nextNanos(), starting ? Limits.STARTING_NANOS : Limits.BACKOFF_MAX_NANOS);
                events.accept(new ForwardEvent.Retrying(backoff.attempt(), Duration.ofNanos(nanos), e.failure()));
                TimeUnit.NANOSECONDS.sleep(nanos);
            }
        }
    }

    /// A server that takes sessions and ends each at once is not to be dialled in a circle.
    private void pauseAfterEarlyEnd() throws InterruptedException {
        long lost = shards.lostTotal();
        if (System.nanoTime() - upNanos > Limits.EARLY_END_NANOS) {
            earlyEnds = newBackoff();
        } else if (lost > lostBefore) {
            TimeUnit.NANOSECONDS.sleep(Math.min(Limits.EARLY_END_NANOS, earlyEnds.nextNanos()));
        }
        lostBefore = lost;
    }

    private void up(Endpoint endpoint) {
        upNanos = System.nanoTime();
        LOG.log(Level.DEBUG, () -> "session to pod " + endpoint.pod() + " on node " + endpoint.node() + " is up, " + shards.tunnels().size() + " now");
        events.accept(new ForwardEvent.TunnelUp(endpoint.pod(), shards.tunnels().size()));
    }

    /// Ends what is left of `tunnels` a while after the end of their pod: the runtime keeps its sessions, answers their pings, and a connection of
    /// which the pod's end did not reach the runtime would wait for ever.
    private void endAfter(Endpoint left, List<Tunnel> tunnels) {
        var ender = Thread.ofVirtual().name("fairlead-pod-end").unstarted(() -> {
            try {
                String why = resolver.awaitEnd(left);
                TimeUnit.NANOSECONDS.sleep(Limits.POD_ENDED_NANOS);
                tunnels.forEach(tunnel -> tunnel.end("the pod " + why));
            } catch (InterruptedException _) {
                // the forward is closed
            } finally {
                enders.remove(Thread.currentThread());
            }
        });
        enders.add(ender);
        ender.start();
    }

    /// Watches the endpoint's pod in place of the one before; one that is known to be going, for its end: the runtime keeps the sessions of a pod
    /// that has ended, and every connection on them fails.
    private void watch() {
        if (watcher != null) {
            watcher.interrupt();
        }
        Endpoint watched = endpoint;
        boolean going = isGoing();
        watcher = Thread.ofVirtual().name("fairlead-pod-watch").start(() -> {
            try {
                String why = going ? resolver.awaitEnd(watched) : resolver.awaitGone(watched);
                LOG.log(Level.INFO, () -> "pod " + watched.pod() + " takes no new connections: " + why);
                List<Tunnel> tunnels = shards.tunnels(); // before the question: those of another pod come after the endpoint has changed
                if (endpoint.uid().equals(watched.uid())) { // the same pod, perhaps by a later session
                    goingUid = watched.uid();
                    events.accept(new ForwardEvent.PodLeft(watched.pod(), why));
                    shards.retireAll();
                    endAfter(watched, tunnels);
                }
            } catch (InterruptedException _) {
                // another pod is watched now, or the forward is closed
            }
        });
    }
}

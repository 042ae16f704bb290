package io.fairlead.engine.tunnel;

import io.fairlead.engine.ForwardSpec;
import io.fairlead.engine.Limits;
import io.fairlead.engine.frame.Spdy;
import io.fairlead.engine.session.CloseReason;
import io.fairlead.engine.session.Counters;
import io.fairlead.engine.session.PortHistory;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// The live tunnels of one forward, and the connections that wait for one. Picks a tunnel for each new connection.
///
/// Thread: the forward's home loop, on which its listeners accept; what other threads may call posts to it, or reads a snapshot. Bound: waiting connections by the caller's pair limit.
/// Invariant: while a tunnel accepts, nothing waits for longer than {@link Limits#BETTER_PLACE_NANOS}.
public final class ShardSet {
    /// A connection that wants a tunnel. Called once, on the home loop.
    public interface Waiter {
        void placed(Tunnel tunnel);

        void refused(CloseReason why);
    }

    /// A connection in line. At its deadline it is refused, or takes what there is when it only waits for something better.
    private static final class Waiting {
        final int portIndex;
        final PortHistory history;
        final Waiter waiter;
        /// Whether it waits for any tunnel, and not for a better one only.
        boolean anyPlace;
        ScheduledFuture<?> deadline;

        Waiting(int portIndex, PortHistory history, Waiter waiter) {
            this.portIndex = portIndex;
            this.history = history;
            this.waiter = waiter;
        }
    }

    /// A tunnel and how well it suits a connection.
    private record Choice(Tunnel tunnel, int rank) {}

    /// From this rank on a place is poor enough to wait a moment for a tunnel that is being opened.
    private static final int POOR = 4;

    private static final System.Logger LOG = System.getLogger(ShardSet.class.getName());

    private final EventLoop home;
    private final int sessions;
    private final Consumer<Lost> onLost;
    private final Runnable onNeed;
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private final AtomicInteger waitingCount = new AtomicInteger();
    private final Counters finished = new Counters();
    private volatile List<Tunnel> tunnels = List.of(); // changed on the home loop, never in place
    private volatile long opened;
    private volatile long lost;
    private boolean closed;

    /// A tunnel that ended.
    ///
    /// @param pairs open when it ended
    public record Lost(Tunnel tunnel, int pairs, CloseReason why) {}

    /// @param sessions how many to keep, or {@link io.fairlead.engine.ForwardSpec#SESSIONS_AUTO}
    /// @param onLost told on the home loop of each tunnel that ends without us asking
    /// @param onNeed told, on any thread, that perhaps no tunnel takes new connections any more; must not block
    public ShardSet(EventLoop home, int sessions, Consumer<Lost> onLost, Runnable onNeed) {
        this.sessions = sessions;
        this.home = home;
        this.onLost = onLost;
        this.onNeed = onNeed;
    }

    // ---- any thread

    /// Tunnels up now, retired ones too.
    public List<Tunnel> tunnels() {
        return tunnels;
    }

    public int waiting() {
        return waitingCount.get();
    }

    public long openedTotal() {
        return opened;
    }

    public long lostTotal() {
        return lost;
    }

    /// Whether another tunnel should be opened now: the number asked for is not reached; or, when it is left to us, none is empty and in
    /// order, to be there ahead of need.
    public boolean wantsTunnel() {
        int accepting = 0;
        boolean spare = false;
        for (Tunnel tunnel : tunnels) {
            if (tunnel.isAccepting() && !tunnel.isStalled()) {
                accepting++;
                spare |= tunnel.load() == 0;
            }
        }
        boolean auto = sessions == ForwardSpec.SESSIONS_AUTO;
        int most = auto ? Limits.SESSIONS_AUTO_MAX : sessions;
        boolean wanted = auto ? !spare && accepting < most : accepting < most;
        return wanted && tunnels.size() < 2 * most; // those out of use for now count half
    }

    // Tunnels are taken out of use on the home loop, or a connection could be placed on one that closes because it has none.

    /// Takes tunnels with a stalled worker out of use as soon as another one is in order: their connections go on to their end, new ones go
    /// elsewhere, and a fresh tunnel takes their place. At most as many as {@link Limits#SESSIONS_AUTO_MAX} stay on in this way.
    public void retireStalled() {
        home.execute(() -> {
            List<Tunnel> all = tunnels;
            long retired = all.stream().filter(t -> !t.isAccepting()).count();
            all.stream().filter(t -> !t.isAccepting() && t.hasStalledWorker()).forEach(Tunnel::retire); // all five are: it went out of use by itself
            if (all.stream().anyMatch(t -> t.isAccepting() && !t.isStalled())) {
                all.stream().filter(t -> t.isAccepting() && t.hasStalledWorker()).limit(Math.max(0, Limits.SESSIONS_AUTO_MAX - retired)).forEach(Tunnel::retire);
            }
        });
    }

    /// Closes tunnels that have had no connection for {@link Limits#SPARE_IDLE_NANOS}, but for one, when their number is left to us.
    public void trim() {
        if (sessions != ForwardSpec.SESSIONS_AUTO) {
            return;
        }
        home.execute(() -> {
            long now = System.nanoTime();
            tunnels.stream().filter(t -> t.isAccepting() && t.load() == 0 && now - t.emptySinceNanos() > Limits.SPARE_IDLE_NANOS)
                    .skip(1).forEach(Tunnel::retire);
        });
    }

    /// Whether some tunnel takes new connections.
    public boolean isAccepting() {
        return tunnels.stream().anyMatch(Tunnel::isAccepting);
    }

    /// The counters of all tunnels so far. A snapshot may lag.
    public Counters counters() {
        var sum = new Counters();
        synchronized (finished) {
            sum.add(finished);
        }
        tunnels.forEach(t -> sum.add(t.counters()));
        return sum;
    }

    /// A fresh tunnel: whoever waits is placed on it. Completes when that is done.
    public CompletableFuture<Void> add(Tunnel tunnel) {
        return CompletableFuture.runAsync(() -> {
            if (closed) {
                tunnel.close();
                return;
            }
            opened++;
            tunnel.onStall(onNeed);
            tunnels = Stream.concat(tunnels.stream(), Stream.of(tunnel)).toList();
            tunnel.closed().thenAccept(why -> home.execute(() -> remove(tunnel, why)));
            for (Waiting w : List.copyOf(waiting)) {
                Choice choice = choose(w.portIndex, w.history);
                if (choice != null && (choice.rank < POOR || !wantsTunnel())) {
                    leave(w);
                    place(choice.tunnel, w.portIndex, w.waiter);
                } else if (choice != null && w.anyPlace) {
                    w.deadline.cancel(false);
                    setDeadline(w, false); // there is a place now, if a poor one
                }
            }
        }, home);
    }

    /// No new connections on the tunnels of now: their pod is going. Those that are open go on. Completes when that is so.
    public CompletableFuture<Void> retireAll() {
        return CompletableFuture.runAsync(() -> {
            tunnels.forEach(Tunnel::retire);
            onNeed.run();
        }, home);
    }

    /// No new connections on `tunnel`, as its pod was found to be gone.
    public void retire(Tunnel tunnel) {
        home.execute(() -> {
            if (tunnel.isAccepting()) {
                tunnel.retire();
                onNeed.run();
            }
        });
    }

    /// Everyone who waits is refused: there will be no tunnel soon.
    public void refuseWaiting(CloseReason why) {
        home.execute(() -> {
            for (Waiting w : List.copyOf(waiting)) {
                leave(w);
                w.waiter.refused(why);
            }
        });
    }

    /// Closes every tunnel; those that come later are closed at once. Completes when the last one is closed.
    public CompletableFuture<Void> close() {
        return CompletableFuture.supplyAsync(() -> {
            closed = true;
            refuseWaiting(new CloseReason.Stopped());
            tunnels.forEach(Tunnel::close);
            return tunnels.stream().map(t -> t.closed().toCompletableFuture()).toArray(CompletableFuture[]::new);
        }, home).thenCompose(CompletableFuture::allOf);
    }

    // ---- home loop

    /// Places a connection of the forward's port number `portIndex`: now; or, where it would hurt or be hurt and a tunnel is wanted anyway, when
    /// that one is up, but after {@link Limits#BETTER_PLACE_NANOS} at the latest. Where no tunnel accepts it waits for one, and is refused
    /// after {@link Limits#WAIT_FOR_SESSION_NANOS}.
    public void place(int portIndex, PortHistory history, Waiter waiter) {
        assert home.inEventLoop();
        Choice choice = choose(portIndex, history);
        boolean wanted = wantsTunnel();
        if (choice != null && (choice.rank < POOR || !wanted)) {
            place(choice.tunnel, portIndex, waiter);
        } else if (closed) {
            waiter.refused(new CloseReason.Stopped());
        } else {
            var w = new Waiting(portIndex, history, waiter);
            waiting.add(w);
            waitingCount.incrementAndGet();
            setDeadline(w, choice == null);
        }
        if (wanted || wantsTunnel()) {
            onNeed.run();
        }
    }

    private void setDeadline(Waiting w, boolean anyPlace) {
        w.anyPlace = anyPlace;
        long patience = anyPlace ? Limits.WAIT_FOR_SESSION_NANOS : Limits.BETTER_PLACE_NANOS;
        w.deadline = home.schedule(() -> settle(w), patience, TimeUnit.NANOSECONDS);
    }

    /// The connection has waited long enough: it takes what there is. One for which there was a place at first, and now is none, waits on as
    /// those do that found none.
    private void settle(Waiting w) {
        Choice choice = choose(w.portIndex, w.history);
        if (choice == null && !w.anyPlace) {
            setDeadline(w, true);
            return;
        }
        leave(w);
        if (choice != null) {
            place(choice.tunnel, w.portIndex, w.waiter);
        } else {
            w.waiter.refused(new CloseReason.SessionLost("none could be opened for " + Limits.WAIT_FOR_SESSION_NANOS / 1_000_000_000 + " s"));
        }
    }

    private void leave(Waiting w) {
        waiting.remove(w);
        waitingCount.decrementAndGet();
        w.deadline.cancel(false);
    }

    private void place(Tunnel tunnel, int portIndex, Waiter waiter) {
        tunnel.placed(portIndex, now());
        waiter.placed(tunnel);
    }

    /// The home loop's clock, by which connections wait, too: a test sets it. Its zero is not that of `System.nanoTime()`, so what it tells is
    /// compared with nothing but what it told before.
    private long now() {
        return home.ticker().nanoTime();
    }

    /// The tunnel where a new connection hurts and is hurt least, or null when none accepts. A pair cannot move, so this has to foresee:
    /// what the port's last connections were is the best guess, and where there is none the connection is put where nobody is who would mind.
    private Choice choose(int portIndex, PortHistory history) {
        long now = now();
        Choice best = null;
        for (Tunnel tunnel : tunnels) {
            if (tunnel.isAccepting()) {
                int rank = rank(tunnel, portIndex, history, now);
                if (best == null || rank < best.rank || rank == best.rank && tunnel.load() < best.tunnel.load()) {
                    best = new Choice(tunnel, rank);
                }
            }
        }
        return best;
    }

    /// How well a tunnel suits, 0 best. What counts, the weightiest first:
    ///
    /// | a new connection whose port ... | would come | costs |
    /// |---|---|---|
    /// | any | where a worker is stuck or nothing is read | 64 |
    /// | was bulk last | among settled interactive ones | 32 |
    /// | is not known as bulk | among bulk ones | 16 |
    /// | was bulk last | among another port's fresh ones, as they may turn out interactive | 16 |
    /// | is of unknown kind | among settled interactive ones | 8 |
    /// | was bulk last | among bulk ones | 8, and 1 for each of them |
    /// | any | among connections of other ports | 4 |
    /// | uploaded in bulk lately | where each worker has a connection already, as one that is not read holds up those of its worker | 4 |
    /// | uploaded in bulk lately | where workers are under suspicion: its uploads may have left them stuck | 3 |
    /// | any | to an empty one whose workers are under suspicion | 2 |
    /// | any, with as many tunnels as we think fit | to an empty one: it is the spare | 1 |
    private int rank(Tunnel tunnel, int portIndex, PortHistory history, long now) {
        if (tunnel.isStalled()) {
            return 64;
        }
        boolean empty = tunnel.load() == 0;
        boolean free = tunnel.isFreeForPort(portIndex);
        int rank = free ? 0 : 4;
        if (tunnel.bulkPairs() > 0) {
            rank += history.isBulk() ? 8 + Math.min(7, tunnel.bulkPairs()) : 16;
        } else if (!history.isInteractive() && !tunnel.isFresh(now)) {
            rank += history.isBulk() ? 32 : 8; // who has settled there is interactive
        } else if (history.isBulk() && !free) {
            rank += 16;
        }
        rank += history.isUpload() && tunnel.load() >= Spdy.WORKERS ? 4 : 0;
        if (tunnel.isSuspect()) {
            rank += history.isUpload() ? 3 : empty ? 2 : 0;
        }
        return rank + (empty && sessions == ForwardSpec.SESSIONS_AUTO ? 1 : 0);
    }

    private void remove(Tunnel tunnel, CloseReason why) {
        synchronized (finished) {
            finished.add(tunnel.counters());
        }
        tunnels = tunnels.stream().filter(t -> t != tunnel).toList();
        String cause = why instanceof CloseReason.Stopped && !closed ? "it was out of use and had no connection left" : why.text();
        LOG.log(Level.DEBUG, () -> "session to pod " + tunnel.pod() + " is over, " + tunnels.size() + " left: " + cause + "; " + tunnel.counters());
        if (!closed && !(why instanceof CloseReason.Stopped)) {
            lost++;
            onLost.accept(new Lost(tunnel, tunnel.pairsAtEnd(), why));
        }
        onNeed.run();
    }
}

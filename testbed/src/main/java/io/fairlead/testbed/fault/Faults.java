package io.fairlead.testbed.fault;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/// Switches for what goes wrong between a client and its pods. All are off at first and take effect at once, also on connections that
/// are open, where nothing else is said.
///
/// Thread: any.
public final class Faults {
    private record Denial(int status, AtomicInteger left) {}

    private final AtomicReference<Denial> denial = new AtomicReference<>();
    private volatile long toServerNanos;
    private volatile long toClientNanos;
    private volatile long windowBytes;
    private volatile int writeBytesMax;
    private volatile boolean oddMessages;
    private volatile Duration upgradeDelay = Duration.ZERO;
    private volatile Duration replyDelay = Duration.ZERO;
    private final AtomicInteger repliesToDrop = new AtomicInteger();
    private volatile boolean frozen;
    private volatile Runnable onFreeze = () -> { };

    /// Holds back everything by these times, TLS handshakes included, in order and without a limit of rate. Zero ends it.
    public void delay(Duration toServer, Duration toClient) {
        toServerNanos = toServer.toNanos();
        toClientNanos = toClient.toNanos();
    }

    /// Lets at most `bytes` of a connection be under way each way, until an acknowledgement would be back: a round trip of {@link #delay} after they
    /// left. Without a delay it says nothing. 0 ends it.
    public void window(long bytes) {
        windowBytes = bytes;
    }

    /// Cuts what the server writes into pieces of at most `bytes`, each a TLS record of its own; 0 ends it. Connections made from now on.
    public void splitWrites(int bytes) {
        writeBytesMax = bytes;
    }

    /// WebSocket: each message is sent as Go sends a large one, a frame without end and an empty continuation, and an empty message before it.
    public void oddMessages(boolean odd) {
        oddMessages = odd;
    }

    /// Answers the next `times` port-forward requests with this HTTP status (-1: until {@link #admit}).
    public void denyUpgrades(int status, int times) {
        denial.set(new Denial(status, new AtomicInteger(times)));
    }

    /// Ends {@link #denyUpgrades}.
    public void admit() {
        denial.set(null);
    }

    /// Waits so long before the 101 (or the denial).
    public void delayUpgrades(Duration delay) {
        upgradeDelay = delay;
    }

    /// Waits so long before each SYN_REPLY. In containerd's mode the frame worker waits, and its lane with it.
    public void delayReplies(Duration delay) {
        replyDelay = delay;
    }

    /// Never answers the next `count` SYN_STREAMs, nor forwards their pairs.
    public void dropReplies(int count) {
        repliesToDrop.set(count);
    }

    /// Every session, open or new, stops reading and writing, and answers no ping; its TCP connection stays. `false` lets them go on.
    public void freezeSessions(boolean freeze) {
        frozen = freeze;
        onFreeze.run();
    }

    /// For the node: what to tell when {@link #freezeSessions} is called.
    public void onFreeze(Runnable action) {
        onFreeze = action;
    }

    public long toServerNanos() {
        return toServerNanos;
    }

    public long toClientNanos() {
        return toClientNanos;
    }

    public long windowBytes() {
        return windowBytes;
    }

    public int writeBytesMax() {
        return writeBytesMax;
    }

    public boolean hasOddMessages() {
        return oddMessages;
    }

    public Duration upgradeDelay() {
        return upgradeDelay;
    }

    public Duration replyDelay() {
        return replyDelay;
    }

    public boolean isFrozen() {
        return frozen;
    }

    /// Whether this SYN_STREAM is one of those to leave unanswered; counts it.
    public boolean takeReplyDrop() {
        return repliesToDrop.get() > 0 && repliesToDrop.getAndUpdate(n -> Math.max(0, n - 1)) > 0;
    }

    /// The status to deny this upgrade with, if any; counts it.
    public Optional<Integer> takeDenial() {
        Denial now = denial.get();
        if (now == null) {
            return Optional.empty();
        }
        int left = now.left().getAndUpdate(n -> n > 0 ? n - 1 : n);
        return left == 0 ? Optional.empty() : Optional.of(now.status());
    }
}

package io.fairlead.cli;

import io.fairlead.engine.ForwardEvent;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/// Shows the events of a forward as lines: what kubectl prints to stdout, word for word, as scripts wait for it; the rest to stderr.
/// Events come one at a time on a thread of the forward; {@link #tick} may come from another one.
final class EventPrinter implements Consumer<ForwardEvent> {
    private static final long SAY_AGAIN_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final Output output;
    private final boolean quiet;
    private final LongSupplier nanoTime;
    private final Repeats repeats = new Repeats();
    private boolean disturbed;
    private String keptPod = "";
    private String toldWhat = "";
    private long toldNanos;

    EventPrinter(Output output, boolean quiet, LongSupplier nanoTime) {
        this.output = output;
        this.quiet = quiet;
        this.nanoTime = nanoTime;
    }

    @Override
    public synchronized void accept(ForwardEvent event) {
        tick();
        switch (event) {
            case ForwardEvent.Listening(var local, var remotePort) ->
                    output.line("Forwarding from " + hostAndPort(local) + " -> " + remotePort);
            case ForwardEvent.ListenFailed(var address, var localPort, var cause) ->
                    output.error("Unable to listen on port " + localPort + ": " + address + ": " + cause);
            case ForwardEvent.Accepted(var localPort) -> handling(localPort);
            case ForwardEvent.TunnelUp(var pod, var sessions) -> up(pod, sessions);
            case ForwardEvent.TunnelLost(var pod, var pairs, var cause) -> {
                disturbed = true;
                output.problem("session to pod %s lost: %s; %s closed with it".formatted(pod, cause, connections(pairs)));
            }
            case ForwardEvent.PodLeft(var pod, var cause) -> {
                disturbed = true;
                output.problem("pod " + pod + " takes no new connections: " + cause + "; looking for another");
            }
            case ForwardEvent.PodKept(var pod) -> {
                keptPod = pod;
                output.problem("no other pod yet: pod " + pod + " is used until it ends");
            }
            case ForwardEvent.Retrying(var attempt, var delay, var failure) -> {
                disturbed = true;
                if (isNews(failure.what())) {
                    output.problem("no session, attempt %d failed, next in %s: %s: %s".formatted(
                            attempt, GoDuration.format(delay), failure.what(), failure.why()));
                }
            }
            case ForwardEvent.SpareFailed(var failure) -> {
                if (isNews(failure.what())) {
                    output.problem("a further session could not be opened, the others go on: " + failure.what() + ": " + failure.why());
                }
            }
            case ForwardEvent.PairFailed(var localPort, var remotePort, var cause) ->
                    repeating("an error occurred forwarding " + localPort + " -> " + remotePort + ": " + cause);
            // Once for each stop of a second or more: not to be lost among the errors of a storm.
            case ForwardEvent.PairsWaiting waiting -> output.problem(waiting(waiting));
            case ForwardEvent.PairsMoving(_, var connections) -> {
                if (!connections.isEmpty()) {
                    output.problem("the connections to " + ports(connections.keySet()) + " go on");
                }
            }
            case ForwardEvent.AcceptPaused(var localPort, var cause) ->
                    output.problem("port " + localPort + " accepts no further connections for now, they wait: " + cause);
            case ForwardEvent.AcceptResumed(var localPort) -> output.problem("port " + localPort + " accepts connections again");
            case ForwardEvent.Dropped(var count) ->
                    output.problem(count + " messages were not shown, as stdout or stderr is read too slowly");
            case ForwardEvent.Stopped _ -> { }
        }
    }

    private void handling(int localPort) {
        if (!quiet) {
            output.line("Handling connection for " + localPort);
        }
    }

    /// The first session is no news, `Forwarding from` says it; one that comes back is, but for those to a pod of which was told that it goes.
    private void up(String pod, int sessions) {
        if (disturbed && sessions > 0 && !pod.equals(keptPod)) {
            disturbed = false;
            output.problem("session to pod " + pod + " is up");
        }
    }

    /// Attempts that fail alike are shown once, and again after a while.
    private boolean isNews(String what) {
        long now = nanoTime.getAsLong();
        if (what.equals(toldWhat) && now - toldNanos < SAY_AGAIN_NANOS) {
            return false;
        }
        toldWhat = what;
        toldNanos = now;
        return true;
    }

    private static String waiting(ForwardEvent.PairsWaiting event) {
        int count = event.connections().values().stream().mapToInt(Integer::intValue).sum();
        String from = event.programs().stream().map(EventPrinter::hostAndPort).collect(Collectors.joining(", "));
        int unnamed = count - event.programs().size();
        return "%s to %s%s %s behind an upload that %s of pod %s does not read; new connections are not affected".formatted(
                connections(count), ports(event.connections().keySet()),
                from.isEmpty() ? "" : " (from " + from + (unnamed > 0 ? " and " + unnamed + " more" : "") + ")",
                count == 1 ? "waits" : "wait", event.unreadPort() == 0 ? "some port" : "port " + event.unreadPort(), event.pod());
    }

    /// `port 7000`, `ports 7000, 7001`.
    private static String ports(Set<Integer> ports) {
        return (ports.size() == 1 ? "port " : "ports ") + ports.stream().sorted().map(String::valueOf).collect(Collectors.joining(", "));
    }

    private void repeating(String message) {
        if (repeats.show(message, nanoTime.getAsLong())) {
            output.problem(message);
        }
    }

    /// Shows the count of held-back lines when their second is over.
    synchronized void tick() {
        repeats.due(nanoTime.getAsLong()).ifPresent(output::problem);
    }

    /// Calls {@link #tick} each second until the process ends.
    EventPrinter ticking() {
        Thread.ofVirtual().name("fairlead-ticks").start(() -> {
            try {
                while (true) {
                    TimeUnit.SECONDS.sleep(1);
                    tick();
                }
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        });
        return this;
    }

    private static String connections(int count) {
        return count == 1 ? "1 connection" : count + " connections";
    }

    /// `127.0.0.1:5353`, `[::1]:5353`: addresses as Go prints them, IPv6 with its longest run of zeros cut.
    static String hostAndPort(InetSocketAddress address) {
        if (address.getAddress() instanceof Inet6Address six) {
            return "[" + shortest(six) + "]:" + address.getPort();
        }
        return address.getAddress().getHostAddress() + ":" + address.getPort();
    }

    /// RFC 5952: the first of the longest runs of two or more zero groups becomes `::`. Java prints `0:0:0:0:0:0:0:1`.
    private static String shortest(Inet6Address address) {
        byte[] bytes = address.getAddress();
        int runStart = -1;
        int runLength = 1;
        for (int start = 0; start < 8; start++) {
            int end = start;
            while (end < 8 && group(bytes, end) == 0) {
                end++;
            }
            if (end - start > runLength) {
                runStart = start;
                runLength = end - start;
            }
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 8; i++) {
            if (i == runStart) {
                text.append("::");
                i += runLength - 1;
            } else {
                text.append(text.isEmpty() || text.charAt(text.length() - 1) == ':' ? "" : ":").append(Integer.toHexString(group(bytes, i)));
            }
        }
        String zone = address.getHostAddress();
        return zone.indexOf('%') < 0 ? text.toString() : text + zone.substring(zone.indexOf('%'));
    }

    private static int group(byte[] bytes, int index) {
        return (bytes[2 * index] & 0xff) << 8 | bytes[2 * index + 1] & 0xff;
    }
}

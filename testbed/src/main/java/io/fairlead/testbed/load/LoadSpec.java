package io.fairlead.testbed.load;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;

/// One workload: what to do, how much of it, and against which addresses. Connections are spread over the targets in turn.
///
/// @param connections open at once; for {@link Mode#CONNECT}, {@link Mode#CHURN} and the bursts: attempts under way at once
/// @param messageBytes size of one request and of its answer
/// @param rate messages per second over all connections together; {@link Mode#RR_OPEN} only
/// @param bytes per connection, each way; the hash modes only
/// @param count connections in all; {@link Mode#CHURN} and the bursts only
/// @param warmup runs before the measured window; timed modes only
/// @param window measured time; timed modes only
/// @param idle time without traffic; {@link Mode#IDLE} only
/// @param deadline longest time for opening all connections, and for the work of a mode that is not timed
/// @param select first line of each connection, for a server of many behaviours (`any`); empty for the others
/// @param request what {@link Mode#ASK} sends, one char a byte; the path of {@link Mode#HTTP}
/// @param sources source addresses 127.0.0.2, .3, ... to take in turn, so that a million short connections do not run out of ports; 0: the kernel's choice
/// @param direct the targets are servers and no forwarders, though they may be on loopback, see {@link SourcePorts}
public record LoadSpec(
        Mode mode,
        List<InetSocketAddress> targets,
        int connections,
        int messageBytes,
        double rate,
        long bytes,
        long count,
        Duration warmup,
        Duration window,
        Duration idle,
        Duration deadline,
        String select,
        String request,
        int sources,
        boolean direct) {

    /// The schedule counts in nanoseconds: closer messages would have no end.
    private static final int RATE_MAX = 1_000_000_000;
    /// Eleven days: a longer time is a slip.
    private static final int SECONDS_MAX = 1_000_000;

    public LoadSpec {
        targets = List.copyOf(targets);
        if (targets.isEmpty() || connections < 1 || messageBytes < 1 || !(rate > 0) || bytes < 1 || count < 1 || sources < 0 || sources > 250) {
            throw new IllegalArgumentException("a workload needs a target, and connections, message, rate, bytes and count above 0; sources 0 to 250");
        }
    }

    /// `mode` against `targets` with the defaults: one connection, 64-byte messages, 1,000 of them per second, 1 MiB, 200 bursts, 1 s of warm-up and 5 s measured.
    public static LoadSpec of(Mode mode, InetSocketAddress... targets) {
        return new LoadSpec(mode, List.of(targets), 1, 64, 1000, 1 << 20, 200, Duration.ofSeconds(1), Duration.ofSeconds(5),
                Duration.ofSeconds(5), Duration.ofSeconds(60), "", "", 0, false);
    }

    public LoadSpec withTargets(List<InetSocketAddress> list) {
        var draft = new Draft(this);
        draft.targets = list;
        return draft.spec();
    }

    public LoadSpec withTimes(Duration warm, Duration measured) {
        var draft = new Draft(this);
        draft.warmup = warm;
        draft.window = measured;
        return draft.spec();
    }

    /// This workload with one option changed, as the command line names it.
    ///
    /// @param name without its dashes
    /// @throws IllegalArgumentException no such option, or a value that is none
    public LoadSpec with(String name, String value) {
        var draft = new Draft(this);
        switch (name) {
            case "connections" -> draft.connections = whole(name, value);
            case "message" -> draft.messageBytes = small(name, value, amount(name, value));
            case "rate" -> draft.rate = rate(value);
            case "bytes" -> draft.bytes = amount(name, value);
            case "count" -> draft.count = amount(name, value);
            case "warmup" -> draft.warmup = seconds(name, value, false);
            case "seconds" -> draft.window = seconds(name, value, true);
            case "idle" -> draft.idle = seconds(name, value, false);
            case "deadline" -> draft.deadline = seconds(name, value, true);
            case "select" -> draft.select = value;
            case "request" -> draft.request = value;
            case "sources" -> draft.sources = whole(name, value);
            case "direct" -> draft.direct = yes(value);
            default -> throw new IllegalArgumentException("no option --" + name + "; there are --connections --message --rate --bytes --count"
                    + " --warmup --seconds --idle --deadline --select --request --sources --direct");
        }
        return draft.spec();
    }

    /// A copy, to change before it is a workload.
    private static final class Draft {
        final Mode mode;
        List<InetSocketAddress> targets;
        int connections;
        int messageBytes;
        double rate;
        long bytes;
        long count;
        Duration warmup;
        Duration window;
        Duration idle;
        Duration deadline;
        String select;
        String request;
        int sources;
        boolean direct;

        Draft(LoadSpec from) {
            mode = from.mode;
            targets = from.targets;
            connections = from.connections;
            messageBytes = from.messageBytes;
            rate = from.rate;
            bytes = from.bytes;
            count = from.count;
            warmup = from.warmup;
            window = from.window;
            idle = from.idle;
            deadline = from.deadline;
            select = from.select;
            request = from.request;
            sources = from.sources;
            direct = from.direct;
        }

        LoadSpec spec() {
            return new LoadSpec(mode, targets, connections, messageBytes, rate, bytes, count, warmup, window, idle, deadline, select, request, sources,
                    direct);
        }
    }

    /// Bytes or a count, with an optional k, M or G (powers of ten) or Ki, Mi, Gi (powers of two) behind it.
    private static long amount(String name, String text) {
        String digits = text.replaceFirst("(k|K|M|G|Ki|Mi|Gi)$", "");
        String unit = text.substring(digits.length());
        long step = unit.endsWith("i") ? 1024 : 1000;
        long factor = switch (unit.replace("i", "")) {
            case "" -> 1;
            case "k", "K" -> step;
            case "M" -> step * step;
            default -> step * step * step;
        };
        try {
            return Math.multiplyExact(Long.parseLong(digits), factor);
        } catch (ArithmeticException | NumberFormatException _) {
            throw bad(name, text, "has to be a whole number, with k, M, G, Ki, Mi or Gi behind it if you like");
        }
    }

    private static int small(String name, String text, long amount) {
        if (amount > Integer.MAX_VALUE) {
            throw bad(name, text, "more than " + Integer.MAX_VALUE);
        }
        return (int) amount;
    }

    private static int whole(String name, String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException _) {
            throw bad(name, text, "has to be a whole number");
        }
    }

    private static double number(String name, String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException _) {
            throw bad(name, text, "has to be a number");
        }
    }

    private static double rate(String text) {
        double rate = number("rate", text);
        if (rate > RATE_MAX) {
            throw bad("rate", text, "at most " + RATE_MAX + ", a message a nanosecond");
        }
        return rate;
    }

    private static IllegalArgumentException bad(String name, String text, String why) {
        return new IllegalArgumentException("--" + name + " " + text + ": " + why);
    }

    private static boolean yes(String text) {
        if (!text.equals("true") && !text.equals("false")) {
            throw new IllegalArgumentException("\"" + text + "\" is neither true nor false");
        }
        return text.equals("true");
    }

    private static Duration seconds(String name, String text, boolean positive) {
        double seconds = number(name, text);
        if (!(positive ? seconds > 0 : seconds >= 0) || seconds > SECONDS_MAX) {
            throw bad(name, text, (positive ? "has to be above 0 and at most " : "has to be 0 to ") + SECONDS_MAX);
        }
        return Duration.ofNanos((long) (seconds * 1e9));
    }
}

package io.fairlead.cli.bench;

import io.fairlead.engine.Limits;
import io.fairlead.testbed.load.Mode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/// What limits, by rules that a reader can apply himself. For each item, the first rule that fits:
///
/// ```
/// errors       there were some
/// held         connecting by ending our side took 400 ms or more, and not directly: somebody's patience was measured
/// unsteady     the two passes differ 2 times or more, and on every other number of sessions, too: nothing can be told
/// accepting    the forward stopped accepting, as its bound of connections was reached or file handles ran out
/// generator    its one thread was busy for 85 % of the window: the figure is a lower bound
/// server       directly it is not faster: the forward reaches 90 % of the direct path, where that was not held up by the generator
/// client_cpu   the busiest event loop ran for 85 % of the window
/// cluster_cpu  the busiest thread of the embedded cluster did
/// machine_cpu  the processors of this machine were busy for 85 %, whoever used them
/// round_trip   one operation at a time, and half of its p50 or more, but not more than all, is the round trip to the API server; not of the
///              embedded cluster, which is on no wire
/// path         one operation at a time, and it is not: API server, node and runtime take the time
/// connection   bulk on one connection, and more connections carry 1.2 times as much
/// beyond       none of these: the API server, the node, the network or the pod; of the embedded cluster, which runs here, it cannot be told
/// ```
/// Figures whose two passes differ so are left out where there are steady ones. `sessions_gain` is the best number of sessions against the smallest
/// one measured, where that and another one are steady: 1.2 or more is a gain if the worse pass of the best is above the better pass of the
/// smallest, too, and both have as many passes; else it may be chance. Where none gains so much, the largest number of sessions is told of if it carries
/// less by as much, by the same rule. One connection is on one session, however many there are, so there is no
/// gain to tell of.
public final class Verdict {
    private static final double BUSY_MACHINE = 0.85;
    private static final double SAME = 0.9;
    static final double GAIN = 1.2;
    /// From here on the passes of a figure do not tell the same.
    private static final double UNSTEADY = 2;
    private static final double HELD_MICROS = 400_000;
    private static final double PROMPT_MICROS = 100_000;

    public enum Limit { ERRORS, HELD, UNSTEADY, ACCEPTING, GENERATOR, SERVER, CLIENT_CPU, CLUSTER_CPU, MACHINE_CPU, ROUND_TRIP, PATH, CONNECTION, BEYOND }

    /// Whether more sessions carry more. `NOT_SAID`: fewer than two numbers of sessions are steady, or the smallest is not or carried nothing; it is
    /// about one connection; or the finding tells nothing anyway.
    public enum Gain { NOT_SAID, LESS, NONE, CHANCE, HELPS }

    /// @param sessionsGain the best number of sessions against the smallest; NaN where it is not said
    /// @param best of the figures through a forward
    /// @param fewest that with the smallest number of sessions
    /// @param more those steady with more, by what they carry; empty where nothing is said of sessions
    /// @param direct the same item on the direct path, or null; null, too, where its passes differ
    /// @param errors what went wrong through the forward, in words; may be empty
    public record Finding(Item item, Limit limit, Gain gain, double sessionsGain, Figure best, Figure fewest, List<Figure> more, Figure direct,
             String errors, String text) {}

    private final List<Figure> measured;
    private final List<Figure> figures;
    private final OptionalDouble roundTripMicros;
    private final boolean embedded;

    private Verdict(List<Figure> measured, OptionalDouble roundTripMicros, boolean embedded) {
        this.embedded = embedded;
        this.measured = measured;
        this.figures = Figure.bestOfEach(measured);
        this.roundTripMicros = roundTripMicros;
    }

    /// One finding for each item that was measured through a forward.
    ///
    /// @param measured all passes
    /// @param roundTripMicros to the API server; empty when it could not be measured
    /// @param embedded whether the target is the embedded cluster
    public static List<Finding> of(List<Figure> measured, OptionalDouble roundTripMicros, boolean embedded) {
        var verdict = new Verdict(measured, roundTripMicros, embedded);
        var byItem = new LinkedHashMap<Item, List<Figure>>();
        verdict.figures.stream().filter(figure -> !figure.isDirect())
                .forEach(figure -> byItem.computeIfAbsent(figure.item(), _ -> new ArrayList<>()).add(figure));
        return byItem.entrySet().stream().map(entry -> verdict.finding(entry.getKey(), entry.getValue())).toList();
    }

    /// Both passes of each item and path on which they differ widely, the better one first.
    static List<List<Figure>> unsteady(List<Figure> measured) {
        var verdict = new Verdict(measured, OptionalDouble.empty(), false);
        return verdict.figures.stream().filter(figure -> !verdict.isSteady(figure))
                .map(figure -> verdict.passes(figure).stream().sorted(Comparator.comparingDouble(Figure::score).reversed()).toList()).toList();
    }

    private List<Figure> passes(Figure figure) {
        return measured.stream().filter(figure::isSameItemAndPath).toList();
    }

    private boolean isSteady(Figure figure) {
        return !(Figure.ratio(passes(figure)) >= UNSTEADY); // NaN where there is nothing to compare
    }

    private Finding finding(Item item, List<Figure> forwarded) {
        List<Figure> steady = forwarded.stream().filter(this::isSteady).toList();
        Figure best = (steady.isEmpty() ? forwarded : steady).stream().max(Comparator.comparingDouble(Figure::score)).orElseThrow();
        Figure fewest = forwarded.stream().min(Comparator.comparingInt(Figure::sessions)).orElseThrow();
        Figure direct = figures.stream().filter(figure -> figure.isDirect() && figure.item().equals(item) && isSteady(figure))
                .findFirst().orElse(null);
        Limit limit = limit(item, forwarded, best, direct);
        boolean toldNothing = limit == Limit.ERRORS || limit == Limit.HELD || limit == Limit.UNSTEADY || limit == Limit.ACCEPTING;
        boolean comparable = !toldNothing && item.connections() > 1 && steady.size() > 1 && isSteady(fewest) && fewest.score() > 0;
        double times = comparable ? best.score() / fewest.score() : Double.NaN;
        List<Figure> more = !comparable ? List.of()
                : steady.stream().filter(figure -> figure != fewest).sorted(Comparator.comparingDouble(Figure::score)).toList();
        Gain gain = !comparable ? Gain.NOT_SAID
                : times < GAIN ? isLess(largest(more), fewest) ? Gain.LESS : Gain.NONE
                : limit != Limit.MACHINE_CPU && isAlwaysAbove(best, fewest) ? Gain.HELPS : Gain.CHANCE;
        String text = amount(best) + " with " + best.path() + ". " + because(limit, forwarded, best, direct) + sessions(gain, best, fewest, more);
        return new Finding(item, limit, gain, times, best, fewest, more, direct, errors(forwarded), text);
    }

    static Figure largest(List<Figure> figures) {
        return figures.stream().max(Comparator.comparingInt(Figure::sessions)).orElseThrow();
    }

    private boolean isLess(Figure more, Figure fewest) {
        return more.score() * GAIN <= fewest.score() && isAlwaysAbove(fewest, more);
    }

    /// Whether every pass of `more` is above the better one of `less`, and there are as many: a run that ends early has fewer of some.
    private boolean isAlwaysAbove(Figure more, Figure less) {
        return passes(more).size() == passes(less).size() && passes(more).stream().allMatch(pass -> pass.score() > less.score());
    }

    private Limit limit(Item item, List<Figure> forwarded, Figure best, Figure direct) {
        boolean closedLoopOfOne = !item.kind().bulk() && item.connections() == 1;
        if (forwarded.stream().anyMatch(figure -> figure.errorCount() > 0)) {
            return Limit.ERRORS;
        } else if (item.mode() == Mode.TOUCH && best.p50() >= HELD_MICROS && (direct == null || direct.p50() < PROMPT_MICROS)) {
            return Limit.HELD;
        } else if (!isSteady(best)) {
            return Limit.UNSTEADY;
        } else if (best.acceptPauses() > 0) {
            return Limit.ACCEPTING;
        } else if (best.isOfGenerator()) {
            return Limit.GENERATOR;
        } else if (direct != null && direct.errorCount() == 0 && !direct.isOfGenerator() && best.score() >= SAME * direct.score()) {
            return Limit.SERVER;
        } else if (best.cpu().busiestLoop() >= Figure.BUSY_THREAD) {
            return Limit.CLIENT_CPU;
        } else if (best.cpu().busiestOfCluster() >= Figure.BUSY_THREAD) {
            return Limit.CLUSTER_CPU;
        } else if (best.cpu().machine() >= BUSY_MACHINE) {
            return Limit.MACHINE_CPU;
        } else if (closedLoopOfOne) {
            return !embedded && hasRoundTripWithin(best) && roundTripMicros.getAsDouble() >= best.p50() / 2 ? Limit.ROUND_TRIP : Limit.PATH;
        } else if (item.kind().bulk() && item.connections() == 1 && moreConnectionsGain(item, best) >= GAIN) {
            return Limit.CONNECTION;
        }
        return Limit.BEYOND;
    }

    /// Whether a round trip is known that can be a part of the exchange: one measured while the machine was busy may be longer than the whole.
    private boolean hasRoundTripWithin(Figure best) {
        return roundTripMicros.isPresent() && roundTripMicros.getAsDouble() < best.p50();
    }

    /// The best that more connections of the same kind carry, steadily and without an error, against `best`.
    private double moreConnectionsGain(Item item, Figure best) {
        return figures.stream().filter(figure -> !figure.isDirect() && figure.item().mode() == item.mode())
                .filter(figure -> figure.item().connections() > item.connections() && figure.errorCount() == 0 && isSteady(figure))
                .mapToDouble(Figure::score).max().orElse(0) / best.score();
    }

    private String because(Limit limit, List<Figure> forwarded, Figure best, Figure direct) {
        return switch (limit) {
            case ERRORS -> text("Not to be trusted: %s.", errors(forwarded));
            case HELD -> text("That is no cost of connecting: %s only ends such a connection after %s."
                    + " Container runtimes do so that do not pass on that our side has ended. Measure with --http, --echo or --send.",
                    direct == null ? "the server or the node" : "the node", (best.opsPerSecond() > 0 ? "about " : "") + held(best));
            case UNSTEADY -> text("That cannot be trusted: the two passes differ %s.", times(Figure.ratio(passes(best))));
            case ACCEPTING -> text("The forward's own bound limits: it stopped accepting %d %s, with %,d connections or without file handles. Connections that"
                    + " have ended here count until they have ended in the pod.%s", best.acceptPauses(), best.acceptPauses() == 1 ? "time" : "times",
                    Limits.PAIRS_MAX, compared(direct));
            case GENERATOR -> "The generator's own thread is busy, so the path may carry more.";
            case SERVER -> text("The pod's server limits, or what that waits for: the direct path carries %s.", amount(direct));
            case CLIENT_CPU -> text("The CPU of this client limits: one of fairlead's event loops is busy for %.0f %% of the time.%s",
                    100 * best.cpu().busiestLoop(), compared(direct));
            case CLUSTER_CPU -> text("The embedded cluster limits: one of its threads is busy for %.0f %% of the time.%s",
                    100 * best.cpu().busiestOfCluster(), compared(direct));
            case MACHINE_CPU -> text("The processors of this machine limit, %.0f %% busy with all that runs on it%s;"
                    + " fairlead's event loops take %.0f %% of one.%s", 100 * best.cpu().machine(),
                    embedded ? ", which is the embedded cluster and the generator, too" : "",
                    100 * best.cpu().loopsSeconds() / best.seconds(), compared(direct));
            case ROUND_TRIP -> text("The round trip to the API server limits: %s of p50 %s.%s",
                    time(roundTripMicros.orElseThrow()), time(best.p50()), added(best, direct));
            case PATH -> text("They go one at a time, and half of them take %s or less; fairlead's event loops run for %s of each.%s%s No thread here is"
                    + " full: the time goes by in all that is on the way%s.", time(best.p50()), time(loopMicros(best)),
                    hasRoundTripWithin(best) ? " The round trip to the API server is " + time(roundTripMicros.getAsDouble()) + "." : "",
                    added(best, direct), embedded ? ", which is fairlead and the embedded cluster" : ", API server, node, runtime and pod");
            case CONNECTION -> text("One connection does not fill the path: more carry %.1f times as much.%s",
                    moreConnectionsGain(best.item(), best), compared(direct));
            case BEYOND -> text("Nothing here is full (busiest event loop %.0f %%%s%s): %s.%s", 100 * best.cpu().busiestLoop(),
                    Double.isNaN(best.cpu().busiestOfCluster()) ? "" : text(", busiest thread of the cluster %.0f %%", 100 * best.cpu().busiestOfCluster()),
                    Double.isNaN(best.cpu().machine()) ? "" : text(", this machine %.0f %%", 100 * best.cpu().machine()),
                    embedded ? "what limits cannot be told" : "the API server, the node, the network or the pod limit", compared(direct));
        };
    }

    /// How long a connection was held: where none ended in the window, what is known is a lower bound.
    static String held(Figure figure) {
        String longest = time(figure.p50());
        return figure.opsPerSecond() > 0 ? longest : "at least " + longest + " (more than was measured; see --for)";
    }

    private static String errors(List<Figure> forwarded) {
        var all = new LinkedHashMap<String, Long>();
        forwarded.forEach(figure -> figure.errors().forEach((kind, count) -> all.merge(kind, count, Long::sum)));
        return String.join(", ", all.entrySet().stream().map(error -> error.getValue() + " x " + error.getKey()).toList());
    }

    private static String added(Figure best, Figure direct) {
        return direct == null || direct.latency().isEmpty() ? "" : text(" Directly it is %s%s.", time(direct.p50()),
                best.p50() > direct.p50() ? ", so the path adds " + time(best.p50() - direct.p50()) : "");
    }

    /// CPU time of the event loops for each operation.
    private static double loopMicros(Figure best) {
        return best.cpu().loopsSeconds() * 1e6 / (best.opsPerSecond() * best.seconds());
    }

    private static String compared(Figure direct) {
        return direct == null ? "" : text(" The direct path carries %s%s.", amount(direct),
                direct.isOfGenerator() ? "; the generator's own thread is full there, so it may carry more" : "");
    }

    private static String sessions(Gain gain, Figure best, Figure fewest, List<Figure> more) {
        return switch (gain) {
            case NOT_SAID -> "";
            case NONE -> text(" More sessions than %d make no clear difference: %s.", fewest.sessions(), factors(more, fewest));
            case LESS -> text(" More sessions carry less: %s.", against(largest(more), fewest, 2));
            case CHANCE -> text(" More sessions carried more, which may be chance: %s.", against(best, fewest, 1));
            case HELPS -> text(" More sessions help: %s.", against(best, fewest, 1));
        };
    }

    /// `4 sessions carry 1.5 times what 1 session does`.
    private static String against(Figure more, Figure fewest, int digits) {
        return text("%s carry %s times what %s %s", more.path(), factor(more, fewest, digits), fewest.path(), fewest.sessions() == 1 ? "does" : "do");
    }

    /// `0.81 to 1.04 times`.
    static String factors(List<Figure> more, Figure fewest) {
        String least = factor(more.getFirst(), fewest, 2);
        String most = factor(more.getLast(), fewest, 2);
        return (least.equals(most) ? most : least + " to " + most) + " times";
    }

    /// How many times `fewest` it carries. Cut off rather than rounded, or what is told not to reach 1.2 would read 1.20.
    static String factor(Figure more, Figure fewest, int digits) {
        double scale = Math.pow(10, digits);
        return text("%." + digits + "f", Math.floor(more.score() / fewest.score() * scale) / scale);
    }

    /// `1.3x`; `-` for what is not known.
    static String times(double ratio) {
        return Double.isNaN(ratio) ? "-" : Double.isInfinite(ratio) ? "widely" : ratio < 9.95 ? text("%.1fx", ratio) : text("%.0fx", ratio);
    }

    /// `12,345/s, p50 1.20 ms`, or `250.0 MB/s`.
    static String amount(Figure figure) {
        if (figure.item().kind().bulk()) {
            return text("%.1f MB/s", figure.megabytesPerSecond());
        }
        return text("%,.0f/s", figure.opsPerSecond()) + (figure.latency().isEmpty() ? "" : ", p50 " + time(figure.p50()));
    }

    static String time(double micros) {
        double size = Math.abs(micros);
        return size < 999.5 ? text("%.0f us", micros) : size < 999_995 ? text("%.2f ms", micros / 1e3) : text("%.2f s", micros / 1e6);
    }

    static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}

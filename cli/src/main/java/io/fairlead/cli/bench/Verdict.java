package io.fairlead.cli.bench;

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
/// generator    its one thread was busy for 85 % of the window: the figure is a lower bound
/// server       directly it is not faster: the forward reaches 90 % of the direct path
/// client_cpu   the busiest event loop ran for 85 % of the window
/// machine_cpu  the processors of this machine were busy for 90 %, whoever used them
/// round_trip   one operation at a time, and half of its p50 or more, but not more than all, is the round trip to the API server
/// path         one operation at a time, and it is not: API server, node and runtime take the time
/// connection   bulk on one connection, and more connections carry 1.2 times as much
/// beyond       none of these: the API server, the node, the network or the pod
/// ```
/// Figures whose two passes differ so are left out where there are steady ones. `sessions_gain` is the best number of sessions against the smallest
/// one measured, where that and another one are steady: 1.2 or more is a gain if the worse pass of the best is above the better pass of the
/// smallest, too, and both have as many passes; else it may be chance. One connection is on one session, however many there are, so there is no
/// gain to tell of.
public final class Verdict {
    private static final double BUSY_THREAD = 0.85;
    private static final double BUSY_MACHINE = 0.9;
    private static final double SAME = 0.9;
    static final double GAIN = 1.2;
    /// From here on the passes of a figure do not tell the same.
    private static final double UNSTEADY = 2;
    private static final double HELD_MICROS = 400_000;
    private static final double PROMPT_MICROS = 100_000;

    public enum Limit { ERRORS, HELD, UNSTEADY, GENERATOR, SERVER, CLIENT_CPU, MACHINE_CPU, ROUND_TRIP, PATH, CONNECTION, BEYOND }

    /// Whether more sessions carry more. `NOT_SAID`: fewer than two numbers of sessions are steady, or the smallest is not or carried nothing; it is
    /// about one connection; or the finding tells nothing anyway.
    public enum Gain { NOT_SAID, NONE, CHANCE, HELPS }

    /// @param sessionsGain NaN where it is not said
    /// @param best of the figures through a forward
    /// @param fewest that with the smallest number of sessions
    /// @param direct the same item on the direct path, or null; null, too, where its passes differ
    /// @param errors what went wrong through the forward, in words; may be empty
    public record Finding(Item item, Limit limit, Gain gain, double sessionsGain, Figure best, Figure fewest, Figure direct, String errors,
            String text) {}

    private final List<Figure> measured;
    private final List<Figure> figures;
    private final OptionalDouble roundTripMicros;

    private Verdict(List<Figure> measured, OptionalDouble roundTripMicros) {
        this.measured = measured;
        this.figures = Figure.bestOfEach(measured);
        this.roundTripMicros = roundTripMicros;
    }

    /// One finding for each item that was measured through a forward.
    ///
    /// @param measured all passes
    /// @param roundTripMicros to the API server; empty when it could not be measured
    public static List<Finding> of(List<Figure> measured, OptionalDouble roundTripMicros) {
        var verdict = new Verdict(measured, roundTripMicros);
        var byItem = new LinkedHashMap<Item, List<Figure>>();
        verdict.figures.stream().filter(figure -> !figure.isDirect())
                .forEach(figure -> byItem.computeIfAbsent(figure.item(), _ -> new ArrayList<>()).add(figure));
        return byItem.entrySet().stream().map(entry -> verdict.finding(entry.getKey(), entry.getValue())).toList();
    }

    /// Both passes of each item and path on which they differ widely, the better one first.
    static List<List<Figure>> unsteady(List<Figure> measured) {
        var verdict = new Verdict(measured, OptionalDouble.empty());
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
        boolean toldNothing = limit == Limit.ERRORS || limit == Limit.HELD || limit == Limit.UNSTEADY;
        boolean comparable = !toldNothing && item.connections() > 1 && steady.size() > 1 && isSteady(fewest) && fewest.score() > 0;
        double times = comparable ? best.score() / fewest.score() : Double.NaN;
        Gain gain = !comparable ? Gain.NOT_SAID : times < GAIN ? Gain.NONE
                : limit != Limit.MACHINE_CPU && isAlwaysAbove(best, fewest) ? Gain.HELPS : Gain.CHANCE;
        String text = amount(best) + " with " + best.path() + ". " + because(limit, forwarded, best, direct) + sessions(gain, times, best, fewest);
        return new Finding(item, limit, gain, times, best, fewest, direct, errors(forwarded), text);
    }

    /// Whether every pass of `best` is above the better one of `fewest`, and there are as many: a run that ends early has fewer of some.
    private boolean isAlwaysAbove(Figure best, Figure fewest) {
        return passes(best).size() == passes(fewest).size() && passes(best).stream().allMatch(pass -> pass.score() > fewest.score());
    }

    private Limit limit(Item item, List<Figure> forwarded, Figure best, Figure direct) {
        boolean closedLoopOfOne = !item.kind().bulk() && item.connections() == 1;
        if (forwarded.stream().anyMatch(figure -> figure.errorCount() > 0)) {
            return Limit.ERRORS;
        } else if (item.mode() == Mode.TOUCH && best.p50() >= HELD_MICROS && (direct == null || direct.p50() < PROMPT_MICROS)) {
            return Limit.HELD;
        } else if (!isSteady(best)) {
            return Limit.UNSTEADY;
        } else if (best.generatorSeconds() >= BUSY_THREAD * best.seconds()) {
            return Limit.GENERATOR;
        } else if (direct != null && direct.errorCount() == 0 && best.score() >= SAME * direct.score()) {
            return Limit.SERVER;
        } else if (best.cpu().busiestLoop() >= BUSY_THREAD) {
            return Limit.CLIENT_CPU;
        } else if (best.cpu().machine() >= BUSY_MACHINE) {
            return Limit.MACHINE_CPU;
        } else if (closedLoopOfOne) {
            return hasRoundTripWithin(best) && roundTripMicros.getAsDouble() >= best.p50() / 2 ? Limit.ROUND_TRIP : Limit.PATH;
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
            case HELD -> text("That is no cost of connecting: %s only ends such a connection after about %s."
                    + " Container runtimes do so that do not pass on that our side has ended. Measure with --http, --echo or --send.",
                    direct == null ? "the server or the node" : "the node", time(best.p50()));
            case UNSTEADY -> text("That cannot be trusted: the two passes differ %s.", times(Figure.ratio(passes(best))));
            case GENERATOR -> "The generator's own thread is busy, so the path may carry more.";
            case SERVER -> text("The server limits, or what it waits for: directly it is %s.", amount(direct));
            case CLIENT_CPU -> text("The CPU of this client limits: one of its event loops is busy for %.0f %%.", 100 * best.cpu().busiestLoop());
            case MACHINE_CPU -> text("The processors of this machine limit, %.0f %% busy with all that runs on it;"
                    + " fairlead's event loops are %.0f %% of one.%s",
                    100 * best.cpu().machine(), 100 * best.cpu().loopsSeconds() / best.seconds(), compared(direct));
            case ROUND_TRIP -> text("The round trip to the API server limits: %s of p50 %s.%s",
                    time(roundTripMicros.orElseThrow()), time(best.p50()), added(best, direct));
            case PATH -> text("They go one at a time, and each takes %s%s.%s Nothing here is busy: API server, node, runtime or pod take that time.",
                    time(best.p50()),
                    hasRoundTripWithin(best) ? ", of which the round trip to the API server is " + time(roundTripMicros.getAsDouble()) : "",
                    added(best, direct));
            case CONNECTION -> text("One connection does not fill the path: more carry %.1f times as much.%s",
                    moreConnectionsGain(best.item(), best), compared(direct));
            case BEYOND -> text("Nothing here is full (busiest event loop %.0f %%%s): the API server, the node, the network or the pod limit.%s",
                    100 * best.cpu().busiestLoop(),
                    Double.isNaN(best.cpu().machine()) ? "" : text(", this machine %.0f %%", 100 * best.cpu().machine()),
                    compared(direct));
        };
    }

    private static String errors(List<Figure> forwarded) {
        var all = new LinkedHashMap<String, Long>();
        forwarded.forEach(figure -> figure.errors().forEach((kind, count) -> all.merge(kind, count, Long::sum)));
        return String.join(", ", all.entrySet().stream().map(error -> error.getValue() + " x " + error.getKey()).toList());
    }

    private static String added(Figure best, Figure direct) {
        return direct == null || direct.latency().isEmpty() ? ""
                : text(" Directly it is %s, so the path adds %s.", time(direct.p50()), time(best.p50() - direct.p50()));
    }

    private static String compared(Figure direct) {
        return direct == null ? "" : text(" Directly it is %s.", amount(direct));
    }

    private static String sessions(Gain gain, double times, Figure best, Figure fewest) {
        return switch (gain) {
            case NOT_SAID -> "";
            case NONE -> best == fewest ? text(" More sessions than %d carry no more.", fewest.sessions())
                    : text(" More sessions than %d gain nothing (%.2f times).", fewest.sessions(), times);
            case CHANCE, HELPS -> text(" More sessions help: %s carry %.1f times what %s does.%s", best.path(), times, fewest.path(),
                    gain == Gain.HELPS ? "" : " That may be chance.");
        };
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

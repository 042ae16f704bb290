package io.fairlead.cli.bench;

import io.fairlead.cli.bench.Verdict.Finding;
import io.fairlead.cli.bench.Verdict.Gain;
import io.fairlead.cli.bench.Verdict.Limit;
import io.fairlead.engine.Limits;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/// All findings in four lines at most: what limits, whether more sessions help, what the path costs, and what is not steady. Those with errors, or in
/// which somebody's patience was measured, or whose passes differ, tell nothing of sessions and costs, and where the generator limits nothing is
/// told of the share of the direct path.
final class Summary {
    private Summary() {}

    private static final int UNSTEADY_NAMED = 3;

    /// @param unsteady see {@link Verdict#unsteady}
    /// @param embedded whether the target is the embedded cluster
    static List<String> of(List<Finding> findings, List<List<Figure>> unsteady, boolean embedded) {
        var lines = new ArrayList<String>();
        if (!findings.isEmpty()) {
            lines.add(limits(findings, embedded));
        }
        List<Finding> bySessions = findings.stream().filter(finding -> finding.gain() != Gain.NOT_SAID).toList();
        if (!bySessions.isEmpty()) {
            boolean one = findings.stream().anyMatch(finding -> finding.item().connections() == 1);
            lines.add(sessions(bySessions) + (one ? " One connection uses one session, however many there are." : ""));
        }
        List<Finding> sound = findings.stream()
                .filter(finding -> finding.limit() != Limit.ERRORS && finding.limit() != Limit.HELD && finding.limit() != Limit.UNSTEADY).toList();
        List<Finding> compared = sound.stream().filter(finding -> finding.direct() != null)
                .filter(finding -> finding.direct().errorCount() == 0 && finding.direct().score() > 0)
                .filter(finding -> isOneAtATime(finding) || !finding.best().isOfGenerator()).toList();
        if (!compared.isEmpty()) {
            lines.add(costs(compared));
        }
        if (!unsteady.isEmpty()) {
            lines.add(unsteady(unsteady));
        }
        return lines;
    }

    /// What limits most items comes first, but for errors.
    private static String limits(List<Finding> findings, boolean embedded) {
        var groups = new LinkedHashMap<Limit, List<Finding>>();
        findings.forEach(finding -> groups.computeIfAbsent(finding.limit(), _ -> new ArrayList<>()).add(finding));
        return "What limits: " + groups.entrySet().stream()
                .sorted(Comparator.comparingInt(group -> group.getKey() == Limit.ERRORS ? Integer.MIN_VALUE : -group.getValue().size()))
                .map(group -> what(group.getKey(), group.getValue(), embedded) + (groups.size() == 1 ? "" : " (" + labels(group.getValue()) + ")"))
                .collect(Collectors.joining("; ")) + ".";
    }

    private static String what(Limit limit, List<Finding> findings, boolean embedded) {
        return switch (limit) {
            case ERRORS -> "not to be trusted, " + findings.stream().map(Finding::errors).distinct().collect(Collectors.joining(", "));
            case HELD -> "the patience of server or node with a side that has ended, " + Verdict.held(findings.getFirst().best())
                    + ", which is no cost of connecting: measure with --http, --echo or --send";
            case UNSTEADY -> "not to be told, as the two passes differ";
            case ACCEPTING -> Verdict.text("the forward's own bound of %,d connections, those counted that have ended here and not yet in the pod", Limits.PAIRS_MAX);
            case GENERATOR -> "the generator's own thread, so the path may carry more";
            case SERVER -> "the pod's server, or what that waits for, as the direct path is hardly faster";
            case CLIENT_CPU -> "the CPU of this client, in one of fairlead's event loops";
            case CLUSTER_CPU -> "one thread of the embedded cluster";
            case MACHINE_CPU -> "the processors of this machine" + (embedded ? ", which does the embedded cluster's and the generator's work, too" : "");
            case ROUND_TRIP -> "the round trip to the API server";
            case PATH -> "the time that one takes " + (embedded ? "through fairlead and the embedded cluster" : "on its way, in API server, node, runtime and pod")
                    + ", as each waits for the one before";
            case CONNECTION -> "the one connection, as more connections carry more";
            case BEYOND -> embedded ? "not to be told, as nothing is full" : "API server, node, network or pod, as nothing here is full";
        };
    }

    private static String sessions(List<Finding> findings) {
        var sentences = new ArrayList<String>();
        add(sentences, "More sessions help: ", findings, Gain.HELPS, finding -> against(finding, finding.best(), 1));
        add(sentences, "More sessions carried more, which may be chance: ", findings, Gain.CHANCE, finding -> against(finding, finding.best(), 1));
        add(sentences, "More sessions carry less: ", findings, Gain.LESS, finding -> against(finding, Verdict.largest(finding.more()), 2));
        add(sentences, "More sessions than " + findings.getFirst().fewest().sessions() + " make no clear difference: ", findings, Gain.NONE,
                finding -> finding.item().shortLabel() + " (" + Verdict.factors(finding.more(), finding.fewest()) + ")");
        return String.join(" ", sentences);
    }

    private static void add(List<String> sentences, String begin, List<Finding> findings, Gain gain, Function<Finding, String> each) {
        String those = findings.stream().filter(finding -> finding.gain() == gain).map(each).collect(Collectors.joining(", "));
        if (!those.isEmpty()) {
            sentences.add(begin + those + ".");
        }
    }

    /// `download 64 (1.5 times with 2 sessions)`.
    private static String against(Finding finding, Figure figure, int digits) {
        return finding.item().shortLabel() + " (" + Verdict.factor(figure, finding.fewest(), digits) + " times with " + figure.asked() + ")";
    }

    private static String unsteady(List<List<Figure>> unsteady) {
        return "Not steady, as one of the two passes carried 2 times the other or more: " + unsteady.stream().limit(UNSTEADY_NAMED)
                .map(passes -> passes.getFirst().item().shortLabel() + ", " + passes.getFirst().path() + " ("
                        + passes.stream().map(Summary::rate).collect(Collectors.joining(" and ")) + ")").collect(Collectors.joining("; "))
                + (unsteady.size() > UNSTEADY_NAMED ? "; and " + (unsteady.size() - UNSTEADY_NAMED) + " more" : "")
                + ". Measure again while nothing else runs here, or longer with --for.";
    }

    private static String rate(Figure figure) {
        return figure.item().kind().bulk() ? Verdict.text("%.1f MB/s", figure.score()) : Verdict.text("%,.0f/s", figure.score());
    }

    /// Latency of what goes one at a time, throughput of the rest.
    private static String costs(List<Finding> findings) {
        String times = findings.stream().filter(Summary::isOneAtATime).map(finding -> {
            double more = finding.best().p50() - finding.direct().p50();
            return Verdict.text("%s takes %s %s", finding.item().shortLabel(), Verdict.time(Math.abs(more)), more < 0 ? "less" : "more");
        }).collect(Collectors.joining(", "));
        List<Finding> rest = findings.stream().filter(finding -> !isOneAtATime(finding)).toList();
        String shares = rest.stream().map(finding -> Verdict.text("%s%.0f %% with %s", finding.direct().isOfGenerator() ? "at most " : "",
                100 * finding.best().score() / finding.direct().score(), finding.item().shortLabel())).collect(Collectors.joining(", "));
        boolean bound = rest.stream().anyMatch(finding -> finding.direct().isOfGenerator());
        return "Against the direct path: " + times + (times.isEmpty() || shares.isEmpty() ? "" : "; ")
                + (shares.isEmpty() ? "" : "of its throughput the forward reaches " + shares)
                + (bound ? " (\"at most\": the generator's own thread is full on the direct path)" : "") + ".";
    }

    private static boolean isOneAtATime(Finding finding) {
        return finding.item().connections() == 1 && finding.best().latency().isPresent() && finding.direct().latency().isPresent();
    }

    /// `connecting 1, 64; upload 64`.
    private static String labels(List<Finding> findings) {
        return findings.stream().collect(Collectors.groupingBy(finding -> finding.item().kind().label(), LinkedHashMap::new,
                Collectors.mapping(finding -> String.valueOf(finding.item().connections()), Collectors.joining(", "))))
                .entrySet().stream().map(kind -> kind.getKey() + " " + kind.getValue()).collect(Collectors.joining("; "));
    }
}

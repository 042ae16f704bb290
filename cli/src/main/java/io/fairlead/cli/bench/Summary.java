package io.fairlead.cli.bench;

import io.fairlead.cli.bench.Verdict.Finding;
import io.fairlead.cli.bench.Verdict.Gain;
import io.fairlead.cli.bench.Verdict.Limit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.Collectors;

/// All findings in four lines at most: what limits, whether more sessions help, what the path costs, and what is not steady. Those with errors, or in
/// which somebody's patience was measured, or whose passes differ, tell nothing of sessions and costs.
final class Summary {
    private Summary() {}

    private static final int UNSTEADY_NAMED = 3;

    /// @param unsteady see {@link Verdict#unsteady}
    static List<String> of(List<Finding> findings, List<List<Figure>> unsteady) {
        var lines = new ArrayList<String>();
        if (!findings.isEmpty()) {
            lines.add(limits(findings));
        }
        List<Finding> bySessions = findings.stream().filter(finding -> finding.gain() != Gain.NOT_SAID).toList();
        if (!bySessions.isEmpty()) {
            boolean one = findings.stream().anyMatch(finding -> finding.item().connections() == 1);
            lines.add(sessions(bySessions) + (one ? " One connection uses one session." : ""));
        }
        List<Finding> sound = findings.stream()
                .filter(finding -> finding.limit() != Limit.ERRORS && finding.limit() != Limit.HELD && finding.limit() != Limit.UNSTEADY).toList();
        List<Finding> compared = sound.stream().filter(finding -> finding.direct() != null)
                .filter(finding -> finding.direct().errorCount() == 0 && finding.direct().score() > 0).toList();
        if (!compared.isEmpty()) {
            lines.add(costs(compared));
        }
        if (!unsteady.isEmpty()) {
            lines.add(unsteady(unsteady));
        }
        return lines;
    }

    /// What limits most items comes first, but for errors.
    private static String limits(List<Finding> findings) {
        var groups = new LinkedHashMap<Limit, List<Finding>>();
        findings.forEach(finding -> groups.computeIfAbsent(finding.limit(), _ -> new ArrayList<>()).add(finding));
        return "What limits: " + groups.entrySet().stream()
                .sorted(Comparator.comparingInt(group -> group.getKey() == Limit.ERRORS ? Integer.MIN_VALUE : -group.getValue().size()))
                .map(group -> what(group.getKey(), group.getValue()) + (groups.size() == 1 ? "" : " (" + labels(group.getValue()) + ")"))
                .collect(Collectors.joining("; ")) + ".";
    }

    private static String what(Limit limit, List<Finding> findings) {
        return switch (limit) {
            case ERRORS -> "not to be trusted, " + findings.stream().map(Finding::errors).distinct().collect(Collectors.joining(", "));
            case HELD -> "the patience of server or node with a side that has ended, " + Verdict.time(findings.getFirst().best().p50())
                    + ", which is no cost of connecting: measure with --http, --echo or --send";
            case UNSTEADY -> "not to be told, as the two passes differ";
            case GENERATOR -> "the generator's own thread, so the path may carry more";
            case SERVER -> "the server, or what it waits for, as it is no faster directly";
            case CLIENT_CPU -> "the CPU of this client, in one event loop";
            case MACHINE_CPU -> "the processors of this machine";
            case ROUND_TRIP -> "the round trip to the API server";
            case PATH -> "the time that each takes in API server, node, runtime and pod, as they go one at a time";
            case CONNECTION -> "the one connection, as more carry more";
            case BEYOND -> "API server, node, network or pod, as nothing here is full";
        };
    }

    private static String sessions(List<Finding> findings) {
        String helps = gains(findings, Gain.HELPS);
        String chance = gains(findings, Gain.CHANCE);
        if (helps.isEmpty() && chance.isEmpty()) {
            Finding most = findings.stream().max(Comparator.comparingDouble(Finding::sessionsGain)).orElseThrow();
            return Verdict.text("More sessions than %d %s.", most.fewest().sessions(), most.best() == most.fewest() ? "carry no more"
                    : Verdict.text("gain nothing (at most %.2f times, %s)", most.sessionsGain(), most.item().shortLabel()));
        }
        boolean others = findings.stream().anyMatch(finding -> finding.gain() == Gain.NONE);
        return (helps.isEmpty() ? "" : "More sessions help: " + helps + (others && chance.isEmpty() ? "; nothing else" : "") + ".")
                + (chance.isEmpty() ? "" : (helps.isEmpty() ? "" : " ") + "It may be chance that they carried more: " + chance + ".");
    }

    private static String gains(List<Finding> findings, Gain gain) {
        return findings.stream().filter(finding -> finding.gain() == gain)
                .map(finding -> Verdict.text("%s (%.1f times, %s)", finding.item().shortLabel(), finding.sessionsGain(), finding.best().path()))
                .collect(Collectors.joining(", "));
    }

    private static String unsteady(List<List<Figure>> unsteady) {
        return "Not steady, the two passes differ: " + unsteady.stream().limit(UNSTEADY_NAMED)
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
        var parts = new ArrayList<String>();
        findings.stream().filter(Summary::isOneAtATime).forEach(finding -> {
            double more = finding.best().p50() - finding.direct().p50();
            parts.add(Verdict.text("%s takes %s %s", finding.item().shortLabel(), Verdict.time(Math.abs(more)), more < 0 ? "less" : "more"));
        });
        String shares = findings.stream().filter(finding -> !isOneAtATime(finding)).map(finding -> Verdict.text("%.0f %% (%s)",
                100 * finding.best().score() / finding.direct().score(), finding.item().shortLabel())).collect(Collectors.joining(", "));
        if (!shares.isEmpty()) {
            parts.add("throughput is " + shares + " of it");
        }
        return "Against the direct path: " + String.join("; ", parts) + ".";
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

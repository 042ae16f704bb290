package io.fairlead.cli.bench;

import io.fairlead.cli.bench.Verdict.Finding;
import io.fairlead.cli.bench.Verdict.Limit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.Collectors;

/// All findings in three lines at most: what limits, whether more sessions help, what the path costs. Those with errors, or in which somebody's
/// patience was measured, tell nothing of sessions and costs.
final class Summary {
    private Summary() {}

    static List<String> of(List<Finding> findings) {
        var lines = new ArrayList<String>();
        if (!findings.isEmpty()) {
            lines.add(limits(findings));
        }
        List<Finding> sound = findings.stream().filter(finding -> finding.limit() != Limit.ERRORS && finding.limit() != Limit.HELD).toList();
        List<Finding> bySessions = sound.stream().filter(finding -> !Double.isNaN(finding.sessionsGain())).toList();
        if (!bySessions.isEmpty()) {
            lines.add(sessions(bySessions));
        }
        List<Finding> compared = sound.stream().filter(finding -> finding.direct() != null && finding.direct().errorCount() == 0).toList();
        if (!compared.isEmpty()) {
            lines.add(costs(compared));
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
            case GENERATOR -> "the generator's own thread, so the path may carry more";
            case SERVER -> "the server, or what it waits for, as it is no faster directly";
            case CLIENT_CPU -> "the CPU of this client, in one event loop";
            case MACHINE_CPU -> "the processors of this machine";
            case ROUND_TRIP -> "the round trip to the API server";
            case PATH -> "the time of one after the other in API server, node, runtime and pod";
            case CONNECTION -> "the one connection, as more carry more";
            case BEYOND -> "API server, node, network or pod, as nothing here is busy";
        };
    }

    private static String sessions(List<Finding> findings) {
        List<Finding> gains = findings.stream().filter(finding -> finding.sessionsGain() >= Verdict.GAIN).toList();
        if (gains.isEmpty()) {
            double most = findings.stream().mapToDouble(Finding::sessionsGain).max().orElseThrow();
            return Verdict.text("More sessions gain nothing (at most %.2f times).", most);
        }
        boolean busy = gains.stream().anyMatch(finding -> finding.limit() == Limit.MACHINE_CPU);
        return "More sessions help: " + gains.stream()
                .map(finding -> Verdict.text("%s (%.1f times, %s)", finding.item().shortLabel(), finding.sessionsGain(), finding.best().path()))
                .collect(Collectors.joining(", ")) + (gains.size() < findings.size() ? "; nothing else" : "") + "."
                + (busy ? " On a machine as busy as this that may be chance." : "");
    }

    /// Latency of what goes one at a time, throughput of the rest.
    private static String costs(List<Finding> findings) {
        var parts = new ArrayList<String>();
        findings.stream().filter(Summary::isOneAtATime).forEach(finding -> parts.add(Verdict.text("%s takes %s more",
                finding.item().shortLabel(), Verdict.time(finding.best().p50() - finding.direct().p50()))));
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

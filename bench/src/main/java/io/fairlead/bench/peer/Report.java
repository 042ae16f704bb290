package io.fairlead.bench.peer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/// The text of a run: medians with their range over the rounds, and ratios of medians with the range of the ratios round by round.
final class Report {
    /// A column: what it is called, where it comes from, and whether it says anything about bulk, or about exchanges.
    private record Figure(String title, ToDoubleFunction<Measurement> value, boolean bulk, boolean exchanges) {
        /// Whether one of `rows` spent too little CPU time for this to be a figure.
        boolean isBelowClock(List<Measurement> rows) {
            return title.startsWith("CPU") && rows.stream().anyMatch(Measurement::isBelowCpuClock);
        }
    }

    private static final List<Figure> FIGURES = List.of(
            new Figure("MB/s", Measurement::megabytesPerSecond, true, false),
            new Figure("CPU s/GB", Measurement::cpuSecondsPerGigabyte, true, false),
            new Figure("op/s", Measurement::opsPerSecond, false, true),
            new Figure("p50 us", m -> m.latencyMicros(50), false, true),
            new Figure("p99 us", m -> m.latencyMicros(99), false, true),
            new Figure("max us", m -> m.latencyMicros(100), false, true),
            new Figure("CPU us/op", Measurement::cpuMicrosPerOp, false, true));
    private static final List<Figure> COSTS = List.of(
            new Figure("peak RSS MB", Measurement::residentPeakMegabytes, true, true),
            new Figure("start ms", Measurement::startMillis, true, true),
            new Figure("first byte ms", Measurement::firstByteMillis, true, true),
            // Near 100, and the generator was what was measured.
            new Figure("generator's loop busy %",
                    m -> 100 * m.results().stream().mapToDouble(r -> r.generatorCpuSeconds() / r.seconds()).max().orElse(Double.NaN), true, true));

    private Report() {}

    /// @param peers the first is the one that the ratios are about
    static String of(List<Measurement> all, List<String> peers) {
        var text = new StringBuilder();
        text.append("Each cell: median (lowest-highest) over the rounds. Ratios: ratio of the medians (lowest-highest of the ratios round by")
                .append(" round).\nStart: from the process to its word that it forwards; first byte: from the process to an echoed byte; both before")
                .append(" the warm-up.\n")
                .append("CPU \"under 10 ticks\": the process spent less than 0.1 s in the window of a round, and the kernel counts in 0.01 s.\n")
                .append("Unanswered: exchanges that had waited for more than 1 s when the window ended, over all rounds.\n");
        for (String title : all.stream().map(m -> m.turn().title()).distinct().toList()) {
            List<Measurement> rows = all.stream().filter(m -> m.turn().title().equals(title)).toList();
            boolean bulk = rows.stream().anyMatch(m -> m.turn().workload().isBulk());
            boolean exchanges = rows.stream().anyMatch(m -> Double.isFinite(m.latencyMicros(50)));
            var figures = FIGURES.stream().filter(figure -> figure.bulk() && bulk || figure.exchanges() && exchanges)
                    .filter(figure -> !figure.title().equals("CPU us/op") // bulk's CPU time divided by exchanges means nothing
                            || !bulk && rows.stream().anyMatch(m -> Double.isFinite(m.cpuMicrosPerOp()))).toList();
            text.append("\n## ").append(title).append("\n\n");
            table(text, rows, peers, figures);
            ratios(text, rows, peers, figures);
        }
        return text.toString();
    }

    private static void table(StringBuilder text, List<Measurement> rows, List<String> peers, List<Figure> figures) {
        var columns = new ArrayList<>(figures);
        columns.addAll(COSTS);
        text.append("| |").append(columns.stream().map(Figure::title).collect(Collectors.joining(" | "))).append(" | errors | unanswered |\n")
                .append("|---|").append("---|".repeat(columns.size() + 2)).append('\n');
        for (String peer : peers) {
            List<Measurement> own = rows.stream().filter(m -> m.peer().equals(peer)).toList();
            if (own.isEmpty()) {
                continue;
            }
            text.append("| ").append(peer).append(" | ");
            columns.forEach(figure -> text.append(figure.isBelowClock(own) ? "under 10 ticks"
                    : io.fairlead.bench.record.Figure.range(finite(values(own, figure)))).append(" | "));
            text.append(own.stream().mapToLong(Measurement::errors).sum()).append(" | ")
                    .append(own.stream().mapToLong(Measurement::unanswered).sum()).append(" |\n");
        }
        rows.stream().filter(m -> m.errors() > 0).forEach(m -> text.append("\n- ").append(m.peer()).append(", round ").append(m.turn().round())
                .append(": ").append(m.failure())
                .append(m.results().stream().map(r -> r.errors().toString()).filter(s -> !s.equals("{}")).collect(Collectors.joining(" ")))
                .append(m.diedWith().isEmpty() ? "" : " " + m.diedWith()));
        text.append('\n');
    }

    private static void ratios(StringBuilder text, List<Measurement> rows, List<String> peers, List<Figure> figures) {
        String first = peers.getFirst();
        for (String other : peers.subList(1, peers.size())) {
            String line = figures.stream().map(figure -> {
                double[] ours = values(rows.stream().filter(m -> m.peer().equals(first)).toList(), figure);
                double[] theirs = values(rows.stream().filter(m -> m.peer().equals(other)).toList(), figure);
                if (finite(ours).length == 0 || finite(theirs).length == 0) {
                    return "";
                }
                if (median(theirs) == 0) {
                    return figure.title() + " no ratio (" + other + ": 0)";
                }
                double[] byRound = new double[Math.min(ours.length, theirs.length)]; // rounds are in order, and each has all peers
                Arrays.setAll(byRound, i -> ours[i] / theirs[i]);
                return figure.title() + " " + io.fairlead.bench.record.Figure.range(median(ours) / median(theirs), finite(byRound));
            }).filter(cell -> !cell.isEmpty()).collect(Collectors.joining(", "));
            if (!line.isEmpty()) {
                text.append("\n").append(first).append(" / ").append(other).append(": ").append(line).append("\n");
            }
        }
    }

    private static double[] values(List<Measurement> rows, Figure figure) {
        boolean known = !figure.isBelowClock(rows);
        return rows.stream().mapToDouble(m -> m.ran() && known ? figure.value().applyAsDouble(m) : Double.NaN).toArray();
    }

    private static double[] finite(double[] values) {
        return Arrays.stream(values).filter(Double::isFinite).sorted().toArray();
    }

    static double median(double[] values) {
        return io.fairlead.bench.record.Figure.median(finite(values));
    }
}

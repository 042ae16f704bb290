package io.fairlead.cli.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.stream.Collectors;

/// All that one run of the command came to.
///
/// @param versions of program, Java and system, by name
/// @param target what was measured, by name
/// @param embedded whether that is the embedded cluster, so that all of it runs in this process
/// @param roundTripMicros shortest time of a TCP connect to the API server; empty when it could not be measured
/// @param measured in the order of measuring; of those of the same item and path one counts, see {@link Figure#bestOfEach}
/// @param causes the first reasons that the forward gave for connections that failed
/// @param complete whether all was measured that was meant to be
public record Report(Map<String, Object> versions, Map<String, Object> target, boolean embedded, OptionalDouble roundTripMicros, List<Figure> measured,
        List<String> causes, boolean complete) {

    public Report {
        measured = List.copyOf(measured);
        causes = List.copyOf(causes);
    }

    /// The table and below it the summary, as lines.
    public List<String> lines() {
        var lines = new ArrayList<String>();
        List<Figure> figures = Figure.bestOfEach(measured);
        lines.add(text("%-30s %-18s %10s %9s %10s %10s %10s %6s %7s %7s",
                "", "", "per s", "MB/s", "p50", "p99", "added p50", "loops", "passes", "errors"));
        figures.stream().map(Figure::item).distinct().forEach(item -> {
            Figure direct = direct(figures, item);
            String label = item.label();
            for (Figure figure : figures) {
                if (figure.item().equals(item)) {
                    lines.add(row(label, figure, direct, Figure.ratio(passes(figure))));
                    label = "";
                }
            }
        });
        List<String> summary = summary();
        if (!summary.isEmpty()) {
            lines.add("");
            lines.addAll(summary);
        }
        if (roundTripMicros.isPresent()) {
            lines.add("A TCP connect to the API server takes " + Verdict.time(roundTripMicros.getAsDouble()) + " at best, the base round trip.");
        }
        lines.addAll(bounds(figures));
        lines.addAll(outcomes(figures));
        causes.forEach(cause -> lines.add("A connection failed: " + cause));
        if (!complete) {
            lines.add("Ended early: this is what was measured until then.");
        }
        return lines;
    }

    private List<Figure> passes(Figure figure) {
        return measured.stream().filter(figure::isSameItemAndPath).toList();
    }

    private static String row(String label, Figure figure, Figure direct, double ratio) {
        boolean bulk = figure.item().kind().bulk();
        boolean added = !figure.isDirect() && direct != null && direct.latency().isPresent() && figure.latency().isPresent();
        return text("%-30s %-18s %10s %9s %10s %10s %10s %6s %7s %7d", label, figure.path(),
                bulk ? "-" : text("%,.0f", figure.opsPerSecond()),
                figure.megabytesPerSecond() == 0 ? "-" : text("%.1f", figure.megabytesPerSecond()),
                figure.latency().map(times -> Verdict.time(times.p50())).orElse("-"),
                figure.latency().map(times -> Verdict.time(times.p99())).orElse("-"),
                added ? Verdict.time(figure.p50() - direct.p50()) : "-",
                figure.isDirect() ? "-" : text("%.0f%%", 100 * figure.cpu().loopsSeconds() / figure.seconds()),
                Verdict.times(ratio),
                figure.errorCount());
    }

    /// Which figures are not what they seem to be.
    private static List<String> bounds(List<Figure> figures) {
        var lines = new ArrayList<String>();
        List<Figure> generators = figures.stream().filter(Figure::isOfGenerator).toList();
        if (!generators.isEmpty()) {
            lines.add("The generator's own thread was full, so the path may carry more than this: " + byItem(generators, Figure::asked) + ".");
        }
        List<Figure> more = figures.stream().filter(Figure::hadMoreSessions).toList();
        if (!more.isEmpty()) {
            lines.add("More sessions than asked for were up, as fairlead opens another beside one that is held up: "
                    + byItem(more, figure -> figure.asked() + ": " + figure.sessionsMost()) + ".");
        }
        return lines;
    }

    /// `connecting 64 (direct, 1 session); requests 1 (direct)`.
    private static String byItem(List<Figure> figures, Function<Figure, String> what) {
        return figures.stream().collect(Collectors.groupingBy(figure -> figure.item().shortLabel(), LinkedHashMap::new,
                Collectors.mapping(what, Collectors.joining(", ")))).entrySet().stream()
                .map(item -> item.getKey() + " (" + item.getValue() + ")").collect(Collectors.joining("; "));
    }

    /// What came besides, a line for each kind: `3 x opened anew, as the server closes: requests 1 (direct: 1, 1 session: 2).`
    private static List<String> outcomes(List<Figure> figures) {
        var kinds = new LinkedHashMap<String, Map<String, List<String>>>();
        var totals = new LinkedHashMap<String, Long>();
        figures.forEach(figure -> figure.outcomes().forEach((kind, count) -> {
            kinds.computeIfAbsent(kind, _ -> new LinkedHashMap<>()).computeIfAbsent(figure.item().shortLabel(), _ -> new ArrayList<>())
                    .add(figure.path() + ": " + count);
            totals.merge(kind, count, Long::sum);
        }));
        return kinds.entrySet().stream().map(kind -> totals.get(kind.getKey()) + " x " + kind.getKey() + ": " + kind.getValue().entrySet().stream()
                .map(item -> item.getKey() + " (" + String.join(", ", item.getValue()) + ")").collect(Collectors.joining("; ")) + ".").toList();
    }

    /// The figure in few words: `12,345/s, p50 1.20 ms`.
    public static String amount(Figure figure) {
        return Verdict.amount(figure);
    }

    public List<Verdict.Finding> verdict() {
        return Verdict.of(measured, roundTripMicros, embedded);
    }

    private List<String> summary() {
        return Summary.of(verdict(), Verdict.unsteady(measured), embedded);
    }

    private static Figure direct(List<Figure> figures, Item item) {
        return figures.stream().filter(figure -> figure.isDirect() && figure.item().equals(item)).findFirst().orElse(null);
    }

    /// Some lines of JSON; docs/OPERATING.md 11 has the schema.
    public String json() {
        var all = new LinkedHashMap<String, Object>();
        all.put("versions", versions);
        all.put("target", target);
        all.put("complete", complete);
        if (roundTripMicros.isPresent()) {
            all.put("base_round_trip_us", Figure.round(roundTripMicros.getAsDouble()));
        }
        List<Figure> figures = Figure.bestOfEach(measured);
        all.put("measurements", measured.stream()
                .map(figure -> figure.json(direct(figures, figure.item()), figures.contains(figure), Figure.ratio(passes(figure)))).toList());
        all.put("failures", causes);
        all.put("summary", summary());
        all.put("verdict", verdict().stream().map(Report::json).toList());
        try {
            return new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(all);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e); // maps, lists, strings and numbers
        }
    }

    private static Map<String, Object> json(Verdict.Finding finding) {
        var all = new LinkedHashMap<String, Object>();
        all.put("what", finding.item().kind().name().toLowerCase(Locale.ROOT));
        all.put("connections", finding.item().connections());
        all.put("limit", finding.limit().name().toLowerCase(Locale.ROOT));
        if (Double.isFinite(finding.sessionsGain())) {
            all.put("sessions_gain", Figure.round(finding.sessionsGain()));
            all.put("sessions_least", Figure.round(finding.more().getFirst().score() / finding.fewest().score()));
        }
        all.put("text", finding.text());
        return all;
    }

    private static String text(String format, Object... values) {
        return Verdict.text(format, values);
    }
}

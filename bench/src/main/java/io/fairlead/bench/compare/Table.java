package io.fairlead.bench.compare;

import io.fairlead.bench.record.Figure;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A comparison as text.
final class Table {
    private static final String RULE = "Rule: medians apart by 3 %% or more; with %d rounds or more Mann-Whitney p < %s; with fewer, ranges that do"
            + " not overlap and medians further apart than both ranges together are wide; JMH: 99.9 %% intervals that do not overlap.%n";

    private Table() {}

    static String of(Comparison comparison, String nameA, String nameB, String reference) {
        var text = new StringBuilder("A  " + nameA + "\nB  " + nameB + "\n");
        part(text, "Ratio to " + reference + ", round by round", comparison.ratios());
        part(text, "Figures as they are", comparison.figures());
        part(text, "JMH", comparison.jmh());
        if (!comparison.missing().isEmpty()) {
            text.append("\nNot compared\n");
            comparison.missing().forEach(sentence -> text.append("  ").append(sentence).append('\n'));
        }
        return text.append('\n').append(String.format(Locale.ROOT, RULE, Noise.ROUNDS_FOR_TEST, Noise.P_MAX)).toString();
    }

    private static void part(StringBuilder text, String title, List<Comparison.Line> lines) {
        if (lines.isEmpty()) {
            return;
        }
        List<Comparison.Line> changed = lines.stream().filter(line -> line.verdict().differs()).toList();
        long unjudged = lines.stream().filter(line -> line.verdict() == Verdict.UNJUDGED).count();
        text.append('\n').append(title).append(": ").append(changed.isEmpty() ? "none" : changed.size()).append(" of ")
                .append(lines.size() - unjudged)
                .append(" beyond noise").append(unjudged == 0 ? "" : ", " + unjudged + " not judged (fewer than " + Noise.ROUNDS_MIN
                        + " rounds, or no error)").append('\n');
        if (!changed.isEmpty()) {
            var rows = new ArrayList<List<String>>();
            rows.add(List.of("workload", "peer", "figure", "A", "B", "B/A", "B is"));
            changed.forEach(line -> rows.add(List.of(line.workload(), line.peer(), line.figure(), line.a(), line.b(),
                    Double.isFinite(line.ratio()) ? Figure.number(line.ratio()) : "", line.verdict().text(line.moreIsBetter()))));
            align(text, rows);
        }
    }

    private static void align(StringBuilder text, List<List<String>> rows) {
        int[] widths = new int[rows.getFirst().size()];
        for (List<String> row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        for (List<String> row : rows) {
            var line = new StringBuilder(" ");
            for (int i = 0; i < widths.length; i++) {
                if (widths[i] > 0) {
                    line.append(' ').append(row.get(i)).append(" ".repeat(widths[i] - row.get(i).length() + 1));
                }
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
    }
}

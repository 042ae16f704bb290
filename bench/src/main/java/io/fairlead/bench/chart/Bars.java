package io.fairlead.bench.chart;

import io.fairlead.bench.record.Figure;
import java.util.List;

/// Horizontal bars in panels, each row with its name, its value and its range.
///
/// @param shared one axis for all panels; else each has its own
record Bars(String title, String subtitle, String footer, String unit, boolean shared, List<Panel> panels) {
    /// @param name of the rows below it
    record Panel(String name, List<Row> rows) {
        double highest() {
            List<Row> values = rows.stream().filter(Row::isValue).toList();
            return values.stream().filter(row -> !row.mayBreak()).mapToDouble(Row::high).max()
                    .orElse(values.stream().mapToDouble(Row::high).max().orElse(1));
        }
    }

    /// @param low lower end of the whisker; NaN for none
    /// @param note what is said behind the value, or instead of one if `value` is NaN
    /// @param mayBreak the axis is not made longer for it: past its end the bar is broken
    record Row(String name, int colour, double value, double low, double high, String note, boolean mayBreak) {
        boolean isValue() {
            return Double.isFinite(value);
        }
    }

    private static final int WIDTH = 880;
    private static final int ROW = 21;
    private static final int NAME_SIZE = 12;

    String svg() {
        var svg = new Svg(WIDTH);
        double left = 24 + panels.stream().flatMap(panel -> panel.rows().stream()).mapToDouble(row -> Svg.width(row.name(), NAME_SIZE))
                .max().orElse(60);
        double valueWidth = panels.stream().flatMap(panel -> panel.rows().stream()).filter(Row::isValue).mapToDouble(row -> Svg.width(label(row),
                NAME_SIZE)).max().orElse(60);
        double right = WIDTH - 28 - valueWidth;
        svg.text(16, 28, 17, "start", "ink bold", title);
        svg.text(16, 48, 12, "start", "mute", subtitle);
        double y = 62;
        double highest = panels.stream().mapToDouble(Panel::highest).max().orElse(1);
        for (Panel panel : panels) {
            boolean last = panel == panels.getLast();
            Scale scale = Scale.linear(shared ? highest : panel.highest(), left, right);
            svg.text(16, y + 16, 13, "start", "ink bold", panel.name());
            y += 24;
            double bottom = y + panel.rows().size() * ROW + 2;
            scale.ticks().forEach(tick -> svg.line(scale.place(tick), y0(bottom, panel), scale.place(tick), bottom, tick == 0 ? "axis" : "grid"));
            for (Row row : panel.rows()) {
                row(svg, row, scale, y, right);
                y += ROW;
            }
            y = bottom;
            if (!shared || last) {
                scale.ticks().forEach(tick -> svg.text(scale.place(tick), bottom + 14, 11, "middle", "mute", Scale.tick(tick)));
                svg.text(WIDTH - 16, bottom + 14, 11, "end", "mute", unit);
                y += 18;
            }
            y += 8;
        }
        svg.text(16, y + 16, 11, "start", "mute", footer);
        return svg.finish((int) y + 28, title, subtitle + " " + spoken());
    }

    private static double y0(double bottom, Panel panel) {
        return bottom - panel.rows().size() * ROW - 2;
    }

    private static void row(Svg svg, Row row, Scale scale, double y, double right) {
        double middle = y + ROW / 2.0;
        svg.text(scale.from() - 8, middle + 4, NAME_SIZE, "end", "ink", row.name());
        if (!row.isValue()) {
            int letters = (int) ((WIDTH - 16 - scale.from() - 6) / (NAME_SIZE * 0.6));
            String note = row.note().length() > letters ? row.note().substring(0, letters - 1) + "…" : row.note();
            svg.text(scale.from() + 6, middle + 4, NAME_SIZE, "start", "mute", note);
            return;
        }
        boolean broken = row.value() > scale.high();
        svg.bar(scale.from(), y + 3, Math.max((broken ? scale.to() : scale.place(row.value())) - scale.from(), 1), ROW - 6, row.colour());
        if (broken) {
            svg.gap(scale.to() - 18, y + 3, ROW - 6);
        } else if (row.high() > row.low()) {
            svg.whiskerOnBar(scale.place(Math.max(row.low(), 0)), scale.place(Math.min(row.high(), scale.high())), middle);
        }
        svg.text(right + 12, middle + 4, NAME_SIZE, "start", "ink", label(row));
    }

    private static String label(Row row) {
        String range = row.high() > row.low() ? " (" + Figure.number(row.low()) + "–" + Figure.number(row.high()) + ")" : "";
        return Figure.number(row.value()) + range + (row.note().isEmpty() ? "" : ", " + row.note());
    }

    private String spoken() {
        var text = new StringBuilder();
        for (Panel panel : panels) {
            text.append(panel.name()).append(": ");
            panel.rows().forEach(row -> text.append(row.name()).append(' ').append(row.isValue() ? label(row) : row.note()).append("; "));
        }
        return text.toString().strip();
    }
}

package io.fairlead.bench.chart;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// Latencies as rows from the median to the 99th percentile, in panels, on one logarithmic axis.
record Spans(String title, String subtitle, String footer, List<Panel> panels) {
    record Panel(String name, List<Row> rows) {}

    /// Each of `p50` and `p99`: median, lowest, highest of the rounds, in microseconds; or null both, and `note` says why.
    record Row(String name, int colour, double[] p50, double[] p99, String note) {}

    private static final int WIDTH = 880;
    private static final int ROW = 26;
    private static final int SIZE = 12;
    private static final double WHISKER_OFFSET = 7.5;
    private static final double WHISKER_TICK = 2;

    String svg() {
        var svg = new Svg(WIDTH);
        List<Row> rows = panels.stream().flatMap(panel -> panel.rows().stream()).toList();
        double left = 24 + rows.stream().mapToDouble(row -> Svg.width(row.name(), SIZE)).max().orElse(60);
        double right = WIDTH - 28 - rows.stream().filter(row -> row.p50() != null).mapToDouble(row -> Svg.width(label(row), SIZE)).max().orElse(60);
        double[] all = rows.stream().filter(row -> row.p50() != null).flatMap(row -> Stream.of(row.p50()[1], row.p99()[2]))
                .mapToDouble(v -> v).sorted().toArray();
        Scale scale = Scale.log(all[0], all[all.length - 1], left, right);
        svg.text(16, 28, 17, "start", "ink bold", title);
        svg.text(16, 48, 12, "start", "mute", subtitle);
        double y = 62;
        for (Panel panel : panels) {
            svg.text(16, y + 16, 13, "start", "ink bold", panel.name());
            y += 24;
            double bottom = y + panel.rows().size() * ROW + 2;
            for (double tick : scale.ticks()) {
                svg.line(scale.place(tick), y, scale.place(tick), bottom, "grid");
            }
            for (Row row : panel.rows()) {
                row(svg, row, scale, y + ROW / 2.0, right);
                y += ROW;
            }
            y = bottom + 8;
        }
        double axis = y - 8;
        double edge = Double.NEGATIVE_INFINITY;
        for (double tick : scale.ticks()) {
            double half = Svg.width(Scale.timeTick(tick), 11) / 2;
            if (scale.place(tick) - half > edge + 6) {
                svg.text(scale.place(tick), axis + 14, 11, "middle", "mute", Scale.timeTick(tick));
                edge = scale.place(tick) + half;
            }
        }
        svg.text((left + right) / 2, axis + 32, 12, "middle", "ink", "latency, log scale");
        svg.text(16, y + 48, 11, "start", "mute", footer);
        return svg.finish((int) y + 60, title, subtitle + " " + spoken());
    }

    private static void row(Svg svg, Row row, Scale scale, double y, double right) {
        svg.text(scale.from() - 8, y + 4, SIZE, "end", "ink", row.name());
        if (row.p50() == null) {
            svg.text(scale.from() + 6, y + 4, SIZE, "start", "mute", row.note());
            return;
        }
        whisker(svg, scale, row.p50(), y - WHISKER_OFFSET);
        whisker(svg, scale, row.p99(), y + WHISKER_OFFSET);
        svg.line(scale.place(row.p50()[0]), y, scale.place(row.p99()[0]), y, "curve s" + row.colour());
        svg.disc(scale.place(row.p50()[0]), y, 5, row.colour());
        svg.diamond(scale.place(row.p99()[0]), y, 6.5, row.colour());
        svg.text(right + 12, y + 4, SIZE, "start", "ink", label(row));
    }

    /// Those of the median lie above the line and those of the 99th percentile below it, as they may overlap.
    private static void whisker(Svg svg, Scale scale, double[] point, double y) {
        if (point[2] > point[1]) {
            svg.whisker(scale.place(point[1]), scale.place(point[2]), y, WHISKER_TICK);
        }
    }

    private static String label(Row row) {
        return Scale.time(row.p50()[0]) + " / " + Scale.time(row.p99()[0]) + (row.note().isEmpty() ? "" : ", " + row.note());
    }

    private String spoken() {
        var text = new ArrayList<String>();
        for (Panel panel : panels) {
            panel.rows().forEach(row -> text.add(panel.name() + ", " + row.name() + ": " + (row.p50() == null ? row.note() : label(row))));
        }
        return String.join("; ", text);
    }
}

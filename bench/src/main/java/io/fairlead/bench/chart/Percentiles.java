package io.fairlead.bench.chart;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/// Latency by percentile, as HdrHistogram draws it: the axis gives each further nine the same room. One line per peer, the median
/// of the rounds, with the range of the rounds as a faint area.
record Percentiles(String title, String subtitle, String footer, List<Line> lines) {
    /// @param points (percentile, lowest, median, highest in microseconds), in order of percentile
    record Line(String name, int colour, List<double[]> points) {
        double[] last() {
            return points.getLast();
        }
    }

    private static final int WIDTH = 880;
    private static final int HEIGHT = 480;
    private static final double LEFT = 78;
    private static final double TOP = 82;
    private static final double BOTTOM = HEIGHT - 74;
    private static final int NINES_MAX = 6;

    String svg() {
        var svg = new Svg(WIDTH);
        double right = WIDTH - 60 - lines.stream().mapToDouble(line -> Svg.width(line.name(), 12)).max().orElse(60);
        double nines = Math.max(1, Math.ceil(lines.stream().mapToDouble(line -> nines(line.last()[0])).max().orElse(2) - 1e-6));
        var y = Scale.log(extreme(1).min().orElse(1), extreme(3).max().orElse(10), BOTTOM, TOP);
        svg.text(16, 28, 17, "start", "ink bold", title);
        svg.text(16, 48, 12, "start", "mute", subtitle);
        for (double tick : y.ticks()) {
            svg.line(LEFT, y.place(tick), right, y.place(tick), "grid");
            svg.text(LEFT - 8, y.place(tick) + 4, 11, "end", "mute", Scale.timeTick(tick));
        }
        svg.text(16, TOP - 12, 12, "start", "ink", "latency, log scale");
        axis(svg, nines, right);
        for (Line line : lines) {
            svg.area(area(line, nines, right, y), line.colour());
        }
        for (Line line : lines) {
            List<double[]> points = line.points().stream().map(p -> new double[] {x(p[0], nines, right), y.place(p[2])}).toList();
            svg.curve(points, line.colour());
            if (points.size() < 10) {
                points.forEach(p -> svg.disc(p[0], p[1], 3.5, line.colour()));
            }
        }
        legend(svg, nines, right, y);
        svg.text((LEFT + right) / 2, BOTTOM + 36, 12, "middle", "ink", "percentile of the exchanges, log scale: each further nine has the same room");
        svg.text(16, HEIGHT - 12, 11, "start", "mute", footer);
        return svg.finish(HEIGHT, title, subtitle + " " + spoken());
    }

    private java.util.stream.DoubleStream extreme(int index) {
        return lines.stream().flatMap(line -> line.points().stream()).mapToDouble(point -> point[index]);
    }

    private static void axis(Svg svg, double nines, double right) {
        svg.line(LEFT, BOTTOM, right, BOTTOM, "axis");
        double[] ticks = new double[(int) Math.min(nines, NINES_MAX) + 2];
        ticks[1] = 50;
        for (int i = 2; i < ticks.length; i++) {
            ticks[i] = 100 - Math.pow(10, 3 - i);
        }
        Arrays.sort(ticks);
        for (double tick : ticks) {
            svg.line(x(tick, nines, right), TOP, x(tick, nines, right), BOTTOM, "grid");
            svg.text(x(tick, nines, right), BOTTOM + 16, 11, "middle", "mute", Scale.tick(tick) + "%");
        }
    }

    /// Names at the right, each at the height where its line ends, moved apart where they would touch.
    private void legend(Svg svg, double nines, double right, Scale y) {
        List<Line> order = lines.stream().sorted(Comparator.comparingDouble((Line line) -> y.place(line.last()[2]))).toList();
        double[] heights = order.stream().mapToDouble(line -> y.place(line.last()[2])).toArray();
        for (int i = 1; i < heights.length; i++) {
            heights[i] = Math.max(heights[i], heights[i - 1] + 17);
        }
        double over = heights.length == 0 ? 0 : Math.max(0, heights[heights.length - 1] - BOTTOM);
        for (int i = heights.length - 1; i >= 0 && over > 0; i--) {
            double limit = i == heights.length - 1 ? BOTTOM : heights[i + 1] - 17;
            heights[i] = Math.min(heights[i], limit);
        }
        for (int i = 0; i < heights.length; i++) {
            Line line = order.get(i);
            svg.curve(List.of(new double[] {right + 10, heights[i]}, new double[] {right + 36, heights[i]}), line.colour());
            svg.text(right + 42, heights[i] + 4, 12, "start", "ink", line.name());
        }
    }

    private static List<double[]> area(Line line, double nines, double right, Scale y) {
        var points = new ArrayList<double[]>();
        line.points().forEach(p -> points.add(new double[] {x(p[0], nines, right), y.place(p[1])}));
        line.points().reversed().forEach(p -> points.add(new double[] {x(p[0], nines, right), y.place(p[3])}));
        return points;
    }

    static double nines(double percentile) {
        return -Math.log10(1 - percentile / 100);
    }

    private static double x(double percentile, double nines, double right) {
        return LEFT + (right - LEFT) * nines(percentile) / nines;
    }

    private String spoken() {
        return String.join("; ", lines.stream().map(line -> line.name() + ": up to " + Scale.time(line.last()[2]) + " at "
                + Scale.tick(line.last()[0]) + "%").toList());
    }
}

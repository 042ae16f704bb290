package io.fairlead.bench.record;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/// A figure of a turn. NaN where the turn has none: it failed, it is too old, or the figure says nothing about its workload.
public enum Figure {
    MEGABYTES_PER_SECOND("throughput", "MB/s", true, turn -> turn.isBulk() ? sum(turn, "MB_per_s") : Double.NaN),
    OPS_PER_SECOND("operations", "op/s", true, turn -> turn.isTimed() ? number(turn.first().path("ops_per_s")) : Double.NaN),
    P50("p50", "us", false, turn -> number(turn.first().path("latency_us").path("p50"))),
    P99("p99", "us", false, turn -> number(turn.first().path("latency_us").path("p99"))),
    CPU_PER_GIGABYTE("CPU", "s/GB", false, turn -> turn.isBulk() ? number(turn.line().path("cpu_s_per_GB")) : Double.NaN),
    // Bulk's CPU time divided by exchanges means nothing.
    CPU_PER_OP("CPU", "us/op", false, turn -> turn.isTimed() && !turn.isBulk() ? number(turn.line().path("cpu_us_per_op")) : Double.NaN),
    RESIDENT_PEAK("peak RSS", "MB", false, turn -> number(turn.line().path("rss_peak_MB"))),
    START("start", "ms", false, turn -> number(turn.line().path("start_ms"))),
    FIRST_BYTE("first byte", "ms", false, turn -> number(turn.line().path("first_byte_ms")));

    private final String title;
    private final String unit;
    private final boolean moreIsBetter;
    private final ToDoubleFunction<Turn> of;

    Figure(String title, String unit, boolean moreIsBetter, ToDoubleFunction<Turn> of) {
        this.title = title;
        this.unit = unit;
        this.moreIsBetter = moreIsBetter;
        this.of = of;
    }

    public String title() {
        return title;
    }

    public String unit() {
        return unit;
    }

    public boolean moreIsBetter() {
        return moreIsBetter;
    }

    public double of(Turn turn) {
        return turn.ran() && !isBelowClock(turn) ? of.applyAsDouble(turn) : Double.NaN;
    }

    /// Whether the turn spent too little CPU time for this figure to be one.
    public boolean isBelowClock(Turn turn) {
        return (this == CPU_PER_GIGABYTE || this == CPU_PER_OP) && turn.isBelowCpuClock();
    }

    /// Those of `turns` that have one, lowest first. None of CPU time where one of them spent too little of it: the others would be the dear ones.
    public double[] sorted(List<Turn> turns) {
        if (turns.stream().anyMatch(this::isBelowClock)) {
            return new double[0];
        }
        return turns.stream().mapToDouble(this::of).filter(Double::isFinite).sorted().toArray();
    }

    /// Median of `values`, in any order; NaN of none.
    public static double median(double... values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int n = sorted.length;
        return n == 0 ? Double.NaN : n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
    }

    /// Median, and range in brackets, of values in order; "" of none.
    public static String range(double... sorted) {
        return range(median(sorted), sorted);
    }

    /// `middle`, and in brackets the range of values in order.
    public static String range(double middle, double[] sorted) {
        return sorted.length == 0 ? ""
                : number(middle) + (sorted.length > 1 ? " (" + number(sorted[0]) + "-" + number(sorted[sorted.length - 1]) + ")" : "");
    }

    /// Three digits that count (two below 0.1), thousands apart: `0.041`, `0.41`, `12.3`, `9,614`.
    public static String number(double value) {
        double size = Math.abs(value);
        int digits = size >= 100 || value == 0 ? 0 : size >= 10 ? 1 : size >= 0.1 ? 2 : 3;
        return String.format(Locale.ROOT, "%,." + digits + "f", value);
    }

    private static double sum(Turn turn, String name) {
        return turn.parts().stream().mapToDouble(part -> number(part.path(name))).sum();
    }

    private static double number(JsonNode node) {
        return node.isNumber() ? node.asDouble() : Double.NaN;
    }
}

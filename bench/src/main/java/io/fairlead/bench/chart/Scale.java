package io.fairlead.bench.chart;

import io.fairlead.bench.record.Figure;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Values to places on an axis, and the round values that are marked on it.
record Scale(double low, double high, double from, double to, boolean log, List<Double> ticks) {
    private static final int TICKS_MAX = 7;

    /// From 0 to at least `highest`, on round numbers.
    static Scale linear(double highest, double from, double to) {
        double top = highest > 0 ? highest : 1;
        double step = Math.pow(10, Math.floor(Math.log10(top)));
        for (double factor : new double[] {0.1, 0.2, 0.5, 1}) {
            if (Math.ceil(top / (step * factor)) < TICKS_MAX) {
                step *= factor;
                break;
            }
        }
        long steps = (long) Math.ceil(top / step - 1e-9);
        var ticks = new ArrayList<Double>();
        for (long i = 0; i <= steps; i++) {
            ticks.add(i * step);
        }
        return new Scale(0, steps * step, from, to, false, ticks);
    }

    /// Logarithmic, from a round number at or below `lowest` (above 0) to one at or above `highest`.
    static Scale log(double lowest, double highest, double from, double to) {
        double low = step(lowest, false);
        double high = step(highest, true);
        if (high <= low) {
            high = step(low * 1.01, true);
        }
        boolean fine = high / low <= 1000;
        var ticks = new ArrayList<Double>();
        for (double tick = low; tick <= high * 1.0001; tick = step(tick * 1.01, true)) {
            if (fine || isPowerOfTen(tick)) {
                ticks.add(tick);
            }
        }
        return new Scale(low, high, from, to, true, ticks);
    }

    double place(double value) {
        double share = log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
        return from + (to - from) * share;
    }

    /// A value of an axis, without needless digits.
    static String tick(double value) {
        return value >= 1000 ? String.format(Locale.ROOT, "%,.0f", value)
                : new BigDecimal(String.format(Locale.ROOT, "%.6g", value)).stripTrailingZeros().toPlainString();
    }

    /// `us` below a millisecond, then ms, then s; three digits that count.
    static String time(double micros) {
        return micros < 1000 ? Figure.number(micros) + " µs" : micros < 1e6 ? Figure.number(micros / 1e3) + " ms"
                : Figure.number(micros / 1e6) + " s";
    }

    static String timeTick(double micros) {
        return micros < 1000 ? tick(micros) + " µs" : micros < 1e6 ? tick(micros / 1e3) + " ms" : tick(micros / 1e6) + " s";
    }

    /// The nearest of 1, 2, 5 times a power of ten on that side.
    private static double step(double value, boolean up) {
        double power = Math.pow(10, Math.floor(Math.log10(value) + 1e-9));
        double found = up ? 10 * power : power;
        for (double factor : up ? new double[] {5, 2, 1} : new double[] {2, 5}) {
            double candidate = factor * power;
            if (up ? candidate >= value * (1 - 1e-9) : candidate <= value * (1 + 1e-9)) {
                found = candidate;
            }
        }
        return found;
    }

    private static boolean isPowerOfTen(double value) {
        double exponent = Math.log10(value);
        return Math.abs(exponent - Math.rint(exponent)) < 1e-6;
    }
}

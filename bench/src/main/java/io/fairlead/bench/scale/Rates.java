package io.fairlead.bench.scale;

import io.fairlead.bench.record.Figure;
import java.util.List;
import java.util.Locale;

/// What the rounds of one peer came to.
///
/// @param median of the rounds that went well; NaN of none
record Rates(double median, int good, int rounds) {
    /// @param rates one for each round; NaN for one that failed or had an error
    static Rates of(List<Double> rates) {
        double[] good = rates.stream().mapToDouble(Double::doubleValue).filter(Double::isFinite).toArray();
        return new Rates(Figure.median(good), good.length, rates.size());
    }

    /// Such as `1.20 of kubectl-ws (medians of 3 and 2 of 3 rounds)`.
    String beside(String peer, Rates theirs) {
        String counts = good == rounds && theirs.good == theirs.rounds ? "medians of " + rounds + " rounds"
                : "medians of " + good + " and " + theirs.good + " of " + rounds + " rounds; the others failed or had errors";
        return good == 0 || theirs.good == 0 ? "not comparable with " + peer + " (" + counts + ")"
                : String.format(Locale.ROOT, "%.2f of %s (%s)", median / theirs.median, peer, counts);
    }
}

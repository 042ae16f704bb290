package io.fairlead.bench.compare;

import io.fairlead.bench.record.Figure;
import java.util.Arrays;

/// When two samples of a figure, one value a round, differ beyond their noise. In any case their medians have to be apart by
/// {@link #RATIO_MIN}: less is not worth a line. Then:
///
/// - five rounds or more each: Mann and Whitney's test, exact, two-sided, says p below {@link #P_MAX}. (Two times five rounds without
///   overlap are 0.008.)
/// - three or four: their ranges do not overlap, and the medians are further apart than both ranges together are wide, all as ratios.
///   (Of three and three rounds of the same noise that is so once in 80; without the second condition, once in 10.)
/// - fewer: nothing can be said.
final class Noise {
    static final double RATIO_MIN = 1.03;
    static final double P_MAX = 0.01;
    static final int ROUNDS_FOR_TEST = 5;
    static final int ROUNDS_MIN = 3;

    private Noise() {}

    /// What B is to A.
    static Verdict judge(double[] a, double[] b) {
        if (Math.min(a.length, b.length) < ROUNDS_MIN) {
            return Verdict.UNJUDGED;
        }
        double[] first = sorted(a);
        double[] second = sorted(b);
        double from = Figure.median(first);
        double to = Figure.median(second);
        if (first[0] <= 0 || second[0] <= 0) { // a ratio would say nothing
            return from == to ? Verdict.SAME : Verdict.UNJUDGED;
        }
        boolean apart = Math.min(a.length, b.length) >= ROUNDS_FOR_TEST ? probability(first, second) < P_MAX
                : disjoint(first[0], first[first.length - 1], second[0], second[second.length - 1])
                        && ratio(from, to) > spread(first) * spread(second);
        return apart && ratio(from, to) >= RATIO_MIN ? Verdict.of(from, to) : Verdict.SAME;
    }

    /// Of two means with their errors, as JMH gives them: the intervals do not overlap.
    static Verdict judge(double scoreA, double errorA, double scoreB, double errorB) {
        if (!Double.isFinite(scoreA + errorA + scoreB + errorB)) {
            return Verdict.UNJUDGED;
        }
        boolean apart = disjoint(scoreA - errorA, scoreA + errorA, scoreB - errorB, scoreB + errorB);
        boolean enough = scoreA <= 0 || scoreB <= 0 || ratio(scoreA, scoreB) >= RATIO_MIN;
        return apart && enough ? Verdict.of(scoreA, scoreB) : Verdict.SAME;
    }

    /// Mann and Whitney, exact and two-sided: how often two samples of one source lie at least as far apart. Ties count half.
    static double probability(double[] a, double[] b) {
        double above = 0;
        for (double x : a) {
            for (double y : b) {
                above += x > y ? 1 : x == y ? 0.5 : 0;
            }
        }
        int u = (int) Math.ceil(Math.min(above, a.length * b.length - above));
        double[] ways = ways(a.length, b.length);
        double tail = Arrays.stream(ways, 0, u + 1).sum();
        return Math.min(1, 2 * tail / Arrays.stream(ways).sum());
    }

    /// In how many orders of n and m values each U comes about: coefficients of the Gaussian binomial, one factor (1 - q^(m+i)) / (1 - q^i) at a
    /// time.
    private static double[] ways(int n, int m) {
        double[] ways = new double[n * m + 1];
        ways[0] = 1;
        for (int i = 1; i <= n; i++) {
            for (int u = ways.length - 1; u >= m + i; u--) {
                ways[u] -= ways[u - m - i];
            }
            for (int u = i; u < ways.length; u++) {
                ways[u] += ways[u - i];
            }
        }
        return ways;
    }

    private static boolean disjoint(double lowA, double highA, double lowB, double highB) {
        return highA < lowB || highB < lowA;
    }

    private static double spread(double... sorted) {
        return sorted[sorted.length - 1] / sorted[0];
    }

    private static double ratio(double a, double b) {
        return Math.max(a, b) / Math.min(a, b);
    }

    private static double[] sorted(double... values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted;
    }
}

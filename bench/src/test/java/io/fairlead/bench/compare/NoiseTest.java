package io.fairlead.bench.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NoiseTest {
    @Test
    void threeRoundsDifferWhenTheyAreFurtherApartThanTheyAreWide() {
        assertEquals(Verdict.HIGHER, Noise.judge(new double[] {100, 103, 98}, new double[] {130, 126, 128}));
        assertEquals(Verdict.LOWER, Noise.judge(new double[] {130, 126, 128}, new double[] {100, 103, 98}));
    }

    @Test
    void threeRoundsThatOverlapAreTheSame() {
        assertEquals(Verdict.SAME, Noise.judge(new double[] {100, 120, 90}, new double[] {119, 140, 130}));
    }

    @Test
    void threeRoundsThatAreApartByLessThanTheirWidthAreTheSame() {
        assertEquals(Verdict.SAME, Noise.judge(new double[] {100, 120, 90}, new double[] {121, 140, 130}));
    }

    @Test
    void lessThanThreePercentIsTheSameHoweverSure() {
        assertEquals(Verdict.SAME, Noise.judge(new double[] {100, 100.1, 100.2}, new double[] {102, 102.1, 102.2}));
    }

    @Test
    void fewerThanThreeRoundsAreNotJudged() {
        assertEquals(Verdict.UNJUDGED, Noise.judge(new double[] {100, 101}, new double[] {200, 201, 202}));
    }

    @Test
    void fiveRoundsMayOverlapByOneOnlyIfThereAreMore() {
        assertEquals(Verdict.HIGHER, Noise.judge(new double[] {100, 120, 90, 95, 105}, new double[] {121, 140, 130, 150, 125}));
        assertEquals(Verdict.SAME, Noise.judge(new double[] {100, 122, 90, 95, 105}, new double[] {121, 140, 130, 150, 125}));
    }

    // Tables of the exact distribution: 2 / C(10, 5), 4 / C(10, 5), 2 * 7 / C(8, 4).
    @ParameterizedTest(name = "{0} of {1} by {1}")
    @CsvSource({"0, 5, 0.0079365", "1, 5, 0.0158730", "3, 4, 0.2"})
    void probabilitiesAreThoseOfTheTables(int swaps, int n, double expected) {
        double[] a = new double[n];
        double[] b = new double[n];
        for (int i = 0; i < n; i++) {
            a[i] = i;
            b[i] = n + i;
        }
        a[n - 1] += swaps + (swaps > 0 ? 0.5 : 0);
        assertEquals(expected, Noise.probability(a, b), 1e-6);
    }

    @ParameterizedTest(name = "{0} rounds")
    @CsvSource({"3, 0.02", "5, 0.02", "10, 0.02"})
    void noiseAloneIsSeldomReported(int rounds, double shareMax) {
        var random = new Random(5);
        int reported = 0;
        int trials = 5_000;
        for (int i = 0; i < trials; i++) {
            reported += Noise.judge(noisy(random, rounds, 1), noisy(random, rounds, 1)).differs() ? 1 : 0;
        }
        assertTrue(reported < shareMax * trials, reported + " of " + trials + " reported, seed 5");
    }

    @ParameterizedTest(name = "{0} rounds, {1} times as much")
    @CsvSource({"3, 1.5", "5, 1.3"})
    void aDifferenceThatIsLargeBesideTheNoiseIsReported(int rounds, double factor) {
        var random = new Random(6);
        int reported = 0;
        int trials = 1_000;
        for (int i = 0; i < trials; i++) {
            reported += Noise.judge(noisy(random, rounds, 1), noisy(random, rounds, factor)) == Verdict.HIGHER ? 1 : 0;
        }
        assertTrue(reported > 0.95 * trials, reported + " of " + trials + " reported, seed 6");
    }

    @Test
    void intervalsOfJmhHaveToBeApart() {
        assertEquals(Verdict.SAME, Noise.judge(100, 6, 110, 5));
        assertEquals(Verdict.HIGHER, Noise.judge(100, 4, 110, 5));
        assertEquals(Verdict.UNJUDGED, Noise.judge(100, Double.NaN, 110, 5));
    }

    private static double[] noisy(Random random, int rounds, double factor) {
        return random.doubles(rounds).map(_ -> 200 * factor * Math.exp(0.06 * random.nextGaussian())).toArray();
    }
}

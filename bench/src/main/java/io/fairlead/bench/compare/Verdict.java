package io.fairlead.bench.compare;

/// What B is to A.
enum Verdict {
    HIGHER, LOWER, SAME,
    /// Too few rounds, or no error interval: nothing is known of the noise.
    UNJUDGED;

    static Verdict of(double from, double to) {
        return to > from ? HIGHER : to < from ? LOWER : SAME;
    }

    boolean differs() {
        return this == HIGHER || this == LOWER;
    }

    String text(boolean moreIsBetter) {
        return switch (this) {
            case HIGHER -> moreIsBetter ? "higher, better" : "higher, worse";
            case LOWER -> moreIsBetter ? "lower, worse" : "lower, better";
            case SAME -> "same";
            case UNJUDGED -> "not judged";
        };
    }
}

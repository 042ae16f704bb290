package io.fairlead.testbed.load;

import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;

/// What is still unanswered when a window ends, and how long each of it has waited. Leaving it out would hide a stall that lasts into the end of the
/// window; what has waited for less than the median of the answered ones is only on its way, and is no sample.
///
/// All of it is gathered first and recorded then, so that one sample does not shift the median by which the next one is judged.
public final class Unanswered {
    /// Under which name those that have waited for more than a second are counted.
    public static final String OUTCOME = "unanswered for more than 1 s";
    private static final long LONG_NANOS = 1_000_000_000L;

    private final List<Long> waits = new ArrayList<>();

    public void add(long nanos) {
        waits.add(Math.max(0, nanos));
    }

    /// Records in `latency` what has waited for more than a second, or longer than the median of what was answered.
    ///
    /// @return how many have waited for more than a second
    public long recordIn(Histogram latency) {
        long median = latency.getValueAtPercentile(50);
        waits.stream().filter(nanos -> nanos > LONG_NANOS || nanos > median).forEach(latency::recordValue);
        return waits.stream().filter(nanos -> nanos > LONG_NANOS).count();
    }
}

package io.fairlead.testbed.load;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/// What one workload came to. MB are 10^6 bytes; `latency` holds nanoseconds.
///
/// @param seconds the measured time
/// @param opened connections that were opened, in all
/// @param verifiedBytes bytes compared with what was sent, warm-up included
/// @param silenceNanosMax longest time in which a bulk connection moved nothing
/// @param generatorCpuSeconds CPU time of the generator's own loop in the window: near `seconds`, and the generator itself was measured
public record LoadResult(
        LoadSpec spec,
        double seconds,
        long opened,
        long bytes,
        long ops,
        long verifiedBytes,
        long silenceNanosMax,
        double generatorCpuSeconds,
        Histogram latency,
        Map<String, Long> errors,
        Map<String, Long> outcomes) {

    /// Points of a percentile chart.
    private static final List<Double> PERCENTILES = List.of(0.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 98.0, 99.0, 99.5, 99.8, 99.9, 99.95, 99.99, 99.999, 100.0);
    private static final ObjectMapper JSON = new ObjectMapper();

    public double megabytesPerSecond() {
        return bytes / seconds / 1e6;
    }

    public double opsPerSecond() {
        return ops / seconds;
    }

    public long errorCount() {
        return errors.values().stream().mapToLong(Long::longValue).sum();
    }

    /// Everything, in the order in which a reader wants it.
    public Map<String, Object> values() {
        var all = new LinkedHashMap<String, Object>();
        all.put("mode", spec.mode().toString());
        all.put("targets", spec.targets().stream().map(target -> target.getHostString() + ":" + target.getPort()).toList());
        all.put("connections", spec.connections());
        all.put("message_bytes", spec.messageBytes());
        if (spec.mode() == Mode.RR_OPEN) {
            all.put("rate_per_s", spec.rate());
        }
        all.put("seconds", round(seconds));
        all.put("MB_per_s", round(megabytesPerSecond()));
        all.put("ops_per_s", round(opsPerSecond()));
        all.put("bytes", bytes);
        all.put("ops", ops);
        if (latency.getTotalCount() > 0) {
            var times = new LinkedHashMap<String, Object>();
            times.put("mean", round(latency.getMean() / 1e3));
            times.put("p50", micros(50));
            times.put("p90", micros(90));
            times.put("p99", micros(99));
            times.put("p99.9", micros(99.9));
            times.put("max", round(latency.getMaxValue() / 1e3));
            times.put("percentiles", PERCENTILES.stream().map(percentile -> List.of(percentile, micros(percentile))).toList());
            all.put("latency_us", times);
        }
        all.put("silence_ms_max", round(silenceNanosMax / 1e6));
        all.put("errors", errors);
        all.put("outcomes", outcomes);
        all.put("opened", opened);
        all.put("verified_bytes", verifiedBytes);
        all.put("generator_cpu_s", round(generatorCpuSeconds));
        return all;
    }

    /// One line of JSON.
    public String json() {
        try {
            return JSON.writeValueAsString(values());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    public double micros(double percentile) {
        return round(latency.getValueAtPercentile(percentile) / 1e3);
    }

    private static double round(double value) {
        return Math.round(value * 1000) / 1000.0;
    }
}

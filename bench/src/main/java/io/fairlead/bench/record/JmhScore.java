package io.fairlead.bench.record;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// A score out of JMH's JSON.
///
/// @param benchmark class and method, without the package
/// @param parameters `name=value, ...`, or ""
/// @param metric "" for the benchmark's own score, else the name of a secondary metric
/// @param mode JMH's: `thrpt`, `avgt`, `sample`, `ss`
/// @param error half of JMH's 99.9 % interval; NaN if it has none, as of a single iteration
public record JmhScore(String benchmark, String parameters, String metric, String mode, double score, double error, String unit) {
    static List<JmhScore> all(JsonNode results) {
        var scores = new ArrayList<JmhScore>();
        for (JsonNode result : results) {
            String[] names = result.path("benchmark").asText().split("[.]");
            String benchmark = names.length < 2 ? names[0] : names[names.length - 2] + "." + names[names.length - 1];
            String parameters = String.join(", ", result.path("params").properties().stream().map(e -> e.getKey() + "=" + e.getValue().asText())
                    .toList());
            String mode = result.path("mode").asText();
            scores.add(of(benchmark, parameters, "", mode, result.path("primaryMetric")));
            for (Map.Entry<String, JsonNode> metric : result.path("secondaryMetrics").properties()) {
                scores.add(of(benchmark, parameters, metric.getKey(), mode, metric.getValue()));
            }
        }
        return scores;
    }

    /// What it is a score of: equal in two runs that can be compared.
    public String name() {
        return benchmark + (parameters.isEmpty() ? "" : " (" + parameters + ")") + (metric.isEmpty() ? "" : " " + metric);
    }

    public boolean moreIsBetter() {
        return unit.startsWith("ops/");
    }

    private static JmhScore of(String benchmark, String parameters, String metric, String mode, JsonNode node) {
        return new JmhScore(benchmark, parameters, metric, mode, number(node.path("score")), number(node.path("scoreError")),
                node.path("scoreUnit").asText());
    }

    // JMH writes "NaN" as a string.
    private static double number(JsonNode node) {
        return node.isNumber() ? node.asDouble() : Double.NaN;
    }
}

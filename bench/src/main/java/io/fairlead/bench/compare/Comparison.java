package io.fairlead.bench.compare;

import io.fairlead.bench.record.Figure;
import io.fairlead.bench.record.JmhScore;
import io.fairlead.bench.record.Run;
import io.fairlead.bench.record.Turn;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/// Two runs, figure by figure.
///
/// @param ratios each peer's figures as a ratio to the reference peer of the same run and round
/// @param figures as they are
/// @param jmh scores of benchmarks
/// @param missing sentences about what only one run has
record Comparison(List<Line> ratios, List<Line> figures, List<Line> jmh, List<String> missing) {
    /// @param a text of run A's value, with its range
    /// @param ratio B / A, of the medians
    record Line(String workload, String peer, String figure, String a, String b, double ratio, Verdict verdict, boolean moreIsBetter) {}

    /// @param reference a peer that is not ours, and so the same program in both runs
    static Comparison of(Run a, Run b, String reference) {
        var ratios = new ArrayList<Line>();
        var figures = new ArrayList<Line>();
        var missing = new Missing();
        for (String workload : union(a.workloads(), b.workloads())) {
            for (String peer : union(a.peers(), b.peers())) {
                List<Turn> inA = a.turns(workload, peer);
                List<Turn> inB = b.turns(workload, peer);
                if (inA.isEmpty() || inB.isEmpty()) {
                    missing.turns(workload, peer, !inA.isEmpty(), !inB.isEmpty());
                    continue;
                }
                for (Figure figure : Figure.values()) {
                    double[] ofA = figure.sorted(inA);
                    double[] ofB = figure.sorted(inB);
                    if (ofA.length == 0 || ofB.length == 0) {
                        missing.figure(workload, peer, figure, ofA.length > 0, ofB.length > 0);
                        continue;
                    }
                    figures.add(line(workload, peer, figure, ofA, ofB));
                    if (!peer.equals(reference)) {
                        double[] ratiosA = ratios(inA, a.turns(workload, reference), figure);
                        double[] ratiosB = ratios(inB, b.turns(workload, reference), figure);
                        if (ratiosA.length > 0 && ratiosB.length > 0) {
                            ratios.add(line(workload, peer, figure, ratiosA, ratiosB));
                        }
                    }
                }
                errors(workload, peer, inA, inB, missing).ifPresent(figures::add);
            }
        }
        return new Comparison(ratios, figures, jmh(a.jmh(), b.jmh(), missing), missing.sentences());
    }

    boolean isEmpty() {
        return figures.isEmpty() && jmh.isEmpty();
    }

    private static Line line(String workload, String peer, Figure figure, double[] a, double[] b) {
        return new Line(workload, peer, figure.title() + " " + figure.unit(), Figure.range(a), Figure.range(b), Figure.median(b) / Figure.median(a),
                Noise.judge(a, b), figure.moreIsBetter());
    }

    /// Errors have no noise to be judged by: they are a difference where one run has some and the other none.
    private static Optional<Line> errors(String workload, String peer, List<Turn> a, List<Turn> b, Missing missing) {
        long inA = a.stream().mapToLong(Turn::errors).sum();
        long inB = b.stream().mapToLong(Turn::errors).sum();
        if (inA > 0 && inB > 0) {
            missing.errors(workload, peer, inA, inB);
        }
        if ((inA == 0) == (inB == 0)) {
            return Optional.empty();
        }
        return Optional.of(new Line(workload, peer, "errors", Long.toString(inA), Long.toString(inB), Double.NaN, Verdict.of(inA, inB),
                false));
    }

    /// Round by round, where both have the figure; none where {@link Figure#sorted} has none of either.
    private static double[] ratios(List<Turn> turns, List<Turn> references, Figure figure) {
        if (figure.sorted(turns).length == 0 || figure.sorted(references).length == 0) {
            return new double[0];
        }
        return turns.stream().flatMapToDouble(turn -> references.stream().filter(other -> other.round() == turn.round())
                .mapToDouble(other -> figure.of(turn) / figure.of(other))).filter(Double::isFinite).sorted().toArray();
    }

    private static List<Line> jmh(List<JmhScore> a, List<JmhScore> b, Missing missing) {
        var lines = new ArrayList<Line>();
        Map<String, JmhScore> inA = byName(a);
        Map<String, JmhScore> inB = byName(b);
        for (String name : union(inA.keySet(), inB.keySet())) {
            JmhScore first = inA.get(name);
            JmhScore second = inB.get(name);
            if (first == null || second == null) {
                missing.score(first == null ? "only in B" : "only in A", first == null ? second : first);
            } else if (!Objects.equals(first.unit(), second.unit())) {
                missing.score("of another unit in B", second);
            } else {
                lines.add(new Line(name, "", first.unit(), score(first), score(second), second.score() / first.score(),
                        isNothing(first) && isNothing(second) ? Verdict.SAME : Noise.judge(first.score(), first.error(), second.score(),
                                second.error()),
                        first.moreIsBetter()));
            }
        }
        return lines;
    }

    /// Of the collector's metrics only bytes for each operation say something about the code.
    private static Map<String, JmhScore> byName(List<JmhScore> scores) {
        var named = new LinkedHashMap<String, JmhScore>();
        scores.stream().filter(score -> !score.metric().contains("gc.") || score.metric().endsWith("gc.alloc.rate.norm"))
                .forEach(score -> named.put(score.name() + " " + score.mode(), score));
        return named;
    }

    /// Less than half a byte for each operation is the harness's own.
    private static boolean isNothing(JmhScore score) {
        return score.unit().equals("B/op") && score.score() < 0.5;
    }

    private static String score(JmhScore score) {
        return Figure.number(score.score()) + (Double.isFinite(score.error()) ? " ±" + Figure.number(score.error()) : "");
    }

    private static Set<String> union(java.util.Collection<String> a, java.util.Collection<String> b) {
        var all = new LinkedHashSet<>(a);
        all.addAll(b);
        return all;
    }

    /// What cannot be compared, gathered by reason.
    private static final class Missing {
        private final Map<String, Map<String, Set<String>>> peers = new LinkedHashMap<>(); // by reason and workload
        private final Map<String, Map<String, Integer>> scores = new LinkedHashMap<>(); // how many, by reason and class of benchmarks

        void turns(String workload, String peer, boolean inA, boolean inB) {
            if (inA || inB) {
                add(inA ? "only in A" : "only in B", workload, peer);
            }
        }

        void figure(String workload, String peer, Figure figure, boolean inA, boolean inB) {
            if (inA || inB) {
                add(figure.title() + " " + figure.unit() + " only in " + (inA ? "A" : "B"), workload, peer);
            }
        }

        void errors(String workload, String peer, long inA, long inB) {
            add("errors in both runs, so its figures are none", workload, peer + " (" + inA + " and " + inB + ")");
        }

        private void add(String reason, String workload, String peer) {
            peers.computeIfAbsent(reason, _ -> new LinkedHashMap<>()).computeIfAbsent(workload, _ -> new LinkedHashSet<>()).add(peer);
        }

        void score(String reason, JmhScore score) {
            scores.computeIfAbsent(reason, _ -> new LinkedHashMap<>()).merge(score.benchmark().split("[.]")[0], 1, Integer::sum);
        }

        /// One for each reason and set of peers, with all its workloads, whose titles may have commas.
        List<String> sentences() {
            var sentences = new ArrayList<String>();
            peers.forEach((reason, byWorkload) -> {
                var workloads = new LinkedHashMap<Set<String>, List<String>>();
                byWorkload.forEach((workload, names) -> workloads.computeIfAbsent(names, _ -> new ArrayList<>()).add(workload));
                workloads.forEach((names, titles) -> sentences.add(reason + ": " + String.join(", ", names) + " in " + String.join("; ", titles)));
            });
            scores.forEach((reason, byClass) -> sentences.add(reason + ": " + String.join(", ", byClass.entrySet().stream()
                    .map(one -> one.getKey() + " (" + one.getValue() + (one.getValue() == 1 ? " score)" : " scores)")).toList())));
            return sentences;
        }
    }
}

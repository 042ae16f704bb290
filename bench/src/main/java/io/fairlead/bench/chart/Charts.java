package io.fairlead.bench.chart;

import com.fasterxml.jackson.databind.JsonNode;
import io.fairlead.bench.record.Figure;
import io.fairlead.bench.record.JmhScore;
import io.fairlead.bench.record.Run;
import io.fairlead.bench.record.Turn;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/// What is drawn of a run: name of the file to its SVG. Only what the run has.
final class Charts {
    /// Peers whose colour is the same in every run; others take what is left, in the order of the file.
    private static final List<String> KNOWN = List.of("fairlead", "kubectl-ws", "kubectl-spdy", "raw", "direct", "client-java", "fabric8");
    private static final int POINTS_MAX = 160;

    private final Run run;
    private final String footer;

    Charts(Run run) {
        this.run = run;
        this.footer = "run " + run.name();
    }

    static Map<String, String> of(Run run) {
        var charts = new Charts(run);
        var files = new LinkedHashMap<String, String>();
        charts.bars(files, "throughput", "Throughput", Figure.MEGABYTES_PER_SECOND, true);
        charts.bars(files, "cpu-per-gigabyte", "CPU time of the client for a gigabyte", Figure.CPU_PER_GIGABYTE, true);
        charts.bars(files, "operations", "Requests and connections", Figure.OPS_PER_SECOND, false);
        charts.bars(files, "cpu-per-operation", "CPU time of the client for an exchange", Figure.CPU_PER_OP, false);
        charts.spans(files, "latency-beside-others", "Small requests beside others",
                "mixed.*|stalled.*|isolation.*|refused.*|pod-resets.*|client-resets.*");
        run.workloads().forEach(workload -> charts.percentiles(files, workload));
        charts.isolation(files);
        charts.jmh(files);
        return files;
    }

    private void bars(Map<String, String> files, String file, String title, Figure figure, boolean shared) {
        var panels = new ArrayList<Bars.Panel>();
        List<String> onSchedule = run.turns().stream().filter(Turn::isOpenLoop).map(Turn::title).distinct().toList();
        boolean fixed = figure == Figure.OPS_PER_SECOND && !onSchedule.isEmpty();
        for (String workload : run.workloads()) {
            if (fixed && onSchedule.contains(workload)) {
                continue;
            }
            List<Bars.Row> rows = run.peers().stream().filter(peer -> !run.turns(workload, peer).isEmpty())
                    .map(peer -> row(peer, run.turns(workload, peer), figure)).filter(row -> row.isValue() || !row.note().isEmpty()).toList();
            if (rows.stream().anyMatch(Bars.Row::isValue)) {
                panels.add(new Bars.Panel(workload, rows));
            }
        }
        if (!panels.isEmpty()) {
            String subtitle = unit(figure.unit()) + ", " + (figure.moreIsBetter() ? "more" : "less") + " is better; " + rounds();
            boolean broken = panels.stream().flatMap(panel -> panel.rows().stream()).anyMatch(Bars.Row::mayBreak);
            subtitle += broken ? "; direct breaks off where the axis ends" : "";
            String without = fixed ? "; without " + String.join(" and ", onSchedule) + ": an open loop, its rate is set" : "";
            files.put(file + ".svg", new Bars(title, subtitle, footer + without, unit(figure.unit()), shared, panels).svg());
        }
    }

    private Bars.Row row(String peer, List<Turn> turns, Figure figure) {
        double[] values = figure.sorted(turns);
        if (turns.stream().anyMatch(figure::isBelowClock)) {
            return new Bars.Row(peer, colour(peer), Double.NaN, Double.NaN, Double.NaN, "no figure: less than 10 clock ticks (0.1 s) of CPU time", false);
        }
        if (values.length == 0) {
            return new Bars.Row(peer, colour(peer), Double.NaN, Double.NaN, Double.NaN, failure(turns), false);
        }
        return new Bars.Row(peer, colour(peer), Figure.median(values), values[0], values[values.length - 1], errors(turns), peer.equals("direct"));
    }

    private void spans(Map<String, String> files, String file, String title, String workloads) {
        var panels = new ArrayList<Spans.Panel>();
        for (String workload : run.workloads().stream().filter(name -> name.matches(workloads)).toList()) {
            var rows = new ArrayList<Spans.Row>();
            for (String peer : run.peers()) {
                List<Turn> turns = run.turns(workload, peer);
                double[] p50 = Figure.P50.sorted(turns);
                double[] p99 = Figure.P99.sorted(turns);
                if (p50.length > 0 && p99.length > 0 && p50[0] > 0) {
                    rows.add(new Spans.Row(peer, colour(peer), range(p50), range(p99), errors(turns)));
                } else if (!failure(turns).isEmpty()) {
                    rows.add(new Spans.Row(peer, colour(peer), null, null, failure(turns)));
                }
            }
            if (rows.stream().anyMatch(row -> row.p50() != null)) {
                panels.add(new Spans.Panel(workload, rows));
            }
        }
        if (!panels.isEmpty()) {
            files.put(file + ".svg", new Spans(title, "● median and ◆ 99th percentile, less is better; " + rounds(), footer + whiskers(),
                    panels).svg());
        }
    }

    private void percentiles(Map<String, String> files, String workload) {
        var lines = new ArrayList<Percentiles.Line>();
        for (String peer : run.peers()) {
            List<double[]> points = merged(run.turns(workload, peer).stream().map(Turn::percentiles).filter(list -> list.size() > 1).toList());
            if (points.size() > 1) {
                lines.add(new Percentiles.Line(peer, colour(peer), points));
            }
        }
        if (!lines.isEmpty()) {
            String loop = run.turns().stream().filter(turn -> turn.title().equals(workload)).anyMatch(Turn::isOpenLoop)
                    ? "open loop, timed from the moment a message was meant to leave" : "closed loop";
            files.put("latency-" + workload.replaceAll("[^A-Za-z0-9.]+", "-").toLowerCase(Locale.ROOT) + ".svg",
                    new Percentiles("Latency by percentile: " + workload, loop + "; line: median of the rounds, area: lowest to highest round",
                            footer, lines).svg());
        }
    }

    /// Percentile points of several rounds as (percentile, lowest, median, highest). Between the points of a round it is as straight as
    /// the chart draws it; only what all rounds reach is kept.
    static List<double[]> merged(List<List<double[]>> rounds) {
        if (rounds.isEmpty()) {
            return List.of();
        }
        double from = rounds.stream().mapToDouble(round -> round.getFirst()[0]).max().orElseThrow();
        double to = rounds.stream().mapToDouble(round -> round.getLast()[0]).min().orElseThrow();
        var levels = new TreeSet<Double>();
        rounds.forEach(round -> round.forEach(point -> levels.add(point[0])));
        List<Double> kept = levels.stream().filter(level -> level >= from && level <= to).toList();
        int step = Math.max(1, kept.size() / POINTS_MAX);
        var points = new ArrayList<double[]>();
        for (int i = 0; i < kept.size(); i++) {
            if (i % step == 0 || i == kept.size() - 1) {
                double level = kept.get(i);
                double[] values = rounds.stream().mapToDouble(round -> at(round, level)).sorted().toArray();
                points.add(new double[] {level, values[0], Figure.median(values), values[values.length - 1]});
            }
        }
        return points;
    }

    private static double at(List<double[]> round, double level) {
        double[] before = round.getFirst();
        for (double[] point : round) {
            if (point[0] == level) {
                return point[1];
            }
            if (point[0] > level) {
                double from = Percentiles.nines(before[0]);
                double share = (Percentiles.nines(level) - from) / (Percentiles.nines(point[0]) - from);
                return before[1] * Math.pow(point[1] / before[1], share);
            }
            before = point;
        }
        return before[1];
    }

    /// Lines of `bench/isolation`: a row for each phase (alone, with the culprits, after they have gone) and group of connections.
    private void isolation(Map<String, String> files) {
        var panels = new LinkedHashMap<String, List<Spans.Row>>();
        for (JsonNode line : run.others()) {
            double p50 = line.path("p50_ms").asDouble() * 1e3;
            double p99 = line.path("p99_ms").asDouble() * 1e3;
            if (line.has("case") && line.has("phase")) {
                String peer = line.path("peer").asText();
                String panel = line.path("case").asText() + ", " + peer;
                String name = line.path("phase").asText() + ", " + line.path("group").asText();
                int colour = KNOWN.contains(peer) ? KNOWN.indexOf(peer) : Svg.COLOURS - 1;
                long unanswered = line.path("unanswered").asLong();
                String note = unanswered == 0 ? "" : unanswered + " unanswered";
                boolean measured = p50 > 0 && p99 >= p50;
                panels.computeIfAbsent(panel, _ -> new ArrayList<>()).add(measured
                        ? new Spans.Row(name, colour, new double[] {p50, p50, p50}, new double[] {p99, p99, p99}, note)
                        : new Spans.Row(name, colour, null, null, "nothing came back" + (note.isEmpty() ? "" : ", " + note)));
            }
        }
        if (panels.values().stream().flatMap(List::stream).anyMatch(row -> row.p50() != null)) {
            files.put("isolation.svg", new Spans("Echo connections beside those who do not read",
                    "● median and ◆ 99th percentile of their latency, less is better", footer,
                    panels.entrySet().stream().map(entry -> new Spans.Panel(entry.getKey(), entry.getValue())).toList()).svg());
        }
    }

    private void jmh(Map<String, String> files) {
        var classes = new LinkedHashMap<String, Map<String, List<Bars.Row>>>();
        for (JmhScore score : run.jmh()) {
            String[] names = score.benchmark().split("[.]", 2);
            boolean own = score.metric().isEmpty();
            if (!Double.isFinite(score.score()) || score.metric().contains("gc.")) {
                continue;
            }
            double error = Double.isFinite(score.error()) ? score.error() : 0;
            String panel = (names.length < 2 ? names[0] : names[1]) + (own ? "" : " " + score.metric()) + ", " + unit(score.unit())
                    + (score.moreIsBetter() ? ", more is better" : "");
            classes.computeIfAbsent(names[0], _ -> new LinkedHashMap<>()).computeIfAbsent(panel, _ -> new ArrayList<>())
                    .add(new Bars.Row(score.parameters().isEmpty() ? "-" : score.parameters(), score.moreIsBetter() ? 5 : 0, score.score(),
                            score.score() - error, score.score() + error, "", false));
        }
        classes.forEach((name, panels) -> files.put("jmh-" + name + ".svg", new Bars(name,
                "JMH; bars: mean, whiskers: its 99.9 % interval; less is better if not said otherwise",
                footer, "", false, panels.entrySet().stream().map(entry -> new Bars.Panel(entry.getKey(), entry.getValue())).toList()).svg()));
    }

    /// As all charts write it; raw data and tables keep to ASCII.
    private static String unit(String unit) {
        return unit.replaceFirst("\\bus\\b", "µs");
    }

    private String rounds() {
        long rounds = run.turns().stream().mapToInt(Turn::round).distinct().count();
        return rounds < 2 ? "one round" : "median of " + rounds + " rounds, whiskers: lowest and highest";
    }

    private String whiskers() {
        return rounds().contains("whiskers") ? "; whiskers above a line: of the median, below it: of the percentile" : "";
    }

    private int colour(String peer) {
        int known = KNOWN.indexOf(peer);
        if (known >= 0) {
            return known;
        }
        List<String> others = run.peers().stream().filter(name -> !KNOWN.contains(name)).toList();
        List<Integer> free = new ArrayList<>(List.of(7, 6, 5, 4, 3, 2, 1));
        run.peers().forEach(name -> free.remove((Object) KNOWN.indexOf(name)));
        return free.isEmpty() ? 7 : free.get(others.indexOf(peer) % free.size());
    }

    private static double[] range(double[] sorted) {
        return new double[] {Figure.median(sorted), sorted[0], sorted[sorted.length - 1]};
    }

    private static String failure(List<Turn> turns) {
        return turns.stream().filter(turn -> !turn.ran()).map(turn -> "failed: " + turn.failure()).findFirst().orElse("");
    }

    private static String errors(List<Turn> turns) {
        long errors = turns.stream().mapToLong(Turn::errors).sum();
        return errors == 0 ? "" : errors == 1 ? "1 error" : String.format(Locale.ROOT, "%,d errors", errors);
    }
}

package io.fairlead.bench.chart;

import io.fairlead.bench.Program;
import io.fairlead.bench.record.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// Draws what `measurements.jsonl` and `jmh.json` hold, as SVG beside them.
@Command(name = "bench/charts", mixinStandardHelpOptions = false, sortOptions = false, usageHelpWidth = 130,
        description = "Draws the raw data of runs as SVG, into their folders, over charts that are there; each file is named on stdout.",
        footerHeading = "%n",
        footer = {
            "bench/peer: throughput, requests, CPU time, latency by percentile for each workload. bench/isolation: latency of each phase.",
            "bench/jmh and bench/macro: one chart for each class of benchmarks. How to read them: docs/BENCHMARKS.md, section 7.",
            "",
            "Exit code 0: drawn. 1: a file cannot be written. 64: a bad argument, or a folder without raw data that there is a chart for.",
            "",
            "Example:",
            "  bench/charts jmh-results/2026-11-22T2100-amd-epyc-2c"})
public final class ChartMain implements Callable<Integer> {
    @Parameters(arity = "1..*", paramLabel = "RUN_FOLDER", description = "such as bench/peer names at its end")
    private List<Path> folders;

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "this text")
    private boolean help;

    @Spec
    private CommandSpec spec;

    private ChartMain() {}

    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return Program.commandLine(new ChartMain());
    }

    @Override
    public Integer call() {
        for (Path folder : folders) {
            Map<String, String> charts = charts(folder);
            int code = Program.run("bench/charts", _ -> {
                for (var chart : charts.entrySet()) {
                    Files.writeString(folder.resolve(chart.getKey()), chart.getValue());
                    spec.commandLine().getOut().println(folder.resolve(chart.getKey()));
                }
            });
            if (code != 0) {
                return code;
            }
        }
        return 0;
    }

    private Map<String, String> charts(Path folder) {
        Map<String, String> charts;
        try {
            charts = Charts.of(Run.read(folder));
        } catch (IOException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
        if (charts.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "\"" + folder + "\" holds nothing that there is a chart for: see --help for what has one");
        }
        return charts;
    }
}

package io.fairlead.bench;

import io.fairlead.bench.peer.RunFolder;
import io.fairlead.bench.record.Figure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.profile.Profiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.NoBenchmarksException;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/// One run of JMH and its folder under `jmh-results/`: `jmh.json` (raw data), `setup.md`, `summary.md`. All of JMH's own options are taken, and two
/// more:
///
/// ```
/// --quick           short times and one process each: shows that it runs and the order of size, no more
/// --results FOLDER  where the run's folder is made: one that is there; none: a temporary one
/// ```
/// A benchmark that fails, as one does that finds a wrong byte,
/// ends the run with exit code 1 and leaves no folder.
public final class JmhRun {
    /// How long each benchmark runs where JMH's options do not say.
    public record Times(int forks, int warmups, Duration warmup, int measurements, Duration measurement) {}

    /// A column of `summary.md`; NaN for nothing to say.
    public record Column(String title, ToDoubleFunction<RunResult> value) {
        /// A figure that a profiler adds.
        public static Column secondary(String title, String label) {
            return new Column(title, run -> {
                Result<?> result = run.getSecondaryResults().get(label);
                return result == null ? Double.NaN : result.getScore();
            });
        }

        /// A percentile of a benchmark in sample mode.
        public static Column percentile(String title, double rank) {
            return new Column(title, run -> run.getParams().getMode() == Mode.SampleTime
                    ? run.getPrimaryResult().getStatistics().getPercentile(rank) : Double.NaN);
        }
    }

    private static final String QUICK = "--quick: good for seeing that everything runs, and the order of size. Not for comparing: one process and"
            + " one second measured, in which the JVM still compiles what is measured.";

    private final String command;
    private final String exclude;
    private final List<Column> columns;
    private final List<Class<? extends Profiler>> profilers;
    private final List<String> jvmArguments;

    /// @param command as the user types it, for messages and `setup.md`
    /// @param exclude benchmarks that are another command's: a regular expression
    /// @param jvmArguments for the processes that run the benchmarks, before the user's own
    public JmhRun(String command, String exclude, List<Column> columns, List<Class<? extends Profiler>> profilers, String... jvmArguments) {
        this.command = command;
        this.exclude = exclude;
        this.columns = columns;
        this.profilers = profilers;
        this.jvmArguments = List.of(jvmArguments);
    }

    /// Runs, writes and returns the exit code: 0, 1 when a benchmark failed, 64 for arguments that are none.
    ///
    /// @param setup further lines of Markdown for `setup.md`
    public int run(Times full, Times quick, String setup, String... args) throws IOException, RunnerException {
        List<String> rest = new ArrayList<>(Arrays.asList(args));
        rest.replaceAll(word -> word.equals("--help") ? "-h" : word);
        CommandLineOptions chosen;
        boolean isQuick = rest.remove("--quick");
        Times times = isQuick ? quick : full;
        String results;
        try {
            results = value(rest, "--results", RunFolder.RESULTS);
            RunFolder.require(results);
            chosen = new CommandLineOptions(rest.toArray(String[]::new));
        } catch (CommandLineOptionException | IllegalArgumentException e) {
            System.err.println(command + ": " + e.getMessage() + "; see " + command + " -h");
            return 64;
        }
        if (chosen.shouldHelp()) {
            System.out.println("Ours beside JMH's options, which are below: --quick: short times, one process each, not for comparing;"
                    + " --results FOLDER|none:\nwhere the run's folder is made (jmh-results), none: a temporary one. Exit code 0: it ran; 1: a benchmark"
                    + " failed; 64: a bad argument.\nExample: " + command + " --quick --results none\n");
            chosen.showHelp();
            return 0;
        }
        var options = new OptionsBuilder().parent(chosen).exclude(exclude).shouldFailOnError(true);
        if (chosen.shouldList()) {
            new Runner(options.build()).list();
            return 0;
        }
        defaults(options, chosen, times);
        String machine = RunFolder.machine(); // before the run, as it tells the load
        Path folder = RunFolder.create(results, "jmh");
        Files.writeString(folder.resolve("setup.md"),
                "# Setup\n\n" + machine + "- command: `" + (command + " " + String.join(" ", args)).strip() + "`\n" + setup);
        options.resultFormat(ResultFormatType.JSON).result(folder.resolve("jmh.json").toString());
        long begun = System.nanoTime();
        try {
            Collection<RunResult> runs = new Runner(options.build()).run();
            Files.writeString(folder.resolve("summary.md"), summary(runs, (System.nanoTime() - begun) / 1_000_000_000, isQuick ? QUICK + "\n\n" : ""));
            System.out.println(isQuick ? "\n" + QUICK + "\n" : "");
        } catch (NoBenchmarksException _) {
            RunFolder.remove(folder);
            System.err.println(command + ": no benchmark fits " + chosen.getIncludes() + "; " + command + " -l lists them");
            return 64;
        } catch (RunnerException e) {
            RunFolder.remove(folder);
            System.err.println(command + ": a benchmark failed: " + (e.getCause() == null ? e.getMessage() : e.getCause()) + "; the trace is above");
            return 1;
        }
        System.out.println("written to " + folder);
        return 0;
    }

    private static String value(List<String> args, String name, String otherwise) {
        int at = args.indexOf(name);
        if (at < 0) {
            return otherwise;
        }
        if (at + 1 == args.size()) {
            throw new IllegalArgumentException(name + " needs a value");
        }
        args.remove(at);
        return args.remove(at);
    }

    private void defaults(ChainedOptionsBuilder options, CommandLineOptions chosen, Times times) {
        if (!chosen.getForkCount().hasValue()) {
            options.forks(times.forks);
        }
        if (!chosen.getWarmupIterations().hasValue()) {
            options.warmupIterations(times.warmups);
        }
        if (!chosen.getWarmupTime().hasValue()) {
            options.warmupTime(TimeValue.milliseconds(times.warmup.toMillis()));
        }
        if (!chosen.getMeasurementIterations().hasValue()) {
            options.measurementIterations(times.measurements);
        }
        if (!chosen.getMeasurementTime().hasValue()) {
            options.measurementTime(TimeValue.milliseconds(times.measurement.toMillis()));
        }
        profilers.forEach(options::addProfiler);
        var arguments = new ArrayList<>(jvmArguments);
        arguments.addAll(chosen.getJvmArgsAppend().orElse(List.of()));
        options.jvmArgsAppend(arguments.toArray(String[]::new));
    }

    private String summary(Collection<RunResult> runs, long seconds, String note) {
        var text = new StringBuilder("# ").append(command)
                .append("\n\n").append(note).append("Mean and its 99.9 % confidence over all iterations, processes included; ± where there are enough. ")
                .append("The run took ")
                .append(seconds).append(" s.\n\n| benchmark | parameters | mean | ± | unit |");
        columns.forEach(column -> text.append(' ').append(column.title).append(" |"));
        text.append("\n|---|---|--:|--:|---|").append("--:|".repeat(columns.size())).append('\n');
        for (RunResult run : runs) {
            var parameters = run.getParams();
            String values = parameters.getParamsKeys().stream().map(key -> key + "=" + parameters.getParam(key)).collect(Collectors.joining(", "));
            String[] name = parameters.getBenchmark().split("[.]");
            text.append("| ").append(name[name.length - 2].replace("Benchmark", ""))
                    .append('.').append(name[name.length - 1]).append(" | ").append(values)
                    .append(" | ").append(number(run.getPrimaryResult().getScore())).append(" | ")
                    .append(number(run.getPrimaryResult().getScoreError()))
                    .append(" | ").append(run.getPrimaryResult().getScoreUnit()).append(" |");
            columns.forEach(column -> text.append(' ').append(number(column.value.applyAsDouble(run))).append(" |"));
            text.append('\n');
        }
        return text.toString();
    }

    /// Three digits or so; nothing for NaN.
    private static String number(double value) {
        return Double.isNaN(value) ? "" : Figure.number(value);
    }
}

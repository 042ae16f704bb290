package io.fairlead.bench.micro;

import io.fairlead.bench.peer.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/// JMH with its own options (`bench/jmh FrameDecoder -f 1 -wi 1 -i 3`), and a folder under `jmh-results/` for each run: `jmh.json`
/// (raw data), `setup.md`, `summary.md`. Without options it runs every benchmark with the times that its class names.
public final class MicroMain {
    private MicroMain() {}

    public static void main(String[] args) throws RunnerException, IOException, CommandLineOptionException {
        String setup = "# Setup\n\n" + RunFolder.machine() + "- command: `bench/jmh " + String.join(" ", args) + "`\n";
        var chosen = new CommandLineOptions(args);
        if (chosen.shouldList() || chosen.shouldHelp()) {
            if (chosen.shouldHelp()) {
                chosen.showHelp();
            } else {
                new Runner(chosen).list();
            }
            return;
        }
        Path folder = RunFolder.create(Path.of("jmh-results"));
        Files.writeString(folder.resolve("setup.md"), setup);
        var options = new OptionsBuilder().parent(chosen).resultFormat(ResultFormatType.JSON).result(folder.resolve("jmh.json").toString());
        var results = new Runner(options.build()).run();
        var summary = new StringBuilder("# Micro\n\n| benchmark | parameters | mean | error (99.9 %) | unit |\n|---|---|---|---|---|\n");
        results.forEach(result -> {
            var primary = result.getPrimaryResult();
            var parameters = result.getParams();
            String values = String.join(", ", parameters.getParamsKeys().stream().map(key -> key + "=" + parameters.getParam(key)).toList());
            List<String> name = List.of(parameters.getBenchmark().split("[.]"));
            summary.append(String.format("| %s | %s | %.2f | %.2f | %s |%n", String.join(".", name.subList(name.size() - 2, name.size())), values,
                    primary.getScore(), primary.getScoreError(), primary.getScoreUnit()));
        });
        Files.writeString(folder.resolve("summary.md"), summary);
        System.out.println("written to " + folder);
    }
}

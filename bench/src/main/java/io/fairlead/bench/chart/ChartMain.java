package io.fairlead.bench.chart;

import io.fairlead.bench.record.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/// `bench/charts RUN_FOLDER...`: draws what `measurements.jsonl` and `jmh.json` hold, as SVG beside them. Exit code 64 for a bad argument.
public final class ChartMain {
    private ChartMain() {}

    public static void main(String[] args) throws IOException {
        if (args.length == 0 || args[0].startsWith("-")) {
            System.err.println("charts: usage: bench/charts RUN_FOLDER...");
            System.exit(64);
        }
        for (String arg : args) {
            Path folder = Path.of(arg);
            Map<String, String> charts;
            try {
                charts = Charts.of(Run.read(folder));
            } catch (IOException e) {
                System.err.println("charts: " + e.getMessage());
                System.exit(64);
                return;
            }
            if (charts.isEmpty()) {
                System.err.println("charts: \"" + folder + "\" holds nothing that there is a chart for");
                System.exit(64);
            }
            for (var chart : charts.entrySet()) {
                Files.writeString(folder.resolve(chart.getKey()), chart.getValue());
                System.out.println(folder.resolve(chart.getKey()));
            }
        }
    }
}

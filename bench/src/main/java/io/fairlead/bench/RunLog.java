package io.fairlead.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fairlead.bench.peer.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What a run leaves that measures each thing once: a folder with `setup.md`, `measurements.jsonl` and `summary.md`, and what it says meanwhile on
/// stdout.
///
/// Thread: one at a time.
public final class RunLog {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String title;
    private final String results;
    private Path folder; // null until setup
    private final StringBuilder table = new StringBuilder();

    /// @param results where the folder is made; `none`: among the temporary files
    public RunLog(String title, String results) {
        this.title = title;
        this.results = results;
    }

    /// Makes the folder. Comes before whatever is written: a run that ends before it, as its pod does not start, leaves none.
    public void setup(String text) throws IOException {
        folder = RunFolder.create(results, title);
        file("setup.md", List.of(("# Setup\n\n" + text).stripTrailing()));
    }

    /// A line for stdout and the summary.
    public void say(String format, Object... values) {
        String line = String.format(Locale.ROOT, format, values);
        System.out.println(line);
        row(line);
    }

    /// A line for the summary alone.
    public void row(String line) {
        table.append(line).append('\n');
    }

    public void measured(Map<String, ?> values) throws IOException {
        Files.writeString(folder.resolve("measurements.jsonl"), JSON.writeValueAsString(values) + "\n", StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }

    public void file(String name, List<String> lines) throws IOException {
        Files.write(folder.resolve(name), lines);
    }

    /// Writes the summary and says where; nothing before {@link #setup}.
    ///
    /// @param unfinished what the run ended in before its end, or ""
    public void end(String unfinished) throws IOException {
        if (folder == null) {
            return;
        }
        file("summary.md", List.of("# " + title + "\n\n" + (unfinished.isEmpty() ? "" : unfinished + "\n\n") + "```\n" + table + "```"));
        System.out.println("written to " + folder);
    }
}

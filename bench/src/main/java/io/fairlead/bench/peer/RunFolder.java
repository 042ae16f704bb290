package io.fairlead.bench.peer;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/// A run's place in the record: `jmh-results/<date>-<cpu model>-<cores>c/`, and the facts of the machine for its `setup.md`.
public final class RunFolder {
    /// Where runs go if nobody says otherwise; it is made.
    public static final String RESULTS = "jmh-results";
    private static final int OUTPUT_SECONDS_MAX = 10;
    private static final DateTimeFormatter MINUTE = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HHmm", Locale.ROOT);
    /// Above this, something else ran beside the run, or shortly before it.
    private static final double QUIET_LOAD = 1;

    private RunFolder() {}

    /// Refuses a `--results` that is no folder, but for the usual one: one that is mistyped would be made, and found by nobody.
    ///
    /// @param results `none`, or a folder
    /// @throws IllegalArgumentException as a message for the user
    public static void require(String results) {
        Path folder = Path.of(results).toAbsolutePath().normalize();
        if (!results.equals("none") && !results.equals(RESULTS) && !Files.isDirectory(folder)) {
            throw new IllegalArgumentException("--results " + results + ": there is no folder " + folder
                    + "; make it, or take none for a temporary one");
        }
    }

    /// Makes the folder for a run that starts now, under `root`.
    public static Path create(Path root) throws IOException {
        return create(root, "");
    }

    /// The same, with `suffix` at the end of its name.
    public static Path create(Path root, String suffix) throws IOException {
        return create(root, suffix, LocalDateTime.now());
    }

    /// The same for a run whose option `--results` is `results`: `none` is a temporary folder, called by `title`.
    public static Path create(String results, String title) throws IOException {
        return results.equals("none") ? Files.createTempDirectory("fairlead-" + title.toLowerCase(Locale.ROOT)) : create(Path.of(results));
    }

    /// A run of the same minute keeps its folder; the next ones get `-2`, `-3` and so on behind the name.
    static Path create(Path root, String suffix, LocalDateTime now) throws IOException {
        String cpu = cpuModel().toLowerCase(Locale.ROOT).replaceAll("\\(.*?\\)|@.*|processor|cpu", "").strip().replaceAll("[^a-z0-9]+", "-");
        String name = MINUTE.format(now) + "-" + cpu + "-" + Runtime.getRuntime().availableProcessors() + "c" + suffix;
        Files.createDirectories(root);
        for (int number = 1; ; number++) {
            try {
                return Files.createDirectory(root.resolve(number == 1 ? name : name + "-" + number));
            } catch (FileAlreadyExistsException _) { // somebody else's: never written into
            }
        }
    }

    /// Removes a run's folder with the files in it, for a run that has nothing to tell.
    public static void remove(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }

    /// Lines of Markdown: machine, kernel, JDK, commit. Says on standard error if the machine is not quiet.
    public static String machine() throws IOException {
        String memory = firstLine("/proc/meminfo", "MemTotal").replaceAll("[^0-9]", "");
        String load = firstLine("/proc/loadavg", "");
        if (!isQuiet(load)) {
            System.err.println("warning: the load average is " + load.split(" ")[0] + ", so something else runs here, or has just run;"
                    + " the figures will not be those of a quiet machine");
        }
        return "- CPU: " + cpuModel() + ", " + Runtime.getRuntime().availableProcessors() + " cores, shared by everything that the run starts\n"
                + "- memory: " + Long.parseLong(memory) / 1024 / 1024 + " GiB\n"
                + "- kernel: " + System.getProperty("os.name") + " " + System.getProperty("os.version") + " " + System.getProperty("os.arch") + "\n"
                + "- JDK: " + System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version") + "\n"
                + loadLine(load)
                + "- commit: " + output("git", "rev-parse", "HEAD")
                + (output("git", "status", "--porcelain", "-uno").isEmpty() ? "" : " with uncommitted changes") + "\n";
    }

    /// @param load of `/proc/loadavg`
    static String loadLine(String load) {
        return "- load average before the run: " + load
                + (isQuiet(load) ? "" : "; above " + Math.round(QUIET_LOAD) + ": something else ran then, or just before") + "\n";
    }

    /// First line that a command prints, or "" if it cannot be run.
    public static String output(String... command) {
        try {
            return Tool.output(new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD), OUTPUT_SECONDS_MAX).lines().findFirst()
                    .orElse("");
        } catch (IOException _) {
            return "";
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return "";
        }
    }

    /// `command` as a shell takes it, without the machine's folders in it: programs by their last name.
    public static String withoutFolders(List<String> command) {
        return String.join(" ", command.stream().map(word -> quoted(word.replaceAll("(?<![A-Za-z0-9.])/[^ :=]*/([^/ :=]+)", "$1"))).toList());
    }

    private static String quoted(String word) {
        return word.matches("[A-Za-z0-9_./:=,@%+{}-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
    }

    /// @param load of `/proc/loadavg`
    private static boolean isQuiet(String load) {
        return Double.parseDouble(load.split(" ")[0]) <= QUIET_LOAD;
    }

    private static String cpuModel() throws IOException {
        String line = firstLine("/proc/cpuinfo", "model name");
        return line.isEmpty() ? System.getProperty("os.arch") : line.substring(line.indexOf(':') + 1).strip();
    }

    private static String firstLine(String file, String start) throws IOException {
        try (Stream<String> lines = Files.lines(Path.of(file))) {
            return lines.filter(line -> line.startsWith(start)).findFirst().orElse("");
        }
    }
}

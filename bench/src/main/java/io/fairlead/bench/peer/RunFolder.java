package io.fairlead.bench.peer;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// A run's place in the record: `jmh-results/<date>-<cpu model>-<cores>c/`, and the facts of the machine for its `setup.md`.
public final class RunFolder {
    private RunFolder() {}

    /// Makes the folder for a run that starts now, under `root`.
    public static Path create(Path root) throws IOException {
        String cpu = cpuModel().toLowerCase(Locale.ROOT).replaceAll("\\(.*?\\)|@.*|processor|cpu", "").strip().replaceAll("[^a-z0-9]+", "-");
        String date = LocalDateTime.now().format(DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HHmm"));
        return Files.createDirectories(root.resolve(date + "-" + cpu + "-" + Runtime.getRuntime().availableProcessors() + "c"));
    }

    /// Lines of Markdown: machine, kernel, JDK, commit.
    public static String machine() throws IOException {
        String memory = firstLine("/proc/meminfo", "MemTotal").replaceAll("[^0-9]", "");
        return "- CPU: " + cpuModel() + ", " + Runtime.getRuntime().availableProcessors() + " cores, shared by everything that the run starts\n"
                + "- memory: " + Long.parseLong(memory) / 1024 / 1024 + " GiB\n"
                + "- kernel: " + System.getProperty("os.name") + " " + System.getProperty("os.version") + " " + System.getProperty("os.arch") + "\n"
                + "- JDK: " + System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version") + "\n"
                + "- load average before the run: " + firstLine("/proc/loadavg", "") + "\n"
                + "- commit: " + output("git", "rev-parse", "HEAD") + (output("git", "status", "--porcelain", "-uno").isEmpty() ? "" : " with uncommitted changes") + "\n";
    }

    /// First line that a command prints, or "" if it cannot be run.
    public static String output(String... command) {
        try {
            Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
            String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            process.waitFor(10, TimeUnit.SECONDS);
            return text.lines().findFirst().orElse("");
        } catch (IOException _) {
            return "";
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return "";
        }
    }

    /// `command` without the machine's folders in it: programs by their last name.
    public static String withoutFolders(List<String> command) {
        return String.join(" ", command.stream().map(word -> word.replaceAll("(?<![A-Za-z0-9.])/[^ :=]*/([^/ :=]+)", "$1")).toList());
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

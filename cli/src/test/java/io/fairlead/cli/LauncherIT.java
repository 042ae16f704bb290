package io.fairlead.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The real `bin/fairlead` as a process. Needs the build that Maven has just packaged, and no cluster.
class LauncherIT {
    private static final Path ROOT = Path.of(System.getProperty("fairlead.root")).toAbsolutePath().normalize();

    record Ended(int code, String out, String err) {}

    @TempDir
    Path temp;

    private Ended run(Path program, Path folder, List<String> unset, String... args) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(args));
        Path out = temp.resolve("out");
        Path err = temp.resolve("err");
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile())
                .redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().put("FAIRLEAD_BUILD", "never");
        builder.environment().put("FAIRLEAD_AOT", "off");
        builder.environment().put("KUBECONFIG", temp.resolve("no such kubeconfig").toString());
        unset.forEach(builder.environment()::remove);
        Process process = builder.start();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), "still running after a minute: " + command);
        return new Ended(process.exitValue(), Files.readString(out, UTF_8), Files.readString(err, UTF_8));
    }

    private Ended run(String... args) throws IOException, InterruptedException {
        return run(ROOT.resolve("bin/fairlead"), temp, List.of(), args);
    }

    @Test
    void answersFromAnyFolder() throws IOException, InterruptedException {
        Ended ended = run("version");
        assertEquals(0, ended.code(), ended.err());
        assertTrue(ended.out().startsWith("fairlead 0."), ended.out());
        assertEquals("", ended.err());
    }

    @Test
    void aMistakeIsOneMessageOnStderrAndNothingOnStdout() throws IOException, InterruptedException {
        Ended ended = run("-n", "kube-system", "port-forward", "deployment/coredns");
        assertEquals(64, ended.code());
        assertEquals("", ended.out());
        assertEquals("""
                fairlead: TYPE/NAME and list of ports are required for port-forward
                        why   "deployment/coredns" was given, and no port
                        do    write for example 'fairlead -n kube-system deployment/coredns 8080:80', or see 'fairlead -h'
                """, ended.err());
    }

    @Test
    void aKubeconfigThatIsNotThereIsAMatterOfConfiguration() throws IOException, InterruptedException {
        Ended ended = run("--kubeconfig", temp.resolve("nope").toString(), "pod/db", "5432");
        assertEquals(78, ended.code(), ended.err());
        assertEquals("", ended.out());
        assertEquals(3, ended.err().lines().count(), ended.err());
    }

    /// A library's logging can't open its own jar then, and classes of ours may be missing.
    @ParameterizedTest
    @CsvSource({"14", "16", "20", "24", "28", "32"})
    void withTooFewOpenFilesThereIsOneMessageThatSaysSo(int files) throws IOException, InterruptedException {
        Ended ended = run(Path.of("sh"), temp, List.of(), "-c", "ulimit -n " + files + "; exec \"$0\" \"$@\"",
                ROOT.resolve("bin/fairlead").toString(), "port-forward", "pod/db", "5432");
        assertEquals(1, ended.code(), ended.err());
        assertTrue(ended.err().startsWith("fairlead: too few open files are allowed"), ended.err());
        assertEquals(3, ended.err().lines().count(), ended.err());
    }

    @Test
    void theDemoEndsByItselfWithVerifiedTraffic() throws IOException, InterruptedException {
        Ended ended = run("demo", "--for", "1500ms");
        assertEquals(0, ended.code(), ended.out() + ended.err());
        assertEquals("", ended.err());
        List<String> lines = ended.out().lines().toList();
        assertEquals(3, lines.stream().filter(line -> line.startsWith("Forwarding from 127.0.0.1:")).count(), ended.out());
        assertTrue(lines.stream().anyMatch(line -> line.startsWith("Try it: curl http://127.0.0.1:")), ended.out());
        assertTrue(lines.stream().anyMatch(line -> line.matches("[0-9.]+ s: .* downloaded, every byte compared, .*")), ended.out());
        assertTrue(lines.contains("no connection failed"), ended.out());
    }

    @Test
    void theTestbedPrintsItsKubeconfigFirstAndDeletesItAtTheEnd() throws IOException, InterruptedException {
        Path out = temp.resolve("testbed.out");
        ProcessBuilder builder = new ProcessBuilder(ROOT.resolve("bin/fairlead").toString(), "testbed")
                .redirectOutput(out.toFile()).redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("FAIRLEAD_BUILD", "never");
        builder.environment().put("FAIRLEAD_AOT", "off");
        Process process = builder.start();
        try {
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (!Files.readString(out).endsWith("\n")) {
                assertTrue(process.isAlive() && System.nanoTime() < deadline, "no kubeconfig within a minute");
                TimeUnit.MILLISECONDS.sleep(20);
            }
            Path kubeconfig = Path.of(Files.readString(out).strip());
            assertTrue(Files.readString(kubeconfig).contains("kind: Config"), kubeconfig.toString());
            process.destroy(); // SIGTERM
            assertTrue(process.waitFor(30, TimeUnit.SECONDS), "still running after SIGTERM");
            assertEquals(143, process.exitValue());
            assertTrue(Files.notExists(kubeconfig), kubeconfig.toString());
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void worksThroughSymbolicLinksAndKnowsWhenItIsAPlugin() throws IOException, InterruptedException {
        Path folder = Files.createDirectories(temp.resolve("a folder"));
        Path link = Files.createSymbolicLink(folder.resolve("first"), ROOT.resolve("bin/fairlead"));
        Path plugin = Files.createSymbolicLink(folder.resolve("kubectl-fairlead"), folder.relativize(link));
        Ended ended = run(plugin, folder, List.of());
        assertEquals(0, ended.code(), ended.err());
        assertTrue(ended.out().startsWith("Usage: kubectl fairlead [port-forward]"), ended.out());
    }

    @Test
    void worksFromATreeWithBlanksInItsPath() throws IOException, InterruptedException {
        Path tree = Files.createDirectories(temp.resolve("a tree with blanks"));
        for (String part : List.of("bin", "cli")) {
            Files.createSymbolicLink(tree.resolve(part), ROOT.resolve(part));
        }
        Ended ended = run(tree.resolve("bin/fairlead"), temp, List.of(), "version");
        assertEquals(0, ended.code(), ended.err());
    }

    @Test
    void anOldJavaIsNotTakenAndTheMessageSaysWhatToInstall() throws IOException, InterruptedException {
        Path folder = Files.createDirectories(temp.resolve("old"));
        Files.createDirectories(folder.resolve("bin"));
        Files.writeString(folder.resolve("release"), "JAVA_VERSION=\"17.0.1\"\n");
        Path java = Files.writeString(folder.resolve("bin/java"), "#!/bin/sh\nexit 99\n");
        assertTrue(java.toFile().setExecutable(true));
        Path script = temp.resolve("probe.sh");
        Files.writeString(script, """
                #!/bin/sh
                . "$1"
                FAIRLEAD_JAVA_HOME=$2
                jdk_release "$FAIRLEAD_JAVA_HOME" && [ "$release_major" -lt 25 ] || exit 1
                no_jdk fairlead
                exit 78
                """);
        assertTrue(script.toFile().setExecutable(true));
        Ended ended = run(script, temp, List.of(), ROOT.resolve("bin/find-jdk.sh").toString(), folder.toString());
        assertEquals(78, ended.code(), ended.err());
        assertTrue(ended.err().startsWith("fairlead: no JDK 25 or newer was found\n        why   "), ended.err());
    }

    /// A Java that notes each attempt to make a start-up cache and lets it fail while `broken` is there; otherwise it does nothing.
    private Path fakeJava() throws IOException {
        Path home = Files.createDirectories(temp.resolve("fake jdk"));
        Files.createDirectories(home.resolve("bin"));
        Files.writeString(home.resolve("release"), "JAVA_VERSION=\"25\"\nJAVA_RUNTIME_VERSION=\"25+0\"\n");
        Path java = Files.writeString(home.resolve("bin/java"), """
                #!/bin/sh
                for option; do
                  case $option in
                  -XX:AOTCacheOutput=*)
                    echo attempt >>"$0.attempts"
                    if [ -f "$0.broken" ]; then echo 'it does not work' >&2; exit 1; fi
                    : >"${option#*=}" ;;
                  esac
                done
                """);
        assertTrue(java.toFile().setExecutable(true));
        return home;
    }

    /// Runs the launcher with a Java and a cache folder of the test's own.
    private String started(Path jdk, Path cache, String aot, String... args) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(ROOT.resolve("bin/fairlead").toString()));
        command.addAll(List.of(args));
        Path err = temp.resolve("err");
        ProcessBuilder builder = new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectError(err.toFile());
        builder.environment().putAll(Map.of("FAIRLEAD_BUILD", "never", "FAIRLEAD_AOT", aot, "FAIRLEAD_JAVA_HOME", jdk.toString(),
                "FAIRLEAD_CACHE_DIR", cache.toString()));
        Process process = builder.start();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        assertEquals(0, process.exitValue());
        return Files.readString(err, UTF_8);
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void aCacheThatCannotBeMadeIsNotTriedAtEachStartAndCanBeTriedAgain() throws IOException, InterruptedException {
        Path jdk = fakeJava();
        Path cache = Files.createDirectories(temp.resolve("a cache"));
        Path broken = Files.createFile(jdk.resolve("bin/java.broken"));
        started(jdk, cache, "now", "version");
        assertEquals("", started(jdk, cache, "", "version"));
        String told = started(jdk, cache, "", "-v=2", "version");
        assertTrue(told.startsWith("fairlead: each start takes about 0.5 s longer"), told);
        assertEquals(1, Files.readAllLines(jdk.resolve("bin/java.attempts")).size());
        assertEquals(1, names(cache).size(), "only what the JVM said: " + names(cache));
        assertEquals("it does not work\n", Files.readString(cache.resolve(names(cache).getFirst())));
        Files.delete(broken);
        started(jdk, cache, "now", "version");
        assertEquals(2, Files.readAllLines(jdk.resolve("bin/java.attempts")).size());
        assertTrue(names(cache).size() == 1 && names(cache).getFirst().endsWith(".aot"), names(cache).toString());
    }

    @Test
    void theCacheFolderDoesNotGrow() throws IOException, InterruptedException {
        Path cache = Files.createDirectories(temp.resolve("a cache"));
        Instant old = Instant.now().minus(Duration.ofDays(3));
        for (String name : List.of("a.aot", "b.aot", "c.aot", "d.aot", "e.aot.log", "e.aot.77", "e.aot.failed")) {
            Files.setLastModifiedTime(Files.createFile(cache.resolve(name)), FileTime.from(old = old.plusSeconds(60)));
        }
        Files.setLastModifiedTime(Files.createDirectory(cache.resolve("e.aot.lock")), FileTime.from(old));
        started(fakeJava(), cache, "now", "version");
        List<String> names = names(cache);
        assertEquals(3, names.size(), names.toString());
        assertTrue(names.containsAll(List.of("c.aot", "d.aot")), names.toString());
    }
}

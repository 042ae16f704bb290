package io.fairlead.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
                        do    write for example 'fairlead deployment/coredns 8080:80', or see 'fairlead -h'
                """, ended.err());
    }

    @Test
    void aKubeconfigThatIsNotThereIsAMatterOfConfiguration() throws IOException, InterruptedException {
        Ended ended = run("--kubeconfig", temp.resolve("nope").toString(), "pod/db", "5432");
        assertEquals(78, ended.code(), ended.err());
        assertEquals("", ended.out());
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
}

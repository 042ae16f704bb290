package io.fairlead.cli;

import io.fairlead.testbed.load.Load;
import io.fairlead.testbed.load.LoadResult;
import io.fairlead.testbed.load.LoadSpec;
import io.fairlead.testbed.load.Mode;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.Writer;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import sun.misc.Signal;

/// The hidden command `warm-up`: walks the way of a real forward once, from the command line to SIGTERM, so that the JVM can note which
/// classes that needs and which code is hot (JEP 514, 515). The launcher runs it when it makes the start-up cache.
///
/// The cluster and the local programs are another process, `warm-up cluster`, and not part of what is noted. What is in the cache is loaded
/// at each start: with the cluster's classes in it, each start verified the signatures of the libraries that make its certificates, which took
/// longer than everything else.
final class WarmUp {
    /// Of each kind of traffic: long enough for its path to become hot, short enough to wait for.
    private static final Duration TRAFFIC = Duration.ofMillis(1500);
    /// How long the cluster, and then the forward, may take to be there.
    private static final long START_SECONDS = 60;
    private static final Pattern FORWARDING = Pattern.compile("Forwarding from 127\\.0\\.0\\.1:(\\d+) -> (\\d+)");

    private WarmUp() {}

    static ExitCode run(Output output, String... args) {
        try {
            return args.length > 0 && args[0].equals("cluster") ? cluster(output) : walk(output);
        } catch (IOException e) {
            output.problem("the embedded cluster does not start: " + e);
            return ExitCode.FAILED;
        }
    }

    /// The embedded cluster until the end of standard input, which is the end of the process that started us, however it ends. Prints its
    /// kubeconfig, reads `SOURCE_PORT ECHO_PORT`, sends traffic there, and prints `right` if all bytes of it were.
    private static ExitCode cluster(Output output) throws IOException {
        try (DemoCluster cluster = DemoCluster.start(); var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            output.line(cluster.kubeconfig().toString());
            String ports = in.readLine();
            if (ports != null) {
                String[] words = ports.split(" ");
                output.line(isRight(local(words[0]), local(words[1])) ? "right" : "wrong");
                in.transferTo(Writer.nullWriter());
            }
            return ExitCode.OK;
        }
    }

    /// All ways that a byte can take: downloads, bulk both ways, small messages, short connections; one kind after the other, so that each gets hot.
    private static boolean isRight(InetSocketAddress source, InetSocketAddress echo) {
        try {
            for (LoadSpec spec : List.of(LoadSpec.of(Mode.DOWNLOAD, source), LoadSpec.of(Mode.ECHO, echo),
                    LoadSpec.of(Mode.RR, echo).with("connections", "16"), LoadSpec.of(Mode.CONNECT, echo).with("connections", "8"))) {
                for (LoadResult result : Load.run(List.of(spec.withTimes(Duration.ZERO, TRAFFIC)), Load.Window.IGNORED)) {
                    if (result.errorCount() > 0 || result.bytes() + result.ops() == 0) {
                        return false;
                    }
                }
            }
            return true;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static InetSocketAddress local(String port) {
        return new InetSocketAddress("127.0.0.1", Integer.parseInt(port));
    }

    private static ExitCode walk(Output output) throws IOException {
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC", "-Xmx256m",
                "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow",
                "-cp", System.getProperty("java.class.path"), Main.class.getName(), "warm-up", "cluster")
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try (BufferedReader reader = process.inputReader(); BufferedWriter writer = process.outputWriter()) {
            String kubeconfig = reader.readLine();
            if (kubeconfig == null) {
                throw new IOException("its process printed nothing");
            }
            return walk(output, kubeconfig, reader, writer);
        } finally {
            process.destroy();
        }
    }

    private static ExitCode walk(Output output, String kubeconfig, BufferedReader reader, BufferedWriter writer) {
        var lines = new Lines();
        var right = new CompletableFuture<Boolean>();
        Thread user = Thread.ofPlatform().daemon().name("warm-up-user").start(() -> {
            try {
                writer.write(lines.source.get(START_SECONDS, TimeUnit.SECONDS) + " " + lines.echo.get(START_SECONDS, TimeUnit.SECONDS) + "\n");
                writer.flush();
                right.complete("right".equals(reader.readLine()));
            } catch (IOException | InterruptedException | ExecutionException | TimeoutException e) {
                output.problem("no traffic: " + e);
                right.complete(false);
            }
            Signal.raise(new Signal("TERM")); // SIGINT is ignored in background jobs of a script
        });
        ExitCode code = new Cli(new Output(new PrintStream(lines, true, StandardCharsets.UTF_8), output.err(), () -> false)).run(
                "port-forward", "--kubeconfig", kubeconfig, "--namespace", DemoCluster.NAMESPACE, "deployment/" + DemoCluster.NAME,
                ":" + DemoCluster.SOURCE_PORT, ":" + DemoCluster.ECHO_PORT);
        user.interrupt(); // where the forward has failed, it waits for lines that don't come
        if (code != ExitCode.TERMINATED) {
            return code;
        }
        return right.getNow(false) ? ExitCode.OK : ExitCode.BUG;
    }

    /// Reads the forward's lines as a script would. One write is one line.
    private static final class Lines extends OutputStream {
        final CompletableFuture<Integer> source = new CompletableFuture<>();
        final CompletableFuture<Integer> echo = new CompletableFuture<>();

        @Override
        public void write(int b) {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            Matcher line = FORWARDING.matcher(new String(bytes, offset, length, StandardCharsets.UTF_8));
            while (line.find()) {
                (Integer.parseInt(line.group(2)) == DemoCluster.SOURCE_PORT ? source : echo).complete(Integer.parseInt(line.group(1)));
            }
        }
    }
}

package io.fairlead.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
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
/// The cluster is another process, `warm-up cluster`, and not part of what is noted. What is in the cache is loaded at each start: with the
/// cluster's classes in it, each start verified the signatures of the libraries that make its certificates, which took longer than
/// everything else.
final class WarmUp {
    /// Long enough for the data path to become hot and for the further sessions of a busy forward, short enough to wait for.
    private static final long TRAFFIC_SECONDS = 2;
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

    /// The embedded cluster until the end of standard input, which is the end of the process that started us, however it ends.
    private static ExitCode cluster(Output output) throws IOException {
        try (DemoCluster cluster = DemoCluster.start()) {
            output.line(cluster.kubeconfig().toString());
            System.in.transferTo(OutputStream.nullOutputStream());
            return ExitCode.OK;
        }
    }

    private static ExitCode walk(Output output) throws IOException {
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC", "-Xmx256m",
                "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow",
                "-cp", System.getProperty("java.class.path"), Main.class.getName(), "warm-up", "cluster")
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try (BufferedReader reader = process.inputReader()) {
            String kubeconfig = reader.readLine();
            if (kubeconfig == null) {
                throw new IOException("its process printed nothing");
            }
            return walk(output, kubeconfig);
        } finally {
            process.destroy();
        }
    }

    private static ExitCode walk(Output output, String kubeconfig) {
        var lines = new Lines();
        var traffic = new CompletableFuture<Boolean>();
        Thread user = Thread.ofPlatform().daemon().name("warm-up-user").start(() -> {
            try {
                traffic.complete(isRight(lines));
            } catch (InterruptedException | ExecutionException | TimeoutException | RuntimeException e) {
                output.problem("no traffic: " + e);
                traffic.complete(false);
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
        return traffic.getNow(false) ? ExitCode.OK : ExitCode.BUG;
    }

    /// Whether all bytes of some seconds of traffic were right.
    private static boolean isRight(Lines lines) throws InterruptedException, ExecutionException, TimeoutException {
        InetSocketAddress source = lines.source.get(START_SECONDS, TimeUnit.SECONDS);
        InetSocketAddress echo = lines.echo.get(START_SECONDS, TimeUnit.SECONDS);
        try (DemoTraffic traffic = new DemoTraffic(source, echo).start()) {
            TimeUnit.SECONDS.sleep(TRAFFIC_SECONDS);
            return traffic.failed() == 0 && traffic.firstWrong().isEmpty();
        }
    }

    /// Reads the forward's lines as a script would. One write is one line.
    private static final class Lines extends OutputStream {
        final CompletableFuture<InetSocketAddress> source = new CompletableFuture<>();
        final CompletableFuture<InetSocketAddress> echo = new CompletableFuture<>();

        @Override
        public void write(int b) {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            Matcher line = FORWARDING.matcher(new String(bytes, offset, length, StandardCharsets.UTF_8));
            while (line.find()) {
                var local = new InetSocketAddress("127.0.0.1", Integer.parseInt(line.group(1)));
                (Integer.parseInt(line.group(2)) == DemoCluster.SOURCE_PORT ? source : echo).complete(local);
            }
        }
    }
}

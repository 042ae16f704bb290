package io.fairlead.testbed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fairlead.testbed.pod.PodBehaviour;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// An unmodified kubectl against the testbed. It is taken from FAIRLEAD_KUBECTL, `$LAB/bin/kubectl` or the PATH; without one the class is skipped.
@ExtendWith(LeakCheck.class)
class KubectlIT {
    private static Path kubectl;
    private static Testbed testbed;

    @BeforeAll static void start() throws IOException {
        Optional<Path> found = find();
        assumeTrue(found.isPresent(), "no kubectl: none named by FAIRLEAD_KUBECTL, in $LAB/bin or on the PATH");
        kubectl = found.get();
        testbed = Testbed.builder().start();
        testbed.addDeployment("echo", 2, PodSpec.named("").port("tcp", 7000, PodBehaviour.echo()));
        testbed.addService("echo", Map.of("app", "echo"), new Testbed.ServicePort("tcp", 80, "tcp"));
        testbed.addPod(PodSpec.named("pods").port("echo", 7000, PodBehaviour.echo()).port("close", 7006, PodBehaviour.close()));
    }

    @AfterAll static void stop() {
        if (testbed != null) {
            testbed.close();
        }
    }

    @Test void getPodsPrintsItsTable() throws Exception {
        String out = run("get", "pods");
        assertTrue(out.lines().anyMatch(line -> line.matches("pods +1/1 +Running +0 +[0-9ms]+")), out);
        assertEquals(2, run("get", "pods", "-l", "app=echo", "-o", "name").lines().count());
        assertEquals("service/echo", run("get", "service", "echo", "-o", "name").strip());
    }

    @ParameterizedTest @ValueSource(booleans = {false, true})
    void concurrentConnectionsGetTheirOwnBytesBack(boolean webSocket) throws Exception {
        try (var forward = new Forward(webSocket, "service/echo", ":80"); var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Void>> tasks = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                int seed = i;
                tasks.add(() -> {
                    echo(forward.port(), seed, 500_000);
                    return null;
                });
            }
            for (var done : threads.invokeAll(tasks)) {
                done.get();
            }
            assertEquals(0, forward.interrupt(), "exit code after SIGINT");
        }
        awaitNoSession();
    }

    @Test void kubectlTakesFragmentsAndEmptyMessages() throws Exception {
        testbed.faults().oddMessages(true);
        try (var forward = new Forward(true, "pod/pods", ":7000")) {
            echo(forward.port(), 1, 100_000);
        } finally {
            testbed.faults().oddMessages(false);
        }
    }

    @ParameterizedTest @ValueSource(booleans = {false, true})
    void whatThePodSendsBeforeItClosesArrives(boolean webSocket) throws Exception {
        try (var forward = new Forward(webSocket, "pod/pods", ":7006"); var socket = new Socket("127.0.0.1", forward.port())) {
            assertEquals("bye\n", new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
        }
    }

    @ParameterizedTest @ValueSource(booleans = {false, true})
    void aRefusedPortIsReportedAndEndsKubectlWithCode1(boolean webSocket) throws Exception {
        try (var forward = new Forward(webSocket, "pod/pods", ":7999"); var _ = new Socket("127.0.0.1", forward.port())) {
            assertEquals(1, forward.awaitExit()); // not a byte is needed, and kubectl may be gone before it is sent
            String errors = Files.readString(forward.errors);
            assertTrue(errors.contains("connection refused"), errors);
            assertTrue(errors.contains("lost connection to pod"), errors);
        }
    }

    @Test void forbiddenIsToldInTheServersWords() throws Exception {
        var rule = new io.fairlead.testbed.api.Access.Deny("testbed-admin", "create", "pods/portforward", "default");
        testbed.access().deny(rule);
        try {
            String out = run("port-forward", "pod/pods", ":7000");
            assertTrue(out.contains("pods \"pods\" is forbidden: User \"testbed-admin\" cannot create resource \"pods/portforward\""), out);
        } finally {
            testbed.access().allow(rule);
        }
    }

    private static void echo(int port, int seed, int size) throws Exception {
        byte[] sent = new byte[size];
        new Random(seed).nextBytes(sent);
        try (var socket = new Socket("127.0.0.1", port)) {
            var writer = Thread.ofVirtual().start(() -> {
                try {
                    socket.getOutputStream().write(sent);
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            assertArrayEquals(sent, socket.getInputStream().readNBytes(size));
            writer.join();
        }
    }

    private static void awaitNoSession() throws InterruptedException {
        long deadline = System.nanoTime() + 30_000_000_000L;
        while (!testbed.sessions().isEmpty()) {
            assertTrue(System.nanoTime() - deadline < 0, "the session did not end with kubectl");
            Thread.sleep(5);
        }
    }

    /// Both outputs of a kubectl that ends by itself, which SPDY alone makes quick.
    private static String run(String... args) throws Exception {
        var builder = command(false, args).redirectErrorStream(true);
        Process process = builder.start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(20, TimeUnit.SECONDS), "kubectl does not end");
        return out;
    }

    private static ProcessBuilder command(boolean webSocket, String... args) {
        List<String> command = new ArrayList<>(List.of(kubectl.toString(), "--kubeconfig", testbed.kubeconfig().toString(),
                "--cache-dir", testbed.folder().resolve("cache").toString()));
        command.addAll(Arrays.asList(args));
        var builder = new ProcessBuilder(command);
        builder.environment().put("KUBECTL_PORT_FORWARD_WEBSOCKETS", Boolean.toString(webSocket));
        return builder;
    }

    private static Optional<Path> find() {
        Stream<String> named = Stream.ofNullable(System.getenv("FAIRLEAD_KUBECTL"));
        Stream<String> lab = Stream.ofNullable(System.getenv("LAB")).map(folder -> folder + "/bin/kubectl");
        Stream<String> path = Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)).map(folder -> folder + "/kubectl");
        return Stream.of(named, lab, path).flatMap(s -> s).map(Path::of).filter(Files::isExecutable).findFirst();
    }

    /// A running `kubectl port-forward` with one local port of kubectl's choice.
    private static final class Forward implements AutoCloseable {
        private final Process process;
        private final Path errors;
        private final int port;

        Forward(boolean webSocket, String target, String ports) throws Exception {
            errors = Files.createTempFile(testbed.folder(), "kubectl", ".err");
            process = command(webSocket, "port-forward", target, ports).redirectError(errors.toFile()).start();
            var out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
            String line = out.readLine(); // Forwarding from 127.0.0.1:41001 -> 7000
            if (line == null || !line.startsWith("Forwarding from 127.0.0.1:")) {
                process.destroyForcibly();
                throw new IOException("kubectl said \"" + line + "\" and " + Files.readString(errors));
            }
            port = Integer.parseInt(line.substring(line.indexOf(':') + 1, line.indexOf(" ->")));
        }

        int port() {
            return port;
        }

        int interrupt() throws Exception {
            new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();
            return awaitExit();
        }

        int awaitExit() throws Exception {
            assertTrue(process.waitFor(Duration.ofSeconds(20)), "kubectl does not end");
            return process.exitValue();
        }

        @Override
        public void close() {
            process.destroyForcibly().onExit().join();
        }
    }
}

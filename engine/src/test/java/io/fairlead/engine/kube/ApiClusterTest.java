package io.fairlead.engine.kube;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

import io.fairlead.engine.Failure;
import io.fairlead.engine.ForwardException;
import io.fairlead.engine.dial.SharedLoop;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/// Our reads against the JDK's own HTTP server on loopback.
@Timeout(30)
class ApiClusterTest {
    private static final long FAR = TimeUnit.SECONDS.toNanos(20);

    /// Answers one request.
    private interface Script {
        void answer(HttpExchange exchange) throws IOException;
    }

    @TempDir
    private Path folder;

    private final Set<Integer> clientPorts = ConcurrentHashMap.newKeySet();
    private final AtomicReference<Script> script = new AtomicReference<>();
    private ExecutorService threads;
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        threads = Executors.newVirtualThreadPerTaskExecutor();
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            clientPorts.add(exchange.getRemoteAddress().getPort());
            script.get().answer(exchange);
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
        threads.shutdownNow();
    }

    private Cluster cluster(String prefix) throws Exception {
        return cluster(server.getAddress().getPort(), prefix);
    }

    private Cluster cluster(int port, String prefix) throws Exception {
        Path file = Files.writeString(folder.resolve("config"), """
                current-context: c
                contexts: [{name: c, context: {cluster: k, user: u}}]
                clusters: [{name: k, cluster: {server: "http://127.0.0.1:%d%s"}}]
                """.formatted(port, prefix));
        return Cluster.open(Optional.of(file), Optional.empty(), Optional.empty(), SharedLoop.connector());
    }

    private static void reply(HttpExchange exchange, int code, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(code, bytes.length == 0 ? -1 : bytes.length);
        if (bytes.length > 0) {
            exchange.getResponseBody().write(bytes);
        }
        exchange.close();
    }

    /// Without a known length, so in chunks.
    private static void replyChunked(HttpExchange exchange, String... parts) throws IOException {
        exchange.sendResponseHeaders(200, 0);
        for (String part : parts) {
            exchange.getResponseBody().write(part.getBytes(StandardCharsets.UTF_8));
            exchange.getResponseBody().flush();
        }
        exchange.close();
    }

    private static final String POD = """
            {"kind": "Pod", "metadata": {"name": "web-0", "namespace": "shop", "uid": "u-1", "creationTimestamp": "2026-01-01T00:00:00Z",
              "deletionTimestamp": null},
             "spec": {"nodeName": "n1", "containers": [{"name": "a", "ports": [{"containerPort": 80, "name": "http"}]},
               {"name": "b", "ports": [{"containerPort": 53, "protocol": "UDP"}]}],
               "initContainers": [{"name": "i"}, {"name": "s", "restartPolicy": "Always", "ports": [{"containerPort": 9, "name": "side", "protocol": "TCP"}]}]},
             "status": {"phase": "Running", "podIP": "10.1.2.3", "conditions": [{"type": "Initialized", "status": "False"},
               {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:05Z"}],
               "containerStatuses": [{"name": "a", "restartCount": 2}, {"name": "b", "restartCount": 5}],
               "initContainerStatuses": [{"name": "i", "restartCount": 9}, {"name": "s", "restartCount": 1}]}}
            """;

    private static final PodInfo POD_INFO = new PodInfo("shop", "web-0", "u-1", "n1", "10.1.2.3", "Running", true,
            Optional.of(Instant.parse("2026-01-01T00:00:05Z")), Optional.empty(), Optional.of(Instant.parse("2026-01-01T00:00:00Z")), 5, 1,
            List.of(new PodInfo.Port("http", 80, "TCP", false), new PodInfo.Port("", 53, "UDP", false), new PodInfo.Port("side", 9, "TCP", true)));

    @Test
    void aPodIsReadFromItsJsonBelowThePathPrefix() throws Exception {
        script.set(exchange -> {
            assertEquals("/k8s/c-1/api/v1/namespaces/shop/pods/web-0", exchange.getRequestURI().toString());
            reply(exchange, 200, POD);
        });
        try (Cluster cluster = cluster("/k8s/c-1/")) {
            assertEquals(POD_INFO, cluster.pod("shop", "web-0"));
        }
    }

    @Test
    void aServiceIsReadFromItsJson() throws Exception {
        script.set(exchange -> reply(exchange, 200, """
                {"metadata": {"name": "web", "namespace": "shop"}, "spec": {"clusterIP": "None", "selector": {"b": "2", "a": "1"}, "ports": [
                 {"name": "http", "port": 80, "protocol": "TCP", "targetPort": "web"}, {"port": 81, "targetPort": 8081}, {"port": 82}]}}"""));
        try (Cluster cluster = cluster("")) {
            assertEquals(new ServiceInfo("shop", "web", "a=1,b=2", true, List.of(new ServiceInfo.Port("http", 80, "TCP", "web", 0),
                    new ServiceInfo.Port("", 81, "TCP", "", 8081), new ServiceInfo.Port("", 82, "TCP", "", 0))), cluster.service("shop", "web"));
        }
    }

    @Test
    void selectorsTakeTheQueryForm() throws Exception {
        script.set(exchange -> reply(exchange, 200, exchange.getRequestURI().toString().contains("/replicationcontrollers/")
                ? "{\"spec\": {\"selector\": {\"z\": \"1\", \"a\": \"\"}}}"
                : """
                {"spec": {"selector": {"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "t", "operator": "In", "values": ["a", "b"]},
                 {"key": "u", "operator": "NotIn", "values": ["c"]}, {"key": "v", "operator": "Exists"}, {"key": "w", "operator": "DoesNotExist"}]}}}"""));
        try (Cluster cluster = cluster("")) {
            assertEquals("app=web,t in (a,b),u notin (c),v,!w", cluster.selector(Kind.STATEFUL_SET, "shop", "x"));
            assertEquals("a=,z=1", cluster.selector(Kind.REPLICATION_CONTROLLER, "shop", "x"));
        }
    }

    @Test
    void aListInChunksIsPutTogetherAndReadsShareOneConnection() throws Exception {
        script.set(exchange -> {
            assertEquals("labelSelector=app%3Dweb%2Ct+in+%28a%2Cb%29", exchange.getRequestURI().getRawQuery());
            replyChunked(exchange, "{\"metadata\": {\"resourceVersion\": \"7\"}, \"ite", "ms\": [", POD, "]}");
        });
        try (Cluster cluster = cluster("")) {
            for (int i = 0; i < 3; i++) {
                assertEquals(new PodList(List.of(POD_INFO), "7"), cluster.pods("shop", PodQuery.labelled("app=web,t in (a,b)")));
            }
            assertEquals(1, clientPorts.size());
        }
    }

    @Test
    void aWatchYieldsEventsAsTheyComeAndThenItsEnd() throws Exception {
        CountDownLatch firstSeen = new CountDownLatch(1);
        script.set(exchange -> {
            assertEquals("fieldSelector=metadata.name%3Dweb-0&watch=true&timeoutSeconds=240&resourceVersion=7", exchange.getRequestURI().getRawQuery());
            exchange.sendResponseHeaders(200, 0);
            var out = exchange.getResponseBody();
            out.write(("{\"type\": \"MODIFIED\", \"object\": " + POD + "}\n").getBytes(StandardCharsets.UTF_8));
            out.flush();
            try {
                assertTrue(firstSeen.await(20, TimeUnit.SECONDS)); // the first event must not wait for the second
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            out.write(("{\"type\": \"BOOKMARK\", \"object\": {}}\n{\"type\": \"DELETED\", \"object\": " + POD + "}\n").getBytes(StandardCharsets.UTF_8));
            exchange.close();
        });
        try (Cluster cluster = cluster(""); PodWatch watch = cluster.watch("shop", PodQuery.named("web-0"), "7")) {
            assertEquals(new PodWatch.Event.Changed(POD_INFO), watch.next(System.nanoTime() + FAR));
            firstSeen.countDown();
            assertEquals(new PodWatch.Event.Deleted(POD_INFO), watch.next(System.nanoTime() + FAR));
            assertInstanceOf(PodWatch.Event.Ended.class, watch.next(System.nanoTime() + FAR));
        }
    }

    @Test
    void aWatchThatIsTooOldEnds() throws Exception {
        script.set(exchange -> replyChunked(exchange,
                "{\"type\": \"ERROR\", \"object\": {\"kind\": \"Status\", \"code\": 410, \"message\": \"too old resource version\"}}\n"));
        try (Cluster cluster = cluster(""); PodWatch watch = cluster.watch("shop", PodQuery.named("web-0"), "1")) {
            assertEquals(new PodWatch.Event.Ended("too old resource version"), watch.next(System.nanoTime() + FAR));
        }
    }

    @Test
    void aSilentWatchTimesOutAndAnInterruptEndsIt() throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        script.set(exchange -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().flush();
            try {
                over.await(20, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            exchange.close();
        });
        try (Cluster cluster = cluster("")) {
            try (PodWatch watch = cluster.watch("shop", PodQuery.named("web-0"), "7")) {
                assertInstanceOf(PodWatch.Event.TimedOut.class, watch.next(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(50)));
            }
            for (Thread.Builder kind : List.of(Thread.ofVirtual(), Thread.ofPlatform())) {
                CountDownLatch watching = new CountDownLatch(1);
                AtomicReference<Object> end = new AtomicReference<>();
                Thread waiter = kind.start(() -> {
                    try (PodWatch watch = cluster.watch("shop", PodQuery.named("web-0"), "7")) {
                        watching.countDown();
                        end.set(watch.next(System.nanoTime() + FAR));
                    } catch (InterruptedException | ForwardException e) {
                        end.set(e);
                    }
                });
                assertTrue(watching.await(20, TimeUnit.SECONDS));
                waiter.interrupt();
                waiter.join();
                assertInstanceOf(InterruptedException.class, end.get());
            }
        } finally {
            over.countDown();
        }
    }

    private Failure refusal(int code, String body) throws Exception {
        script.set(exchange -> reply(exchange, code, body));
        try (Cluster cluster = cluster("")) {
            return assertThrows(ForwardException.class, () -> cluster.selector(Kind.DEPLOYMENT, "shop", "web")).failure();
        }
    }

    @Test
    void refusalsBecomeFailures() throws Exception {
        String url = "http://127.0.0.1:" + server.getAddress().getPort();
        assertEquals(new Failure.Unauthorized(url, "c", "Unauthorized"), refusal(401, "{\"kind\": \"Status\", \"message\": \"Unauthorized\"}"));
        assertEquals(new Failure.TargetNotFound("deployments.apps", "web", "shop", "c"), refusal(404,
                "{\"kind\": \"Status\", \"message\": \"x\", \"reason\": \"NotFound\", \"details\": {\"name\": \"web\", \"group\": \"apps\"}}"));
        assertEquals(new Failure.ServerRefused(url, 404, "", "404 page not found"), refusal(404, "404 page not found\n"));
        assertEquals(new Failure.ServerRefused(url, 503, "", ""), refusal(503, ""));
        assertEquals(new Failure.ServerRefused(url, 400, "BadRequest", "no"), refusal(400, "{\"reason\": \"BadRequest\", \"message\": \"no\"}"));
        Failure denied = refusal(403, "{\"message\": \"deployments.apps \\\"web\\\" is forbidden: User \\\"ci\\\" cannot get resource "
                + "\\\"deployments\\\" in API group \\\"apps\\\" in the namespace \\\"shop\\\"\"}");
        assertEquals("user \"ci\" may not get deployments.apps in namespace \"shop\"", denied.why());
    }

    @Test
    void whatIsNoKubernetesIsNoCrash() throws Exception {
        String url = "http://127.0.0.1:" + server.getAddress().getPort();
        assertEquals(new Failure.ServerRefused(url, 200, "OK, but with no Kubernetes object", "it begins with: <html>welcome</html>"),
                refusal(200, "<html>welcome</html>"));
        assertInstanceOf(Failure.ServerRefused.class, refusal(200, ""));
        assertInstanceOf(Failure.ServerRefused.class, refusal(200, "\"text\""));
        assertEquals(new Failure.ServerRefused(url, 502, "", "{broken"), refusal(502, "{broken"));
    }

    /// The server promises to keep each connection and closes it behind its answer.
    @Test
    void aConnectionThatDiedWhileIdleIsReplaced() throws Exception {
        try (var fickle = new ServerSocket(0, 2, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> {
                for (int i = 0; i < 2; i++) {
                    try (Socket client = fickle.accept()) {
                        var request = new BufferedReader(new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII));
                        request.lines().takeWhile(line -> !line.isEmpty()).count();
                        client.getOutputStream().write(("HTTP/1.1 200 OK\r\nContent-Length: " + POD.length() + "\r\n\r\n" + POD)
                                .getBytes(StandardCharsets.US_ASCII));
                    } catch (IOException _) {
                        // the reader misses its answer
                    }
                }
            });
            try (Cluster cluster = cluster(fickle.getLocalPort(), "")) {
                for (int i = 0; i < 2; i++) {
                    assertEquals(POD_INFO, cluster.pod("shop", "web-0"));
                }
            }
        }
    }

    @Test
    void aRefusedConnectionNamesTheServer() throws Exception {
        try (var silent = new Socket()) {
            silent.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)); // without listening: nobody else gets the port either
            int port = silent.getLocalPort();
            try (Cluster cluster = cluster(port, "")) {
                Failure failure = assertThrows(ForwardException.class, () -> cluster.pod("shop", "web-0")).failure();
                assertEquals("the connection to the server 127.0.0.1:" + port + " was refused - did you specify the right host or port?",
                        failure.what());
            }
        }
    }
}

package io.fairlead.engine.kube;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;

import io.fairlead.engine.Failure;
import io.fairlead.engine.Failure.ServerUnreachable.Reach;
import io.fairlead.engine.Failure.TlsRefused.Cause;
import io.fairlead.engine.ForwardException;
import io.fairlead.engine.dial.SharedLoop;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;

@Timeout(30)
class TlsFailureTest {
    private static final Duration PAST = Duration.ofHours(-2);
    private static final Duration FUTURE = Duration.ofHours(2);
    private static TestCertificates.Identity authority;
    private static TestCertificates.Identity stranger;

    @TempDir
    private Path folder;

    @BeforeAll
    static void make() throws Exception {
        authority = TestCertificates.authority("ca");
        stranger = TestCertificates.authority("stranger");
    }

    /// What a read says of a server with this certificate and a cluster entry with these further words.
    private Failure ask(TestCertificates.Identity identity, String cluster) throws Exception {
        InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        HttpsServer server = HttpsServer.create(any, 0);
        server.setHttpsConfigurator(new HttpsConfigurator(TestCertificates.serverContext(identity)));
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(418, -1);
            exchange.close();
        });
        server.start();
        try {
            return ask(server.getAddress().getPort(), cluster);
        } finally {
            server.stop(0);
        }
    }

    private Failure ask(int port, String cluster) throws Exception {
        Path file = Files.writeString(folder.resolve("config"), """
                current-context: c
                contexts: [{name: c, context: {cluster: k}}]
                clusters: [{name: k, cluster: {server: "https://127.0.0.1:%d", %s}}]
                """.formatted(port, cluster));
        try (Cluster opened = Cluster.open(Optional.of(file), Optional.empty(), Optional.empty(), SharedLoop.connector())) {
            return assertThrows(ForwardException.class, () -> opened.pod("ns", "x")).failure();
        }
    }

    private static String trusting(TestCertificates.Identity authority) throws IOException {
        String pem = TestCertificates.pem(authority.certificate());
        return "certificate-authority-data: " + Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.US_ASCII));
    }

    private static void assertCause(Cause expected, Failure failure) {
        assertEquals(expected, assertInstanceOf(Failure.TlsRefused.class, failure, failure::message).cause(), failure.message());
    }

    @Test
    void aTrustedServerIsTalkedTo() throws Exception {
        var good = TestCertificates.server(authority, "127.0.0.1", PAST, FUTURE);
        assertEquals(418, assertInstanceOf(Failure.ServerRefused.class, ask(good, trusting(authority))).code());
        var elsewhere = TestCertificates.server(authority, "10.0.0.9", PAST, FUTURE);
        assertEquals(418, assertInstanceOf(Failure.ServerRefused.class,
                ask(elsewhere, trusting(authority) + ", tls-server-name: 10.0.0.9")).code());
        var anyone = TestCertificates.server(stranger, "10.0.0.9", PAST, PAST.plusMinutes(1));
        assertEquals(418, assertInstanceOf(Failure.ServerRefused.class, ask(anyone, "insecure-skip-tls-verify: true")).code());
    }

    @Test
    void everyReasonToDistrustIsTold() throws Exception {
        var good = TestCertificates.server(authority, "127.0.0.1", PAST, FUTURE);
        assertCause(Cause.UNKNOWN_AUTHORITY, ask(good, trusting(stranger)));
        assertCause(Cause.UNKNOWN_AUTHORITY, ask(good, ""));
        assertCause(Cause.WRONG_NAME, ask(TestCertificates.server(authority, "10.0.0.9", PAST, FUTURE), trusting(authority)));
        assertCause(Cause.WRONG_NAME, ask(good, trusting(authority) + ", tls-server-name: api.example"));
        assertCause(Cause.OUT_OF_DATE, ask(TestCertificates.server(authority, "127.0.0.1", PAST, PAST.plusMinutes(1)), trusting(authority)));
        assertCause(Cause.OUT_OF_DATE, ask(TestCertificates.server(authority, "127.0.0.1", FUTURE, FUTURE.plusHours(1)), trusting(authority)));
    }

    @Test
    void aServerWithoutTlsIsRecognized() throws Exception {
        try (ServerSocket plain = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> {
                try (Socket client = plain.accept()) {
                    client.getInputStream().read(new byte[16 * 1024]);
                    client.getOutputStream().write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                } catch (IOException _) {
                    // the test sees that no answer came
                }
            });
            assertCause(Cause.NOT_TLS, ask(plain.getLocalPort(), trusting(authority)));
        }
    }

    @Test
    void ioErrorsBecomeHowFarWeCame() {
        record Row(Reach reach, Exception error) {}
        for (Row row : new Row[] {
            new Row(Reach.REFUSED, new ConnectException("Connection refused")),
            new Row(Reach.TIMED_OUT, new SocketTimeoutException("Connect timed out")),
            new Row(Reach.NO_ROUTE, new NoRouteToHostException("No route to host")),
            new Row(Reach.UNKNOWN_HOST, new UnknownHostException("api.example: Name or service not known")),
            new Row(Reach.BROKEN_OFF, new IOException("Connection reset")),
            new Row(Reach.REFUSED, new IllegalStateException(new ConnectException("Connection refused")))}) {
            Failure failure = ServerFailure.of("https://api.example", row.error);
            assertEquals(row.reach, assertInstanceOf(Failure.ServerUnreachable.class, failure).reach());
        }
        assertEquals("the name \"api.example\" has no address",
                ServerFailure.of("https://api.example", new UnknownHostException("api.example: Name or service not known")).why());
        assertInstanceOf(Failure.Unexpected.class, ServerFailure.of("https://api.example", new IllegalStateException("x")));
    }
}

package io.fairlead.engine.kube;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fairlead.engine.dial.SharedLoop;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.net.InetAddress;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

/// Client certificates of each kind of key towards the JDK's TLS, which asks for one.
@Timeout(30)
class ClientCertificateTest {
    @ParameterizedTest
    @ValueSource(strings = {"RSA", "EC", "Ed25519"})
    void theServerSeesTheCertificate(String algorithm) throws Exception {
        var authority = TestCertificates.authority("ca");
        var server = TestCertificates.server(authority, "127.0.0.1", Duration.ofHours(-1), Duration.ofHours(1));
        KeyPair pair = KeyPairGenerator.getInstance(algorithm).generateKeyPair();
        var client = TestCertificates.client(authority, pair);
        try (var listener = (SSLServerSocket) TestCertificates.serverContext(server, authority).getServerSocketFactory()
                .createServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            listener.setNeedClientAuth(true);
            var seen = new CompletableFuture<Object>();
            Thread.ofVirtual().start(() -> {
                try (SSLSocket socket = (SSLSocket) listener.accept()) {
                    socket.getInputStream().read();
                    seen.complete(socket.getSession().getPeerCertificates()[0]);
                } catch (IOException e) {
                    seen.complete(e);
                }
            });
            try (ByteStream stream = SharedLoop.connector().connect(new Access("127.0.0.1", listener.getLocalPort(), true, "", Optional.empty(),
                    false, List.of(authority.certificate()), Optional.of(client.key()), List.of(client.certificate()), List.of()))) {
                stream.write(new byte[] {1});
                assertEquals(client.certificate(), seen.get());
            }
        }
    }
}

package io.fairlead.engine.kube;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.engine.Failure;
import io.fairlead.engine.ForwardException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;

class CredentialsTest {
    @TempDir
    private Path folder;

    private Credentials of(String cluster, String user) throws Exception {
        Path file = Files.writeString(folder.resolve("config"), """
                current-context: c
                contexts: [{name: c, context: {cluster: k, user: u}}]
                clusters: [{name: k, cluster: {server: "https://h", %s}}]
                users: [{name: u, user: {%s}}]
                """.formatted(cluster, user));
        return new Credentials(KubeConfig.load(Surroundings.ofThisProcess(), Optional.of(file), Optional.empty(), Optional.empty()));
    }

    private static List<Map.Entry<String, String>> bearer(String token) {
        return List.of(Map.entry("Authorization", "Bearer " + token));
    }

    @Test
    void aTokenFileIsReadAnewAndWinsOverTheToken() throws Exception {
        Path token = Files.writeString(folder.resolve("token"), "one\n");
        Credentials credentials = of("", "token: fixed, tokenFile: token");
        assertEquals(bearer("one"), credentials.access().headers());
        Files.writeString(token, "two");
        assertEquals(bearer("two"), credentials.access().headers());
    }

    @Test
    void anUnreadableTokenFileKeepsTheLastTokenUntilItIsRejected() throws Exception {
        Path token = Files.writeString(folder.resolve("token"), "one");
        Credentials credentials = of("", "tokenFile: token");
        assertEquals(bearer("one"), credentials.access().headers());
        Files.delete(token);
        assertEquals(bearer("one"), credentials.access().headers());
        credentials.rejected();
        assertEquals(new Failure.FileNotReadable(token.toString(), "tokenFile", "no such file or directory"),
                assertThrows(ForwardException.class, credentials::access).failure());
        assertEquals(bearer("fixed"), of("", "token: fixed, tokenFile: token").access().headers());
    }

    @Test
    void aTokenThatWouldEndItsHeaderIsRefused() throws Exception {
        assertEquals(new Failure.BadKubeconfig(folder.resolve("config").toString(), "token of user \"u\": it contains characters that no token has"),
                assertThrows(ForwardException.class, () -> of("", "token: \"a\\r\\nX: y\"")).failure());
        Path token = Files.writeString(folder.resolve("token"), "a\r\nX: y");
        assertEquals(new Failure.FileNotReadable(token.toString(), "tokenFile", "it contains characters that no token has"),
                assertThrows(ForwardException.class, () -> of("", "tokenFile: token").access()).failure());
    }

    @Test
    void basicAuthenticationIsEncoded() throws Exception {
        String pair = Base64.getEncoder().encodeToString("ann:pässword".getBytes(StandardCharsets.UTF_8));
        assertEquals(List.of(Map.entry("Authorization", "Basic " + pair), Map.entry("Impersonate-User", "bob")),
                of("", "username: ann, password: pässword, as: bob").access().headers());
    }

    @Test
    void certificateFilesAreReadAnew() throws Exception {
        var one = TestCertificates.authority("one");
        var two = TestCertificates.authority("two");
        Credentials credentials = of("certificate-authority: ca.crt", "client-certificate: c.crt, client-key: c.key");
        for (var identity : List.of(one, two)) {
            Files.writeString(folder.resolve("ca.crt"), TestCertificates.pem(identity.certificate()));
            Files.writeString(folder.resolve("c.crt"), TestCertificates.pem(identity.certificate()));
            Files.writeString(folder.resolve("c.key"), TestCertificates.pkcs8(identity.key()));
            Access access = credentials.access();
            assertEquals(List.of(identity.certificate()), access.authorities());
            assertEquals(List.of(identity.certificate()), access.certificates());
            assertTrue(access.key().isPresent());
        }
    }

    @Test
    void whatAFileLacksIsSaidWithItsRole() throws Exception {
        Files.writeString(folder.resolve("ca.crt"), "no certificate");
        assertEquals(new Failure.FileNotReadable(folder.resolve("ca.crt").toString(), "certificate-authority of cluster \"k\"",
                "it contains no PEM block CERTIFICATE"),
                assertThrows(ForwardException.class, () -> of("certificate-authority: ca.crt", "").access()).failure());
        assertEquals(new Failure.FileNotReadable(folder.resolve("none").toString(), "certificate-authority of cluster \"k\"",
                "no such file or directory"),
                assertThrows(ForwardException.class, () -> of("certificate-authority: none", "").access()).failure());
        assertEquals(new Failure.BadKubeconfig(folder.resolve("config").toString(),
                "certificate-authority-data of cluster \"k\": it contains no PEM block CERTIFICATE"),
                assertThrows(ForwardException.class, () -> of("certificate-authority-data: QUJD", "").access()).failure());
    }
}

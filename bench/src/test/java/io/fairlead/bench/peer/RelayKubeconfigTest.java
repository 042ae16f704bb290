package io.fairlead.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RelayKubeconfigTest {
    private static final InetSocketAddress RELAY = new InetSocketAddress("127.0.0.1", 4321);

    @TempDir
    private Path folder;

    @Test
    void onlyTheCurrentClustersServerChanges() throws IOException {
        JsonNode changed = through("server: https://api.example.com:6443/prefix, certificate-authority: pki/ca.crt", RELAY);
        assertEquals("https://127.0.0.1:4321/prefix", changed.at("/clusters/1/cluster/server").asText());
        assertEquals("https://other:1", changed.at("/clusters/0/cluster/server").asText());
        assertEquals("api.example.com", changed.at("/clusters/1/cluster/tls-server-name").asText());
        assertEquals("secret", changed.at("/users/0/user/token").asText());
    }

    @Test
    void relativePathsStayTrue() throws IOException {
        JsonNode changed = through("server: https://h:1, certificate-authority: pki/ca.crt", RELAY);
        assertEquals(folder.resolve("pki/ca.crt").toString(), changed.at("/clusters/1/cluster/certificate-authority").asText());
        assertEquals("/abs/u.crt", changed.at("/users/0/user/client-certificate").asText());
    }

    @Test
    void aServerOnThisMachineNeedsNoOtherName() throws IOException {
        assertFalse(through("server: https://127.0.0.1:6443", RELAY).at("/clusters/1/cluster").has("tls-server-name"));
    }

    @Test
    void aNameThatIsGivenIsKept() throws IOException {
        assertEquals("given", through("server: https://h:1, tls-server-name: given", RELAY).at("/clusters/1/cluster/tls-server-name").asText());
    }

    @Test
    void aServerWithoutAPortHasThatOfItsScheme() throws IOException {
        assertEquals(443, RelayKubeconfig.read(write("server: https://127.0.0.1")).server().getPort());
    }

    @Test
    void aNameWithAnUnderscoreIsAName() throws IOException {
        assertEquals("api_1", through("server: https://api_1:6443", RELAY).at("/clusters/1/cluster/tls-server-name").asText());
        assertEquals("api_1", RelayKubeconfig.read(write("server: https://api_1:6443")).server().getHostString());
    }

    @Test
    void aServerWithoutAHostIsRefusedByName() throws IOException {
        for (String server : new String[] {"https:///path", "'not a url'", "api.example.com"}) {
            Path file = write("server: " + server);
            assertTrue(assertThrows(IOException.class, () -> RelayKubeconfig.read(file)).getMessage().contains("names no server"), server);
        }
    }

    @Test
    void aProxyIsRefusedByName() throws IOException {
        Path file = write("server: https://h:1, proxy-url: http://p:1");
        assertTrue(assertThrows(IOException.class, () -> RelayKubeconfig.read(file)).getMessage().contains("proxy-url"));
    }

    @Test
    void whatIsNoKubeconfigIsRefused() throws IOException {
        Path file = Files.writeString(folder.resolve("bad"), "clusters: []\ncurrent-context: x\n");
        assertTrue(assertThrows(IOException.class, () -> RelayKubeconfig.read(file)).getMessage().contains("no context \"x\""));
    }

    private JsonNode through(String cluster, InetSocketAddress relay) throws IOException {
        return new ObjectMapper().readTree(RelayKubeconfig.read(write(cluster)).through(relay));
    }

    private Path write(String cluster) throws IOException {
        return Files.writeString(folder.resolve("config"), """
                clusters: [{name: first, cluster: {server: "https://other:1"}}, {name: second, cluster: {%s}}]
                users: [{name: u, user: {token: secret, client-certificate: /abs/u.crt}}]
                contexts: [{name: c, context: {cluster: second, user: u}}]
                current-context: c
                """.formatted(cluster));
    }
}

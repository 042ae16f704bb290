package io.fairlead.engine.kube;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.engine.Failure;
import io.fairlead.engine.ForwardException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

class KubeConfigTest {
    @TempDir
    private Path folder;

    private final Map<String, String> environment = new HashMap<>();

    private KubeConfig.Settings load(String context) throws ForwardException {
        return KubeConfig.load(surroundings(), Optional.empty(), Optional.ofNullable(context), Optional.empty());
    }

    private Surroundings surroundings() {
        return new Surroundings(environment, folder.resolve("home"), folder.resolve("account"));
    }

    private Failure refusal(String context) {
        return assertThrows(ForwardException.class, () -> load(context)).failure();
    }

    private Path write(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        return file;
    }

    /// A whole kubeconfig in $KUBECONFIG with these inner parts of its one cluster and user.
    private Path single(String cluster, String user) throws IOException {
        Path file = write("config", """
                apiVersion: v1
                kind: Config
                current-context: c
                contexts: [{name: c, context: {cluster: k, user: u}}]
                clusters: [{name: k, cluster: {%s}}]
                users: [{name: u, user: {%s}}]
                """.formatted(cluster, user));
        environment.put("KUBECONFIG", file.toString());
        return file;
    }

    // ---- which files

    @Test
    void theFirstFileWinsEntryByEntryAndValueByValue() throws Exception {
        Path first = write("one/config", """
                contexts: [{name: a, context: {cluster: k, user: u}}]
                clusters: [{name: k, cluster: {server: "https://first", certificate-authority: ca.crt}}]
                """);
        Path second = write("two/config", """
                current-context: a
                contexts: [{name: a, context: {cluster: other, namespace: never}}, {name: b, context: {cluster: k2, namespace: shop}}]
                clusters: [{name: k, cluster: {server: "https://second"}}, {name: k2, cluster: {server: "https://two"}}]
                users: [{name: u, user: {token: t, client-certificate: ../x.crt, client-key: /x.key}}]
                """);
        environment.put("KUBECONFIG", first + File.pathSeparator + folder.resolve("missing") + File.pathSeparator + second);

        KubeConfig.Settings a = load(null);
        assertEquals(List.of("a", "default", "https://first", "t"), List.of(a.context(), a.namespace(), a.server(), a.token()));
        assertEquals(Optional.of(folder.resolve("one/ca.crt")), a.authority().map(m -> ((KubeConfig.Material.Stored) m).path()));
        assertEquals(Optional.of(folder.resolve("x.crt")), a.certificate().map(m -> ((KubeConfig.Material.Stored) m).path()));
        assertEquals(Optional.of(Path.of("/x.key")), a.key().map(m -> ((KubeConfig.Material.Stored) m).path()));
        assertEquals("shop", load("b").namespace());
    }

    @Test
    void theNamedFileMustExistAndIsTheOnlyOne() throws Exception {
        single("server: https://wrong", "");
        Path named = write("named", "current-context: c\ncontexts: [{name: c, context: {cluster: k}}]\nclusters: [{name: k, cluster: {server: https://x}}]\n");
        assertEquals("https://x", KubeConfig.load(surroundings(), Optional.of(named), Optional.empty(), Optional.empty()).server());
        Path missing = folder.resolve("missing");
        Failure failure = assertThrows(ForwardException.class,
                () -> KubeConfig.load(surroundings(), Optional.of(missing), Optional.empty(), Optional.empty())).failure();
        assertEquals(new Failure.FileNotReadable(missing.toString(), "kubeconfig", "no such file or directory"), failure);
    }

    @Test
    void theHomeFolderIsTheLastPlace() throws Exception {
        write("home/.kube/config", "current-context: c\ncontexts: [{name: c, context: {cluster: k}}]\nclusters: [{name: k, cluster: {server: https://x}}]\n");
        assertEquals("https://x", load(null).server());
    }

    @Test
    void withoutAnyFileTheLookedForPlacesAreNamed() {
        assertEquals(new Failure.NoKubeconfig(List.of(folder.resolve("home/.kube/config").toString())), refusal(null));
        environment.put("KUBECONFIG", "/nowhere/a" + File.pathSeparator + "/nowhere/b");
        assertEquals(new Failure.NoKubeconfig(List.of("/nowhere/a", "/nowhere/b")), refusal("x"));
    }

    @Test
    void aNamespaceThatCannotBeIsRefusedWhoeverNamesIt() throws Exception {
        Path file = write("config", """
                current-context: c
                contexts: [{name: c, context: {cluster: k, namespace: "../x"}}]
                clusters: [{name: k, cluster: {server: https://x}}]
                """);
        environment.put("KUBECONFIG", file.toString());
        assertEquals(new Failure.BadKubeconfig(file.toString(), "context \"c\" has the namespace \"../x\": may not contain '/'"), refusal(null));
        assertEquals("shop", KubeConfig.load(surroundings(), Optional.empty(), Optional.empty(), Optional.of("shop")).namespace());
        assertEquals(new Failure.MalformedNamespace("..", "may not be '..'"), assertThrows(ForwardException.class,
                () -> KubeConfig.load(surroundings(), Optional.empty(), Optional.empty(), Optional.of(".."))).failure());
    }

    @Test
    void insideAPodItsServiceAccountIsUsed() throws Exception {
        write("account/token", "abc");
        write("account/ca.crt", "x");
        write("account/namespace", "shop\n");
        environment.put("KUBERNETES_SERVICE_HOST", "fd00::1");
        environment.put("KUBERNETES_SERVICE_PORT", "443");
        KubeConfig.Settings settings = load(null);
        assertEquals(List.of("in-cluster", "shop", "https://[fd00::1]:443", "fd00::1"),
                List.of(settings.context(), settings.namespace(), settings.server(), settings.host()));
        assertEquals(Optional.of(folder.resolve("account/token")), settings.tokenFile());
        single("server: https://x", "");
        assertEquals("https://x", load(null).server(), "a kubeconfig beats the service account");
    }

    // ---- context, cluster

    @Test
    void unknownContextsAreNamedBesideTheKnown() throws Exception {
        Path file = single("server: https://x", "");
        assertEquals(new Failure.UnknownContext("nope", List.of("c"), List.of(file.toString())), refusal("nope"));
        Files.writeString(file, Files.readString(file).replace("current-context: c", ""));
        assertEquals(new Failure.UnknownContext("", List.of("c"), List.of(file.toString())), refusal(null));
    }

    @ParameterizedTest
    @CsvSource({
        "https://h:6443,                  https, h,       6443, ''",
        "https://h,                       https, h,       443,  ''",
        "http://h/,                       http,  h,       80,   ''",
        "https://h/k8s/clusters/c-x/,     https, h,       443,  /k8s/clusters/c-x",
        "https://[::1]:6443,              https, ::1,     6443, ''",
        "h:8080,                          http,  h,       8080, ''",
        "HTTPS://h,                       https, h,       443,  ''",
    })
    void serverUrlsAreTakenApart(String server, String scheme, String host, int port, String prefix) throws Exception {
        single("server: \"" + server + "\"", "");
        KubeConfig.Settings settings = load(null);
        assertEquals(scheme.equals("https"), settings.tls());
        assertEquals(List.of(server, host, port, prefix), List.of(settings.server(), settings.host(), settings.port(), settings.pathPrefix()));
    }

    @Test
    void aServerWithoutSchemeIsTlsWhenTheClusterSpeaksOfTls() throws Exception {
        single("server: \"h:6443\", insecure-skip-tls-verify: true, tls-server-name: other", "token: t");
        KubeConfig.Settings settings = load(null);
        assertTrue(settings.tls() && settings.insecureSkipVerify());
        assertEquals(Optional.of("other"), settings.tlsServerName());
        assertEquals("t", settings.token());
    }

    @Test
    void theUserMattersOnlyOverTls() throws Exception {
        single("server: http://h", "exec: {command: x}, token: t");
        assertEquals("", load(null).token());
    }

    @Test
    void dataBeatsThePathBesideIt() throws Exception {
        single("server: https://h, certificate-authority: x, certificate-authority-data: QUJD", "");
        var inline = assertInstanceOf(KubeConfig.Material.Inline.class, load(null).authority().orElseThrow());
        assertArrayEquals("ABC".getBytes(StandardCharsets.US_ASCII), inline.bytes());
        assertEquals("certificate-authority of cluster \"k\"", inline.role());
    }

    // ---- user

    @Test
    void impersonationBecomesHeaders() throws Exception {
        single("server: https://h", "token: t, as: ann, as-uid: \"42\", as-groups: [dev, ops], as-user-extra: {scopes: [a, b], \"acme/x%\": [c]}");
        assertEquals(List.of(Map.entry("Impersonate-User", "ann"), Map.entry("Impersonate-Uid", "42"), Map.entry("Impersonate-Group", "dev"),
                Map.entry("Impersonate-Group", "ops"), Map.entry("Impersonate-Extra-scopes", "a"), Map.entry("Impersonate-Extra-scopes", "b"),
                Map.entry("Impersonate-Extra-acme%2Fx%25", "c")), load(null).impersonation());
    }

    @Test
    void scalarsStayAsTheyAreWritten() throws Exception {
        single("server: https://h", "token: 0123");
        assertEquals("0123", load(null).token());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "exec: {command: aws}             | exec",
        "auth-provider: {name: gcp}       | auth-provider",
    })
    void whatWeDoNotSupportIsSaid(String user, String feature) throws Exception {
        Path file = single("server: https://h", user);
        assertEquals(new Failure.UnsupportedKubeconfig(file.toString(), "user \"u\"", feature), refusal(null));
    }

    @Test
    void anExecPluginBesideATokenIsNotNeeded() throws Exception {
        single("server: https://h", "token: t, exec: {command: aws}");
        assertEquals("t", load(null).token());
    }

    @Test
    void aProxyIsNotSupportedYet() throws Exception {
        Path file = single("server: https://h, proxy-url: \"http://p\"", "");
        assertEquals(new Failure.UnsupportedKubeconfig(file.toString(), "cluster \"k\"", "proxy-url"), refusal(null));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "''                                                       | ''                              | cluster \"k\" has no server defined",
        "server: \"ftp://h\"                                      | ''                              | cluster \"k\": server \"ftp://h\" is no http or https URL with a host",
        "server: \"https://\"                                     | ''                              | cluster \"k\": server \"https://\" is no URL: Expected authority",
        "server: https://h, insecure-skip-tls-verify: maybe       | ''                              | line 5: insecure-skip-tls-verify must be true or false",
        "server: https://h, insecure-skip-tls-verify: true, certificate-authority: x | ''           | cluster \"k\": specifying a root certificates file with the insecure flag is not allowed",
        "server: https://h, certificate-authority-data: \"A*==\"  | ''                              | certificate-authority-data of cluster \"k\" is not base64: Illegal base64 character 2a",
        "server: https://h                                        | token: t, username: x           | more than one authentication method found for user \"u\"; found [token basicAuth], only one is allowed",
        "server: https://h                                        | client-certificate: x           | user \"u\" has a client-certificate but no client-key",
        "server: https://h                                        | client-key: x                   | user \"u\" has a client-key but no client-certificate",
        "server: https://h                                        | as-groups: [x]                  | requesting uid, groups or user-extra for user \"u\" without impersonating a user",
        "server: https://h                                        | as: \"a\\nb\"                   | user \"u\": Impersonate-User contains a control character",
        "server: https://h                                        | as: a, as-groups: x             | line 6: as-groups must be a list",
        "server: https://h                                        | token: [x]                      | line 6: token must be a single value",
    })
    void contradictionsAreSaid(String cluster, String user, String problem) throws Exception {
        Path file = single(cluster, user);
        assertEquals(new Failure.BadKubeconfig(file.toString(), problem), refusal(null));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "'a: [1'                                                         | line 1: expected ',' or ']', but got <stream end>",
        "'- a'                                                           | line 1: the file must be a mapping",
        "'clusters: {a: b}'                                              | line 1: clusters must be a list",
        "'contexts: [{name: c, context: {cluster: x}}, {name: c}]'       | duplicate name \"c\" in contexts",
        "'current-context: c\ncontexts: [{name: c, context: {cluster: x}}]' | context \"c\" names the cluster \"x\", which does not exist",
        "'current-context: c\ncontexts: [{name: c, context: {cluster: x, user: v}}]\nclusters: [{name: x, cluster: {server: \"https://h\"}}]' | context \"c\" names the user \"v\", which does not exist",
    })
    void brokenFilesAreSaid(String text, String problem) throws Exception {
        Path file = write("broken", text);
        environment.put("KUBECONFIG", file.toString());
        assertEquals(new Failure.BadKubeconfig(file.toString(), problem), refusal(null));
    }

    @Test
    void secretsAreInNoText() throws Exception {
        single("server: https://h", "token: very-secret");
        assertFalse(load(null).toString().contains("secret"));
        assertFalse(new Credentials(load(null)).access().toString().contains("secret"));
    }
}

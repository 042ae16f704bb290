package io.fairlead.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.engine.Failure;
import io.fairlead.engine.ForwardSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ExitCodeTest {
    static Stream<Arguments> failures() {
        return Stream.of(
                Arguments.of(78, new Failure.NoKubeconfig(List.of("~/.kube/config"))),
                Arguments.of(78, new Failure.UnknownContext("prod", List.of("lab"), List.of("config"))),
                Arguments.of(78, new Failure.BadKubeconfig("config", "no YAML")),
                Arguments.of(78, new Failure.UnsupportedKubeconfig("config", "user \"ci\"", "exec")),
                Arguments.of(78, new Failure.FileNotReadable("config", "kubeconfig", "no such file")),
                Arguments.of(69, new Failure.ServerUnreachable("https://a:6443", Failure.ServerUnreachable.Reach.REFUSED, "refused")),
                Arguments.of(76, new Failure.TlsRefused("https://a:6443", Failure.TlsRefused.Cause.UNKNOWN_AUTHORITY, "CN=x")),
                Arguments.of(77, new Failure.Unauthorized("https://a:6443", "lab", "Unauthorized")),
                Arguments.of(77, new Failure.Forbidden(Optional.of("ci"), "create", "pods/portforward", "shop", "no")),
                Arguments.of(1, new Failure.ServerRefused("https://a:6443", 500, "InternalError", "etcd")),
                Arguments.of(66, new Failure.TargetNotFound("pods", "db", "shop", "lab")),
                Arguments.of(75, new Failure.NoPods("deploy/web", "shop", "app=web", Duration.ofMinutes(1))),
                Arguments.of(75, new Failure.PodNotRunning("db", "shop", "Pending")),
                Arguments.of(64, new Failure.NoSelector("db", "shop")),
                Arguments.of(66, new Failure.UnknownPodPort("db", "http", List.of())),
                Arguments.of(66, new Failure.UnknownServicePort("db", "99", false, List.of("80 (http)"))),
                Arguments.of(64, new Failure.UdpPort("svc/dns", "53")),
                Arguments.of(64, new Failure.UnknownType("foo")),
                Arguments.of(64, new Failure.MalformedTarget("a/b/c", "too many slashes")),
                Arguments.of(64, new Failure.MalformedNamespace("../..", "may not contain '/'")),
                Arguments.of(64, new Failure.MalformedPort("x:", "empty")),
                Arguments.of(64, new Failure.PortOutOfRange("70000", "too large")),
                Arguments.of(64, new Failure.MalformedAddress("foo")),
                Arguments.of(73, new Failure.LocalPortsTaken(List.of("8080:80"), List.of("127.0.0.1:8080: address already in use"))),
                Arguments.of(77, new Failure.UpgradeRefused(403, "Forbidden", "no")),
                Arguments.of(77, new Failure.UpgradeRefused(401, "", "")),
                Arguments.of(1, new Failure.UpgradeRefused(500, "", "no route to kubelet")),
                Arguments.of(70, new Failure.Unexpected("a", "b")));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void everyFailureHasItsCode(int code, Failure failure) {
        assertEquals(code, Failures.exitCode(failure).code());
    }

    @Test
    void commandsToTryAskTheClusterThatWasNamed() {
        ForwardSpec named = ForwardSpec.of("db", "1").withKubeconfig(Path.of("my config")).withContext("prod");
        Failure waits = new Failure.PodNotRunning("db", "shop", "Pending");
        assertEquals(waits.message(), Failures.message(waits, ForwardSpec.of("db", "1")));
        assertTrue(Failures.message(waits, named).endsWith("kubectl --kubeconfig 'my config' --context prod -n shop describe pod db"),
                Failures.message(waits, named));
        Failure notFound = new Failure.TargetNotFound("pods", "db", "shop", "prod");
        assertTrue(Failures.message(notFound, named).contains("kubectl --kubeconfig 'my config' --context prod -n shop get pods;"),
                "the context once");
        Failure gone = new Failure.UpgradeRefused(404, "NotFound", "pods \"db\" not found");
        assertTrue(Failures.message(gone, named.withNamespace("shop")).endsWith("kubectl --kubeconfig 'my config' --context prod -n shop get pods"),
                Failures.message(gone, named.withNamespace("shop")));
        assertTrue(Failures.message(gone, ForwardSpec.of("db", "1")).endsWith("kubectl get pods"), "that of the context");
    }

    @Test
    void theTableAboveNamesEveryFailure() {
        Set<Class<?>> tested = failures().map(row -> row.get()[1].getClass()).collect(Collectors.toCollection(HashSet::new));
        assertEquals(Set.of(Failure.class.getPermittedSubclasses()), tested);
    }

    @Test
    void codesAreDistinctAndOnlyACleanEndIsZero() {
        assertEquals(ExitCode.values().length, Arrays.stream(ExitCode.values()).map(ExitCode::code).distinct().count());
        failures().forEach(row -> assertTrue(Failures.exitCode((Failure) row.get()[1]).code() > 0));
    }

    @Test
    void theManualHasTheSameTable() throws IOException {
        String manual = Files.readString(Path.of(System.getProperty("fairlead.root"), "docs", "OPERATING.md"));
        for (ExitCode exit : ExitCode.values()) {
            String row = "| " + exit.code() + " | " + exit.meaning() + " |";
            assertTrue(manual.contains(row), "docs/OPERATING.md lacks: " + row);
        }
    }

    @Test
    void theManualNamesEveryFailure() throws IOException {
        String manual = Files.readString(Path.of(System.getProperty("fairlead.root"), "docs", "OPERATING.md"));
        for (Class<?> failure : Failure.class.getPermittedSubclasses()) {
            assertTrue(manual.contains("`" + failure.getSimpleName() + "`"), "docs/OPERATING.md lacks " + failure.getSimpleName());
        }
    }
}

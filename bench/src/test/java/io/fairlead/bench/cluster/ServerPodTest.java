package io.fairlead.bench.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.models.V1ContainerState;
import io.kubernetes.client.openapi.models.V1ContainerStateRunning;
import io.kubernetes.client.openapi.models.V1ContainerStateWaiting;
import io.kubernetes.client.openapi.models.V1ContainerStatus;
import io.kubernetes.client.openapi.models.V1PodStatus;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.ConnectException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServerPodTest {
    @Test
    void anImageThatTheNodeDoesNotHoldIsNamedWithTheRemedy() {
        assertEquals(Optional.of("the node does not hold the image box:1 and cannot get it (ErrImagePull: no such host);"
                        + " set FAIRLEAD_POD_IMAGE to any image that is"
                + " on the node: nothing of it is run"), ServerPod.missingImage(waiting("ErrImagePull", "no such host"), "box:1"));
        assertEquals(true, ServerPod.missingImage(waiting("ImagePullBackOff", "Back-off pulling image"), "box:1").isPresent());
    }

    @Test
    void aPodThatIsOnItsWayIsNotMissingAnImage() {
        assertEquals(Optional.empty(), ServerPod.missingImage(null, "box:1"));
        assertEquals(Optional.empty(), ServerPod.missingImage(new V1PodStatus(), "box:1"));
        assertEquals(Optional.empty(), ServerPod.missingImage(waiting("ContainerCreating", null), "box:1"));
        assertEquals(Optional.empty(), ServerPod.missingImage(status(new V1ContainerState().running(new V1ContainerStateRunning())), "box:1"));
    }

    @Test
    void aKubeconfigThatCannotBeUsedIsNamedWithTheReasonAndTheRemedy(@TempDir Path folder) throws IOException {
        assertEquals("can't read " + folder + " (kubeconfig)\n        why   it is a directory\n        do    name a file in KUBECONFIG",
                ServerPod.unusable(folder).orElseThrow());
        Path file = folder.resolve("config");
        Files.writeString(file, "a: [b\nc: : d\n");
        String yaml = ServerPod.unusable(file).orElseThrow();
        assertTrue(yaml.startsWith("the kubeconfig " + file + " can't be used\n        why   line 2: expected ',' or ']'"), yaml);
        Files.writeString(file, "kind: Config\n");
        String empty = ServerPod.unusable(file).orElseThrow();
        assertTrue(empty.contains("\n        why   No server in kubeconfig\n        do    correct the file"), empty);
    }

    @Test
    void anApiServerThatRefusesIsToldOnceAndNothingIsToBeRemoved(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("config"), """
                current-context: c
                contexts: [{name: c, context: {cluster: k, user: u}}]
                clusters: [{name: k, cluster: {server: "http://127.0.0.1:1"}}]
                users: [{name: u, user: {token: t}}]
                """);
        String text = ServerPod.unusable(file).orElseThrow();
        assertTrue(text.startsWith("the cluster that " + file + " names can't be used\n        why   http://127.0.0.1:1: no answer"), text);
        PrintStream usual = System.err;
        var said = new ByteArrayOutputStream();
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            assertThrows(ServerPod.NotDeployed.class, () -> ServerPod.deploy(file));
        } finally {
            System.setErr(usual);
        }
        assertEquals("", said.toString(StandardCharsets.UTF_8));
    }

    @Test
    void aNamespaceThatIsGoneIsNotLeftBehind() {
        assertEquals(Optional.empty(), ServerPod.leftBehind("fairlead-x", refused(404, "{\"message\":\"namespaces \\\"fairlead-x\\\" not found\"}")));
    }

    @Test
    void oneThatIsLeftBehindIsToldInALineWithTheRemedy() {
        String remedy = "; remove it: kubectl delete namespace fairlead-x";
        assertEquals(Optional.of("warning: namespace fairlead-x is left behind: 403 namespaces \"fairlead-x\" is forbidden" + remedy),
                ServerPod.leftBehind("fairlead-x", refused(403, "{\"kind\":\"Status\",\"message\":\"namespaces \\\"fairlead-x\\\" is forbidden\"}")));
        assertEquals(Optional.of("warning: namespace fairlead-x is left behind: 502 <html>" + remedy),
                ServerPod.leftBehind("fairlead-x", refused(502, "<html>\n<body>Bad gateway</body>")));
        assertEquals(Optional.of("warning: namespace fairlead-x is left behind: no answer from the API server (Connection refused)" + remedy),
                ServerPod.leftBehind("fairlead-x", new ApiException(new ConnectException("Connection refused"))));
    }

    private static ApiException refused(int code, String body) {
        return new ApiException("refused", code, Map.of("a-header", List.of("whose value nobody wants")), body);
    }

    private static V1PodStatus waiting(String reason, String message) {
        return status(new V1ContainerState().waiting(new V1ContainerStateWaiting().reason(reason).message(message)));
    }

    private static V1PodStatus status(V1ContainerState state) {
        return new V1PodStatus().addContainerStatusesItem(new V1ContainerStatus().name("servers").state(state));
    }
}

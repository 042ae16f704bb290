package io.fairlead.testbed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.fairlead.testbed.api.Access.Deny;
import io.fairlead.testbed.api.Json;
import io.fairlead.testbed.api.Pki;
import io.fairlead.testbed.pod.PodBehaviour;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// The API server's answers, byte for byte where a client shows them to its user. Source: docs/PROTOCOL.md 2.4.
@ExtendWith(LeakCheck.class)
class ApiIT {
    private static final String FORWARD = "/api/v1/namespaces/default/pods/echo/portforward";
    private static final String UPGRADE = "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\n";

    private Testbed testbed;

    @BeforeEach void start() throws IOException {
        testbed = Testbed.builder().start();
        testbed.addPod(PodSpec.named("echo").label("app", "echo").port("tcp", 7000, PodBehaviour.echo()));
    }

    @AfterEach void stop() {
        testbed.close();
    }

    @Test void withoutCredentialsOrWithForeignOnesItIs401() throws Exception {
        String unauthorized = "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":\"Unauthorized\","
                + "\"reason\":\"Unauthorized\",\"code\":401}";
        try (var client = new RawClient(testbed, "")) {
            assertAnswer(client, client.request("GET", "/api/v1/pods", ""), 401, unauthorized);
            assertAnswer(client, client.request("GET", "/api/v1/pods", "Authorization: Bearer nonsense"), 401, unauthorized);
        }
        try (var other = new RawClient(testbed, "tester", new Pki())) {
            assertAnswer(other, other.request("GET", "/api/v1/pods", ""), 401, unauthorized);
        }
    }

    @Test void aTokenWorksUntilItExpires() throws Exception {
        String token = testbed.access().token("ci", "builders");
        try (var client = new RawClient(testbed, "")) {
            assertEquals("PodList", json(client, client.request("GET", "/api/v1/pods", "Authorization: Bearer " + token)).path("kind").asText());
            testbed.access().expire(token);
            assertTrue(client.request("GET", "/api/v1/pods", "Authorization: Bearer " + token).startsWith("HTTP/1.1 401 "));
        }
    }

    @Test void aDenyRuleIsForbiddenInTheWordsOfKubernetes() throws Exception {
        testbed.access().deny(new Deny("ci", "create", "pods/portforward", "default"));
        testbed.access().deny(new Deny("ci", "list", "pods", "*"));
        String token = "Authorization: Bearer " + testbed.access().token("ci");
        try (var client = new RawClient(testbed, "")) {
            String head = client.request("POST", FORWARD, UPGRADE + token);
            assertTrue(head.contains("content-type: application/json"), head);
            assertTrue(head.toLowerCase(java.util.Locale.ROOT).contains("x-content-type-options: nosniff"), head);
            assertEquals("{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":\"pods \\\"echo\\\" is forbidden: User "
                    + "\\\"ci\\\" cannot create resource \\\"pods/portforward\\\" in API group \\\"\\\" in the namespace \\\"default\\\"\",\"reason\":\"Forbidden\","
                    + "\"details\":{\"name\":\"echo\",\"kind\":\"pods\"},\"code\":403}", client.body(head));
            assertEquals("pods is forbidden: User \"ci\" cannot list resource \"pods\" in API group \"\" at the cluster scope",
                    json(client, client.request("GET", "/api/v1/pods", token)).path("message").asText());
        }
    }

    @Test void refusedUpgradesAreToldAsByApiServerAndKubelet() throws Exception {
        testbed.addPod(PodSpec.named("new").unscheduled());
        testbed.addPod(PodSpec.named("slow").phase("Pending"));
        try (var client = new RawClient(testbed, "tester")) {
            assertEquals("pods \"none\" not found", json(client, client.upgrade("none")).path("message").asText());
            assertEquals("pod new does not have a host assigned", json(client, client.upgrade("new")).path("message").asText());
            assertEquals("Upgrade request required", json(client, client.request("POST", FORWARD, "")).path("message").asText());
            assertAnswer(client, client.upgrade("slow"), 500, "pod not found (\"slow_default\")");
        }
        try (var client = new RawClient(testbed, "tester")) {
            String head = client.request("POST", FORWARD, UPGRADE + "X-Stream-Protocol-Version: v9");
            assertTrue(head.contains("X-Accepted-Stream-Protocol-Versions: portforward.k8s.io"), head);
            assertAnswer(client, head, 403, "unable to upgrade: unable to negotiate protocol: client supports [v9], server accepts [portforward.k8s.io]");
        }
        try (var client = new RawClient(testbed, "tester")) {
            assertTrue(client.request("POST", FORWARD, UPGRADE).startsWith("HTTP/1.1 400 "));
        }
    }

    @Test void upgradesCanBeDeniedForAWhile() throws Exception {
        testbed.faults().denyUpgrades(429, 2);
        try (var client = new RawClient(testbed, "tester")) {
            for (int i = 0; i < 2; i++) {
                String head = client.upgrade("echo");
                assertTrue(head.startsWith("HTTP/1.1 429 "), head);
                client.body(head);
            }
            assertTrue(client.upgrade("echo").startsWith("HTTP/1.1 101 "));
        }
    }

    @Test void theSwitchingAnswerCarriesExactlyWhatARealOneDoes() throws Exception {
        try (var client = new RawClient(testbed, "tester")) {
            assertEquals("HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: portforward.k8s.io\r\n\r\n",
                    client.upgrade("echo"));
            assertTrue(client.isSilent(100));
        }
    }

    @Test void listsFollowSelectorsAndNamespaces() throws Exception {
        testbed.addPod(PodSpec.named("other").in("kube-system").label("app", "echo"));
        try (var client = new RawClient(testbed, "tester")) {
            assertEquals(2, json(client, client.request("GET", "/api/v1/pods?labelSelector=app%3Decho", "")).path("items").size());
            assertEquals(1, json(client, client.request("GET", "/api/v1/namespaces/default/pods?labelSelector=app%3Decho", "")).path("items").size());
            assertEquals(1, json(client, client.request("GET", "/api/v1/pods?fieldSelector=metadata.name%3Dother", "")).path("items").size());
            assertEquals(400, json(client, client.request("GET", "/api/v1/pods?labelSelector=a%20b%20c", "")).path("code").asInt());
        }
    }

    @Test void aWatchTellsWhatHappensToADeploymentsPods() throws Exception {
        var pods = testbed.addDeployment("web", 1, PodSpec.named("").port("http", 80, PodBehaviour.http("x")));
        try (var client = new RawClient(testbed, "tester")) {
            String version = json(client, client.request("GET", "/api/v1/pods?labelSelector=app%3Dweb", "")).at("/metadata/resourceVersion").asText();
            String head = client.request("GET", "/api/v1/namespaces/default/pods?watch=true&labelSelector=app%3Dweb&resourceVersion=" + version, "");
            assertTrue(head.startsWith("HTTP/1.1 200 "), head);
            pods.getFirst().terminate();
            assertEquals("MODIFIED " + pods.getFirst().name(), event(client));
            pods.getFirst().kill();
            assertEquals("DELETED " + pods.getFirst().name(), event(client));
            assertEquals("ADDED " + testbed.pods("web").getFirst().name(), event(client));
        }
    }

    @Test void aServicesEndpointSliceFollowsItsPods() throws Exception {
        var pods = testbed.addDeployment("web", 2, PodSpec.named("").port("http", 8080, PodBehaviour.http("x")));
        testbed.addService("web", Map.of("app", "web"), new Testbed.ServicePort("http", 80, "http"));
        String path = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io/service-name%3Dweb";
        try (var client = new RawClient(testbed, "tester")) {
            JsonNode slice = json(client, client.request("GET", path, "")).at("/items/0");
            assertEquals(2, slice.path("endpoints").size());
            assertEquals(8080, slice.at("/ports/0/port").asInt());
            pods.forEach(TestPod::terminate);
            JsonNode ending = json(client, client.request("GET", path, "")).at("/items/0/endpoints/0/conditions");
            assertEquals("{\"ready\":false,\"serving\":true,\"terminating\":true}", ending.toString());
        }
    }

    @Test void theKubeconfigIsTheOwnersAloneAndGoesWithTheTestbed() throws Exception {
        Path file;
        try (var other = Testbed.builder().start()) {
            file = other.kubeconfig();
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        }
        assertTrue(Files.notExists(file.getParent()));
    }

    @Test void workloadsAndServicesAreFoundByTheirPaths() throws Exception {
        testbed.addDeployment("web", 1, PodSpec.named("").port("http", 80, PodBehaviour.http("x")));
        testbed.addService("web", Map.of("app", "web"), new Testbed.ServicePort("http", 8080, "http"));
        try (var client = new RawClient(testbed, "tester")) {
            JsonNode deployment = json(client, client.request("GET", "/apis/apps/v1/namespaces/default/deployments/web", ""));
            assertEquals("web", deployment.at("/spec/selector/matchLabels/app").asText());
            JsonNode service = json(client, client.request("GET", "/api/v1/namespaces/default/services/web", ""));
            assertEquals("http", service.at("/spec/ports/0/targetPort").asText());
            assertEquals("deployments.apps \"none\" not found",
                    json(client, client.request("GET", "/apis/apps/v1/namespaces/default/deployments/none", "")).path("message").asText());
        }
    }

    private static void assertAnswer(RawClient client, String head, int code, String body) throws IOException {
        assertTrue(head.startsWith("HTTP/1.1 " + code + " "), head);
        assertEquals(body, client.body(head));
    }

    private static JsonNode json(RawClient client, String head) throws IOException {
        return Json.parse(client.body(head));
    }

    /// Type and name of the next event of a watch: one chunk.
    private static String event(RawClient client) throws IOException {
        var size = new StringBuilder();
        for (char c; (c = (char) client.in.readUnsignedByte()) != '\n';) {
            size.append(c);
        }
        String chunk = new String(client.in.readNBytes(Integer.parseInt(size.toString().strip(), 16) + 2), StandardCharsets.UTF_8);
        JsonNode event = Json.parse(chunk.strip());
        return event.path("type").asText() + " " + event.at("/object/metadata/name").asText();
    }
}

package io.fairlead.engine.kube;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fairlead.engine.Failure;
import io.fairlead.engine.ForwardException;
import io.fairlead.engine.dial.SharedLoop;
import io.fairlead.engine.resolve.Endpoint;
import io.fairlead.engine.resolve.PortPair;
import io.fairlead.engine.resolve.TargetResolver;

import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.AppsV1Api;
import io.kubernetes.client.openapi.apis.CoreV1Api;
import io.kubernetes.client.openapi.apis.RbacAuthorizationV1Api;
import io.kubernetes.client.openapi.models.AuthenticationV1TokenRequest;
import io.kubernetes.client.openapi.models.V1ContainerPort;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1Namespace;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.kubernetes.client.openapi.models.V1Pod;
import io.kubernetes.client.openapi.models.V1PodTemplateSpec;
import io.kubernetes.client.openapi.models.V1Role;
import io.kubernetes.client.openapi.models.V1RoleBinding;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1ServiceAccount;
import io.kubernetes.client.util.ClientBuilder;
import io.kubernetes.client.util.Yaml;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/// Reads and target resolution against the cluster that `KUBECONFIG` names, in a namespace made for it. The official Java client sets the
/// scene and is the oracle.
@Timeout(180)
class KubeClusterIT {
    private static final String NAMESPACE = "fairlead-it-" + Long.toString(System.nanoTime(), 36);
    private static final Duration LONG = Duration.ofMinutes(1);

    @TempDir
    private static Path folder;

    private static CoreV1Api core;
    private static AppsV1Api apps;
    private static RbacAuthorizationV1Api rbac;
    private static Cluster cluster;

    // ---- the scene

    @BeforeAll
    static void makeTheScene() throws Exception {
        assumeTrue(System.getenv("KUBECONFIG") != null, "needs a cluster: set KUBECONFIG");
        ApiClient client = ClientBuilder.standard().build();
        core = new CoreV1Api(client);
        apps = new AppsV1Api(client);
        rbac = new RbacAuthorizationV1Api(client);
        core.createNamespace(new V1Namespace().metadata(new V1ObjectMeta().name(NAMESPACE))).execute();
        cluster = Cluster.open(Optional.empty(), Optional.empty(), Optional.of(NAMESPACE), SharedLoop.connector());
        deployment("web", 1);
        deployment("empty", 0);
        create("web", """
                selector: {app: web}
                ports:
                - {name: http, port: 80, targetPort: web}
                - {name: plain, port: 81, targetPort: 9000}
                - {name: syslog, port: 514, protocol: UDP}
                """);
        create("bare", "ports: [{port: 80}]");
        account("nobody");
        account("reader");
        rbac.createNamespacedRole(NAMESPACE, Yaml.loadAs("""
                apiVersion: rbac.authorization.k8s.io/v1
                kind: Role
                metadata: {name: reader}
                rules:
                - {apiGroups: [""], resources: [pods], verbs: [get, list]}
                - {apiGroups: [apps], resources: [deployments], verbs: [get]}
                """, V1Role.class)).execute();
        rbac.createNamespacedRoleBinding(NAMESPACE, Yaml.loadAs("""
                apiVersion: rbac.authorization.k8s.io/v1
                kind: RoleBinding
                metadata: {name: reader}
                roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
                subjects: [{kind: ServiceAccount, name: reader, namespace: %s}]
                """.formatted(NAMESPACE), V1RoleBinding.class)).execute();
        until("web runs", () -> webPods().stream().anyMatch(pod -> "Running".equals(pod.getStatus().getPhase())));
    }

    @AfterAll
    static void clean() throws Exception {
        if (cluster != null) {
            cluster.close();
            core.deleteNamespace(NAMESPACE).gracePeriodSeconds(0).execute();
        }
    }

    private static void create(String service, String spec) throws ApiException {
        String text = "apiVersion: v1\nkind: Service\nmetadata: {name: " + service + "}\nspec:\n" + spec.indent(2);
        core.createNamespacedService(NAMESPACE, Yaml.loadAs(text, V1Service.class)).execute();
    }

    /// Pods that run anywhere: those of deployment default/tools where there is one, else a pause container.
    private static void deployment(String name, int replicas) throws ApiException {
        V1Deployment deployment = Yaml.loadAs("""
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: %1$s}
                spec:
                  replicas: %2$d
                  selector: {matchExpressions: [{key: app, operator: In, values: [%1$s]}]}
                  template:
                    metadata: {labels: {app: %1$s}}
                    spec:
                      automountServiceAccountToken: false
                      terminationGracePeriodSeconds: 1
                      containers: [{name: main, image: "registry.k8s.io/pause:3.10"}]
                """.formatted(name, replicas), V1Deployment.class);
        V1PodTemplateSpec template = deployment.getSpec().getTemplate();
        try {
            var known = apps.readNamespacedDeployment("tools", "default").execute().getSpec().getTemplate().getSpec();
            template.getSpec().setContainers(List.of(known.getContainers().getFirst()));
            template.getSpec().setVolumes(known.getVolumes());
        } catch (ApiException e) {
            assertEquals(404, e.getCode());
        }
        template.getSpec().getContainers().getFirst().ports(List.of(
                new V1ContainerPort().name("web").containerPort(8080),
                new V1ContainerPort().name("syslog").containerPort(514).protocol("UDP")));
        apps.createNamespacedDeployment(NAMESPACE, deployment).execute();
    }

    private static void account(String name) throws ApiException {
        core.createNamespacedServiceAccount(NAMESPACE, new V1ServiceAccount().metadata(new V1ObjectMeta().name(name))).execute();
    }

    private static List<V1Pod> webPods() throws ApiException {
        return core.listNamespacedPod(NAMESPACE).labelSelector("app=web").execute().getItems();
    }

    private static void until(String what, Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.call()) {
            assertTrue(System.nanoTime() - deadline < 0, "not within a minute: " + what);
            Thread.sleep(100);
        }
    }

    /// The same server with another credential.
    private static Cluster withToken(String token) throws Exception {
        Access admin = cluster.access();
        StringBuilder authorities = new StringBuilder();
        for (var authority : admin.authorities()) {
            authorities.append(TestCertificates.pem(authority));
        }
        Path file = Files.writeString(folder.resolve("token.kubeconfig"), """
                current-context: other
                contexts: [{name: other, context: {cluster: k, user: u, namespace: %s}}]
                clusters: [{name: k, cluster: {server: "%s", certificate-authority-data: %s}}]
                users: [{name: u, user: {token: "%s"}}]
                """.formatted(NAMESPACE, cluster.server(), Base64.getEncoder().encodeToString(TestCertificates.bytes(authorities.toString())), token));
        return Cluster.open(Optional.of(file), Optional.empty(), Optional.empty(), SharedLoop.connector());
    }

    private static Cluster as(String account) throws Exception {
        return withToken(core.createNamespacedServiceAccountToken(account, NAMESPACE, Yaml.loadAs(
                "apiVersion: authentication.k8s.io/v1\nkind: TokenRequest\nspec: {expirationSeconds: 600, audiences: []}\n",
                AuthenticationV1TokenRequest.class)).execute().getStatus().getToken());
    }

    private static Endpoint resolve(String target, String... ports) throws Exception {
        return new TargetResolver(cluster).resolve(target, List.of(ports), LONG);
    }

    private static Failure refusal(String target, String... ports) {
        return assertThrows(ForwardException.class, () -> resolve(target, ports)).failure();
    }

    // ---- targets

    @Test
    void aPodAndItsWorkloadsLeadToTheSameEndpoint() throws Exception {
        Endpoint endpoint = resolve("deploy/web", "1234:80", ":web");
        assertEquals(List.of(new PortPair(1234, 80), new PortPair(0, 8080)), endpoint.ports());
        var pods = webPods();
        assertTrue(pods.stream().anyMatch(pod -> pod.getMetadata().getUid().equals(endpoint.uid())), endpoint.toString());
        String set = endpoint.pod().substring(0, endpoint.pod().lastIndexOf('-'));
        for (String target : List.of(endpoint.pod(), "pod/" + endpoint.pod(), "rs/" + set, "deployments.v1.apps/web")) {
            assertEquals(endpoint, resolve(target, "1234:80", ":web"), target);
        }
    }

    @Test
    void aServiceMapsItsPortsToThePods() throws Exception {
        assertEquals(List.of(new PortPair(80, 8080), new PortPair(0, 9000), new PortPair(80, 8080)),
                resolve("svc/web", "80", ":plain", "http").ports());
        assertEquals(new Failure.UdpPort("service web", "syslog"), refusal("svc/web", "syslog"));
        assertEquals(new Failure.UnknownServicePort("web", "8080", false, List.of("80 (http)", "81 (plain)", "514 (syslog)")),
                refusal("svc/web", "8080"));
        assertEquals(new Failure.NoSelector("bare", NAMESPACE), refusal("svc/bare", "80"));
    }

    @Test
    void theDnsOfTheClusterIsResolved() throws Exception {
        try (Cluster system = Cluster.open(Optional.empty(), Optional.empty(), Optional.of("kube-system"), SharedLoop.connector())) {
            assumeTrue(!system.pods("kube-system", PodQuery.labelled("k8s-app=kube-dns")).pods().isEmpty(), "the cluster has no CoreDNS");
            TargetResolver resolver = new TargetResolver(system);
            Endpoint endpoint = resolver.resolve("deployment/coredns", List.of("5353:53"), LONG);
            assertEquals(List.of(new PortPair(5353, 53)), endpoint.ports());
            assertEquals(endpoint, resolver.resolve("svc/kube-dns", List.of("5353:53"), LONG));
            assertEquals(endpoint, resolver.resolve("svc/kube-dns", List.of("5353:dns-tcp"), LONG));
            assertEquals(endpoint, resolver.resolve("pod/" + endpoint.pod(), List.of("5353:dns-tcp"), LONG));
        }
    }

    @Test
    void whatIsNotThereIsSaid() throws Exception {
        assertEquals(new Failure.TargetNotFound("pods", "nope", NAMESPACE, cluster.context()), refusal("nope", "80"));
        assertEquals(new Failure.TargetNotFound("deployments.apps", "nope", NAMESPACE, cluster.context()), refusal("deploy/nope", "80"));
        assertEquals(new Failure.TargetNotFound("jobs.batch", "nope", NAMESPACE, cluster.context()), refusal("job/nope", "80"));
        assertEquals(List.of("web", "syslog"), assertInstanceOf(Failure.UnknownPodPort.class, refusal("deploy/web", "http")).known());
        assertInstanceOf(Failure.UdpPort.class, refusal("deploy/web", "514"));
    }

    /// Of the pods that were the same before and after our reading: those of other tests come, change and go.
    @Test
    void ourReadingOfPodsIsTheOfficialClients() throws Exception {
        int compared = 0;
        for (String namespace : List.of(NAMESPACE, "kube-system")) {
            List<V1Pod> before = core.listNamespacedPod(namespace).execute().getItems();
            PodList ours = cluster.pods(namespace, PodQuery.labelled(""));
            for (V1Pod pod : core.listNamespacedPod(namespace).execute().getItems()) {
                if (before.stream().noneMatch(one -> one.getMetadata().getUid().equals(pod.getMetadata().getUid())
                        && one.getMetadata().getResourceVersion().equals(pod.getMetadata().getResourceVersion()))) {
                    continue;
                }
                compared++;
                PodInfo info = ours.pods().stream().filter(one -> one.uid().equals(pod.getMetadata().getUid())).findFirst().orElseThrow();
                assertEquals(pod.getMetadata().getName(), info.name());
                assertEquals(Optional.ofNullable(pod.getSpec().getNodeName()).orElse(""), info.node());
                assertEquals(pod.getMetadata().getCreationTimestamp().toInstant(), info.creation().orElse(Instant.MIN));
                assertEquals(pod.getSpec().getContainers().stream().flatMap(c -> Optional.ofNullable(c.getPorts()).orElse(List.of()).stream())
                        .map(port -> new PodInfo.Port(Optional.ofNullable(port.getName()).orElse(""), port.getContainerPort(), port.getProtocol(), false))
                        .toList(), info.ports().stream().filter(port -> !port.init()).toList());
                var ready = Optional.ofNullable(pod.getStatus().getConditions()).orElse(List.of()).stream()
                        .filter(c -> c.getType().equals("Ready")).findFirst();
                assertEquals(ready.map(c -> c.getLastTransitionTime()).map(OffsetDateTime::toInstant), info.readySince());
            }
        }
        assertTrue(compared > 0, "pods that nobody changed meanwhile");
    }

    // ---- waiting

    @Test
    void withoutPodsTheWaitEndsInTime() {
        long begin = System.nanoTime();
        Failure failure = assertThrows(ForwardException.class,
                () -> new TargetResolver(cluster).resolve("deploy/empty", List.of("80"), Duration.ofMillis(1_500))).failure();
        assertEquals(new Failure.NoPods("deploy/empty", NAMESPACE, "app in (empty)", Duration.ofMillis(1_500)), failure);
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
        assertTrue(millis >= 1_500 && millis < LONG.toMillis(), millis + " ms");
    }

    /// As kubectl, the wait is for a pod to exist; a pod that is new may not run yet.
    @Test
    void aPodThatAppearsEndsTheWait() throws Exception {
        deployment("late", 0);
        var resolving = new FutureTask<>(() -> {
            try {
                return new TargetResolver(cluster).resolve("deploy/late", List.of("80"), LONG).pod();
            } catch (ForwardException e) {
                return assertInstanceOf(Failure.PodNotRunning.class, e.failure(), e::getMessage).pod();
            }
        });
        Thread.ofVirtual().start(resolving);
        assertThrows(java.util.concurrent.TimeoutException.class, () -> resolving.get(500, TimeUnit.MILLISECONDS), "there is no pod yet");
        V1Deployment late = apps.readNamespacedDeployment("late", NAMESPACE).execute();
        late.getSpec().setReplicas(1);
        late.getMetadata().setResourceVersion(null); // the controller may just have written its status
        apps.replaceNamespacedDeployment("late", NAMESPACE, late).execute();
        assertTrue(resolving.get(50, TimeUnit.SECONDS).startsWith("late-"));
    }

    @Test
    void theEndOfAPodIsSeen() throws Exception {
        deployment("doomed", 1);
        until("doomed runs", () -> cluster.pods(NAMESPACE, PodQuery.labelled("app=doomed")).pods().stream().anyMatch(PodInfo::isRunning));
        Endpoint endpoint = resolve("deploy/doomed", "80");
        var gone = new CompletableFuture<String>();
        Thread waiter = Thread.ofVirtual().start(() -> {
            try {
                gone.complete(new TargetResolver(cluster).awaitGone(endpoint));
            } catch (InterruptedException e) {
                gone.completeExceptionally(e);
            }
        });
        assertThrows(java.util.concurrent.TimeoutException.class, () -> gone.get(500, TimeUnit.MILLISECONDS), "the pod runs");
        core.deleteNamespacedPod(endpoint.pod(), NAMESPACE).execute();
        String why = gone.get(30, TimeUnit.SECONDS);
        assertTrue(Pattern.matches("is being deleted|was deleted|is Succeeded|is Failed", why), why);
        assertTrue(waiter.join(Duration.ofSeconds(5)));
        until("the pod is gone", () -> cluster.pods(NAMESPACE, PodQuery.named(endpoint.pod())).pods().isEmpty());
        assertEquals("was deleted", new TargetResolver(cluster).awaitGone(endpoint));
    }

    @Test
    void awaitGoneCanBeInterrupted() throws Exception {
        Endpoint endpoint = resolve("deploy/web", "80");
        var end = new CompletableFuture<Object>();
        Thread waiter = Thread.ofVirtual().start(() -> {
            try {
                end.complete(new TargetResolver(cluster).awaitGone(endpoint));
            } catch (InterruptedException e) {
                end.complete(e);
            }
        });
        assertThrows(java.util.concurrent.TimeoutException.class, () -> end.get(300, TimeUnit.MILLISECONDS));
        waiter.interrupt();
        assertInstanceOf(InterruptedException.class, end.get(10, TimeUnit.SECONDS));
    }

    // ---- rights

    @Test
    void aMissingRightIsNamed() throws Exception {
        try (Cluster nobody = as("nobody")) {
            var failure = assertInstanceOf(Failure.Forbidden.class, assertThrows(ForwardException.class,
                    () -> new TargetResolver(nobody).resolve("deploy/web", List.of("80"), LONG)).failure());
            assertEquals(Optional.of("system:serviceaccount:" + NAMESPACE + ":nobody"), failure.user());
            assertEquals(List.of("get", "deployments.apps", NAMESPACE), List.of(failure.verb(), failure.resource(), failure.namespace()));
        }
    }

    @Test
    void whereWatchingIsForbiddenWePoll() throws Exception {
        try (Cluster reader = as("reader")) {
            assertInstanceOf(Failure.Forbidden.class, assertThrows(ForwardException.class,
                    () -> reader.watch(NAMESPACE, PodQuery.labelled("app=web"), "0")).failure());
            assertInstanceOf(Failure.NoPods.class, assertThrows(ForwardException.class,
                    () -> new TargetResolver(reader).resolve("deploy/empty", List.of("80"), Duration.ofMillis(1_500))).failure());
            assertEquals(1, new TargetResolver(reader).resolve("deploy/web", List.of("80"), LONG).ports().size());
        }
    }

    @Test
    void aWrongTokenIsUnauthorized() throws Exception {
        try (Cluster stranger = withToken("wrong")) {
            assertEquals(new Failure.Unauthorized(cluster.server(), "other", "Unauthorized"), assertThrows(ForwardException.class,
                    () -> new TargetResolver(stranger).resolve("deploy/web", List.of("80"), LONG)).failure());
        }
    }

    @Test
    void anUnknownContextIsSaidBeforeAnythingElse() {
        Failure failure = assertThrows(ForwardException.class,
                () -> Cluster.open(Optional.empty(), Optional.of("no-such-context"), Optional.empty(), SharedLoop.connector())).failure();
        assertEquals("no-such-context", assertInstanceOf(Failure.UnknownContext.class, failure).context());
    }
}

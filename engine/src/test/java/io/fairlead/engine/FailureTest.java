package io.fairlead.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.fairlead.engine.Failure.ServerUnreachable.Reach;
import io.fairlead.engine.Failure.TlsRefused.Cause;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

class FailureTest {
    private static final String SERVER = "https://api.example:6443";
    private static final String DENIED = "pods \"web-0\" is forbidden: User \"ci\" cannot create resource \"pods/portforward\" "
            + "in API group \"\" in the namespace \"shop\"";

    private record Text(Failure failure, String what, String why, String remedy) {
        @Override
        public String toString() {
            return failure.getClass().getSimpleName() + ": " + what;
        }
    }

    static List<Text> texts() {
        return List.of(
                new Text(new Failure.NoKubeconfig(List.of("/a", "/b")),
                        "no kubeconfig found",
                        "looked for /a, /b, and this is not a pod with a service account",
                        "name one with --kubeconfig or $KUBECONFIG, or put it at ~/.kube/config"),
                new Text(new Failure.UnknownContext("prod", List.of("dev", "test"), List.of("/k")),
                        "context \"prod\" does not exist",
                        "/k has \"dev\", \"test\"",
                        "pick one of these with --context"),
                new Text(new Failure.UnknownContext("", List.of(), List.of("/k")),
                        "the kubeconfig has no current context",
                        "/k has no contexts",
                        "name another kubeconfig with --kubeconfig"),
                new Text(new Failure.BadKubeconfig("/k", "line 3: users must be a list"),
                        "the kubeconfig /k can't be used",
                        "line 3: users must be a list",
                        "correct the file (kubectl config view shows how it is read), or name another with --kubeconfig"),
                new Text(new Failure.UnsupportedKubeconfig("/k", "user \"eks\"", "exec"),
                        "the kubeconfig /k needs \"exec\", which fairlead does not support yet",
                        "user \"eks\" uses \"exec\"",
                        "use a context with a client certificate or a token, for instance one made from: kubectl create token SERVICEACCOUNT"),
                new Text(new Failure.UnsupportedKubeconfig("/k", "cluster \"c\"", "proxy-url"),
                        "the kubeconfig /k needs \"proxy-url\", which fairlead does not support yet",
                        "cluster \"c\" uses \"proxy-url\"",
                        "use a context with a client certificate or a token and no proxy"),
                new Text(new Failure.FileNotReadable("/ca.crt", "certificate-authority of cluster \"c\"", "permission denied"),
                        "can't read /ca.crt (certificate-authority of cluster \"c\")",
                        "permission denied",
                        "check that the file is there, that you may read it, and what it contains"),
                new Text(new Failure.ServerUnreachable(SERVER, Reach.REFUSED, "Connection refused"),
                        "the connection to the server api.example:6443 was refused - did you specify the right host or port?",
                        "Connection refused",
                        "check that the API server runs and listens at https://api.example:6443, or pick another cluster with --context"),
                new Text(new Failure.ServerUnreachable(SERVER, Reach.UNKNOWN_HOST, "the name \"api.example\" has no address"),
                        "unable to connect to the server api.example:6443: no such host",
                        "the name \"api.example\" has no address",
                        "check the server's name in the kubeconfig and this machine's DNS, or pick another cluster with --context"),
                new Text(new Failure.ServerUnreachable(SERVER, Reach.TIMED_OUT, "Connect timed out"),
                        "unable to connect to the server api.example:6443: timed out",
                        "Connect timed out",
                        "check the network, the VPN and firewalls on the way to https://api.example:6443"),
                new Text(new Failure.ServerUnreachable(SERVER, Reach.NO_ROUTE, "No route to host"),
                        "unable to connect to the server api.example:6443: no route to it",
                        "No route to host",
                        "check the network, the VPN and firewalls on the way to https://api.example:6443"),
                new Text(new Failure.ServerUnreachable(SERVER, Reach.BROKEN_OFF, "Connection reset"),
                        "the connection to the server api.example:6443 broke off",
                        "Connection reset",
                        "try again; if it stays, check what stands between here and https://api.example:6443"),
                new Text(new Failure.TlsRefused(SERVER, Cause.UNKNOWN_AUTHORITY, "unable to find valid certification path"),
                        "the certificate of the server api.example:6443 is not trusted",
                        "x509: certificate signed by unknown authority: unable to find valid certification path",
                        "put the right certificate-authority into the kubeconfig's cluster; someone may be in between otherwise"),
                new Text(new Failure.TlsRefused(SERVER, Cause.WRONG_NAME, "No name matching api.example found"),
                        "the certificate of the server api.example:6443 is for another name",
                        "No name matching api.example found",
                        "use the name that the certificate carries, or set tls-server-name in the kubeconfig's cluster"),
                new Text(new Failure.TlsRefused(SERVER, Cause.OUT_OF_DATE, "it has expired: NotAfter: yesterday"),
                        "the certificate of the server api.example:6443 is not valid now",
                        "it has expired: NotAfter: yesterday",
                        "renew the server's certificate, or correct this machine's clock"),
                new Text(new Failure.TlsRefused(SERVER, Cause.NOT_TLS, "Unsupported or unrecognized SSL message"),
                        "the server api.example:6443 does not speak TLS",
                        "Unsupported or unrecognized SSL message",
                        "check the server's URL in the kubeconfig"),
                new Text(new Failure.TlsRefused(SERVER, Cause.OTHER, "handshake_failure"),
                        "TLS with the server api.example:6443 failed",
                        "handshake_failure",
                        "check the server's URL in the kubeconfig"),
                new Text(new Failure.Unauthorized(SERVER, "prod", "Unauthorized"),
                        "you must be logged in to the server (Unauthorized)",
                        "api.example:6443 answered 401 to the credentials of context \"prod\"",
                        "renew the token or certificate of this context's user, or pick another context with --context"),
                new Text(Failure.Forbidden.of(DENIED, "get", "pods", "other"),
                        "the API server refused: (Forbidden) " + DENIED,
                        "user \"ci\" may not create pods/portforward in namespace \"shop\"",
                        "ask for that permission (kubectl auth can-i create pods/portforward -n shop), or pick another context with --context"),
                new Text(Failure.Forbidden.of("denied by a webhook", "get", "deployments.apps", "shop"),
                        "the API server refused: (Forbidden) denied by a webhook",
                        "this user may not get deployments.apps in namespace \"shop\"",
                        "ask for that permission (kubectl auth can-i get deployments.apps -n shop), or pick another context with --context"),
                new Text(new Failure.ServerRefused(SERVER, 500, "InternalError", "etcdserver: request timed out"),
                        "the server api.example:6443 answered 500 InternalError",
                        "etcdserver: request timed out",
                        "try again; if it stays, look at the API server's log"),
                new Text(new Failure.ServerRefused(SERVER, 404, "", ""),
                        "the server api.example:6443 answered 404 Not Found",
                        "it gave no reason",
                        "check that the server's URL in the kubeconfig is a Kubernetes API server's"),
                new Text(new Failure.ServerRefused(SERVER, 503, "", "shutting down"),
                        "the server api.example:6443 answered 503 Service Unavailable",
                        "shutting down",
                        "the server is busy or starting: try again in a moment"),
                new Text(new Failure.TargetNotFound("deployments.apps", "web", "shop", "prod"),
                        "(NotFound): deployments.apps \"web\" not found",
                        "namespace \"shop\" of context \"prod\" has none of this name",
                        "look with: kubectl --context prod -n shop get deployments.apps; other namespace: -n NAMESPACE"),
                new Text(new Failure.NoPods("deploy/web", "shop", "app=web", Duration.ofMinutes(1)),
                        "timed out waiting for the condition: deploy/web has no pods",
                        "in 60 s no pod with the labels app=web appeared in namespace \"shop\"",
                        "scale deploy/web up, or wait longer with --pod-running-timeout"),
                new Text(new Failure.PodNotRunning("web-0", "shop", "Pending"),
                        "unable to forward port because pod is not running. Current status=Pending",
                        "pod \"web-0\" in namespace \"shop\" is Pending, not Running",
                        "see what it waits for: kubectl -n shop describe pod web-0"),
                new Text(new Failure.NoSelector("db", "shop"),
                        "cannot attach to *v1.Service: invalid service 'db': Service is defined without a selector",
                        "service \"db\" in namespace \"shop\" names no labels, so it leads to no pods of its own",
                        "forward to a pod or a workload instead"),
                new Text(new Failure.UnknownPodPort("web-0", "htp", List.of("http", "admin")),
                        "Pod 'web-0' does not have a named port 'htp'",
                        "its containers name \"http\", \"admin\"",
                        "use one of these names, or the port's number"),
                new Text(new Failure.UnknownPodPort("web-0", "http", List.of()),
                        "Pod 'web-0' does not have a named port 'http'",
                        "its containers name no ports",
                        "give the port's number"),
                new Text(new Failure.UnknownServicePort("web", "99", false, List.of("80 (http)", "443")),
                        "Service web does not have a service port 99",
                        "its ports are 80 (http), 443",
                        "use one of the service's own ports, not those of its pods; or forward to a pod instead"),
                new Text(new Failure.UnknownServicePort("web", "htp", true, List.of()),
                        "Service 'web' does not have a named port 'htp'",
                        "it has no ports",
                        "use one of the service's own ports, not those of its pods; or forward to a pod instead"),
                new Text(new Failure.UdpPort("service kube-dns", "53"),
                        "UDP protocol is not supported for 53",
                        "port 53 of service kube-dns is UDP; Kubernetes forwards TCP only",
                        "name a TCP port"),
                new Text(new Failure.UnknownType("foo"),
                        "the server doesn't have a resource type \"foo\" that can be forwarded to",
                        "a target is a pod, service, deployment, replicaset, statefulset, daemonset, job or replicationcontroller",
                        "write TYPE/NAME with one of these types or its short form (po, svc, deploy, rs, sts, ds, rc)"),
                new Text(new Failure.MalformedTarget("a/b/c", "arguments in resource/name form may not have more than one slash"),
                        "\"a/b/c\" is no target",
                        "arguments in resource/name form may not have more than one slash",
                        "write TYPE/NAME, for instance svc/web, or a pod's name"),
                new Text(new Failure.MalformedNamespace("../..", "may not contain '/'"),
                        "invalid namespace \"../..\"",
                        "may not contain '/'",
                        "write the name of one (kubectl get namespaces shows them), for instance -n default"),
                new Text(new Failure.MalformedPort("x:80", "error parsing local port 'x'"),
                        "\"x:80\" is no port to forward",
                        "error parsing local port 'x'",
                        "write REMOTE, LOCAL:REMOTE or :REMOTE, for instance 8080:80; REMOTE may be a port's name"),
                new Text(new Failure.PortOutOfRange("70000", "value out of range"),
                        "the port in \"70000\" is out of range",
                        "value out of range",
                        "use 1 to 65535; on the left side 0 or nothing means any free port"),
                new Text(new Failure.MalformedAddress("example.org"),
                        "example.org is not a valid IP",
                        "--address takes IP addresses of this machine and the word localhost",
                        "write the IP address, for instance 0.0.0.0 for all of this machine"),
                new Text(new Failure.LocalPortsTaken(List.of("8080:80"), List.of("127.0.0.1:8080: in use", "[::1]:8080: in use")),
                        "unable to listen on any of the requested ports: 8080:80",
                        "127.0.0.1:8080: in use; [::1]:8080: in use",
                        "end the program that holds the port (ss -ltnp shows it), or choose another: OTHER:REMOTE, or :REMOTE for any free one"),
                new Text(new Failure.UpgradeRefused(403, "Forbidden", DENIED),
                        "error upgrading connection: " + DENIED,
                        "the API server refused the port-forward upgrade: 403 Forbidden",
                        "ask for the right to create (and get) pods/portforward in this namespace, or pick another context with --context"),
                new Text(new Failure.UpgradeRefused(500, "", "error dialing backend: dial tcp 10.0.0.9:10250: connect: connection refused"),
                        "error upgrading connection: error dialing backend: dial tcp 10.0.0.9:10250: connect: connection refused",
                        "the API server refused the port-forward upgrade: 500 Internal Server Error",
                        "the API server may not reach the pod's node: look at kubectl get nodes"),
                new Text(new Failure.UpgradeRefused(404, "NotFound", "pods \"web-0\" not found"),
                        "error upgrading connection: pods \"web-0\" not found",
                        "the API server refused the port-forward upgrade: 404 NotFound",
                        "the pod may be gone: look with kubectl get pods"),
                new Text(new Failure.UpgradeRefused(302, "", ""),
                        "error upgrading connection: 302",
                        "the API server refused the port-forward upgrade: 302",
                        "check what stands between here and the API server"),
                new Text(new Failure.Unexpected("opening failed", "java.lang.IllegalStateException"),
                        "opening failed",
                        "java.lang.IllegalStateException",
                        "run again with -v=4 and report what it prints"));
    }

    @ParameterizedTest
    @MethodSource("texts")
    void saysWhatHappenedWhyAndWhatToDo(Text text) {
        assertEquals(text.what, text.failure.what());
        assertEquals(text.why, text.failure.why());
        assertEquals(text.remedy, text.failure.remedy());
        assertEquals(text.what + "\n        why   " + text.why + "\n        do    " + text.remedy, text.failure.message());
    }

    @Test
    void everyKindOfFailureHasATestedText() {
        Set<Class<?>> kinds = new HashSet<>(Arrays.asList(Failure.class.getPermittedSubclasses()));
        texts().forEach(text -> kinds.remove(text.failure.getClass()));
        assertEquals(Set.of(), kinds);
    }

    @Test
    void everyStatusCodeHasAnUpgradeRemedyOfItsOwnWords() {
        Stream.of(400, 401, 403, 404, 405, 429, 500, 502, 503, 504)
                .map(code -> new Failure.UpgradeRefused(code, "", ""))
                .forEach(failure -> {
                    assertFalse(failure.remedy().isBlank());
                    assertEquals("error upgrading connection: " + failure.why().replaceFirst(".*: ", ""), failure.what());
                });
    }

    @Test
    void readsTheMissingRightFromTheServersWords() {
        var denied = Failure.Forbidden.of("deployments.apps \"web\" is forbidden: User \"system:serviceaccount:a:b\" cannot get resource "
                + "\"deployments\" in API group \"apps\" in the namespace \"shop\": RBAC: role not found", "get", "x", "y");
        assertEquals(Optional.of("system:serviceaccount:a:b"), denied.user());
        assertEquals(List.of("get", "deployments.apps", "shop"), List.of(denied.verb(), denied.resource(), denied.namespace()));

        var impersonation = Failure.Forbidden.of("users \"v\" is forbidden: User \"DOM\\\\ann\" cannot impersonate resource \"users\" "
                + "in API group \"\" at the cluster scope", "get", "pods", "shop");
        assertEquals(Optional.of("DOM\\ann"), impersonation.user());
        assertEquals(List.of("impersonate", "users", ""), List.of(impersonation.verb(), impersonation.resource(), impersonation.namespace()));
        assertEquals("user \"DOM\\ann\" may not impersonate users in the cluster", impersonation.why());
    }
}

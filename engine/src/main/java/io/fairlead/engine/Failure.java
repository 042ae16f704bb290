package io.fairlead.engine;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Why a forward could not be started or an attempt to reconnect failed, as facts. Texts are made here and nowhere else, for the person
/// at the terminal; where kubectl has a sentence that people search for, ours contains it.
public sealed interface Failure {
    /// What happened.
    String what();

    /// Why, as far as it is known.
    String why();

    /// What the user can do about it.
    String remedy();

    /// The three lines as one text. No record may have a component of this name: its accessor would take this one's place.
    default String message() {
        return what() + "\n        why   " + why() + "\n        do    " + remedy();
    }

    // ---- kubeconfig and credentials

    /// No kubeconfig anywhere, and not inside a pod.
    record NoKubeconfig(List<String> looked) implements Failure {
        @Override
        public String what() {
            return "no kubeconfig found";
        }

        @Override
        public String why() {
            return "looked for " + String.join(", ", looked) + ", and this is not a pod with a service account";
        }

        @Override
        public String remedy() {
            return "name one with --kubeconfig or $KUBECONFIG, or put it at ~/.kube/config";
        }
    }

    /// The context asked for is in no kubeconfig; `context` is empty when none was asked for and none is the current one.
    record UnknownContext(String context, List<String> known, List<String> files) implements Failure {
        @Override
        public String what() {
            return context.isEmpty() ? "the kubeconfig has no current context" : "context \"" + context + "\" does not exist";
        }

        @Override
        public String why() {
            return String.join(", ", files) + (known.isEmpty() ? " has no contexts" : " has " + quoted(known));
        }

        @Override
        public String remedy() {
            return known.isEmpty() ? "name another kubeconfig with --kubeconfig" : "pick one of these with --context";
        }
    }

    /// The kubeconfig is no YAML, or says things that contradict each other or are missing.
    record BadKubeconfig(String file, String problem) implements Failure {
        @Override
        public String what() {
            return "the kubeconfig " + file + " can't be used";
        }

        @Override
        public String why() {
            return problem;
        }

        @Override
        public String remedy() {
            return "correct the file (kubectl config view shows how it is read), or name another with --kubeconfig";
        }
    }

    /// The kubeconfig asks for something that we do not do.
    record UnsupportedKubeconfig(String file, String entry, String feature) implements Failure {
        @Override
        public String what() {
            return "the kubeconfig " + file + " needs \"" + feature + "\", which fairlead does not support yet";
        }

        @Override
        public String why() {
            return entry + " uses \"" + feature + "\"";
        }

        @Override
        public String remedy() {
            return "use a context with a client certificate or a token"
                    + (feature.equals("proxy-url") ? " and no proxy" : ", for instance one made from: kubectl create token SERVICEACCOUNT");
        }
    }

    /// A file that the user or the kubeconfig names can't be read or makes no sense.
    ///
    /// @param role what the file is for, for instance `kubeconfig` or `client-key of user "ci"`
    record FileNotReadable(String path, String role, String problem) implements Failure {
        @Override
        public String what() {
            return "can't read " + path + " (" + role + ")";
        }

        @Override
        public String why() {
            return problem;
        }

        @Override
        public String remedy() {
            return "check that the file is there, that you may read it, and what it contains";
        }
    }

    // ---- the way to the server

    /// No answer from the server at all.
    record ServerUnreachable(String server, Reach reach, String detail) implements Failure {
        /// How far we came.
        public enum Reach { REFUSED, TIMED_OUT, NO_ROUTE, UNKNOWN_HOST, BROKEN_OFF }

        @Override
        public String what() {
            return switch (reach) {
                case REFUSED -> "the connection to the server " + bare(server) + " was refused - did you specify the right host or port?";
                case UNKNOWN_HOST -> "unable to connect to the server " + bare(server) + ": no such host";
                case TIMED_OUT -> "unable to connect to the server " + bare(server) + ": timed out";
                case NO_ROUTE -> "unable to connect to the server " + bare(server) + ": no route to it";
                case BROKEN_OFF -> "the connection to the server " + bare(server) + " broke off";
            };
        }

        @Override
        public String why() {
            return detail;
        }

        @Override
        public String remedy() {
            return switch (reach) {
                case REFUSED -> "check that the API server runs and listens at " + server + ", or pick another cluster with --context";
                case UNKNOWN_HOST -> "check the server's name in the kubeconfig and this machine's DNS, or pick another cluster with --context";
                case TIMED_OUT, NO_ROUTE -> "check the network, the VPN and firewalls on the way to " + server;
                case BROKEN_OFF -> "try again; if it stays, check what stands between here and " + server;
            };
        }
    }

    /// TLS to the server failed.
    record TlsRefused(String server, Cause cause, String detail) implements Failure {
        /// What was wrong with it.
        public enum Cause { UNKNOWN_AUTHORITY, WRONG_NAME, OUT_OF_DATE, NOT_TLS, OTHER }

        @Override
        public String what() {
            return switch (cause) {
                case UNKNOWN_AUTHORITY -> "the certificate of the server " + bare(server) + " is not trusted";
                case WRONG_NAME -> "the certificate of the server " + bare(server) + " is for another name";
                case OUT_OF_DATE -> "the certificate of the server " + bare(server) + " is not valid now";
                case NOT_TLS -> "the server " + bare(server) + " does not speak TLS";
                case OTHER -> "TLS with the server " + bare(server) + " failed";
            };
        }

        @Override
        public String why() {
            return switch (cause) {
                case UNKNOWN_AUTHORITY -> "x509: certificate signed by unknown authority: " + detail;
                default -> detail;
            };
        }

        @Override
        public String remedy() {
            return switch (cause) {
                case UNKNOWN_AUTHORITY -> "put the right certificate-authority into the kubeconfig's cluster; someone may be in between otherwise";
                case WRONG_NAME -> "use the name that the certificate carries, or set tls-server-name in the kubeconfig's cluster";
                case OUT_OF_DATE -> "renew the server's certificate, or correct this machine's clock";
                case NOT_TLS, OTHER -> "check the server's URL in the kubeconfig";
            };
        }
    }

    // ---- the server's answers

    /// 401.
    record Unauthorized(String server, String context, String said) implements Failure {
        @Override
        public String what() {
            return "you must be logged in to the server (Unauthorized)";
        }

        @Override
        public String why() {
            return bare(server) + " answered 401 to the credentials of context \"" + context + "\""
                    + (said.isEmpty() || said.equals("Unauthorized") ? "" : ": " + said);
        }

        @Override
        public String remedy() {
            return "renew the token or certificate of this context's user, or pick another context with --context";
        }
    }

    /// 403, with the right that is missing.
    ///
    /// @param user as the server names it; empty when it does not
    /// @param namespace empty for a right on the whole cluster
    /// @param said by the server, unchanged
    record Forbidden(Optional<String> user, String verb, String resource, String namespace, String said) implements Failure {
        private static final String QUOTED = "\"((?:[^\"\\\\]|\\\\.)*)\"";
        private static final Pattern DENIED = Pattern.compile("User " + QUOTED + " cannot (\\S+) resource " + QUOTED
                + " in API group " + QUOTED + "(?: in the namespace " + QUOTED + "| at the cluster scope)");

        /// Reads the right out of the server's message; where it has none, takes what we asked for.
        public static Forbidden of(String message, String verb, String resource, String namespace) {
            Matcher denied = DENIED.matcher(message);
            if (!denied.find()) {
                return new Forbidden(Optional.empty(), verb, resource, namespace, message);
            }
            String group = denied.group(4);
            String denial = denied.group(3);
            return new Forbidden(Optional.of(unquoted(denied.group(1))), denied.group(2), group.isEmpty() ? denial : denial + "." + group,
                    denied.group(5) == null ? "" : unquoted(denied.group(5)), message);
        }

        @Override
        public String what() {
            return "the API server refused: (Forbidden) " + said;
        }

        @Override
        public String why() {
            return user.map(name -> "user \"" + name + "\"").orElse("this user") + " may not " + verb + " " + resource
                    + (namespace.isEmpty() ? " in the cluster" : " in namespace \"" + namespace + "\"");
        }

        @Override
        public String remedy() {
            return "ask for that permission (kubectl auth can-i " + verb + " " + resource
                    + (namespace.isEmpty() ? "" : " -n " + namespace) + "), or pick another context with --context";
        }
    }

    /// Any other answer that is no success.
    record ServerRefused(String server, int code, String reason, String said) implements Failure {
        @Override
        public String what() {
            return "the server " + bare(server) + " answered " + status(code, reason);
        }

        @Override
        public String why() {
            return said.isEmpty() ? "it gave no reason" : said;
        }

        @Override
        public String remedy() {
            return switch (code) {
                case 429, 503 -> "the server is busy or starting: try again in a moment";
                case 404 -> "check that the server's URL in the kubeconfig is a Kubernetes API server's";
                default -> code >= 500 ? "try again; if it stays, look at the API server's log" : "check the server's URL and version";
            };
        }
    }

    // ---- the target

    /// The named object is not there.
    ///
    /// @param resource as the server calls it, for instance `pods` or `deployments.apps`
    record TargetNotFound(String resource, String name, String namespace, String context) implements Failure {
        @Override
        public String what() {
            return "(NotFound): " + resource + " \"" + name + "\" not found";
        }

        @Override
        public String why() {
            return "namespace \"" + namespace + "\" of context \"" + context + "\" has none of this name";
        }

        @Override
        public String remedy() {
            return "look with: kubectl --context " + context + " -n " + namespace + " get " + resource + "; other namespace: -n NAMESPACE";
        }
    }

    /// No pod carries the target's labels, though we waited.
    record NoPods(String target, String namespace, String selector, Duration waited) implements Failure {
        @Override
        public String what() {
            return "timed out waiting for the condition: " + target + " has no pods";
        }

        @Override
        public String why() {
            return "in " + spoken(waited) + " no pod with the labels " + selector + " appeared in namespace \"" + namespace + "\"";
        }

        @Override
        public String remedy() {
            return "scale " + target + " up, or wait longer with --pod-running-timeout";
        }
    }

    /// The pod is there, but does not run.
    record PodNotRunning(String pod, String namespace, String phase) implements Failure {
        @Override
        public String what() {
            return "unable to forward port because pod is not running. Current status=" + phase;
        }

        @Override
        public String why() {
            return "pod \"" + pod + "\" in namespace \"" + namespace + "\" is "
                    + (phase.isEmpty() ? "in no known phase" : phase) + ", not Running";
        }

        @Override
        public String remedy() {
            return "see what it waits for: kubectl -n " + namespace + " describe pod " + pod;
        }
    }

    /// The service selects no pods by label.
    record NoSelector(String service, String namespace) implements Failure {
        @Override
        public String what() {
            return "cannot attach to *v1.Service: invalid service '" + service + "': Service is defined without a selector";
        }

        @Override
        public String why() {
            return "service \"" + service + "\" in namespace \"" + namespace + "\" names no labels, so it leads to no pods of its own";
        }

        @Override
        public String remedy() {
            return "forward to a pod or a workload instead";
        }
    }

    /// The pod has no container port of this name.
    record UnknownPodPort(String pod, String port, List<String> known) implements Failure {
        @Override
        public String what() {
            return "Pod '" + pod + "' does not have a named port '" + port + "'";
        }

        @Override
        public String why() {
            return known.isEmpty() ? "its containers name no ports" : "its containers name " + quoted(known);
        }

        @Override
        public String remedy() {
            return known.isEmpty() ? "give the port's number" : "use one of these names, or the port's number";
        }
    }

    /// The service has no port of this name or number.
    ///
    /// @param known its ports, for instance `80 (http)`
    record UnknownServicePort(String service, String port, boolean named, List<String> known) implements Failure {
        @Override
        public String what() {
            return named
                    ? "Service '" + service + "' does not have a named port '" + port + "'"
                    : "Service " + service + " does not have a service port " + port;
        }

        @Override
        public String why() {
            return known.isEmpty() ? "it has no ports" : "its ports are " + String.join(", ", known);
        }

        @Override
        public String remedy() {
            return "use one of the service's own ports, not those of its pods; or forward to a pod instead";
        }
    }

    /// The port speaks UDP and not TCP.
    record UdpPort(String target, String port) implements Failure {
        @Override
        public String what() {
            return "UDP protocol is not supported for " + port;
        }

        @Override
        public String why() {
            return "port " + port + " of " + target + " is UDP; Kubernetes forwards TCP only";
        }

        @Override
        public String remedy() {
            return "name a TCP port";
        }
    }

    // ---- the command line

    /// A type that is unknown or leads to no pods.
    record UnknownType(String type) implements Failure {
        @Override
        public String what() {
            return "the server doesn't have a resource type \"" + type + "\" that can be forwarded to";
        }

        @Override
        public String why() {
            return "a target is a pod, service, deployment, replicaset, statefulset, daemonset, job or replicationcontroller";
        }

        @Override
        public String remedy() {
            return "write TYPE/NAME with one of these types or its short form (po, svc, deploy, rs, sts, ds, rc)";
        }
    }

    /// The target is not `TYPE/NAME` or a name.
    record MalformedTarget(String target, String problem) implements Failure {
        @Override
        public String what() {
            return "\"" + target + "\" is no target";
        }

        @Override
        public String why() {
            return problem;
        }

        @Override
        public String remedy() {
            return "write TYPE/NAME, for instance svc/web, or a pod's name";
        }
    }

    /// A namespace that cannot be.
    record MalformedNamespace(String namespace, String problem) implements Failure {
        @Override
        public String what() {
            return "invalid namespace \"" + namespace + "\"";
        }

        @Override
        public String why() {
            return problem;
        }

        @Override
        public String remedy() {
            return "write the name of one (kubectl get namespaces shows them), for instance -n default";
        }
    }

    /// A port that no one can make sense of.
    record MalformedPort(String spec, String problem) implements Failure {
        @Override
        public String what() {
            return "\"" + spec + "\" is no port to forward";
        }

        @Override
        public String why() {
            return problem;
        }

        @Override
        public String remedy() {
            return "write REMOTE, LOCAL:REMOTE or :REMOTE, for instance 8080:80; REMOTE may be a port's name";
        }
    }

    /// A port number that does not fit 1 to 65535 (local: 0 to 65535).
    record PortOutOfRange(String spec, String problem) implements Failure {
        @Override
        public String what() {
            return "the port in \"" + spec + "\" is out of range";
        }

        @Override
        public String why() {
            return problem;
        }

        @Override
        public String remedy() {
            return "use 1 to 65535; on the left side 0 or nothing means any free port";
        }
    }

    /// An address to listen on that is neither an IP address nor `localhost`.
    record MalformedAddress(String address) implements Failure {
        @Override
        public String what() {
            return address + " is not a valid IP";
        }

        @Override
        public String why() {
            return "--address takes IP addresses of this machine and the word localhost";
        }

        @Override
        public String remedy() {
            return "write the IP address, for instance 0.0.0.0 for all of this machine";
        }
    }

    /// Not one of the local ports asked for could be bound.
    ///
    /// @param ports as asked for
    /// @param causes one for each bind that failed, for instance `127.0.0.1:8080: address already in use`
    record LocalPortsTaken(List<String> ports, List<String> causes) implements Failure {
        @Override
        public String what() {
            return "unable to listen on any of the requested ports: " + String.join(" ", ports);
        }

        @Override
        public String why() {
            return causes.isEmpty() ? "binding failed" : String.join("; ", causes);
        }

        @Override
        public String remedy() {
            return causes.stream().anyMatch(cause -> cause.contains("Cannot assign"))
                    ? "name an address of this machine (ip addr shows them), or 0.0.0.0 for all of them"
                    : "end the program that holds the port (ss -ltnp shows it), or choose another: OTHER:REMOTE, or :REMOTE for any free one";
        }
    }

    // ---- the session

    /// The server answered the upgrade with something else.
    ///
    /// @param reason of a Status body; empty when the answer was plain text
    /// @param said the Status body's message, or the plain text
    record UpgradeRefused(int code, String reason, String said) implements Failure {
        @Override
        public String what() {
            return "error upgrading connection: " + (said.isEmpty() ? status(code, reason) : said);
        }

        @Override
        public String why() {
            return "the API server refused the port-forward upgrade: " + status(code, reason);
        }

        @Override
        public String remedy() {
            return switch (code) {
                case 401 -> "renew the token or certificate of this context's user, or pick another context with --context";
                case 403 -> "ask for the right to create (and get) pods/portforward in this namespace, or pick another context with --context";
                case 404 -> "the pod may be gone: look with kubectl get pods";
                case 400 -> "the pod may not be on a node yet, or something in between removed the Upgrade header";
                case 429 -> "the node has too many sessions waiting: try again in a minute";
                default -> code >= 500
                        ? "the API server may not reach the pod's node: look at kubectl get nodes"
                        : "check what stands between here and the API server";
            };
        }
    }

    /// A bug of ours, or something nobody foresaw.
    record Unexpected(String what, String why) implements Failure {
        @Override
        public String remedy() {
            return "run again with -v=4 and report what it prints";
        }
    }

    private static String bare(String server) {
        return server.replaceFirst("^https?://", "").replaceFirst("/+$", "");
    }

    private static String status(int code, String reason) {
        String name = reason.isEmpty() ? standardName(code) : reason;
        return name.isEmpty() ? String.valueOf(code) : code + " " + name;
    }

    private static String standardName(int code) {
        return switch (code) {
            case 400 -> "Bad Request";
            case 401 -> "Unauthorized";
            case 403 -> "Forbidden";
            case 404 -> "Not Found";
            case 405 -> "Method Not Allowed";
            case 429 -> "Too Many Requests";
            case 500 -> "Internal Server Error";
            case 502 -> "Bad Gateway";
            case 503 -> "Service Unavailable";
            case 504 -> "Gateway Timeout";
            default -> "";
        };
    }

    private static String quoted(List<String> names) {
        return names.stream().map(name -> "\"" + name + "\"").reduce((a, b) -> a + ", " + b).orElse("");
    }

    private static String unquoted(String go) {
        return go.replaceAll("\\\\(.)", "$1");
    }

    private static String spoken(Duration waited) {
        return waited.compareTo(Duration.ofSeconds(1)) < 0 ? waited.toMillis() + " ms" : waited.toSeconds() + " s";
    }
}

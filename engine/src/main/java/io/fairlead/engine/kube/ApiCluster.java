package io.fairlead.engine.kube;

import io.fairlead.engine.Failure;
import io.fairlead.engine.ForwardException;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/// A cluster over its API. Holds at most one idle connection, which the next read within a few seconds uses again: resolving a target is
/// three or four reads, and a TLS handshake costs more than each of them.
final class ApiCluster implements Cluster {
    /// Largest answer we read, in bytes: more pods than any node of ours could ever forward to. Beyond it the read fails.
    private static final int ANSWER_BYTES_MAX = 256 * 1024 * 1024;
    /// How long one read of an answer may take, in milliseconds; the API server ends a request after 60 s itself.
    private static final int ANSWER_MILLIS = 60_000;
    /// How long an idle connection is trusted, in nanoseconds. Older ones may have been dropped on the way without a word.
    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(10);
    /// How long the server keeps a watch, in seconds. Then we list again, which also notices what the watch may have missed.
    private static final int WATCH_SECONDS = 240;

    private record Idle(HttpConnection connection, long sinceNanos) {}

    /// What is asked for, in the words of a missing right.
    private record Request(String verb, String resource, String namespace, String name, String path) {}

    private record Answer(HttpConnection connection, HttpConnection.Response response) {}

    private final KubeConfig.Settings settings;
    private final Credentials credentials;
    private final Connector connector;
    private final AtomicReference<Idle> idle = new AtomicReference<>();
    private volatile boolean closed;

    ApiCluster(KubeConfig.Settings settings, Connector connector) {
        this.settings = settings;
        this.connector = connector;
        this.credentials = new Credentials(settings);
    }

    @Override
    public String context() {
        return settings.context();
    }

    @Override
    public String namespace() {
        return settings.namespace();
    }

    @Override
    public String server() {
        return settings.server();
    }

    @Override
    public Access access() throws ForwardException {
        return credentials.access();
    }

    @Override
    public void rejected() {
        credentials.rejected();
    }

    // ---- reads

    @Override
    public PodInfo pod(String namespace, String name) throws ForwardException, InterruptedException {
        return ApiObjects.pod(object(Kind.POD, namespace, name));
    }

    @Override
    public ServiceInfo service(String namespace, String name) throws ForwardException, InterruptedException {
        return ApiObjects.service(object(Kind.SERVICE, namespace, name));
    }

    @Override
    public String selector(Kind workload, String namespace, String name) throws ForwardException, InterruptedException {
        return ApiObjects.selector(workload, object(workload, namespace, name));
    }

    @Override
    public PodList pods(String namespace, PodQuery query) throws ForwardException, InterruptedException {
        Json list = read(new Request("list", "pods", namespace, "", podsPath(namespace, query, "")));
        List<PodInfo> pods = new ArrayList<>();
        for (Json item : list.at("items").items()) {
            pods.add(ApiObjects.pod(item));
        }
        return new PodList(pods, list.at("metadata", "resourceVersion").text());
    }

    @Override
    public PodWatch watch(String namespace, PodQuery query, String resourceVersion) throws ForwardException, InterruptedException {
        String more = "watch=true&timeoutSeconds=" + WATCH_SECONDS + "&resourceVersion=" + encoded(resourceVersion);
        Answer answer = ask(new Request("watch", "pods", namespace, "", podsPath(namespace, query, more)));
        return new ApiPodWatch(answer.connection, answer.response.body());
    }

    private Json object(Kind kind, String namespace, String name) throws ForwardException, InterruptedException {
        String path = kind.apiRoot() + "/namespaces/" + UrlPath.segment(namespace) + "/" + kind.plural() + "/" + UrlPath.segment(name);
        return read(new Request("get", kind.qualified(), namespace, name, path));
    }

    private static String podsPath(String namespace, PodQuery query, String more) {
        StringJoiner parameters = new StringJoiner("&");
        if (!query.labelSelector().isEmpty()) {
            parameters.add("labelSelector=" + encoded(query.labelSelector()));
        }
        if (!query.fieldSelector().isEmpty()) {
            parameters.add("fieldSelector=" + encoded(query.fieldSelector()));
        }
        if (!more.isEmpty()) {
            parameters.add(more);
        }
        return "/api/v1/namespaces/" + UrlPath.segment(namespace) + "/pods" + (parameters.length() == 0 ? "" : "?" + parameters);
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    // ---- one request

    private Json read(Request request) throws ForwardException, InterruptedException {
        Answer answer = ask(request);
        String text;
        try {
            text = new String(body(answer), StandardCharsets.UTF_8);
        } catch (IOException e) {
            answer.connection.close();
            throw failed(e);
        }
        return object(text).orElseThrow(() -> new ForwardException(new Failure.ServerRefused(server(), answer.response.code(),
                "OK, but with no Kubernetes object", "it begins with: " + text.substring(0, Math.min(80, text.length())).strip())));
    }

    private static Optional<Json> object(String text) {
        try {
            return Optional.of(Json.parse(text)).filter(Json::isObject);
        } catch (IOException _) {
            return Optional.empty();
        }
    }

    /// The success answer to `request`. A 401 drops what was cached of the credentials, and is asked once more if that changed them.
    private Answer ask(Request request) throws ForwardException, InterruptedException {
        Access access = access();
        Answer answer = send(request, access);
        if (answer.response.code() == 401) {
            credentials.rejected();
            Access fresh = access();
            if (!fresh.headers().equals(access.headers()) || !fresh.certificates().equals(access.certificates())) {
                answer.connection.close();
                answer = send(request, fresh);
            }
        }
        if (answer.response.code() >= 200 && answer.response.code() < 300) {
            return answer;
        }
        try {
            throw new ForwardException(refusal(request, answer));
        } catch (IOException e) {
            answer.connection.close();
            throw failed(e);
        }
    }

    private Answer send(Request request, Access access) throws ForwardException, InterruptedException {
        HttpConnection kept = idle(access);
        if (kept != null) {
            try {
                return new Answer(kept, kept.get(request.path, access.headers()));
            } catch (IOException e) {
                kept.close(); // it died while idle: a fresh one tells whether the server did
                checkInterrupt(e);
            }
        }
        HttpConnection fresh = null;
        try {
            fresh = new HttpConnection(access, connector.connect(access));
            fresh.readTimeout(ANSWER_MILLIS);
            return new Answer(fresh, fresh.get(request.path, access.headers()));
        } catch (IOException | RuntimeException e) {
            if (fresh != null) {
                fresh.close();
            }
            throw failed(e);
        }
    }

    private byte[] body(Answer answer) throws IOException {
        byte[] body = answer.response.body().readNBytes(ANSWER_BYTES_MAX);
        if (answer.response.body().read() >= 0) {
            throw new IOException("the answer is longer than " + ANSWER_BYTES_MAX + " bytes");
        }
        keepIdle(answer.connection);
        return body;
    }

    private Failure refusal(Request request, Answer answer) throws IOException {
        int code = answer.response.code();
        String text = new String(body(answer), StandardCharsets.UTF_8).strip();
        Optional<Json> status = object(text);
        String message = status.map(json -> json.at("message").text()).orElse(text.substring(0, Math.min(2_000, text.length())));
        String reason = status.map(json -> json.at("reason").text()).orElse("");
        String missing = status.map(json -> json.at("details", "name").text()).orElse("");
        return switch (code) {
            case 401 -> new Failure.Unauthorized(server(), context(), message);
            case 403 -> Failure.Forbidden.of(message, request.verb, request.resource, request.namespace);
            case 404 -> !request.name.isEmpty() && missing.equals(request.name)
                    ? new Failure.TargetNotFound(request.resource, request.name, request.namespace, context())
                    : new Failure.ServerRefused(server(), code, reason, message);
            default -> new Failure.ServerRefused(server(), code, reason, message);
        };
    }

    private ForwardException failed(Exception error) throws InterruptedException {
        checkInterrupt(error);
        return new ForwardException(ServerFailure.of(server(), error));
    }

    /// An interrupt of a thread that waits for a socket closes the socket, and shows as some I/O error.
    private static void checkInterrupt(Exception error) throws InterruptedException {
        if (Thread.interrupted()) {
            InterruptedException interrupted = new InterruptedException();
            interrupted.initCause(error);
            throw interrupted;
        }
    }

    // ---- the idle connection

    @Override
    public Optional<ByteStream> takeIdle(Access access) {
        HttpConnection kept = idle(access);
        try {
            return kept == null ? Optional.empty() : kept.release();
        } catch (IOException _) {
            kept.close();
            return Optional.empty();
        }
    }

    private HttpConnection idle(Access access) {
        Idle kept = idle.getAndSet(null);
        if (kept == null) {
            return null;
        }
        if (System.nanoTime() - kept.sinceNanos < IDLE_NANOS && kept.connection.access().certificates().equals(access.certificates())) {
            return kept.connection;
        }
        kept.connection.close();
        return null;
    }

    private void keepIdle(HttpConnection connection) {
        if (!connection.isReusable() || closed) {
            connection.close();
            return;
        }
        Idle former = idle.getAndSet(new Idle(connection, System.nanoTime()));
        if (former != null) {
            former.connection.close();
        }
        if (closed) {
            close();
        }
    }

    @Override
    public void close() {
        closed = true;
        Idle kept = idle.getAndSet(null);
        if (kept != null) {
            kept.connection.close();
        }
    }
}

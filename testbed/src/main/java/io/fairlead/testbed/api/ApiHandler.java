package io.fairlead.testbed.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fairlead.testbed.api.Access.User;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.ssl.SslHandler;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import javax.net.ssl.SSLPeerUnverifiedException;

/// Answers the HTTP requests of one connection: who, what, allowed, done. Port-forward requests go to {@link PortForwardUpgrade}.
///
/// Thread: the connection's loop; a watch is written to from any.
final class ApiHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
    /// Thrown on the way to an answer that is a failure.
    @SuppressWarnings("serial")
    static final class Refused extends Exception {
        final transient Status status;

        Refused(Status status) {
            super(status.message(), null, false, false);
            this.status = status;
        }
    }

    /// A request for objects: `/api/v1/...` or `/apis/GROUP/VERSION/...`.
    private record Path(String apiVersion, String namespace, String plural, String name, String subresource) {
        /// Empty if it is none.
        static Optional<Path> of(String path) {
            String[] parts = path.substring(1).split("/");
            int at = parts[0].equals("api") ? 2 : parts[0].equals("apis") ? 3 : Integer.MAX_VALUE;
            if (at >= parts.length) {
                return Optional.empty();
            }
            String apiVersion = at == 2 ? parts[1] : parts[1] + "/" + parts[2];
            String namespace = "";
            if (parts[at].equals("namespaces") && parts.length > at + 2) {
                namespace = parts[at + 1];
                at += 2;
            }
            String name = parts.length > at + 1 ? parts[at + 1] : "";
            String subresource = parts.length > at + 2 ? parts[at + 2] : "";
            return Optional.of(new Path(apiVersion, namespace, parts[at], name, subresource));
        }
    }

    private final ApiServer server;
    private boolean upgrading;

    ApiHandler(ApiServer server) {
        this.server = server;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
        if (upgrading) {
            return; // bytes that came before the 101 are lost, as on a real server
        }
        boolean keepAlive = HttpUtil.isKeepAlive(request);
        try {
            if (request.decoderResult().isFailure()) {
                keepAlive = false;
                throw new Refused(Status.badRequest("malformed request"));
            }
            answer(ctx, request, keepAlive);
        } catch (Refused refused) {
            json(ctx, refused.status.code(), refused.status.json(), keepAlive);
        } catch (IllegalArgumentException e) {
            json(ctx, 400, Status.badRequest(e.getMessage()).json(), keepAlive);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }

    private void answer(ChannelHandlerContext ctx, FullHttpRequest request, boolean keepAlive) throws Refused {
        var query = new QueryStringDecoder(request.uri());
        User user = impersonated(request, authenticate(ctx, request));
        if (query.path().equals("/healthz") || query.path().equals("/readyz") || query.path().equals("/livez")) {
            send(ctx, 200, "text/plain; charset=utf-8", "ok".getBytes(StandardCharsets.US_ASCII), keepAlive);
            return;
        }
        var self = Discovery.get(query.path(), "127.0.0.1:" + server.port());
        if (self.isPresent()) {
            json(ctx, 200, self.get(), keepAlive);
            return;
        }
        Path path = Path.of(query.path()).orElseThrow(() -> new Refused(Status.noSuchPath()));
        Resource resource = Resource.find(path.apiVersion(), path.plural()).orElseThrow(() -> new Refused(Status.noSuchPath()));
        if (resource == Resource.PODS && path.subresource().equals("portforward")) {
            upgrade(ctx, request, user, path, query);
        } else if (!path.subresource().isEmpty()) {
            throw new Refused(Status.noSuchPath());
        } else if (request.method().equals(HttpMethod.GET)) {
            read(ctx, request, user, resource, path, query, keepAlive);
        } else {
            change(ctx, request, user, resource, path, keepAlive);
        }
    }

    private User authenticate(ChannelHandlerContext ctx, FullHttpRequest request) throws Refused {
        X509Certificate certificate = null;
        try {
            certificate = (X509Certificate) ctx.pipeline().get(SslHandler.class).engine().getSession().getPeerCertificates()[0];
        } catch (SSLPeerUnverifiedException _) { // the client sent none
        }
        return server.access().authenticate(request.headers(), certificate).orElseThrow(() -> new Refused(Status.unauthorized()));
    }

    private User impersonated(FullHttpRequest request, User user) throws Refused {
        String as = request.headers().get("Impersonate-User");
        if (as == null) {
            return user;
        }
        if (!server.access().allows(user, "impersonate", "users", "")) {
            throw new Refused(new Status(403, "Forbidden", "users \"" + as + "\" is forbidden: User \"" + user.name()
                    + "\" cannot impersonate resource \"users\" in API group \"\" at the cluster scope", as, "users"));
        }
        return new User(as, request.headers().getAll("Impersonate-Group"));
    }

    /// Source of the wording: docs/PROTOCOL.md 2.4.
    private void authorize(User user, String verb, Resource resource, Path path) throws Refused {
        String what = path.subresource().isEmpty() ? resource.plural : resource.plural + "/" + path.subresource();
        if (!server.access().allows(user, verb, what, path.namespace())) {
            String group = resource.group.isEmpty() ? "" : "." + resource.group;
            String object = path.name().isEmpty() ? "" : " \"" + path.name() + "\"";
            String scope = path.namespace().isEmpty() ? "at the cluster scope" : "in the namespace \"" + path.namespace() + "\"";
            throw new Refused(new Status(403, "Forbidden", resource.plural + group + object + " is forbidden: User \"" + user.name() + "\" cannot "
                    + verb + " resource \"" + what + "\" in API group \"" + resource.group + "\" " + scope,
                    path.name().isEmpty() ? null : path.name(), resource.plural));
        }
    }

    private void read(ChannelHandlerContext ctx, FullHttpRequest request, User user, Resource resource, Path path, QueryStringDecoder query,
            boolean keepAlive) throws Refused {
        if (!path.name().isEmpty()) {
            authorize(user, "get", resource, path);
            ObjectNode object = server.store().get(resource, path.namespace(), path.name())
                    .orElseThrow(() -> new Refused(Status.notFound(resource, path.name())));
            json(ctx, 200, Tables.wanted(resource, accept(request)) ? Tables.pods(List.of(object), "") : object, keepAlive);
            return;
        }
        Predicate<JsonNode> selector = Selector.labels(parameter(query, "labelSelector")).and(Selector.fields(parameter(query, "fieldSelector")));
        boolean watch = parameter(query, "watch").equals("true") || parameter(query, "watch").equals("1");
        authorize(user, watch ? "watch" : "list", resource, path);
        if (watch) {
            watch(ctx, resource, path, query, selector);
            return;
        }
        var found = server.store().list(resource, path.namespace(), selector);
        if (Tables.wanted(resource, accept(request))) {
            json(ctx, 200, Tables.pods(found.objects(), Long.toString(found.version())), keepAlive);
            return;
        }
        ObjectNode list = Json.object().put("kind", resource.kind + "List").put("apiVersion", resource.apiVersion());
        list.putObject("metadata").put("resourceVersion", Long.toString(found.version()));
        list.putArray("items").addAll(found.objects());
        json(ctx, 200, list, keepAlive);
    }

    private void change(ChannelHandlerContext ctx, FullHttpRequest request, User user, Resource resource, Path path, boolean keepAlive) throws Refused {
        if (request.method().equals(HttpMethod.DELETE) && !path.name().isEmpty()) {
            authorize(user, "delete", resource, path);
            ObjectNode object = server.store().get(resource, path.namespace(), path.name())
                    .orElseThrow(() -> new Refused(Status.notFound(resource, path.name())));
            if (resource == Resource.PODS) {
                server.pods().delete(path.namespace(), path.name());
            } else {
                server.store().remove(resource, path.namespace(), path.name());
            }
            json(ctx, 200, object, keepAlive);
        } else if (request.method().equals(HttpMethod.POST) || request.method().equals(HttpMethod.PUT)) {
            boolean create = request.method().equals(HttpMethod.POST);
            authorize(user, create ? "create" : "update", resource, path);
            ObjectNode object = Json.parse(request.content().toString(StandardCharsets.UTF_8));
            if (resource.namespaced) {
                object.withObject("metadata").put("namespace", path.namespace());
            }
            json(ctx, create ? 201 : 200, server.store().put(resource, object), keepAlive);
        } else {
            throw new Refused(new Status(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", null, null));
        }
    }

    /// Events as JSON lines until the client goes or `timeoutSeconds` are over.
    private void watch(ChannelHandlerContext ctx, Resource resource, Path path, QueryStringDecoder query, Predicate<JsonNode> selector) throws Refused {
        String version = parameter(query, "resourceVersion");
        boolean initial = parameter(query, "sendInitialEvents").equals("true");
        long from = version.isEmpty() || initial ? 0 : Long.parseLong(version);
        var head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
        head.headers().set(HttpHeaderNames.CONTENT_TYPE, HttpHeaderValues.APPLICATION_JSON);
        head.headers().set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        ctx.writeAndFlush(head);
        Channel channel = ctx.channel();
        var end = server.store().watch(resource, path.namespace(), selector, from, (type, object) -> event(channel, type, object));
        if (end.isEmpty()) {
            event(channel, "ERROR", new Status(410, "Expired", "too old resource version: " + from, null, null).json());
            channel.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
            return;
        }
        if (initial) {
            ObjectNode bookmark = Json.object().put("kind", resource.kind).put("apiVersion", resource.apiVersion());
            bookmark.putObject("metadata").put("resourceVersion", Long.toString(server.store().version()))
                    .putObject("annotations").put("k8s.io/initial-events-end", "true");
            event(channel, "BOOKMARK", bookmark);
        }
        channel.closeFuture().addListener(_ -> end.get().run());
        String seconds = parameter(query, "timeoutSeconds");
        if (!seconds.isEmpty()) {
            ctx.executor().schedule(() -> {
                end.get().run();
                channel.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
            }, Long.parseLong(seconds), TimeUnit.SECONDS);
        }
    }

    private static void event(Channel channel, String type, ObjectNode object) {
        ObjectNode event = Json.object().put("type", type);
        event.set("object", object);
        ByteBuf line = Unpooled.wrappedBuffer(Json.bytes(event), new byte[] {'\n'});
        channel.writeAndFlush(new DefaultHttpContent(line));
    }

    private void upgrade(ChannelHandlerContext ctx, FullHttpRequest request, User user, Path path, QueryStringDecoder query) throws Refused {
        authorize(user, request.method().equals(HttpMethod.POST) ? "create" : "get", Resource.PODS, path);
        if (!parameter(query, "dryRun").isEmpty()) {
            throw new Refused(Status.badRequest("dryRun is not supported"));
        }
        ObjectNode pod = server.store().get(Resource.PODS, path.namespace(), path.name())
                .orElseThrow(() -> new Refused(Status.notFound(Resource.PODS, path.name())));
        if (pod.at("/spec/nodeName").asText("").isEmpty()) {
            throw new Refused(Status.badRequest("pod " + path.name() + " does not have a host assigned"));
        }
        var upgrade = PortForwardUpgrade.of(request.method(), request.headers());
        if (upgrade.webSocketKey().isPresent() && server.settings().webSocketNeedsCreate()) {
            authorize(user, "create", Resource.PODS, path);
        }
        upgrading = true;
        var delay = server.faults().upgradeDelay();
        Runnable go = () -> {
            upgrading = false;
            var denial = server.faults().takeDenial();
            if (denial.isPresent()) {
                json(ctx, denial.get(), Status.of(denial.get()).json(), true);
            } else {
                upgrade.run(ctx, server, path.namespace(), path.name());
            }
        };
        if (delay.isZero()) {
            go.run();
        } else {
            ctx.executor().schedule(go, delay.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    private static String accept(FullHttpRequest request) {
        return request.headers().get(HttpHeaderNames.ACCEPT, "");
    }

    private static String parameter(QueryStringDecoder query, String name) {
        List<String> values = query.parameters().get(name);
        return values == null ? "" : values.getFirst();
    }

    private static void json(ChannelHandlerContext ctx, int code, ObjectNode body, boolean keepAlive) {
        send(ctx, code, "application/json", Json.bytes(body), keepAlive);
    }

    /// @param header name and value of one more header, or nothing
    static void send(ChannelHandlerContext ctx, int code, String type, byte[] body, boolean keepAlive, String... header) {
        FullHttpResponse answer = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(code), Unpooled.wrappedBuffer(body));
        answer.headers().set(HttpHeaderNames.CONTENT_TYPE, type).set(HttpHeaderNames.CONTENT_LENGTH, body.length);
        if (header.length == 2) {
            answer.headers().set(header[0], header[1]);
        }
        if (code == 403) {
            answer.headers().set("X-Content-Type-Options", "nosniff");
        }
        if (code == 429) {
            answer.headers().set(HttpHeaderNames.RETRY_AFTER, "1");
        }
        if (!keepAlive) {
            answer.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        }
        var written = ctx.writeAndFlush(answer);
        if (!keepAlive) {
            written.addListener(ChannelFutureListener.CLOSE);
        }
    }
}

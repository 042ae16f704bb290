package io.fairlead.testbed.api;

import io.fairlead.testbed.api.ApiHandler.Refused;
import io.fairlead.testbed.fault.Faults;
import io.fairlead.testbed.node.NodeSession;
import io.fairlead.testbed.node.Runtime;
import io.fairlead.testbed.node.WebSocketBytes;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameEncoder;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// From a port-forward request to a session: the kubelet's checks, the 101, and the exchange of handlers.
/// Source: docs/PROTOCOL.md 2.1 to 2.4 (SPDY) and 5.2 (WebSocket).
///
/// @param webSocketKey empty for plain SPDY
/// @param protocols what the client offers, in its order
/// @param headers number of the request's headers, which one of the texts tells
record PortForwardUpgrade(Optional<String> webSocketKey, List<String> protocols, int headers) {
    private static final String PROTOCOL = "portforward.k8s.io";
    private static final String TUNNEL_PREFIX = "SPDY/3.1+";
    /// One message may carry a whole frame of 16 MiB.
    private static final int MESSAGE_BYTES_MAX = 1 << 25;

    /// @throws Refused no upgrade at all, or of a kind that is not served
    static PortForwardUpgrade of(HttpMethod method, HttpHeaders headers) throws Refused {
        boolean asked = contains(headers, HttpHeaderNames.CONNECTION, "upgrade");
        if (asked && contains(headers, HttpHeaderNames.UPGRADE, "websocket") && method.equals(HttpMethod.GET)) {
            List<String> tunnels = values(headers, HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL).stream()
                    .filter(p -> p.startsWith(TUNNEL_PREFIX) && p.endsWith(".k8s.io")).map(p -> p.substring(TUNNEL_PREFIX.length())).toList();
            String key = headers.get(HttpHeaderNames.SEC_WEBSOCKET_KEY);
            if (tunnels.isEmpty() || key == null) {
                throw new Refused(Status.badRequest("query parameter \"port\" is required"));
            }
            return new PortForwardUpgrade(Optional.of(key), tunnels, headers.size());
        }
        if (!asked || !contains(headers, HttpHeaderNames.UPGRADE, "spdy/3.1")) {
            throw new Refused(Status.badRequest("Upgrade request required"));
        }
        return new PortForwardUpgrade(Optional.empty(), values(headers, "X-Stream-Protocol-Version"), headers.size());
    }

    /// Answers: a session, or the kubelet's text and the end of the connection.
    void run(ChannelHandlerContext ctx, ApiServer server, String namespace, String pod) {
        var target = server.pods().running(namespace, pod);
        if (target.isEmpty()) {
            refuse(ctx, 500, "pod not found (\"" + pod + "_" + namespace + "\")");
        } else if (protocols.isEmpty()) {
            refuse(ctx, 400, "unable to upgrade: header X-Stream-Protocol-Version does not exist in request with " + headers + " headers");
        } else if (!protocols.contains(PROTOCOL)) {
            refuse(ctx, 403, "unable to upgrade: unable to negotiate protocol: client supports [" + String.join(" ", protocols)
                    + "], server accepts [" + PROTOCOL + "]", "X-Accepted-Stream-Protocol-Versions", PROTOCOL);
        } else {
            accept(ctx, server, server.session(target.get(), ctx.channel().eventLoop()));
        }
    }

    private void accept(ChannelHandlerContext ctx, ApiServer server, NodeSession session) {
        FullHttpResponse answer = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.SWITCHING_PROTOCOLS);
        answer.headers().set(HttpHeaderNames.CONNECTION, "Upgrade").set(HttpHeaderNames.UPGRADE, webSocketKey.isPresent() ? "websocket" : "SPDY/3.1");
        if (webSocketKey.isPresent()) {
            answer.headers().set(HttpHeaderNames.SEC_WEBSOCKET_ACCEPT, acceptOf(webSocketKey.get()))
                    .set(HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL, TUNNEL_PREFIX + PROTOCOL);
        } else {
            answer.headers().set("X-Stream-Protocol-Version", PROTOCOL);
        }
        ctx.writeAndFlush(answer);
        ChannelPipeline pipeline = ctx.pipeline();
        boolean keepsEarlyBytes = server.settings().runtime() == Runtime.IDEAL;
        pipeline.remove("aggregator");
        if (keepsEarlyBytes) {
            install(pipeline, session, server.faults());
        }
        pipeline.remove("api");
        pipeline.remove("http"); // hands on what the client sent before the 101: to the session, or to nobody, as a real server loses it
        if (!keepsEarlyBytes) {
            install(pipeline, session, server.faults());
        }
    }

    private void install(ChannelPipeline pipeline, NodeSession session, Faults faults) {
        if (webSocketKey.isPresent()) {
            var config = WebSocketDecoderConfig.newBuilder().expectMaskedFrames(true).maxFramePayloadLength(MESSAGE_BYTES_MAX)
                    .withUTF8Validator(false).build();
            pipeline.addLast(new WebSocket13FrameDecoder(config), new WebSocket13FrameEncoder(false), new WebSocketBytes(faults));
        }
        pipeline.addLast(session);
    }

    private static void refuse(ChannelHandlerContext ctx, int code, String text, String... header) {
        ApiHandler.send(ctx, code, "text/plain; charset=utf-8", text.getBytes(StandardCharsets.UTF_8), false, header);
    }

    private static String acceptOf(String key) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-1").digest((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(StandardCharsets.US_ASCII));
            return Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<String> values(HttpHeaders headers, CharSequence name) {
        return headers.getAll(name).stream().flatMap(v -> Arrays.stream(v.split(","))).map(String::strip).filter(v -> !v.isEmpty()).toList();
    }

    private static boolean contains(HttpHeaders headers, CharSequence name, String value) {
        return headers.getAll(name).stream().anyMatch(v -> v.toLowerCase(Locale.ROOT).contains(value));
    }
}

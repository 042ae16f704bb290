package io.fairlead.engine.wire;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpVersion;
import java.io.EOFException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/// The HTTP/1.1 upgrade of one fresh connection to SPDY/3.1. Sends the request when added and nothing more until the 101 is parsed, since
/// servers throw away what comes early; bytes behind the 101 stay in the pipeline for whoever is added next.
///
/// Thread: the channel's loop. Bound: an answer of `answerBytesMax`. Source: docs/PROTOCOL.md 2.
public final class Upgrade extends SimpleChannelInboundHandler<FullHttpResponse> {
    public static final String PROTOCOL = "portforward.k8s.io";
    private static final String PROTOCOL_HEADER = "X-Stream-Protocol-Version";
    private static final String UPGRADE_VALUE = "SPDY/3.1";

    /// The answer of a server that did not upgrade.
    ///
    /// @param code HTTP status; 101 when the server agreed but to something else, which `body` then says
    public record Refusal(int code, String contentType, String body, Map<String, String> headers) {}

    /// What became of it: upgraded, or refused, or cut.
    public sealed interface Outcome {
        record Upgraded() implements Outcome {}

        record Refused(Refusal refusal) implements Outcome {}
    }

    private final FullHttpRequest request;
    private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    private HttpClientCodec codec;
    private HttpObjectAggregator aggregator;
    private final int answerBytesMax;

    /// @param path of the port-forward subresource, prefix included
    /// @param headers Authorization and the like
    public Upgrade(String hostPort, String path, List<Map.Entry<String, String>> headers, int answerBytesMax) {
        this.answerBytesMax = answerBytesMax;
        request = new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST, path, Unpooled.EMPTY_BUFFER);
        HttpHeaders h = request.headers();
        h.set(HttpHeaderNames.HOST, hostPort);
        h.set(HttpHeaderNames.USER_AGENT, "fairlead");
        h.set(HttpHeaderNames.CONTENT_LENGTH, 0);
        h.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE);
        h.set(HttpHeaderNames.UPGRADE, UPGRADE_VALUE);
        h.set(PROTOCOL_HEADER, PROTOCOL);
        headers.forEach(e -> h.add(e.getKey(), e.getValue()));
    }

    /// Completes on the channel's loop; exceptionally when the connection failed or closed before an answer.
    public CompletableFuture<Outcome> outcome() {
        return outcome;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        codec = new HttpClientCodec();
        aggregator = new HttpObjectAggregator(answerBytesMax);
        ctx.pipeline().addBefore(ctx.name(), null, codec).addBefore(ctx.name(), null, aggregator);
        ctx.writeAndFlush(request).addListener(sent -> {
            if (!sent.isSuccess()) { // closed before it got here, so channelInactive will not come
                outcome.completeExceptionally(sent.cause());
            }
        });
        ctx.read();
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, FullHttpResponse answer) {
        String mismatch = mismatch(answer);
        if (mismatch != null) {
            refuse(answer, mismatch.isEmpty() ? answer.content().toString(StandardCharsets.UTF_8) : mismatch);
            ctx.close();
            return;
        }
        ChannelPipeline pipeline = ctx.pipeline();
        // Whoever waits adds the tunnel in this call; then the codec hands what it has read ahead to that tunnel.
        outcome.complete(new Outcome.Upgraded());
        pipeline.remove(this);
        pipeline.remove(aggregator);
        pipeline.remove(codec);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        outcome.completeExceptionally(new EOFException("the server closed the connection before it answered"));
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        outcome.completeExceptionally(cause);
        ctx.close();
    }

    /// Null when the answer is the upgrade that was asked for; empty when it is a plain refusal; else what is wrong with the 101.
    private static String mismatch(FullHttpResponse answer) {
        if (answer.status().code() != 101) {
            return "";
        }
        HttpHeaders headers = answer.headers();
        if (!contains(headers, HttpHeaderNames.CONNECTION, "upgrade") || !contains(headers, HttpHeaderNames.UPGRADE, "spdy/3.1")) {
            return "the server switched protocols, but not to SPDY/3.1";
        }
        String protocol = headers.get(PROTOCOL_HEADER, "");
        return protocol.equals(PROTOCOL) ? null
                : "unable to negotiate protocol: client supports \"" + PROTOCOL + "\", server returned \"" + protocol + "\"";
    }

    private static boolean contains(HttpHeaders headers, CharSequence name, String part) {
        return headers.get(name, "").toLowerCase(Locale.ROOT).contains(part);
    }

    private void refuse(FullHttpResponse answer, String body) {
        var headers = new LinkedHashMap<String, String>();
        answer.headers().forEach(e -> headers.putIfAbsent(e.getKey().toLowerCase(Locale.ROOT), e.getValue()));
        outcome.complete(new Outcome.Refused(new Refusal(answer.status().code(), headers.getOrDefault("content-type", ""), body, headers)));
    }

}

package io.fairlead.engine.wire;

import io.fairlead.testbed.api.Pki;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// TLS on embedded channels, microseconds per write by its bytes: 16,384 is one full record, 131,072 what one read of a busy local socket brings.
///
/// | | |
/// |---|---|
/// | `wrap` | a write of ours to ciphertext |
/// | `wrapThenUnwrap` | a write of a server to ciphertext, and to plain bytes here; the server's half costs about what `wrap` does |
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class TlsClientBenchmark {
    @Param({"1024", "16384", "131072"})
    public int bytes;

    private EmbeddedChannel client;
    private EmbeddedChannel server;
    private ByteBuf plain;

    @Setup
    public void connect() throws SSLException {
        var pki = new Pki();
        Pki.Identity identity = pki.server();
        SslContext context = SslContextBuilder.forServer(identity.key(), identity.certificate()).protocols("TLSv1.3")
                .sslProvider(OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK).build();
        SslHandler serverHandler = context.newHandler(ByteBufAllocator.DEFAULT);
        serverHandler.setWrapDataSize(0);
        server = new EmbeddedChannel(serverHandler);
        SslHandler clientHandler = new TlsClient(List.of(pki.authority()), false, Optional.empty(), List.of())
                .handler(ByteBufAllocator.DEFAULT, "localhost", 443, 10_000);
        client = new EmbeddedChannel(clientHandler);
        for (int turn = 0; turn < 10; turn++) { // two would do
            move(client, server);
            move(server, client);
        }
        if (!clientHandler.handshakeFuture().isSuccess() || !serverHandler.handshakeFuture().isSuccess()) {
            throw new IllegalStateException("no handshake: " + clientHandler.handshakeFuture() + ", " + serverHandler.handshakeFuture());
        }
        plain = ByteBufAllocator.DEFAULT.directBuffer(bytes, bytes);
        byte[] content = new byte[bytes];
        new Random(1).nextBytes(content);
        plain.writeBytes(content);
        check(client, server);
        check(server, client);
    }

    /// What one side writes the other one reads, and in between it does not look like that.
    private void check(EmbeddedChannel from, EmbeddedChannel to) {
        write(from);
        ByteBuf sealed = Unpooled.buffer();
        for (ByteBuf part; (part = from.readOutbound()) != null; part.release()) {
            sealed.writeBytes(part);
        }
        ByteBuf got = Unpooled.buffer();
        boolean hidden = sealed.readableBytes() > bytes && ByteBufUtil.indexOf(plain.slice(0, 64), sealed) < 0;
        to.pipeline().fireChannelRead(sealed);
        to.pipeline().fireChannelReadComplete();
        for (ByteBuf part; (part = to.readInbound()) != null; part.release()) {
            got.writeBytes(part);
        }
        if (!hidden || !ByteBufUtil.equals(plain.readerIndex(0), got) || plain.refCnt() != 1) {
            throw new IllegalStateException(bytes + " bytes came out as " + got + ", sealed: " + hidden + ", plain: " + plain);
        }
    }

    @TearDown
    public void release() {
        plain.release();
        client.finishAndReleaseAll();
        server.finishAndReleaseAll();
    }

    @Benchmark
    public int wrap() {
        write(client);
        return drop(client.outboundMessages());
    }

    @Benchmark
    public int wrapThenUnwrap() {
        write(server);
        move(server, client);
        return drop(client.inboundMessages());
    }

    private void write(EmbeddedChannel from) {
        from.pipeline().writeAndFlush(plain.retain().readerIndex(0), from.voidPromise());
    }

    private static void move(EmbeddedChannel from, EmbeddedChannel to) {
        Queue<Object> sealed = from.outboundMessages();
        for (Object part; (part = sealed.poll()) != null; ) {
            to.pipeline().fireChannelRead(part);
        }
        to.pipeline().fireChannelReadComplete();
    }

    private static int drop(Queue<Object> buffers) {
        int sum = 0;
        for (ByteBuf part; (part = (ByteBuf) buffers.poll()) != null; part.release()) {
            sum += part.readableBytes();
        }
        return sum;
    }
}

package io.fairlead.testbed.node;

import io.fairlead.testbed.fault.Faults;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameEncoder;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// WebSocket as the testbed serves it (fairlead itself speaks plain SPDY): nanoseconds per binary message, by payload.
///
/// | | |
/// |---|---|
/// | `unmask` | a client's masked message to bytes: Netty's decoder and {@link WebSocketBytes} |
/// | `mask` | bytes to a masked message by Netty's encoder, as a client in Java would have to |
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class WebSocketBytesBenchmark {
    @Param({"64", "32768"})
    public int payload;

    private EmbeddedChannel client;
    private EmbeddedChannel server;
    private ByteBuf plain;
    private ByteBuf message;

    @Setup
    public void prepare() {
        var config = WebSocketDecoderConfig.newBuilder().expectMaskedFrames(true).maxFramePayloadLength(1 << 20).withUTF8Validator(false).build();
        client = new EmbeddedChannel(new WebSocket13FrameEncoder(true));
        server = new EmbeddedChannel(new WebSocket13FrameDecoder(config), new WebSocketBytes(new Faults()));
        byte[] content = new byte[payload];
        new Random(1).nextBytes(content);
        plain = ByteBufAllocator.DEFAULT.directBuffer(payload, payload).writeBytes(content);
        client.writeOutbound(new BinaryWebSocketFrame(plain.retainedDuplicate()));
        message = ByteBufAllocator.DEFAULT.directBuffer(payload + 16);
        for (ByteBuf part; (part = client.readOutbound()) != null; part.release()) {
            message.writeBytes(part);
        }
        for (int i = 0; i < 2; i++) {
            server.pipeline().fireChannelRead(message.retain().readerIndex(0));
            ByteBuf got = server.readInbound();
            boolean masked = ByteBufUtil.indexOf(plain.slice(0, 64), message.readerIndex(0)) < 0;
            if (!masked || !ByteBufUtil.equals(plain, got) || got.refCnt() != 1 || message.refCnt() != 1) {
                throw new IllegalStateException("unmasked " + got + " of " + message + ", masked: " + masked);
            }
            got.release();
        }
    }

    @TearDown
    public void release() {
        client.finishAndReleaseAll();
        server.finishAndReleaseAll();
        plain.release();
        message.release();
    }

    @Benchmark
    public int mask() {
        client.pipeline().writeAndFlush(new BinaryWebSocketFrame(plain.retainedDuplicate()), client.voidPromise());
        return drop(client.outboundMessages());
    }

    @Benchmark
    public int unmask() {
        server.pipeline().fireChannelRead(message.retain().readerIndex(0));
        return drop(server.inboundMessages());
    }

    private static int drop(Queue<Object> buffers) {
        int sum = 0;
        for (ByteBuf part; (part = (ByteBuf) buffers.poll()) != null; part.release()) {
            sum += part.readableBytes();
        }
        return sum;
    }
}

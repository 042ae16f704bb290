package io.fairlead.engine.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/// The local side of a pair: keeps what comes and checks the order in which it is called.
final class LocalEnd implements Downstream {
    final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private final ByteBufAllocator alloc;
    StreamPair pair;
    CloseReason closed;
    int forgotten;
    int ready;
    Runnable onReady = () -> { };
    Runnable onData = () -> { };
    Runnable onForgotten = () -> { };

    LocalEnd(ByteBufAllocator alloc) {
        this.alloc = alloc;
    }

    void send(String text) {
        send(text.getBytes(StandardCharsets.UTF_8));
    }

    void send(byte[] bytes) {
        ByteBuf payload = alloc.directBuffer(FrameOut.HEADROOM + bytes.length);
        pair.send(payload.setIndex(FrameOut.HEADROOM, FrameOut.HEADROOM).writeBytes(bytes));
    }

    String text() {
        return received.toString(StandardCharsets.UTF_8);
    }

    @Override
    public void onData(ByteBuf source, int index, int length) {
        assertEquals(null, closed, "data after the end");
        assertTrue(length > 0);
        byte[] bytes = new byte[length];
        source.getBytes(index, bytes);
        received.writeBytes(bytes);
        onData.run();
    }

    @Override
    public void onUpstreamReady() {
        assertEquals(null, closed, "ready after the end");
        ready++;
        onReady.run();
    }

    /// One of its own for each pair.
    @Override
    public InetSocketAddress program() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 40_000 + pair.requestId);
    }

    @Override
    public void onClosed(CloseReason why) {
        assertEquals(null, closed, "closed twice");
        assertEquals(0, forgotten, "closed after it was forgotten");
        closed = why;
    }

    @Override
    public void onForgotten() {
        forgotten++;
        assertEquals(1, forgotten, "forgotten twice");
        onForgotten.run();
    }
}

package io.fairlead.engine.dial;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.engine.Limits;
import io.fairlead.engine.kube.Access;
import io.fairlead.engine.kube.ByteStream;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Against a plain socket on loopback.
@Timeout(30)
class ChannelStreamTest {
    private ServerSocket server;

    @BeforeEach
    void listen() throws IOException {
        server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    private ByteStream connect() throws IOException, InterruptedException {
        return connect(server.getLocalPort());
    }

    private static ByteStream connect(int port) throws IOException, InterruptedException {
        return SharedLoop.connector().connect(new Access("127.0.0.1", port, false, "", Optional.empty(), false, List.of(),
                Optional.empty(), List.of(), List.of()));
    }

    @Test
    void bytesGoBothWaysAndTheEndIsSeen() throws Exception {
        byte[] much = new byte[3_000_000];
        new Random(1).nextBytes(much);
        try (ByteStream stream = connect(); Socket peer = server.accept()) {
            stream.write("hello".getBytes(US_ASCII));
            assertEquals("hello", new String(peer.getInputStream().readNBytes(5), US_ASCII));
            Thread.ofVirtual().start(() -> {
                try {
                    peer.getOutputStream().write(much);
                    peer.shutdownOutput();
                } catch (IOException _) {
                    // the reader misses it
                }
            });
            assertArrayEquals(much, stream.in().readAllBytes());
            assertEquals(-1, stream.in().read());
        }
    }

    /// Whoever does not read must not make us take in what the peer sends.
    @Test
    void aReaderThatPausesHoldsThePeerBack() throws Exception {
        try (ByteStream stream = connect(); Socket peer = server.accept()) {
            peer.getOutputStream().write(new byte[1024]);
            assertEquals(0, stream.in().read());
            Thread sender = Thread.ofVirtual().start(() -> {
                try {
                    peer.getOutputStream().write(new byte[256 * 1024 * 1024]);
                } catch (IOException _) {
                    // the end of the test
                }
            });
            assertTrue(!sender.join(Duration.ofMillis(300)), "all of 256 MB were taken from the peer");
            assertTrue(stream.in().available() <= Limits.SESSION_READS * Limits.SESSION_READ_BYTES, "kept: " + stream.in().available());
        }
    }

    @Test
    void aReadThatTimesOutMayBeTriedAgain() throws Exception {
        try (ByteStream stream = connect(); Socket peer = server.accept()) {
            stream.readTimeout(30);
            assertThrows(SocketTimeoutException.class, () -> stream.in().read());
            peer.getOutputStream().write('x');
            stream.readTimeout(20_000);
            assertEquals('x', stream.in().read());
        }
    }

    /// What a blocked read gives when `act` happens to it, and whether its thread is interrupted then.
    private static Object outcome(ByteStream stream, Consumer<Thread> act) throws InterruptedException {
        var outcome = new AtomicReference<>();
        Thread reader = Thread.ofVirtual().start(() -> {
            try {
                outcome.set(stream.in().read());
            } catch (IOException e) {
                outcome.set(e instanceof ClosedByInterruptException && !Thread.currentThread().isInterrupted() ? "not interrupted" : e);
            }
        });
        while (reader.getState() != Thread.State.TIMED_WAITING && reader.isAlive()) {
            Thread.onSpinWait();
        }
        act.accept(reader);
        reader.join();
        return outcome.get();
    }

    @Test
    void closeAndInterruptEndABlockedReadAndTheConnection() throws Exception {
        ByteStream closed = connect();
        try (Socket peer = server.accept()) {
            assertInstanceOf(IOException.class, outcome(closed, _ -> closed.close()));
            assertEquals(-1, peer.getInputStream().read());
        }
        ByteStream interrupted = connect();
        try (Socket peer = server.accept()) {
            assertInstanceOf(ClosedByInterruptException.class, outcome(interrupted, Thread::interrupt));
            assertEquals(-1, peer.getInputStream().read());
        }
    }

    @Test
    void aReleasedChannelIsOpenAndFreeOfUs() throws Exception {
        ByteStream stream = connect();
        try (Socket peer = server.accept()) {
            Channel channel = ServerChannels.release(stream).orElseThrow();
            stream.close(); // has no part in it any more
            assertEquals(null, channel.pipeline().get(ChannelStream.class));
            channel.writeAndFlush(Unpooled.copiedBuffer("later", US_ASCII)).sync();
            assertEquals("later", new String(peer.getInputStream().readNBytes(5), US_ASCII));
            channel.close().sync();
        }
    }

    @Test
    void whatIsNotReadIsReleasedAndNotHandedOn() {
        var channel = new EmbeddedChannel();
        var stream = new ChannelStream(channel);
        channel.pipeline().addLast(stream);
        ByteBuf early = Unpooled.copiedBuffer("unasked", US_ASCII);
        channel.writeInbound(early);
        assertTrue(stream.release().isEmpty());
        assertEquals(0, early.refCnt());
        ByteBuf late = Unpooled.copiedBuffer("late", US_ASCII);
        stream.channelRead(null, late); // a read may have been on its way
        assertEquals(0, late.refCnt());
        assertTrue(!channel.isActive());
    }

    @Test
    void aServerThatIsNotThereIsARefusedConnection() throws IOException {
        try (var silent = new Socket()) {
            silent.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)); // without listening: nobody else gets the port either
            assertThrows(ConnectException.class, () -> connect(silent.getLocalPort()));
        }
    }
}

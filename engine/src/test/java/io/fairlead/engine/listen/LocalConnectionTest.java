package io.fairlead.engine.listen;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.engine.ForwardEvent;
import io.fairlead.engine.Limits;
import io.fairlead.engine.frame.FrameDecoder;
import io.fairlead.engine.frame.FrameEncoder;
import io.fairlead.engine.frame.FrameSink;
import io.fairlead.engine.frame.HeaderBlockEncoder;
import io.fairlead.engine.session.PortHistory;
import io.fairlead.engine.testkit.LeakCheck;
import io.fairlead.engine.tunnel.ShardSet;
import io.fairlead.engine.tunnel.Tunnel;
import io.fairlead.engine.wire.HeadroomReads;
import io.fairlead.engine.wire.Transport;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// A listener, its connections and a tunnel on real sockets; the peer speaks frames by hand.
@ExtendWith(LeakCheck.class)
@Timeout(30)
class LocalConnectionTest {
    private static final int DATA = 15; // of the first pair

    private final MultiThreadIoEventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, Transport.best().handlerFactory());
    private final EventLoop home = loops.next();
    private final PairBudget budget = new PairBudget(10);
    private final PortHistory history = new PortHistory();
    private final ShardSet shards = new ShardSet(home, 1, _ -> { }, () -> { });
    private final HeaderBlockEncoder blocks = new HeaderBlockEncoder();
    private final ByteArrayOutputStream up = new ByteArrayOutputStream();
    private final FrameDecoder decoder = new FrameDecoder(new Read());
    private final ConcurrentLinkedQueue<ForwardEvent> events = new ConcurrentLinkedQueue<>();
    private int upExpected;
    private int syns;
    private Listener listener;
    private Socket peer;
    private Socket local;

    @BeforeEach
    void connect() throws Exception {
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var tunnel = new Tunnel("web", 80);
            new Bootstrap().group(home).channel(Transport.best().socketClass()).handler(tunnel)
                    .option(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(Limits.SESSION_READ_BYTES).maxMessagesPerRead(Limits.SESSION_READS))
                    .connect(server.getLocalSocketAddress()).sync();
            peer = server.accept();
            shards.add(tunnel).get(20, TimeUnit.SECONDS);
        }
        listener = Listener.bind(Transport.best(), home, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0, 80, history, shards, budget, events::add);
        local = new Socket(InetAddress.getLoopbackAddress(), listener.local().getPort());
        while (syns < 2) {
            readFrames(); // a stream is answered when it is known to both
        }
        write(out -> FrameEncoder.synReply(out, blocks, DATA, false));
    }

    @AfterEach
    void end() throws Exception {
        local.close();
        listener.close();
        shards.close().get(20, TimeUnit.SECONDS);
        peer.close();
        listener.resetSockets();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (budget.open() > 0 && System.nanoTime() - deadline < 0) {
            TimeUnit.MILLISECONDS.sleep(1); // a connection is given back on its loop, after its socket has closed
        }
        assertEquals(0, budget.open(), "each connection was given back");
        home.submit(HeadroomReads::releaseLoopBuffer).sync();
        loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).sync();
    }

    private interface Frames {
        void to(ByteBuf out);
    }

    private void write(Frames frames) throws IOException {
        ByteBuf out = Unpooled.buffer();
        frames.to(out);
        out.readBytes(peer.getOutputStream(), out.readableBytes());
    }

    private void fromPod(byte[] bytes) throws IOException {
        write(out -> {
            out.writeZero(8).writeBytes(bytes);
            FrameEncoder.dataHeader(out, 0, DATA, false, bytes.length);
        });
    }

    private void orderlyEnd() throws IOException {
        write(out -> {
            FrameEncoder.fin(out, DATA);
            FrameEncoder.fin(out, 5);
        });
    }

    /// `chunk` so many times, and the end, on a thread of its own.
    private Thread podSends(byte[] chunk, int times) {
        return Thread.ofVirtual().start(() -> {
            try {
                for (int i = 0; i < times; i++) {
                    fromPod(chunk);
                }
                orderlyEnd();
            } catch (IOException _) {
                // the test's assertions say what is missing
            }
        });
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    @Test
    void allBytesOfThePodComeBeforeItsEnd() throws IOException {
        byte[] bytes = random(1_000_000);
        fromPod(bytes);
        orderlyEnd();
        assertArrayEquals(bytes, local.getInputStream().readAllBytes());
    }

    @Test
    void aLocalProgramThatStillSendsGetsThePodsLastBytesAndNoReset() throws IOException {
        local.getOutputStream().write(random(100));
        fromPod("bye".getBytes());
        orderlyEnd();
        local.getOutputStream().write(random(50_000));
        assertEquals("bye", new String(local.getInputStream().readAllBytes()));
    }

    @Test
    void aLocalProgramThatSendsWithoutEndAfterThePodsEndIsNotReadForLong() throws IOException {
        orderlyEnd();
        byte[] chunk = new byte[256 * 1024];
        long[] sent = {0};
        assertThrows(SocketException.class, () -> {
            for (OutputStream out = local.getOutputStream(); ; sent[0] += chunk.length) {
                out.write(chunk);
            }
        });
        assertTrue(sent[0] < Limits.LINGER_BYTES + 32 * 1024 * 1024, "sent " + sent[0] + " bytes to nobody");
    }

    @Test
    void aRefusedPortResetsTheLocalConnection() throws IOException {
        write(out -> {
            FrameEncoder.fin(out, DATA);
            byte[] text = "connect: connection refused".getBytes();
            int at = out.writerIndex();
            out.writeZero(8).writeBytes(text);
            FrameEncoder.dataHeader(out, at, 5, false, text.length);
            FrameEncoder.rstStream(out, 5, 5);
        });
        assertThrows(SocketException.class, () -> local.getInputStream().read());
    }

    @Test
    void allBytesOfTheLocalProgramReachTheTunnelBeforeItsFin() throws Exception {
        fromPod(new byte[1]); // the port accepts
        byte[] bytes = random(700_000);
        Thread writer = Thread.ofVirtual().start(() -> {
            try (OutputStream out = local.getOutputStream()) {
                out.write(bytes);
                local.shutdownOutput();
                local.getInputStream().readAllBytes();
            } catch (IOException _) {
                // the assertions below say what is missing
            }
        });
        assertArrayEquals(bytes, readUp(bytes.length));
        orderlyEnd();
        writer.join();
    }

    /// Reads the tunnel's frames, answering pings, until `length` bytes came on the data stream.
    private byte[] readUp(int length) throws IOException {
        upExpected = length;
        while (up.size() < length) {
            readFrames();
        }
        return up.toByteArray();
    }

    private void readFrames() throws IOException {
        byte[] buffer = new byte[8192];
        int n = peer.getInputStream().read(buffer);
        assertTrue(n > 0, "the tunnel ended after " + up.size() + " bytes");
        decoder.feed(Unpooled.wrappedBuffer(buffer, 0, n));
    }

    private final class Read implements FrameSink {
        @Override
        public void onSynStream(int streamId, int priority, boolean fin, ByteBuf headerBlock) {
            syns++;
        }

        @Override
        public void onSynReply(int streamId, boolean fin, ByteBuf headerBlock) {}

        @Override
        public void onHeaders(int streamId, boolean fin, ByteBuf headerBlock) {}

        @Override
        public void onData(int streamId, ByteBuf source, int index, int size, boolean frameEnd, boolean fin) {
            assertEquals(DATA, streamId);
            assertTrue(!fin || up.size() + size == upExpected, "FIN after " + up.size() + " bytes");
            byte[] bytes = new byte[size];
            source.getBytes(index, bytes);
            up.writeBytes(bytes);
        }

        @Override
        public void onRstStream(int streamId, int status) {
            throw new AssertionError("reset after " + up.size() + " bytes");
        }

        @Override
        public void onPing(int id) {
            try {
                write(out -> FrameEncoder.ping(out, id));
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public void onGoAway(int lastGoodStreamId, int status) {}
    }

    /// Netty reads a socket once the program's FIN is there, although nobody asked.
    @Test
    void aHalfCloseWhileThePayloadIsHeldLosesNothing() throws Exception {
        byte[] bytes = random(400_000); // the port is not known to accept: the gate holds the first read
        local.getOutputStream().write(bytes);
        local.shutdownOutput();
        assertArrayEquals(bytes, readUp(bytes.length));
    }

    /// Its bytes went to disk while it had a neighbour; without one, the tunnel waits for it before that file is full.
    @Test
    void aSlowReaderThatIsLeftAloneIsWaitedForAndLosesNothing() throws Exception {
        byte[] chunk = random(1 << 20);
        int chunks = (int) (Limits.SPILL_BYTES / chunk.length) + 40;
        try (var neighbour = new Socket(InetAddress.getLoopbackAddress(), listener.local().getPort())) {
            while (syns < 4) {
                readFrames();
            }
            for (int i = 0; i < 32; i++) { // more than memory and the kernel's buffers hold
                fromPod(chunk);
            }
            write(out -> {
                FrameEncoder.fin(out, 31);
                FrameEncoder.fin(out, 21);
            });
            assertEquals(-1, neighbour.getInputStream().read());
        }
        Thread writer = podSends(chunk, chunks - 32);
        awaitPause();
        assertTrue(writer.isAlive(), "the pod has sent all");
        for (int i = 0; i < chunks; i++) {
            assertArrayEquals(chunk, local.getInputStream().readNBytes(chunk.length), "MiB " + i);
        }
        assertEquals(-1, local.getInputStream().read());
    }

    /// With the process's bound reached, bytes go to disk before the socket's own watermark is: nothing tells then that it takes bytes again.
    @Test
    void aReaderWhoseBytesGoToDiskEarlyAsOthersFilledMemoryGetsThemAll() throws Exception {
        local.setSoTimeout(10_000); // a freeze is an error, not a test without end
        LocalConnection.QUEUED.addAndGet(Limits.LOCAL_QUEUES_TOTAL_BYTES);
        try {
            byte[] bytes = random(64 * 1024);
            int chunks = 512;
            Thread writer = podSends(bytes, chunks);
            while (LocalConnection.QUEUED.get() <= Limits.LOCAL_QUEUES_TOTAL_BYTES + Limits.LOCAL_QUEUE_LOW_BYTES) {
                TimeUnit.MILLISECONDS.sleep(1); // the kernel takes the first megabytes
            }
            for (int i = 0; i < chunks; i++) {
                assertArrayEquals(bytes, local.getInputStream().readNBytes(bytes.length), "chunk " + i);
            }
            assertEquals(-1, local.getInputStream().read());
            assertTrue(writer.join(Duration.ofSeconds(20)));
        } finally {
            LocalConnection.QUEUED.addAndGet(-Limits.LOCAL_QUEUES_TOTAL_BYTES);
        }
    }

    /// Waits until the tunnel is not read for a slow reader's sake. The connection fails meanwhile if it never is: more comes than it may hold.
    private void awaitPause() throws Exception {
        Tunnel tunnel = shards.tunnels().getFirst();
        while (!home.submit(tunnel::isPaused).get()) {
            assertEquals(List.of(), events.stream().filter(ForwardEvent.PairFailed.class::isInstance).toList());
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    private static final SpillRoom REAL_ROOM = LocalConnection.spillRoom;

    /// Its temporary files have no other room.
    private static void withRoom(SpillRoom room) {
        LocalConnection.spillRoom = room;
    }

    /// One connection of two: the tunnel may wait for it as soon as it is behind.
    private void aReaderBesideAnIdleOneGetsAllBytes() throws Exception {
        local.setSoTimeout(10_000);
        byte[] chunk = random(1 << 20);
        int chunks = 48; // 10 are with the kernel, 4 in memory
        try (var _ = new Socket(InetAddress.getLoopbackAddress(), listener.local().getPort())) {
            while (syns < 4) {
                readFrames();
            }
            podSends(chunk, chunks);
            awaitPause();
            for (int i = 0; i < chunks; i++) {
                assertArrayEquals(chunk, local.getInputStream().readNBytes(chunk.length), "MiB " + i);
            }
            assertEquals(-1, local.getInputStream().read());
        } finally {
            withRoom(REAL_ROOM);
        }
    }

    @Test
    void thePodWaitsForAReaderBeforeASmallDiskIsFull() throws Exception {
        withRoom(new SpillRoom(REAL_ROOM.directory(), Limits.SPILL_TOTAL_BYTES, () -> 12L << 20));
        aReaderBesideAnIdleOneGetsAllBytes();
    }

    @Test
    void thePodWaitsForAReaderWhenTheDiskIsFull() throws Exception {
        withRoom(new SpillRoom(REAL_ROOM.directory(), Limits.SPILL_TOTAL_BYTES, () -> 0));
        aReaderBesideAnIdleOneGetsAllBytes();
    }

    @Test
    void thePodWaitsForAReaderWhenThereIsNoDirectoryForTemporaryFiles() throws Exception {
        withRoom(SpillRoom.in(Path.of("/nowhere/fairlead"), Limits.SPILL_TOTAL_BYTES));
        aReaderBesideAnIdleOneGetsAllBytes();
    }

    @Test
    void aConnectionThatIsCutForWantOfDiskSaysSoAndNamesTheDirectory() throws Exception {
        withRoom(new SpillRoom(Path.of("/full"), Limits.SPILL_TOTAL_BYTES, () -> 0));
        String cause = causeOfTheCut();
        assertTrue(cause.endsWith(" bytes waited for it, and there is no room on disk: /full (java.io.tmpdir): no space left"), cause);
    }

    @Test
    void aConnectionThatIsCutForWantOfADirectorySaysSo() throws Exception {
        withRoom(SpillRoom.in(Path.of("/nowhere"), Limits.SPILL_TOTAL_BYTES));
        String cause = causeOfTheCut();
        assertTrue(cause.endsWith(", and there is no room on disk: /nowhere (java.io.tmpdir): no such directory"), cause);
    }

    @Test
    void aConnectionThatIsCutForWhatAllMayHaveTogetherNamesThatBound() throws Exception {
        withRoom(SpillRoom.in(REAL_ROOM.directory(), 16L << 20));
        String cause = causeOfTheCut();
        assertTrue(cause.endsWith(" that all connections together may have on disk"), cause);
    }

    /// One of three does not read: the tunnel does not wait for it.
    private String causeOfTheCut() throws Exception {
        try (var _ = new Socket(InetAddress.getLoopbackAddress(), listener.local().getPort());
                var _ = new Socket(InetAddress.getLoopbackAddress(), listener.local().getPort())) {
            while (syns < 6) {
                readFrames();
            }
            byte[] chunk = random(1 << 20);
            while (true) {
                for (ForwardEvent event : events) {
                    if (event instanceof ForwardEvent.PairFailed failed) {
                        return failed.cause();
                    }
                }
                fromPod(chunk);
            }
        } finally {
            withRoom(REAL_ROOM);
        }
    }

    @Test
    void aLostTunnelResetsTheLocalConnection() throws IOException {
        fromPod("x".getBytes());
        assertEquals('x', local.getInputStream().read());
        peer.close();
        assertThrows(SocketException.class, () -> local.getInputStream().read());
    }
}

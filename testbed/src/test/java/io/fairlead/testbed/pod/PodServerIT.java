package io.fairlead.testbed.pod;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.fairlead.testbed.LeakCheck;
import io.fairlead.testbed.loop.Loops;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class PodServerIT {
    private static Loops loops;

    @BeforeAll static void start() {
        loops = Loops.start("pod", 1);
    }

    @AfterAll static void stop() {
        loops.close();
    }

    @Test void echoSendsEverythingBackAlsoWhatIsPendingAtHalfClose() throws Exception {
        byte[] sent = pattern(5, 3_000_000);
        try (var pod = PodServer.listen(loops, PodBehaviour.echo(), "127.0.0.1", 0); var socket = new Socket("127.0.0.1", pod.port())) {
            Thread.ofVirtual().start(() -> {
                try {
                    socket.getOutputStream().write(sent);
                    socket.shutdownOutput();
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            assertArrayEquals(sent, socket.getInputStream().readAllBytes());
        }
    }

    @Test void sourceSendsThePatternAndClosesAtTheCount() throws Exception {
        try (var pod = PodServer.listen(loops, PodBehaviour.source(), "127.0.0.1", 0); var socket = new Socket("127.0.0.1", pod.port())) {
            new DataOutputStream(socket.getOutputStream()).writeLong(1_000_003);
            byte[] got = socket.getInputStream().readAllBytes();
            assertEquals(1_000_003, got.length);
            assertEquals(-1, Pattern.mismatch(0, ByteBuffer.wrap(got)));
        }
    }

    @Test void hashAnswersRoundsOnOneConnection() throws Exception {
        try (var pod = PodServer.listen(loops, PodBehaviour.hash(), "127.0.0.1", 0); var socket = new Socket("127.0.0.1", pod.port())) {
            var out = new DataOutputStream(socket.getOutputStream());
            var in = new DataInputStream(socket.getInputStream());
            for (int size : new int[] {0, 1, 70_000}) {
                out.writeLong(size);
                out.write(pattern(0, size));
                assertArrayEquals(MessageDigest.getInstance("SHA-256").digest(pattern(0, size)), in.readNBytes(32), "round of " + size);
            }
        }
    }

    @Test void sinkReadsAllSaysNothingAndClosesAfterHalfClose() throws Exception {
        try (var pod = PodServer.listen(loops, PodBehaviour.sink(), "127.0.0.1", 0); var socket = new Socket("127.0.0.1", pod.port())) {
            socket.getOutputStream().write(new byte[10_000_000]);
            socket.shutdownOutput();
            assertEquals(-1, socket.getInputStream().read());
        }
    }

    @Test void resetComesAsConnectionResetAfterTheFirstByte() throws Exception {
        try (var pod = PodServer.listen(loops, PodBehaviour.reset(), "127.0.0.1", 0); var socket = new Socket("127.0.0.1", pod.port())) {
            socket.getOutputStream().write(1);
            assertThrows(SocketException.class, () -> socket.getInputStream().read());
        }
    }

    @Test void closeSaysByeAndHttpAnswersTwiceOnOneConnection() throws Exception {
        try (var pod = PodServer.listen(loops, PodBehaviour.close(), "127.0.0.1", 0); var socket = new Socket("127.0.0.1", pod.port())) {
            assertEquals("bye\n", new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
        }
        try (var pod = PodServer.listen(loops, PodBehaviour.http("hi"), "127.0.0.1", 0); var socket = new Socket("127.0.0.1", pod.port())) {
            socket.getOutputStream().write(("GET / HTTP/1.1\r\nHost: x\r\n\r\n" + "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").getBytes());
            String answers = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            assertEquals(3, answers.split("HTTP/1.1 200 OK").length, answers);
        }
    }

    @Test void stallLetsTheSenderBlock() throws Exception {
        try (var pod = PodServer.listen(loops, PodBehaviour.stall(), "127.0.0.1", 0); var channel = java.nio.channels.SocketChannel.open()) {
            channel.connect(new java.net.InetSocketAddress("127.0.0.1", pod.port()));
            channel.configureBlocking(false);
            ByteBuffer chunk = ByteBuffer.allocate(64 * 1024);
            long deadline = System.nanoTime() + 10_000_000_000L;
            long taken = 0;
            int idle = 0;
            while (idle < 100 && System.nanoTime() - deadline < 0) {
                int n = channel.write(chunk.clear());
                taken += n;
                idle = n == 0 ? idle + 1 : 0;
                Thread.sleep(1); // lets the kernel move bytes; the outcome does not depend on it
            }
            assertEquals(100, idle, "still taking bytes after " + taken);
        }
    }

    @Test void closingThePodResetsItsConnectionsAndFreesThePort() throws Exception {
        var pod = PodServer.listen(loops, PodBehaviour.echo(), "127.0.0.1", 0);
        try (var socket = new Socket("127.0.0.1", pod.port())) {
            socket.getOutputStream().write(1);
            assertEquals(1, socket.getInputStream().read());
            assertEquals(1, pod.connectionsOpen());
            pod.close();
            assertThrows(SocketException.class, () -> socket.getInputStream().read());
        }
        assertThrows(java.net.ConnectException.class, () -> new Socket("127.0.0.1", pod.port()).close());
    }

    private static byte[] pattern(long offset, int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = Pattern.byteAt(offset + i);
        }
        return bytes;
    }
}

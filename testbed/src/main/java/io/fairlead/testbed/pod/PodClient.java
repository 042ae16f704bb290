package io.fairlead.testbed.pod;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/// The client's side of {@link PodBehaviour}'s byte protocols over one TCP connection. Blocking; every byte that comes is compared with {@link Pattern}.
///
/// Thread: one at a time. {@link #echo} sends from a virtual thread of its own. Bound: what waits 30 s for bytes or for room fails.
public final class PodClient implements AutoCloseable {
    /// How the other side ended the connection.
    public enum End { FIN, RESET }

    private static final int CONNECT_MILLIS = 10_000;
    private static final int READ_MILLIS = 30_000;
    private static final int CHUNK_BYTES = 64 * 1024;

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    private PodClient(Socket socket) throws IOException {
        this.socket = socket;
        in = socket.getInputStream();
        out = socket.getOutputStream();
    }

    public static PodClient connect(InetSocketAddress address) throws IOException {
        Socket socket = new Socket();
        try {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(READ_MILLIS);
            socket.connect(address, CONNECT_MILLIS);
            return new PodClient(socket);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /// How a connection ends on which nobody asks anything: the reset of a forwarder whose pod refuses can be faster than our own connect.
    ///
    /// @throws java.net.ConnectException nobody listens at `address`
    public static End endOf(InetSocketAddress address) throws IOException {
        try (PodClient client = connect(address)) {
            return client.awaitEnd();
        } catch (ConnectException e) {
            throw e;
        } catch (SocketException _) {
            return End.RESET;
        }
    }

    public Socket socket() {
        return socket;
    }

    public void send(byte... bytes) throws IOException {
        out.write(bytes);
    }

    /// A count as {@link PodBehaviour} defines it.
    public void sendCount(long count) throws IOException {
        send(ByteBuffer.allocate(Long.BYTES).putLong(count).array());
    }

    /// Sends `count` bytes of the pattern from `offset` on.
    public void sendPattern(long offset, long count) throws IOException {
        byte[] chunk = new byte[CHUNK_BYTES];
        for (long sent = 0; sent < count; ) {
            int length = (int) Math.min(chunk.length, count - sent);
            Pattern.slice(offset + sent, length).getBytes(0, chunk, 0, length);
            out.write(chunk, 0, length);
            sent += length;
        }
    }

    /// @throws EOFException the connection ended before `count` bytes had come
    public byte[] receive(int count) throws IOException {
        byte[] bytes = in.readNBytes(count);
        if (bytes.length < count) {
            throw new EOFException("the connection ended after " + bytes.length + " of " + count + " bytes");
        }
        return bytes;
    }

    public long receiveCount() throws IOException {
        return ByteBuffer.wrap(receive(Long.BYTES)).getLong();
    }

    /// Receives `count` bytes, which have to be the pattern's from `offset` on, and returns their SHA-256 in hex.
    public String receivePattern(long offset, long count) throws IOException {
        MessageDigest digest = digest();
        byte[] chunk = new byte[CHUNK_BYTES];
        for (long done = 0; done < count; ) {
            int length = in.read(chunk, 0, (int) Math.min(chunk.length, count - done));
            if (length < 0) {
                throw new EOFException("the connection ended after " + done + " of " + count + " bytes");
            }
            int wrong = Pattern.mismatch(offset + done, ByteBuffer.wrap(chunk, 0, length));
            if (wrong >= 0) {
                throw new IOException("byte " + (done + wrong) + " of " + count + " is wrong");
            }
            digest.update(chunk, 0, length);
            done += length;
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /// For `echo`: sends `count` bytes of the pattern from `offset` on and receives them back meanwhile. Returns the SHA-256 of what came.
    public String echo(long offset, long count) throws IOException {
        var sending = new CompletableFuture<Void>();
        Thread.ofVirtual().start(() -> {
            try {
                sendPattern(offset, count);
                sending.complete(null);
            } catch (IOException | RuntimeException e) {
                sending.completeExceptionally(e);
            }
        });
        String hash = receivePattern(offset, count);
        await(sending);
        return hash;
    }

    /// For `source`: has it send `count` bytes, checks them and that the end follows. Returns their SHA-256.
    public String download(long count) throws IOException {
        sendCount(count);
        String hash = receivePattern(0, count);
        End end = awaitEnd();
        if (end != End.FIN) {
            throw new IOException("the download was followed by " + end);
        }
        return hash;
    }

    /// For `check`: sends `mebibytes` MiB and waits until the server has compared them all.
    public void upload(int mebibytes) throws IOException {
        long count = (long) mebibytes << 20;
        sendPattern(0, count);
        for (long seen = 0; seen < count; ) {
            seen = receiveCount();
            if (seen < 0) {
                throw new IOException("the server got a wrong byte at offset " + (-1 - seen));
            }
        }
    }

    /// For `hash`: sends `count` bytes of the pattern and returns the server's SHA-256 of them.
    public String hash(long count) throws IOException {
        sendCount(count);
        sendPattern(0, count);
        return HexFormat.of().formatHex(receive(32));
    }

    /// SHA-256 of `count` bytes of the pattern from `offset` on.
    public static String sha256(long offset, long count) {
        MessageDigest digest = digest();
        for (long done = 0; done < count; ) {
            int length = (int) Math.min(CHUNK_BYTES, count - done);
            digest.update(Pattern.slice(offset + done, length).nioBuffer());
            done += length;
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /// Ends sending, as a client does that has asked everything.
    public void halfClose() throws IOException {
        socket.shutdownOutput();
    }

    /// Ends the connection by RST.
    public void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    /// Reads and drops what comes until the other side ends the connection.
    ///
    /// @throws java.net.SocketTimeoutException it did not
    public End awaitEnd() throws IOException {
        byte[] chunk = new byte[CHUNK_BYTES];
        try {
            while (in.read(chunk) >= 0) {
                // only its end counts
            }
            return End.FIN;
        } catch (SocketException _) {
            return End.RESET;
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    private static void await(CompletableFuture<Void> sending) throws IOException {
        try {
            sending.get();
        } catch (ExecutionException e) {
            throw new IOException("sending failed", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    private static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }
}

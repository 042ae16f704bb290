package io.fairlead.testbed;

import io.fairlead.engine.frame.FrameEncoder;
import io.fairlead.engine.frame.HeaderBlockEncoder;
import io.fairlead.testbed.api.Pki;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.function.Consumer;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/// A client of nothing but the JDK's TLS: sends the bytes it is told to and reads frames one by one.
final class RawClient implements AutoCloseable {
    /// A frame as it stood on the wire.
    record Frame(String header, byte[] payload) {
        @Override
        public String toString() {
            return header + " " + HexFormat.of().formatHex(payload);
        }

        String text() {
            return new String(payload, StandardCharsets.UTF_8);
        }

        /// Type of a control frame (2 SYN_REPLY, 3 RST, 6 PING, 7 GOAWAY), 0 for DATA.
        int type() {
            return header.startsWith("8003") ? Integer.parseInt(header.substring(4, 8), 16) : 0;
        }

        /// Stream of a DATA frame, or the first word of a control frame's body.
        int id() {
            return type() == 0 ? Integer.parseUnsignedInt(header.substring(0, 8), 16)
                    : (payload[0] & 0xFF) << 24 | (payload[1] & 0xFF) << 16 | (payload[2] & 0xFF) << 8 | payload[3] & 0xFF;
        }

        boolean fin() {
            return type() == 0 && (Integer.parseInt(header.substring(8, 10), 16) & 1) == 1;
        }
    }

    final SSLSocket socket;
    final DataInputStream in;
    private final HeaderBlockEncoder headers = new HeaderBlockEncoder();

    /// @param user of the client certificate; empty for none
    RawClient(Testbed testbed, String user) throws IOException {
        this(testbed, user, testbed.pki());
    }

    /// @param issuer of the client certificate
    RawClient(Testbed testbed, String user, Pki issuer) throws IOException {
        URI server = URI.create(testbed.server());
        socket = (SSLSocket) context(testbed, user, issuer).getSocketFactory().createSocket(server.getHost(), server.getPort());
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(30_000);
        socket.startHandshake();
        in = new DataInputStream(socket.getInputStream());
    }

    /// Connects and upgrades.
    static RawClient upgraded(Testbed testbed, String pod) throws IOException {
        var client = new RawClient(testbed, "tester");
        String head = client.upgrade(pod);
        if (!head.startsWith("HTTP/1.1 101 ")) {
            throw new IOException("not upgraded: " + head);
        }
        return client;
    }

    String upgrade(String pod, String... moreHeaders) throws IOException {
        return request("POST", "/api/v1/namespaces/default/pods/" + pod + "/portforward",
                "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: portforward.k8s.io\r\n" + String.join("\r\n", moreHeaders));
    }

    /// Sends a request without body; returns the head of the answer.
    String request(String method, String path, String headerLines) throws IOException {
        String lines = headerLines.isEmpty() ? "" : headerLines.strip() + "\r\n";
        sendText(method + " " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n" + lines + "\r\n");
        return head();
    }

    /// The head of an answer, up to the empty line.
    String head() throws IOException {
        var head = new ByteArrayOutputStream();
        while (!head.toString(StandardCharsets.US_ASCII).endsWith("\r\n\r\n")) {
            head.write(in.readUnsignedByte());
        }
        return head.toString(StandardCharsets.US_ASCII);
    }

    /// The body that belongs to `head`, by its Content-Length.
    String body(String head) throws IOException {
        int length = head.lines().filter(l -> l.toLowerCase(java.util.Locale.ROOT).startsWith("content-length:"))
                .mapToInt(l -> Integer.parseInt(l.substring(15).strip())).findFirst().orElse(0);
        return new String(in.readNBytes(length), StandardCharsets.UTF_8);
    }

    void sendText(String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    }

    /// Sends bytes given in hex; blanks do not count.
    void sendHex(String hex) throws IOException {
        socket.getOutputStream().write(HexFormat.of().parseHex(hex.replace(" ", "")));
    }

    /// Sends what `writer` writes.
    void send(Consumer<ByteBuf> writer) throws IOException {
        ByteBuf bytes = Unpooled.buffer();
        writer.accept(bytes);
        socket.getOutputStream().write(bytes.array(), 0, bytes.writerIndex());
    }

    /// Opens a pair: error stream `id`, data stream `id + 2`.
    void open(int id, int port) throws IOException {
        send(bytes -> {
            String request = Integer.toString(id);
            FrameEncoder.synStream(bytes, headers, id, true, "streamtype", "error", "port", Integer.toString(port), "requestid", request);
            FrameEncoder.synStream(bytes, headers, id + 2, false, "streamtype", "data", "port", Integer.toString(port), "requestid", request);
        });
    }

    void synStream(int id, boolean fin, String... headerList) throws IOException {
        send(bytes -> FrameEncoder.synStream(bytes, headers, id, fin, headerList));
    }

    void data(int id, String text) throws IOException {
        send(bytes -> {
            FrameEncoder.dataHeader(bytes.writerIndex(8), 0, id, false, text.length());
            bytes.writeCharSequence(text, StandardCharsets.US_ASCII);
        });
    }

    void fin(int id) throws IOException {
        send(bytes -> FrameEncoder.fin(bytes, id));
    }

    void ping(int id) throws IOException {
        send(bytes -> FrameEncoder.ping(bytes, id));
    }

    Frame read() throws IOException {
        byte[] header = new byte[8];
        in.readFully(header);
        int length = (header[5] & 0xFF) << 16 | (header[6] & 0xFF) << 8 | header[7] & 0xFF;
        byte[] payload = in.readNBytes(length);
        if (payload.length < length) {
            throw new EOFException("frame cut");
        }
        return new Frame(HexFormat.of().formatHex(header), payload);
    }

    /// Reads frames up to the first that is not a SYN_REPLY.
    Frame readPastReplies() throws IOException {
        Frame frame = read();
        while (frame.type() == 2) {
            frame = read();
        }
        return frame;
    }

    /// Reads frames up to one of `type`, which is a RST of stream `id` or any other control frame.
    Frame readUntil(int type, int id) throws IOException {
        Frame frame = read();
        while (frame.type() != type || type == 3 && frame.id() != id) {
            frame = read();
        }
        return frame;
    }

    /// Whether nothing comes for `millis`.
    boolean isSilent(int millis) throws IOException {
        int before = socket.getSoTimeout();
        socket.setSoTimeout(millis);
        try {
            int b = in.read();
            throw new AssertionError(b < 0 ? "the server closed" : "the server sent a byte " + b);
        } catch (java.net.SocketTimeoutException _) {
            return true;
        } finally {
            socket.setSoTimeout(before);
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    private static SSLContext context(Testbed testbed, String user, Pki issuer) {
        try {
            var trust = KeyStore.getInstance(KeyStore.getDefaultType());
            trust.load(null, null);
            trust.setCertificateEntry("ca", testbed.pki().authority());
            var trusts = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trusts.init(trust);
            var keys = KeyStore.getInstance(KeyStore.getDefaultType());
            keys.load(null, null);
            if (!user.isEmpty()) {
                var identity = issuer.client(user);
                keys.setKeyEntry("me", identity.key(), new char[0], new X509Certificate[] {identity.certificate()});
            }
            var keyManagers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keyManagers.init(keys, new char[0]);
            var context = SSLContext.getInstance("TLS");
            context.init(keyManagers.getKeyManagers(), trusts.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }
}

package io.fairlead.engine.kube;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// One HTTP/1.1 connection to the API server for GET requests, one after the other. Just what the reads need: a full HTTP client costs
/// 300 to 1000 ms at start.
///
/// One thread uses it; {@link #close} may come from any and ends a blocked read. An interrupt of the thread closes it, too.
final class HttpConnection implements AutoCloseable {
    /// Longest response head, in bytes; the API server's have a few hundred.
    private static final int HEAD_BYTES_MAX = 64 * 1024;

    /// @param body ends where the response does; to be read to its end before the next request
    record Response(int code, Map<String, String> headers, InputStream body) {
        String header(String lowerCaseName) {
            return headers.getOrDefault(lowerCaseName, "");
        }
    }

    private final Access access;
    private final ByteStream stream;
    private final InputStream in;
    private boolean reusable;

    /// Takes `stream`, which `access` opened.
    HttpConnection(Access access, ByteStream stream) {
        this.access = access;
        this.stream = stream;
        this.in = new BufferedInputStream(stream.in(), 16 * 1024);
    }

    /// What this connection was opened with.
    Access access() {
        return access;
    }

    /// The last response was read to its end and the server keeps the connection.
    boolean isReusable() {
        return reusable;
    }

    /// No read may take longer than this, from now on.
    void readTimeout(int millis) {
        stream.readTimeout(Math.max(1, millis));
    }

    /// The connection itself, for another use, in which this object has no part any more. Empty, and closed, when the server has sent
    /// what nobody asked for.
    Optional<ByteStream> release() throws IOException {
        if (reusable && in.available() == 0) {
            return Optional.of(stream);
        }
        close();
        return Optional.empty();
    }

    /// @param headers credentials to send, as fresh as they are
    Response get(String pathAndQuery, List<Map.Entry<String, String>> headers) throws IOException {
        reusable = false;
        StringBuilder head = new StringBuilder(512)
                .append("GET ").append(access.pathPrefix()).append(pathAndQuery).append(" HTTP/1.1\r\n")
                .append("Host: ").append(access.authority()).append("\r\nUser-Agent: fairlead\r\nAccept: application/json\r\n");
        for (Map.Entry<String, String> header : headers) {
            head.append(header.getKey()).append(": ").append(header.getValue()).append("\r\n");
        }
        stream.write(head.append("\r\n").toString().getBytes(StandardCharsets.UTF_8));
        return response();
    }

    private Response response() throws IOException {
        int code;
        Map<String, String> headers = new HashMap<>();
        int budget = HEAD_BYTES_MAX;
        do {
            String status = line(budget);
            budget -= status.length();
            String[] parts = status.split(" ", 3);
            if (parts.length < 2 || !parts[0].startsWith("HTTP/1.") || !isStatus(parts[1])) {
                throw new IOException("not an HTTP answer: \"" + status.substring(0, Math.min(80, status.length())) + "\"");
            }
            code = Integer.parseInt(parts[1]);
            headers.clear();
            for (String line = line(budget); !line.isEmpty(); line = line(budget)) {
                budget -= line.length() + 2;
                int colon = line.indexOf(':');
                if (colon > 0) {
                    headers.merge(line.substring(0, colon).strip().toLowerCase(Locale.ROOT), line.substring(colon + 1).strip(),
                            (a, b) -> a + ", " + b);
                }
            }
        } while (code < 200); // 100 and 103 only announce the real one
        return new Response(code, headers, body(code, headers));
    }

    private static boolean isStatus(String text) {
        return text.length() == 3 && text.charAt(0) >= '1' && text.charAt(0) <= '5' && text.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    private InputStream body(int code, Map<String, String> headers) throws IOException {
        boolean keep = !headers.getOrDefault("connection", "").toLowerCase(Locale.ROOT).contains("close");
        if (code == 204 || code == 304) {
            reusable = keep;
            return InputStream.nullInputStream();
        }
        if (headers.getOrDefault("transfer-encoding", "").toLowerCase(Locale.ROOT).contains("chunked")) {
            return new Chunked(keep);
        }
        String length = headers.get("content-length");
        if (length == null) {
            return new FilterInputStream(in) { // until the server closes
                @Override
                public void close() {}
            };
        }
        try {
            return new Counted(Long.parseLong(length), keep);
        } catch (NumberFormatException e) {
            throw new IOException("not an HTTP answer: Content-Length \"" + length + "\"", e);
        }
    }

    private String line(int bytesMax) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new EOFException("the server closed the connection");
            }
            if (line.length() >= bytesMax) {
                throw new IOException("the answer's head is longer than " + HEAD_BYTES_MAX + " bytes");
            }
            line.append((char) b);
        }
        int length = line.length();
        return length > 0 && line.charAt(length - 1) == '\r' ? line.substring(0, length - 1) : line.toString();
    }

    @Override
    public void close() {
        stream.close();
    }

    /// A body of known length.
    private final class Counted extends InputStream {
        private final boolean keep;
        private long left;

        Counted(long length, boolean keep) {
            this.left = length;
            this.keep = keep;
            reusable = keep && length == 0;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            if (left <= 0) {
                return -1;
            }
            int count = in.read(bytes, offset, (int) Math.min(left, length));
            if (count < 0) {
                throw new EOFException("the server closed the connection inside an answer");
            }
            left -= count;
            reusable = keep && left == 0;
            return count;
        }

        @Override
        public int available() throws IOException {
            return (int) Math.min(left, in.available());
        }
    }

    /// A body in chunks (RFC 9112 7.1).
    private final class Chunked extends InputStream {
        private final boolean keep;
        private long left;
        private boolean begun;
        private boolean ended;

        Chunked(boolean keep) {
            this.keep = keep;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            if (left == 0 && !ended) {
                nextChunk();
            }
            if (ended) {
                return -1;
            }
            int count = in.read(bytes, offset, (int) Math.min(left, length));
            if (count < 0) {
                throw new EOFException("the server closed the connection inside an answer");
            }
            left -= count;
            return count;
        }

        /// Never more than the present chunk: a reader that trusts this does not block for the next one.
        @Override
        public int available() throws IOException {
            return (int) Math.min(left, in.available());
        }

        private void nextChunk() throws IOException {
            if (begun) {
                line(2);
            }
            begun = true;
            String size = line(1024);
            int extension = size.indexOf(';');
            try {
                left = Long.parseLong((extension < 0 ? size : size.substring(0, extension)).strip(), 16);
            } catch (NumberFormatException e) {
                throw new IOException("not an HTTP answer: chunk size \"" + size + "\"", e);
            }
            if (left < 0) {
                throw new IOException("not an HTTP answer: chunk size \"" + size + "\"");
            }
            if (left == 0) {
                ended = true;
                for (String trailer = line(HEAD_BYTES_MAX); !trailer.isEmpty(); trailer = line(HEAD_BYTES_MAX)) {
                    assert !trailer.isEmpty();
                }
                reusable = keep;
            }
        }
    }
}

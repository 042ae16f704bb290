package io.fairlead.engine.frame;

import io.netty.buffer.ByteBuf;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/// Reads header blocks of one direction of one session: one zlib stream for the session's life, so every block must be decoded in order,
/// even one for a stream that is refused. Only the receiver of SYN_STREAMs needs it; a client learns nothing from the header block
/// of a SYN_REPLY and skips it.
///
/// Thread: one. Bound: a block that inflates to more than {@link #BLOCK_BYTES_MAX} is an error. Holds native memory until {@link #close}.
public final class HeaderBlockDecoder implements AutoCloseable {
    /// Largest inflated block. Three headers have some 60 bytes; this stops a block that unpacks a thousandfold.
    public static final int BLOCK_BYTES_MAX = 64 * 1024;

    private final Inflater inflater = new Inflater();

    /// Borrows `block`. Returns names and values in wire order; several values of one name stay joined by NUL.
    ///
    /// @throws FrameException not a zlib block with the SPDY dictionary, too long, or a malformed list
    public Map<String, String> decode(ByteBuf block) {
        ByteBuffer plain = ByteBuffer.wrap(inflate(block));
        try {
            int count = plain.getInt();
            if (count < 0) {
                throw new FrameException("header block counts " + Integer.toUnsignedString(count) + " headers");
            }
            Map<String, String> headers = new LinkedHashMap<>();
            for (int i = 0; i < count; i++) {
                String name = text(plain);
                if (headers.put(name, text(plain)) != null) {
                    throw new FrameException("header " + name + " twice in one block");
                }
            }
            return headers;
        } catch (java.nio.BufferUnderflowException _) {
            throw new FrameException("header block ends early");
        }
    }

    @Override
    public void close() {
        inflater.end();
    }

    private byte[] inflate(ByteBuf block) {
        byte[] in = new byte[block.readableBytes()];
        block.getBytes(block.readerIndex(), in);
        inflater.setInput(in);
        var out = new ByteArrayOutputStream(256);
        byte[] chunk = new byte[1024];
        try {
            while (true) {
                int n = inflater.inflate(chunk);
                out.write(chunk, 0, n);
                if (out.size() > BLOCK_BYTES_MAX) {
                    throw new FrameException("header block inflates to more than " + BLOCK_BYTES_MAX + " bytes");
                }
                if (n == 0 && inflater.needsDictionary()) {
                    inflater.setDictionary(DICTIONARY);
                } else if (n == 0) {
                    return out.toByteArray();
                }
            }
        } catch (DataFormatException | IllegalArgumentException e) {
            throw new FrameException("header block is not zlib with the SPDY dictionary: " + e.getMessage());
        }
    }

    private static String text(ByteBuffer plain) {
        int length = plain.getInt();
        if (length < 0 || length > plain.remaining()) {
            throw new FrameException("header text of " + length + " bytes with " + plain.remaining() + " left");
        }
        byte[] bytes = new byte[length];
        plain.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /// The SPDY/3 dictionary: each token behind its length in four bytes, then a tail of plain text. 1,423 bytes, Adler-32 E3C6A7C2.
    /// Source: SPDY/3 draft section 2.6.10.1; docs/PROTOCOL.md appendix A.
    static final byte[] DICTIONARY = dictionary(
            "options|head|post|put|delete|trace|accept|accept-charset|accept-encoding|accept-language|accept-ranges|age|"
            + "allow|authorization|cache-control|connection|content-base|content-encoding|content-language|content-length|"
            + "content-location|content-md5|content-range|content-type|date|etag|expect|expires|from|host|if-match|"
            + "if-modified-since|if-none-match|if-range|if-unmodified-since|last-modified|location|max-forwards|pragma|"
            + "proxy-authenticate|proxy-authorization|range|referer|retry-after|server|te|trailer|transfer-encoding|upgrade|"
            + "user-agent|vary|via|warning|www-authenticate|method|get|status|200 OK|version|HTTP/1.1|url|public|set-cookie|"
            + "keep-alive|origin",
            "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritativ"
            + "e Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 I"
            + "nternal Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec"
            + " 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xm"
            + "l,application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset="
            + "iso-8859-1,utf-,*,enq=0.");

    private static byte[] dictionary(String tokens, String tail) {
        ByteBuffer bytes = ByteBuffer.allocate(1423);
        for (String token : tokens.split("[|]")) {
            bytes.putInt(token.length()).put(token.getBytes(StandardCharsets.US_ASCII));
        }
        bytes.put(tail.getBytes(StandardCharsets.US_ASCII));
        assert !bytes.hasRemaining();
        return bytes.array();
    }
}

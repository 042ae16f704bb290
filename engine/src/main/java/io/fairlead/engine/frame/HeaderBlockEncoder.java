package io.fairlead.engine.frame;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/// Writes header blocks of one direction of one session as stored deflate blocks: no compressor, hence no state to keep in order but the
/// zlib header in front of the first block. Go peers take it (docs/PROTOCOL.md 3.2), and a block has some 60 bytes.
///
/// Thread: one. A block must reach the wire in the order of the calls.
public final class HeaderBlockEncoder {
    /// zlib header with preset dictionary at level 9, then the dictionary's Adler-32.
    private static final int ZLIB_HEADER = 0x78F9;
    private static final int DICTIONARY_ID = 0xE3C6A7C2;
    /// Z_SYNC_FLUSH: an empty stored block. Without it Go fails at the second header block.
    private static final int SYNC_MARKER = 0x0000FFFF;
    private static final int STORED_BYTES_MAX = 0xFFFF;

    private boolean begun;

    /// Appends one block.
    ///
    /// @param headers name, value, name, value ...: ASCII, names in lower case and none twice; empty for the empty list, which still
    ///     needs a block. At most 65,535 bytes in all.
    public void encode(ByteBuf out, String... headers) {
        assert headers.length % 2 == 0;
        if (!begun) {
            begun = true;
            out.writeShort(ZLIB_HEADER).writeInt(DICTIONARY_ID);
        }
        int start = out.writerIndex();
        out.writeByte(0).writeInt(0).writeInt(headers.length / 2);
        for (String text : headers) {
            out.writeInt(text.length());
            out.writeCharSequence(text, StandardCharsets.US_ASCII);
        }
        int length = out.writerIndex() - start - 5;
        if (length > STORED_BYTES_MAX) {
            throw new IllegalArgumentException("header list of " + length + " bytes; at most " + STORED_BYTES_MAX);
        }
        out.setShortLE(start + 1, length).setShortLE(start + 3, ~length);
        out.writeByte(0).writeInt(SYNC_MARKER);
    }
}

package io.fairlead.testbed.pod;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;

/// The bytes that `source` sends: a function of the offset alone, so that a receiver can check every byte wherever it starts.
///
/// ```
/// byteAt(offset) = TABLE[offset mod PERIOD]
/// TABLE: x = 0x5EED; for each entry  x = x * 1664525 + 1013904223 (32 bits),  entry = bits 24..31 of x
/// ```
///
/// {@link #PERIOD} is a prime, so losing or doubling any usual buffer, frame or record shifts the sequence visibly. The table stands twice
/// in one direct buffer, and any chunk of at most `PERIOD` bytes is one slice of it: making bytes costs no copy, checking them one vectorised compare.
///
/// Thread: any.
public final class Pattern {
    /// Length of the table: 2^17 - 1, prime.
    public static final int PERIOD = 131_071;

    private static final ByteBuffer BYTES = bytes();
    private static final ByteBuf BUFFER = Unpooled.unreleasableBuffer(Unpooled.wrappedBuffer(BYTES)).asReadOnly();

    private Pattern() {}

    /// @param offset 0 or more
    public static byte byteAt(long offset) {
        return BYTES.get((int) (offset % PERIOD));
    }

    /// `length` bytes from `offset` on, 0 to {@link #PERIOD}. Nobody needs to release it.
    public static ByteBuf slice(long offset, int length) {
        return BUFFER.slice((int) (offset % PERIOD), length);
    }

    /// Where `received`, which starts at `offset` of the sequence, first differs from it: an index relative to the buffer's position, or
    /// -1 if it does not. Moves no index. Any length.
    public static int mismatch(long offset, ByteBuffer received) {
        int done = 0;
        int length = received.remaining();
        while (done < length) {
            int step = Math.min(PERIOD, length - done);
            int at = received.slice(received.position() + done, step).mismatch(BYTES.slice((int) ((offset + done) % PERIOD), step));
            if (at >= 0) {
                return done + at;
            }
            done += step;
        }
        return -1;
    }

    private static ByteBuffer bytes() {
        ByteBuffer bytes = ByteBuffer.allocateDirect(2 * PERIOD);
        for (int round = 0; round < 2; round++) {
            int x = 0x5EED;
            for (int i = 0; i < PERIOD; i++) {
                x = x * 1664525 + 1013904223;
                bytes.put((byte) (x >>> 24));
            }
        }
        return bytes.flip().asReadOnlyBuffer();
    }
}

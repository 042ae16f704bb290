package io.fairlead.testbed.pod;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class PatternTest {
    @Test void slicesAndSingleBytesAreTheSameSequence() {
        for (long offset : new long[] {0, 1, Pattern.PERIOD - 1, Pattern.PERIOD, 10_000_000_019L}) {
            var slice = Pattern.slice(offset, Pattern.PERIOD);
            for (int i = 0; i < Pattern.PERIOD; i += 7) {
                assertEquals(Pattern.byteAt(offset + i), slice.getByte(i));
            }
        }
    }

    @Test void mismatchFindsTheFirstWrongByteAlsoBeyondOnePeriod() {
        ByteBuffer bytes = ByteBuffer.allocate(3 * Pattern.PERIOD);
        for (int i = 0; i < bytes.capacity(); i++) {
            bytes.put(i, Pattern.byteAt(77 + i));
        }
        assertEquals(-1, Pattern.mismatch(77, bytes));
        int wrong = 2 * Pattern.PERIOD + 5;
        bytes.put(wrong, (byte) ~bytes.get(wrong));
        assertEquals(wrong, Pattern.mismatch(77, bytes));
    }

    @Test void losingA64KiBBufferShows() {
        ByteBuffer late = ByteBuffer.allocate(1024);
        for (int i = 0; i < late.capacity(); i++) {
            late.put(i, Pattern.byteAt(65_536 + i));
        }
        assertEquals(true, Pattern.mismatch(0, late) >= 0);
    }
}

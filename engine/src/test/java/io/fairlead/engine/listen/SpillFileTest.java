package io.fairlead.engine.listen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class SpillFileTest {
    private final ByteBufAllocator alloc = new UnpooledByteBufAllocator(true);
    private final AtomicLong budget = new AtomicLong(1000);

    private static boolean append(SpillFile file, String text) throws IOException {
        return file.append(Unpooled.copiedBuffer("__" + text, StandardCharsets.US_ASCII), 2, text.length());
    }

    private String take(SpillFile file, int bytes) throws IOException {
        ByteBuf taken = file.take(alloc, bytes);
        try {
            return taken.toString(StandardCharsets.US_ASCII);
        } finally {
            taken.release();
        }
    }

    @Test
    void bytesComeOutInTheOrderInWhichTheyCame() throws IOException {
        try (var file = new SpillFile(100, budget)) {
            assertTrue(append(file, "hello "));
            assertTrue(append(file, "world"));
            assertEquals("hell", take(file, 4));
            assertEquals("o world", take(file, 50));
            assertEquals(0, file.waiting());
        }
    }

    @Test
    void whatDoesNotFitIsRefusedWhole() throws IOException {
        try (var file = new SpillFile(10, budget)) {
            assertTrue(append(file, "12345678"));
            assertFalse(append(file, "abc"));
            assertEquals(8, file.waiting());
            assertTrue(append(file, "ab"));
            assertEquals("12345678ab", take(file, 10));
        }
    }

    @Test
    void theFileIsARingSoThatAReaderThatKeepsUpMayReadForEver() throws IOException {
        var random = new Random(7);
        byte[] in = new byte[5_000];
        random.nextBytes(in);
        ByteBuf source = Unpooled.wrappedBuffer(in);
        int appended = 0;
        int taken = 0;
        try (var file = new SpillFile(64, budget)) {
            while (taken < in.length) {
                int length = Math.min(random.nextInt(40), in.length - appended);
                if (file.append(source, appended, length)) {
                    appended += length;
                }
                ByteBuf out = file.take(alloc, random.nextInt(40));
                for (int i = 0; i < out.readableBytes(); i++) {
                    assertEquals(in[taken + i], out.getByte(i), "byte " + (taken + i));
                }
                taken += out.readableBytes();
                out.release();
            }
        }
        assertEquals(1000, budget.get());
    }

    @Test
    void allFilesTogetherStayWithinTheBudgetAndGiveItBack() throws IOException {
        var small = new AtomicLong(15);
        try (var first = new SpillFile(10, small); var second = new SpillFile(10, small)) {
            assertTrue(append(first, "1234567890"));
            assertTrue(append(second, "12345"));
            assertFalse(append(second, "6"));
            assertEquals("1234567890", take(first, 10));
            assertTrue(append(first, "abc"), "the file is as large as it was");
        }
        assertEquals(15, small.get());
    }
}

package io.fairlead.engine.listen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.engine.listen.SpillFile.Append;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class SpillFileTest {
    private final ByteBufAllocator alloc = new UnpooledByteBufAllocator(true);
    private final AtomicLong diskFree = new AtomicLong(Long.MAX_VALUE);
    private final SpillRoom room = room(1000);

    private SpillRoom room(long bytesMax) {
        return new SpillRoom(Path.of(System.getProperty("java.io.tmpdir")), bytesMax, diskFree::get);
    }

    private static Append append(SpillFile file, String text) throws IOException {
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
        try (var file = new SpillFile(room, 100, 5)) {
            assertEquals(Append.DONE, append(file, "hello "));
            assertEquals(Append.DONE, append(file, "world"));
            assertEquals("hell", take(file, 4));
            assertEquals("o world", take(file, 50));
            assertEquals(0, file.waiting());
        }
    }

    @Test
    void whatDoesNotFitIsRefusedWhole() throws IOException {
        try (var file = new SpillFile(room, 10, 4)) {
            assertEquals(Append.DONE, append(file, "12345678"));
            assertEquals(Append.FILE_FULL, append(file, "abc"));
            assertEquals(8, file.waiting());
            assertEquals(Append.DONE, append(file, "ab"));
            assertEquals("12345678ab", take(file, 10));
        }
    }

    @Test
    void aReaderThatKeepsUpMayReadForEver() throws IOException {
        var random = new Random(7);
        byte[] in = new byte[5_000];
        random.nextBytes(in);
        ByteBuf source = Unpooled.wrappedBuffer(in);
        int appended = 0;
        int taken = 0;
        try (var file = new SpillFile(room, 64, 16)) {
            while (taken < in.length) {
                int length = Math.min(random.nextInt(40), in.length - appended);
                if (file.append(source, appended, length) == Append.DONE) {
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
        assertEquals(1000, room.left());
    }

    @Test
    void theFileIsNoLargerThanWhatWaitedAtOnce() throws IOException {
        try (var file = new SpillFile(room, 500, 10)) {
            for (int i = 0; i < 100; i++) {
                assertEquals(Append.DONE, append(file, "1234567"));
                assertEquals("1234567", take(file, 10));
                assertTrue(room.left() >= 980, "room left for others: " + room.left());
            }
        }
    }

    @Test
    void allFilesTogetherStayWithinTheirBoundAndGiveItBack() throws IOException {
        SpillRoom small = room(20);
        try (var first = new SpillFile(small, 15, 5); var second = new SpillFile(small, 15, 5)) {
            assertEquals(Append.DONE, append(first, "123456789012"));
            assertEquals(Append.DONE, append(second, "12345"));
            assertEquals(Append.ALL_FULL, append(second, "6"));
            assertEquals("123456789012", take(first, 15));
            assertEquals(Append.DONE, append(first, "abc"), "the file has the block");
        }
        assertEquals(20, small.left());
    }

    @Test
    void noFileHasMoreThanItLeavesToOthers() throws IOException {
        try (var file = new SpillFile(room, 1000, 10)) {
            diskFree.set(35);
            assertEquals(Append.DONE, append(file, "1234567890"));
            assertEquals(Append.DONE, append(file, "1234567890"));
            diskFree.set(15);
            assertEquals(Append.DISK_FULL, append(file, "1"));
            assertEquals(20, file.waiting());
        }
        SpillRoom small = room(60);
        diskFree.set(Long.MAX_VALUE);
        try (var file = new SpillFile(small, 1000, 10)) {
            for (int i = 0; i < 4; i++) {
                assertEquals(Append.DONE, append(file, "1234567890"));
            }
            assertEquals(Append.ALL_FULL, append(file, "1"));
        }
    }

    @Test
    void aDirectoryKnowsWhatItHasFree() {
        SpillRoom real = SpillRoom.in(Path.of(System.getProperty("java.io.tmpdir")), 1);
        assertEquals(1, real.left());
        assertFalse(real.isDiskShort());
    }
}

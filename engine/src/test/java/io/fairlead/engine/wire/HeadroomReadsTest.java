package io.fairlead.engine.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.fairlead.engine.testkit.LeakCheck;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class HeadroomReadsTest {
    private final UnpooledByteBufAllocator alloc = new UnpooledByteBufAllocator(true, true);
    private int wanted = 1024;
    private final RecvByteBufAllocator.ExtendedHandle handle =
            (RecvByteBufAllocator.ExtendedHandle) new HeadroomReads(8, 1024, () -> wanted).newHandle();

    @AfterEach
    void nothingIsHeldAfterTheLoopsEnd() {
        HeadroomReads.releaseLoopBuffer();
        assertEquals(0, alloc.metric().usedDirectMemory());
    }

    @Test
    void aReadHasRoomForTheHeaderInFront() {
        ByteBuf buffer = handle.allocate(alloc);
        assertEquals(8, buffer.readerIndex());
        assertEquals(1024 - 8, buffer.writableBytes());
        buffer.release();
    }

    @Test
    void aBufferThatWasCopiedOutServesTheNextRead() {
        ByteBuf first = handle.allocate(alloc);
        first.writeZero(100).release();
        ByteBuf second = handle.allocate(alloc);
        assertSame(first, second);
        assertEquals(0, second.readableBytes());
        second.release();
    }

    @Test
    void aBufferThatIsStillInUseIsLeftToItsReader() {
        ByteBuf first = handle.allocate(alloc).writeInt(42);
        ByteBuf second = handle.allocate(alloc);
        assertNotSame(first, second);
        assertEquals(42, first.readInt());
        assertEquals(1, first.refCnt());
        first.release();
        second.release();
    }

    @Test
    void aSmallReadHasItsOwnSmallBuffer() {
        wanted = 64;
        ByteBuf buffer = handle.allocate(alloc);
        assertEquals(64, buffer.maxCapacity());
        assertEquals(8, buffer.readerIndex());
        buffer.release();
        assertEquals(0, alloc.metric().usedDirectMemory());
    }

    @Test
    void thereIsOneReadATurn() {
        handle.lastBytesRead(1016);
        assertFalse(handle.continueReading());
        assertFalse(handle.continueReading(() -> true));
    }
}

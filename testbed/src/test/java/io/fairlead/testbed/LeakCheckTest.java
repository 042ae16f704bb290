package io.fairlead.testbed;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBufAllocator;
import org.junit.jupiter.api.Test;

class LeakCheckTest {
    @Test void aBufferThatIsNeverReleasedFailsTheClass() throws Exception {
        var check = new LeakCheck();
        check.beforeAll(null);
        for (int i = 0; i < 20; i++) {
            lose();
        }
        var failure = assertThrows(AssertionError.class, () -> check.afterAll(null));
        assertTrue(failure.getMessage().contains("never released"), failure.getMessage());
    }

    @Test void whatWasLostBeforeTheClassIsNotItsOwn() throws Exception {
        for (int i = 0; i < 20; i++) {
            ByteBufAllocator.DEFAULT.directBuffer(100).writeByte(2);
        }
        var check = new LeakCheck();
        check.beforeAll(null);
        assertDoesNotThrow(() -> check.afterAll(null));
    }

    @Test void releasedBuffersPass() throws Exception {
        var check = new LeakCheck();
        check.beforeAll(null);
        for (int i = 0; i < 20; i++) {
            ByteBufAllocator.DEFAULT.directBuffer(100).release();
        }
        assertDoesNotThrow(() -> check.afterAll(null));
    }

    private static void lose() {
        ByteBufAllocator.DEFAULT.directBuffer(100).writeByte(1);
    }
}

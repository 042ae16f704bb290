package io.fairlead.testbed.fault;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DelayHandlerTest {
    private final MockTicker time = Ticker.newMockTicker();
    private final Faults faults = new Faults();
    private final EmbeddedChannel channel = EmbeddedChannel.builder().ticker(time).handlers(new DelayHandler(faults)).build();

    @Test void withoutFaultsEverythingPassesAtOnce() {
        channel.writeInbound(bytes(10));
        channel.writeOutbound(bytes(20));
        assertEquals(10, received());
        assertEquals(20, sent());
    }

    @Test void eachWayIsHeldBackByItsOwnTime() {
        faults.delay(Duration.ofMillis(3), Duration.ofMillis(7));
        channel.writeInbound(bytes(10));
        channel.writeOutbound(bytes(20));
        pass(2);
        assertEquals(0, received());
        pass(1);
        assertEquals(10, received());
        assertEquals(0, sent());
        pass(4);
        assertEquals(20, sent());
    }

    @Test void noMoreThanOneWindowLeavesInARoundTripEitherWay() {
        faults.delay(Duration.ofMillis(5), Duration.ofMillis(5));
        faults.window(100);
        channel.writeInbound(bytes(70), bytes(180));
        channel.writeOutbound(bytes(250));
        pass(5);
        assertEquals(100, received());
        assertEquals(100, sent());
        pass(9);
        assertEquals(0, received());
        assertEquals(0, sent());
        pass(1);
        assertEquals(100, received());
        assertEquals(100, sent());
        pass(10);
        assertEquals(50, received());
        assertEquals(50, sent());
    }

    @Test void twoWindowsHeldMakeTheChannelUnwritable() {
        faults.delay(Duration.ofMillis(5), Duration.ofMillis(5));
        faults.window(100);
        channel.writeOutbound(bytes(199));
        assertTrue(channel.isWritable());
        channel.writeOutbound(bytes(1));
        assertFalse(channel.isWritable());
        pass(5);
        assertTrue(channel.isWritable());
    }

    private void pass(int millis) {
        for (int i = 0; i < millis; i++) {
            time.advance(1, TimeUnit.MILLISECONDS);
            channel.runScheduledPendingTasks();
            channel.runPendingTasks();
        }
    }

    private int received() {
        int sum = 0;
        for (ByteBuf bytes; (bytes = channel.readInbound()) != null; bytes.release()) {
            sum += bytes.readableBytes();
        }
        return sum;
    }

    private int sent() {
        int sum = 0;
        for (ByteBuf bytes; (bytes = channel.readOutbound()) != null; bytes.release()) {
            sum += bytes.readableBytes();
        }
        return sum;
    }

    private static ByteBuf bytes(int count) {
        return Unpooled.buffer(count).writeZero(count);
    }
}

package io.fairlead.testbed.node;

import io.fairlead.engine.frame.Spdy;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;

/// Buffers for reading a pod's socket: room for the DATA header in front, so that what was read becomes a frame without a copy.
@SuppressWarnings("deprecation") // Netty's own way to fix the size of a read
final class FrameReads extends DefaultMaxMessagesRecvByteBufAllocator {
    private final int payloadBytes;

    FrameReads(int payloadBytes, int readsPerTurn) {
        super(readsPerTurn);
        this.payloadBytes = payloadBytes;
    }

    @Override
    public Handle newHandle() {
        return new MaxMessageHandle() {
            @Override
            public ByteBuf allocate(ByteBufAllocator allocator) {
                int bytes = Spdy.HEADER_BYTES + payloadBytes;
                return allocator.directBuffer(bytes, bytes).setIndex(Spdy.HEADER_BYTES, Spdy.HEADER_BYTES);
            }

            @Override
            public int guess() {
                return payloadBytes;
            }
        };
    }
}

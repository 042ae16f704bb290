package io.fairlead.engine.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelConfig;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.function.IntSupplier;

/// Reads of a local socket: into a large buffer with room in front for a frame header, one read a turn.
///
/// All local sockets of a loop read into the same buffer, as long as its readers are done with it when the next read comes: a small payload is
/// copied out and the buffer is hot in the cache again, a large one is taken along and the next read gets a fresh one. An idle
/// connection so holds no buffer at all.
///
/// Thread: one handle per channel, on its loop. Ownership: the loop's buffer keeps one count for itself; Netty's pipeline gets a second.
public final class HeadroomReads implements RecvByteBufAllocator {
    private static final FastThreadLocal<ByteBuf> LOOP_BUFFER = new FastThreadLocal<>() {
        @Override
        protected void onRemoval(ByteBuf buffer) {
            if (buffer != null) {
                buffer.release();
            }
        }
    };

    private final int headroom;
    private final int bytesMax;
    private final IntSupplier wanted;

    /// @param headroom bytes in front of what is read
    /// @param bytesMax capacity of the shared buffer, headroom included
    /// @param wanted asked before each read: its capacity, headroom included; `bytesMax` or less
    public HeadroomReads(int headroom, int bytesMax, IntSupplier wanted) {
        this.headroom = headroom;
        this.bytesMax = bytesMax;
        this.wanted = wanted;
    }

    /// Gives back the calling loop's buffer; for its end.
    public static void releaseLoopBuffer() {
        LOOP_BUFFER.remove();
    }

    @Override
    @SuppressWarnings("deprecation") // Netty deprecates the old Handle, yet the interface asks for it
    public Handle newHandle() {
        return new OneRead();
    }

    private final class OneRead implements ExtendedHandle {
        private int attempted;
        private int last;

        @Override
        public ByteBuf allocate(ByteBufAllocator alloc) {
            int bytes = wanted.getAsInt();
            if (bytes < bytesMax) {
                return alloc.directBuffer(bytes, bytes).setIndex(headroom, headroom);
            }
            ByteBuf buffer = LOOP_BUFFER.getIfExists();
            if (buffer == null || buffer.refCnt() > 1) {
                if (buffer != null) {
                    buffer.release();
                }
                buffer = alloc.directBuffer(bytesMax, bytesMax);
                LOOP_BUFFER.set(buffer);
            }
            return buffer.retain().setIndex(headroom, headroom);
        }

        @Override
        public int guess() {
            return bytesMax;
        }

        @Override
        public void reset(ChannelConfig config) {
            attempted = 0;
            last = 0;
        }

        @Override
        public void incMessagesRead(int messages) {}

        @Override
        public void lastBytesRead(int bytes) {
            last = bytes;
        }

        @Override
        public int lastBytesRead() {
            return last;
        }

        @Override
        public void attemptedBytesRead(int bytes) {
            attempted = bytes;
        }

        @Override
        public int attemptedBytesRead() {
            return attempted;
        }

        @Override
        public boolean continueReading() {
            return false;
        }

        @Override
        public boolean continueReading(UncheckedBooleanSupplier maybeMoreDataSupplier) {
            return false;
        }

        @Override
        public void readComplete() {}
    }
}

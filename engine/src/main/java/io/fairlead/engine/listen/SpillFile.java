package io.fairlead.engine.listen;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicLong;

/// Bytes that wait for one slow local reader, on disk: first in, first out, in a temporary file that has no name any more once it is open.
///
/// Thread: one loop; its writes end in the page cache. Bound: `bytesMax`, and `budget` for all files of the process together.
/// Invariant: `0 <= taken <= appended <= bytesMax`.
final class SpillFile implements AutoCloseable {
    private final FileChannel file;
    private final long bytesMax;
    private final AtomicLong budget;
    private long appended;
    private long taken;

    /// @param budget bytes that all files may still take; what this one takes is given back by {@link #close}
    SpillFile(long bytesMax, AtomicLong budget) throws IOException {
        this.bytesMax = bytesMax;
        this.budget = budget;
        Path path = Files.createTempFile("fairlead-", ".spill");
        file = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
    }

    long waiting() {
        return appended - taken;
    }

    /// Appends bytes `[index, index + length)` of `source`, which it borrows. False when a bound is reached: nothing was appended then.
    boolean append(ByteBuf source, int index, int length) throws IOException {
        if (appended + length > bytesMax || budget.addAndGet(-length) < 0) {
            if (appended + length <= bytesMax) {
                budget.addAndGet(length);
            }
            return false;
        }
        long end = appended + length;
        while (appended < end) {
            int done = length - (int) (end - appended);
            appended += source.getBytes(index + done, file, appended, length - done);
        }
        return true;
    }

    /// Hands over at most `bytesMax` of the oldest bytes.
    ByteBuf take(ByteBufAllocator alloc, int bytesMax) throws IOException {
        int length = (int) Math.min(bytesMax, waiting());
        ByteBuf bytes = alloc.directBuffer(length);
        try {
            while (bytes.readableBytes() < length) {
                int count = bytes.writeBytes(file, taken, length - bytes.readableBytes());
                if (count < 0) {
                    throw new IOException("a spill file is shorter than what was written to it");
                }
                taken += count;
            }
            return bytes.retain();
        } finally {
            bytes.release();
        }
    }

    @Override
    public void close() {
        budget.addAndGet(appended);
        try {
            file.close();
        } catch (IOException _) {
            // it has no name: the system frees it with the handle at the latest
        }
    }
}

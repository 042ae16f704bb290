package io.fairlead.engine.listen;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicLong;

/// Bytes that wait for one slow local reader, on disk: a ring in a temporary file, which has no name any more once it is open (where the
/// system allows that; else until it is closed).
///
/// Thread: one loop; its writes end in the page cache, so a disk that is too slow for
/// the kernel to keep up with can hold that loop up. Bound: `bytesMax`, and `budget` for all files of the process together.
/// Invariant: `0 <= appended - taken <= bytesMax`, and byte number n stands at `n % bytesMax`.
final class SpillFile implements AutoCloseable {
    private final FileChannel file;
    private final long bytesMax;
    private final AtomicLong budget;
    private long size;
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
        long grownTo = Math.min(bytesMax, appended + length);
        long growth = Math.max(0, grownTo - size);
        if (waiting() + length > bytesMax || !budgetGives(growth)) {
            return false;
        }
        size += growth;
        for (int done = 0; done < length; ) {
            long at = appended % bytesMax;
            int count = source.getBytes(index + done, file, at, (int) Math.min(length - done, bytesMax - at));
            done += count;
            appended += count;
        }
        return true;
    }

    private boolean budgetGives(long bytes) {
        if (budget.addAndGet(-bytes) >= 0) {
            return true;
        }
        budget.addAndGet(bytes);
        return false;
    }

    /// Hands over at most `bytesMax` of the oldest bytes.
    ByteBuf take(ByteBufAllocator alloc, int bytesMax) throws IOException {
        int length = (int) Math.min(bytesMax, waiting());
        ByteBuf bytes = alloc.directBuffer(length);
        try {
            while (bytes.readableBytes() < length) {
                long at = taken % this.bytesMax;
                int count = bytes.writeBytes(file, at, (int) Math.min(length - bytes.readableBytes(), this.bytesMax - at));
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
        budget.addAndGet(size);
        try {
            file.close();
        } catch (IOException _) {
            // it has no name: the system frees it with the handle at the latest
        }
    }
}

package io.fairlead.engine.listen;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/// What spill files may still take: a bound for all of them together, and what the file system of their directory has free. Any thread.
final class SpillRoom {
    private final Path directory;
    private final long bytesMax;
    private final LongSupplier free;
    private final AtomicLong taken = new AtomicLong();

    /// @param free bytes that the file system has free for us; asked each time
    SpillRoom(Path directory, long bytesMax, LongSupplier free) {
        this.directory = directory;
        this.bytesMax = bytesMax;
        this.free = free;
    }

    /// @param bytesMax bytes that all files of the directory may take together
    static SpillRoom in(Path directory, long bytesMax) {
        return new SpillRoom(directory, bytesMax, () -> {
            long free = directory.toFile().getUsableSpace();
            return free > 0 || directory.toFile().getTotalSpace() > 0 ? free : Long.MAX_VALUE; // some file systems do not know
        });
    }

    Path directory() {
        return directory;
    }

    /// Bytes that files may still take. A system call.
    long left() {
        return Math.min(bytesMax - taken.get(), free.getAsLong());
    }

    /// Whether it is the file system that has less than the bound allows.
    boolean isDiskShort() {
        return free.getAsLong() < bytesMax - taken.get();
    }

    /// False when the bound for all files is reached: nothing was taken then.
    boolean take(long bytes) {
        if (taken.addAndGet(bytes) <= bytesMax) {
            return true;
        }
        taken.addAndGet(-bytes);
        return false;
    }

    void giveBack(long bytes) {
        taken.addAndGet(-bytes);
    }
}

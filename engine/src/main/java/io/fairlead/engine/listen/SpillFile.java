package io.fairlead.engine.listen;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;

/// Bytes that wait for one slow local reader, on disk: blocks of a temporary file, which has no name any more once it is open (where the
/// system allows that; else until it is closed). A block whose bytes are taken is used again before the file grows, so it takes no more than
/// what waited at once.
///
/// Thread: one loop; its writes end in the page cache, so a disk that is too slow for
/// the kernel to keep up with can hold that loop up. Bound: `bytesMax`, and as many bytes as `room` has left for others.
/// Invariant: `0 <= appended - taken <= bytesMax`, and `used` names the blocks of bytes number `taken` to `appended`, in order;
/// `free` the file's others.
final class SpillFile implements AutoCloseable {
    /// What became of bytes to append.
    enum Append {
        DONE,
        /// The bound of this file.
        FILE_FULL,
        /// The bound of all files: they have it, or leave less of it than this one has.
        ALL_FULL,
        /// The file system has less free than this file has.
        DISK_FULL
    }

    private final FileChannel file;
    private final SpillRoom room;
    private final long bytesMax;
    private final int blockBytes;
    private final ArrayDeque<Integer> used = new ArrayDeque<>();
    private final ArrayDeque<Integer> free = new ArrayDeque<>();
    private int blocks;
    private long roomLeft;
    private long appended;
    private long taken;

    /// @param room what all files may still take; what this one takes is given back by {@link #close}
    SpillFile(SpillRoom room, long bytesMax, int blockBytes) throws IOException {
        this.room = room;
        this.bytesMax = bytesMax;
        this.blockBytes = blockBytes;
        roomLeft = room.left();
        Path path = Files.createTempFile(room.directory(), "fairlead-", ".spill");
        file = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
    }

    long waiting() {
        return appended - taken;
    }

    /// What {@link SpillRoom#left} was when the last block was begun.
    long roomLeft() {
        return roomLeft;
    }

    /// Appends bytes `[index, index + length)` of `source`, which it borrows. When a bound is reached nothing was appended.
    Append append(ByteBuf source, int index, int length) throws IOException {
        if (waiting() + length > bytesMax) {
            return Append.FILE_FULL;
        }
        long needed = Math.ceilDiv(appended + length, blockBytes) - Math.ceilDiv(appended, blockBytes);
        if (needed > 0) {
            roomLeft = room.left();
            if (waiting() > roomLeft) {
                return room.isDiskShort() ? Append.DISK_FULL : Append.ALL_FULL;
            }
        }
        while (free.size() < needed) {
            if (!grow()) {
                return Append.ALL_FULL;
            }
        }
        for (int done = 0; done < length; ) {
            int inBlock = (int) (appended % blockBytes);
            if (inBlock == 0) {
                used.add(free.remove());
            }
            int count = source.getBytes(index + done, file, (long) used.getLast() * blockBytes + inBlock, Math.min(length - done, blockBytes - inBlock));
            done += count;
            appended += count;
        }
        return Append.DONE;
    }

    private boolean grow() {
        if (!room.take(blockBytes)) {
            return false;
        }
        free.add(blocks++);
        return true;
    }

    /// Hands over at most `bytesMax` of the oldest bytes.
    ByteBuf take(ByteBufAllocator alloc, int bytesMax) throws IOException {
        int length = (int) Math.min(bytesMax, waiting());
        ByteBuf bytes = alloc.directBuffer(length);
        try {
            while (bytes.readableBytes() < length) {
                int inBlock = (int) (taken % blockBytes);
                int count = bytes.writeBytes(file, (long) used.element() * blockBytes + inBlock,
                        Math.min(length - bytes.readableBytes(), blockBytes - inBlock));
                if (count < 0) {
                    throw new IOException("a spill file is shorter than what was written to it");
                }
                taken += count;
                if (inBlock + count == blockBytes) {
                    free.add(used.remove());
                }
            }
            return bytes.retain();
        } finally {
            bytes.release();
        }
    }

    @Override
    public void close() {
        room.giveBack((long) blocks * blockBytes);
        try {
            file.close();
        } catch (IOException _) {
            // it has no name: the system frees it with the handle at the latest
        }
    }
}

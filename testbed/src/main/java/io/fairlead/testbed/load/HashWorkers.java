package io.fairlead.testbed.load;

import io.fairlead.testbed.loop.OncePerTurn;
import io.fairlead.testbed.pod.Pattern;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/// Connections that move a fixed number of bytes and compare SHA-256 at the end.
final class HashWorkers {
    private static final int CHUNK_BYTES = 64 * 1024;

    private HashWorkers() {}

    /// See {@link Mode#HASH}, {@link Mode#HASH_UP} and {@link Mode#HASH_DOWN}: which directions carry the bytes, and who hashes.
    static final class Hashing extends Worker {
        private final OncePerTurn pump = new OncePerTurn(this::pump);
        private final boolean up;
        private final boolean down;
        private final long start;
        private final long bytes;
        private final MessageDigest sentDigest = sha256();
        private final MessageDigest receivedDigest = sha256();
        private final ByteBuf answer = Unpooled.buffer(32, 32);
        private long sent;
        private long received;
        private long begunNanos;

        Hashing(Workload load, int index, boolean up, boolean down) {
            super(load, index);
            this.up = up;
            this.down = down;
            this.start = up ? index * 1009L : 0;
            this.bytes = load.spec.bytes();
        }

        @Override
        void go() {
            begunNanos = System.nanoTime();
            if (!(up && down)) {
                ctx.writeAndFlush(Unpooled.copyLong(bytes));
            }
            pump.soon(ctx);
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            pump.soon(context);
        }

        private void pump() {
            while (up && sent < bytes && ctx.channel().isWritable() && !ended()) {
                int length = (int) Math.min(CHUNK_BYTES, bytes - sent);
                ByteBuf chunk = Pattern.slice(start + sent, length);
                sentDigest.update(chunk.nioBuffer());
                ctx.write(chunk, ctx.voidPromise());
                sent += length;
            }
            ctx.flush();
        }

        @Override
        void on(ByteBuf message) {
            if (!down) {
                answer.writeBytes(message, Math.min(message.readableBytes(), answer.writableBytes()));
                if (!answer.isWritable()) {
                    load.tally.bytes += sent;
                    compare(sentDigest.digest(), answer.array());
                }
                return;
            }
            receivedDigest.update(message.nioBuffer());
            received += message.readableBytes();
            load.tally.bytes += message.readableBytes();
            if (received == bytes) {
                compare(up ? sentDigest.digest() : load.patternDigest(), receivedDigest.digest());
            } else if (received > bytes) {
                fail("more bytes than asked for");
            }
        }

        private void compare(byte[] expected, byte[] got) {
            if (MessageDigest.isEqual(expected, got)) {
                load.tally.verifiedBytes += bytes;
                load.tally.op(System.nanoTime() - begunNanos);
                done();
            } else {
                fail("SHA-256 differs");
            }
        }
    }

    /// SHA-256 of the first `length` bytes of the pattern.
    static byte[] ofPattern(long length) {
        MessageDigest digest = sha256();
        for (long done = 0; done < length; ) {
            int chunk = (int) Math.min(CHUNK_BYTES, length - done);
            digest.update(Pattern.slice(done, chunk).nioBuffer());
            done += chunk;
        }
        return digest.digest();
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }
}

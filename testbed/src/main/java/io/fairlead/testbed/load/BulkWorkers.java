package io.fairlead.testbed.load;

import io.fairlead.testbed.loop.OncePerTurn;
import io.fairlead.testbed.pod.Pattern;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;

/// Connections that move bytes in one direction as fast as they are taken.
final class BulkWorkers {
    private static final int CHUNK_BYTES = 64 * 1024;

    private BulkWorkers() {}

    /// See {@link Mode#DOWNLOAD}.
    static final class Download extends Worker {
        private long offset;
        private long lastNanos;

        Download(Workload load, int index) {
            super(load, index);
        }

        @Override
        void go() {
            lastNanos = System.nanoTime();
            ctx.writeAndFlush(Unpooled.copyLong(-1));
        }

        @Override
        void on(ByteBuf bytes) {
            int wrong = Pattern.mismatch(offset, bytes.nioBuffer());
            if (wrong >= 0) {
                fail("wrong byte");
                return;
            }
            int length = bytes.readableBytes();
            offset += length;
            load.tally.bytes += length;
            load.tally.verifiedBytes += length;
            silence(this, lastNanos);
            lastNanos = System.nanoTime();
        }

        @Override
        void finish(Unanswered waits) {
            silence(this, lastNanos);
        }
    }

    /// See {@link Mode#DRAIN}.
    static final class Drain extends Worker {
        private long lastNanos;

        Drain(Workload load, int index) {
            super(load, index);
        }

        @Override
        void go() {
            lastNanos = System.nanoTime();
        }

        @Override
        void on(ByteBuf bytes) {
            load.tally.bytes += bytes.readableBytes();
            silence(this, lastNanos);
            lastNanos = System.nanoTime();
        }

        @Override
        void finish(Unanswered waits) {
            silence(this, lastNanos);
        }
    }

    /// See {@link Mode#DOWNLOAD_UNREAD}.
    static final class DownloadUnread extends Worker {
        DownloadUnread(Workload load, int index) {
            super(load, index);
        }

        @Override
        void go() {
            ctx.channel().config().setAutoRead(false);
            ctx.writeAndFlush(Unpooled.copyLong(-1));
        }

        @Override
        void on(ByteBuf bytes) {
            load.tally.bytes += bytes.readableBytes(); // one read may have been under way
        }
    }

    /// See {@link Mode#UPLOAD} and {@link Mode#UPLOAD_BLIND}.
    static final class Upload extends Worker {
        private final boolean acknowledged;
        private final OncePerTurn pump = new OncePerTurn(this::pump);
        private final ByteBuf count = Unpooled.buffer(8, 8);
        private long offset;
        private long taken;
        private long lastNanos;

        Upload(Workload load, int index, boolean acknowledged) {
            super(load, index);
            this.acknowledged = acknowledged;
        }

        @Override
        void go() {
            lastNanos = System.nanoTime();
            pump.soon(ctx);
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            pump.soon(context);
        }

        private void pump() {
            while (ctx.channel().isWritable() && !ended()) {
                int length = CHUNK_BYTES;
                if (acknowledged) {
                    ctx.write(Pattern.slice(offset, length), ctx.voidPromise());
                } else {
                    ctx.write(Pattern.slice(offset, length)).addListener(written -> {
                        if (written.isSuccess()) {
                            moved(length);
                        }
                    });
                }
                offset += length;
            }
            ctx.flush();
        }

        @Override
        void on(ByteBuf bytes) {
            while (bytes.isReadable()) {
                count.writeBytes(bytes, Math.min(bytes.readableBytes(), count.writableBytes()));
                if (!count.isWritable()) {
                    acknowledged(count.readLong());
                    count.clear();
                }
            }
        }

        private void acknowledged(long total) {
            if (total < 0 || !acknowledged) {
                fail("wrong byte");
                return;
            }
            load.tally.verifiedBytes += total - taken;
            moved(total - taken);
            taken = total;
        }

        private void moved(long length) {
            load.tally.bytes += length;
            silence(this, lastNanos);
            lastNanos = System.nanoTime();
        }

        @Override
        void finish(Unanswered waits) {
            silence(this, lastNanos);
        }
    }

    private static void silence(Worker worker, long sinceNanos) {
        long from = Math.max(sinceNanos, worker.load.windowNanos());
        Tally tally = worker.load.tally;
        tally.silenceNanosMax = Math.max(tally.silenceNanosMax, System.nanoTime() - from);
    }
}

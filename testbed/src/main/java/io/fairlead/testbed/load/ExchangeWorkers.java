package io.fairlead.testbed.load;

import io.fairlead.testbed.pod.Pattern;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import java.util.ArrayDeque;

/// Connections that send messages to an echo and compare what comes back. All that one connection sends is one run of the pattern,
/// from an offset of its own, so that a byte of another connection would be seen.
final class ExchangeWorkers {
    private ExchangeWorkers() {}

    abstract static class Exchange extends Worker {
        private final long start;
        private final int messageBytes;
        private long sent;
        private long received;

        Exchange(Workload load, int index) {
            super(load, index);
            this.start = index * 1009L;
            this.messageBytes = load.spec.messageBytes();
        }

        final void send() {
            for (int left = messageBytes; left > 0; ) {
                int length = Math.min(left, Pattern.PERIOD);
                ctx.write(Pattern.slice(start + sent, length), ctx.voidPromise());
                sent += length;
                left -= length;
            }
            ctx.flush();
        }

        @Override
        final void on(ByteBuf bytes) {
            if (received + bytes.readableBytes() > sent || Pattern.mismatch(start + received, bytes.nioBuffer()) >= 0) {
                fail("wrong byte");
                return;
            }
            long before = received / messageBytes;
            received += bytes.readableBytes();
            load.tally.bytes += bytes.readableBytes();
            load.tally.verifiedBytes += bytes.readableBytes();
            for (long done = received / messageBytes - before; done > 0; done--) {
                answered();
            }
        }

        final long underWay() {
            return sent - received;
        }

        /// One message is back as a whole.
        abstract void answered();
    }

    /// See {@link Mode#ECHO}.
    static final class Stream extends Exchange {
        private static final int AHEAD_BYTES_MAX = 1 << 20;

        Stream(Workload load, int index) {
            super(load, index);
        }

        @Override
        void go() {
            pump();
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            pump();
        }

        private void pump() {
            while (ctx.channel().isWritable() && underWay() < AHEAD_BYTES_MAX && !ended() && !load.over()) {
                send();
            }
        }

        @Override
        void answered() {
            pump();
        }
    }

    /// See {@link Mode#RR}.
    static final class ClosedLoop extends Exchange {
        private long sentNanos;

        ClosedLoop(Workload load, int index) {
            super(load, index);
        }

        @Override
        void go() {
            sentNanos = System.nanoTime();
            send();
        }

        @Override
        void answered() {
            long now = System.nanoTime();
            load.tally.op(now - sentNanos);
            if (!load.over()) {
                sentNanos = now;
                send();
            }
        }

        @Override
        void finish(Unanswered waits) {
            if (!ended()) {
                waits.add(System.nanoTime() - sentNanos);
            }
        }
    }

    /// See {@link Mode#RR_OPEN}: the workload's schedule calls {@link #due}.
    static final class OpenLoop extends Exchange {
        private final ArrayDeque<Long> meant = new ArrayDeque<>();

        OpenLoop(Workload load, int index) {
            super(load, index);
        }

        @Override
        void go() {}

        void due(long meantNanos) {
            if (!ended()) {
                meant.add(meantNanos);
                send();
            }
        }

        @Override
        void answered() {
            load.tally.op(System.nanoTime() - meant.remove());
        }

        @Override
        void finish(Unanswered waits) {
            long now = System.nanoTime();
            for (long from : meant) {
                waits.add(now - from);
            }
        }
    }

    /// See {@link Mode#IDLE}.
    static final class AfterIdle extends Exchange {
        private long sentNanos;

        AfterIdle(Workload load, int index) {
            super(load, index);
        }

        @Override
        void go() {
            sentNanos = System.nanoTime();
            send();
        }

        @Override
        void answered() {
            load.tally.op(System.nanoTime() - sentNanos);
            done();
        }
    }
}

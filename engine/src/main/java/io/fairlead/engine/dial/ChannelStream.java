package io.fairlead.engine.dial;

import io.fairlead.engine.Limits;
import io.fairlead.engine.kube.ByteStream;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderException;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// A channel without automatic reads as a blocking stream. The last handler of its pipeline until it is released or the channel closes.
///
/// Thread: one reader at a time; handler methods on the channel's loop, which waits for the reader's copying at most; close from any.
/// Ownership: takes what the channel reads. Bound: the channel is asked for more only when nothing is left, so what is kept is at most one
/// burst of {@link Limits#SESSION_READS} reads. Invariant: nothing is kept once it is closed.
final class ChannelStream extends ChannelInboundHandlerAdapter implements ByteStream {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<ByteBuf> received = new ArrayDeque<>();
    private final InputStream in = new In();
    private final Channel channel;
    private long timeoutNanos = Limits.DIAL_NANOS;
    private boolean asked;
    private boolean ended;
    private boolean closed;
    private IOException failure;

    /// To be added to the pipeline of `channel` by the caller.
    ChannelStream(Channel channel) {
        this.channel = channel;
    }

    // ---- the reader

    @Override
    public InputStream in() {
        return in;
    }

    @Override
    public void readTimeout(int millis) {
        lock.lock();
        try {
            timeoutNanos = TimeUnit.MILLISECONDS.toNanos(millis);
        } finally {
            lock.unlock();
        }
    }

    /// Asks for the answer in the same turn of the loop.
    @Override
    public void write(byte[] bytes) throws IOException {
        lock.lock();
        try {
            throwIfOver();
            asked = true;
        } finally {
            lock.unlock();
        }
        channel.eventLoop().execute(() -> {
            channel.writeAndFlush(Unpooled.wrappedBuffer(bytes)).addListener(written -> {
                if (!written.isSuccess()) {
                    failed(written.cause());
                }
            });
            channel.read();
        });
    }

    private int read(byte[] bytes, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        try {
            lock.lockInterruptibly();
            try {
                long left = timeoutNanos;
                while (received.isEmpty()) {
                    throwIfOver();
                    if (ended) {
                        return -1;
                    }
                    if (!asked) {
                        asked = true;
                        channel.read();
                    }
                    if (left <= 0) {
                        throw new SocketTimeoutException("no answer within " + TimeUnit.NANOSECONDS.toMillis(timeoutNanos) + " ms");
                    }
                    left = changed.awaitNanos(left);
                }
                ByteBuf first = received.peek();
                int count = Math.min(length, first.readableBytes());
                first.readBytes(bytes, offset, count);
                if (!first.isReadable()) {
                    received.remove().release();
                }
                return count;
            } finally {
                lock.unlock();
            }
        } catch (InterruptedException _) {
            close();
            Thread.currentThread().interrupt();
            throw new ClosedByInterruptException();
        }
    }

    private int available() {
        lock.lock();
        try {
            int sum = 0;
            for (ByteBuf buffer : received) {
                sum += buffer.readableBytes();
            }
            return sum;
        } finally {
            lock.unlock();
        }
    }

    private void throwIfOver() throws IOException {
        if (closed) {
            throw new SocketException("the connection is closed");
        }
        if (failure != null) {
            throw failure;
        }
    }

    @Override
    public void close() {
        if (drop()) {
            channel.close();
        }
    }

    /// The channel, which this object has no part in any more. Empty, and the channel closed, when it is over or has sent something.
    Optional<Channel> release() {
        lock.lock();
        boolean fit;
        try {
            fit = !closed && !ended && failure == null && received.isEmpty();
        } finally {
            lock.unlock();
        }
        if (!fit) {
            close();
            return Optional.empty();
        }
        drop();
        channel.pipeline().remove(this);
        return Optional.of(channel);
    }

    /// Releases what is kept, and whatever may come. False when that has happened before.
    private boolean drop() {
        lock.lock();
        try {
            boolean first = !closed;
            closed = true;
            received.forEach(ByteBuf::release);
            received.clear();
            changed.signalAll();
            return first;
        } finally {
            lock.unlock();
        }
    }

    // ---- the loop

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        if (!channel.isActive()) {
            ended();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf buffer = (ByteBuf) message;
        lock.lock();
        try {
            asked = false;
            if (closed || !buffer.isReadable()) {
                buffer.release();
            } else {
                received.add(buffer);
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        ended();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        failed(cause);
        ctx.close();
    }

    private void ended() {
        lock.lock();
        try {
            ended = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void failed(Throwable cause) {
        Throwable real = cause instanceof DecoderException && cause.getCause() != null ? cause.getCause() : cause;
        lock.lock();
        try {
            if (failure == null) {
                failure = real instanceof IOException e ? e : new IOException(real);
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private final class In extends InputStream {
        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            return ChannelStream.this.read(bytes, offset, length);
        }

        @Override
        public int available() {
            return ChannelStream.this.available();
        }
    }
}

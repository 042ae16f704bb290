package io.fairlead.testbed.pod;

import io.fairlead.testbed.loop.Loops;
import io.fairlead.testbed.loop.OncePerTurn;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.concurrent.TimeUnit;

/// What a pod does with one TCP connection. The byte protocol of each is told at its factory method; counts are 8 bytes, big endian.
///
/// Thread: {@link #serve} and all that it installs run on the connection's event loop. Bound: none holds more than the write watermark
/// of its socket plus one read.
public interface PodBehaviour {
    /// Prepares a connection just accepted: pipeline and socket options.
    void serve(SocketChannel connection);

    /// Receive buffer of the listening socket, which its connections inherit, in bytes; 0 for the system's default.
    default int receiveBufferBytes() {
        return 0;
    }

    /// Sends back what comes; at the client's half-close sends the rest, then closes.
    static PodBehaviour echo() {
        return connection -> {
            bulkReads(connection);
            connection.pipeline().addLast(new Echo());
        };
    }

    /// Reads and drops everything, sends nothing. Closes at the client's half-close.
    static PodBehaviour sink() {
        return connection -> {
            bulkReads(connection);
            connection.pipeline().addLast(new Sink());
        };
    }

    /// The client sends {@link Pattern} from offset 0, without end; each time another {@link Check#ACK_BYTES} have come, the total so far goes
    /// back as one count, so that the sender knows what arrived and not only what it could hand to a buffer. At the first wrong byte, at
    /// offset N, the count is -1 - N, and the rest is dropped: closing over unread bytes would reset the connection, and the count with it. Closes
    /// at the client's half-close.
    static PodBehaviour check() {
        return connection -> {
            bulkReads(connection);
            connection.pipeline().addLast(new Check());
        };
    }

    /// The client sends one count: so many bytes of {@link Pattern}, from offset 0, come back, and then the connection is closed. -1 is without end.
    static PodBehaviour source() {
        return connection -> {
            connection.config().setWriteBufferWaterMark(new WriteBufferWaterMark(256 * 1024, 512 * 1024));
            connection.pipeline().addLast(new Source(Source.ASK));
        };
    }

    /// As {@link #source}, but sends without being asked: `count` bytes, or without end for -1.
    static PodBehaviour source(long count) {
        return connection -> {
            connection.config().setWriteBufferWaterMark(new WriteBufferWaterMark(256 * 1024, 512 * 1024));
            connection.pipeline().addLast(new Source(count));
        };
    }

    /// Rounds, as many as the client likes: it sends a count N and N bytes, and gets their SHA-256, 32 bytes. Closes at the client's half-close.
    static PodBehaviour hash() {
        return connection -> {
            bulkReads(connection);
            connection.pipeline().addLast(new Hash());
        };
    }

    /// HTTP/1.1 with keep-alive: answers every request with 200 and the text `body`.
    static PodBehaviour http(String body) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        return connection -> connection.pipeline().addLast(new HttpServerCodec(), new Http(bytes));
    }

    /// All of them on one port: the client sends the behaviour's name as {@link PodMain#behaviour} takes it and a line feed, and is served so from
    /// then on. An unknown name, or more than 32 bytes without a line feed, closes the connection.
    static PodBehaviour any() {
        return connection -> connection.pipeline().addLast("any", new Any(connection));
    }

    /// Accepts and never reads; the receive buffer is kept small so that the sender soon feels it.
    static PodBehaviour stall() {
        return new PodBehaviour() {
            @Override
            public void serve(SocketChannel connection) {
                connection.config().setAutoRead(false);
            }

            @Override
            public int receiveBufferBytes() {
                return SLOW_RECEIVE_BYTES;
            }
        };
    }

    /// Reads and drops at most about `bytesPerSecond`, in ten steps a second.
    static PodBehaviour slow(int bytesPerSecond) {
        int step = Math.max(1, bytesPerSecond / 10);
        return new PodBehaviour() {
            @Override
            public void serve(SocketChannel connection) {
                connection.config().setAutoRead(false);
                connection.config().setRecvByteBufAllocator(new FixedRecvByteBufAllocator(step).maxMessagesPerRead(1));
                connection.pipeline().addLast(new Sink());
                var ticks = connection.eventLoop().scheduleAtFixedRate(connection::read, 0, 100, TimeUnit.MILLISECONDS);
                connection.closeFuture().addListener(_ -> ticks.cancel(false));
            }

            @Override
            public int receiveBufferBytes() {
                return SLOW_RECEIVE_BYTES;
            }
        };
    }

    /// Waits for the first byte, then resets the connection (SO_LINGER 0).
    static PodBehaviour reset() {
        return connection -> connection.pipeline().addLast(new Reset());
    }

    /// Sends `bye\n` and closes, whatever the client does.
    static PodBehaviour close() {
        return connection -> connection.pipeline().addLast(new Close());
    }

    /// Receive buffer of a pod that reads slowly or never: the default would swallow megabytes before the sender feels it.
    int SLOW_RECEIVE_BYTES = 64 * 1024;

    private static void bulkReads(Channel connection) {
        connection.config().setRecvByteBufAllocator(new AdaptiveRecvByteBufAllocator(512, 4096, 128 * 1024).maxMessagesPerRead(4));
        connection.config().setWriteBufferWaterMark(new WriteBufferWaterMark(128 * 1024, 256 * 1024));
    }

    private static void closeAfterWrites(ChannelHandlerContext ctx) {
        ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    }

    /// A connection that breaks is ordinary here: close it, say nothing.
    abstract class Quiet extends ChannelInboundHandlerAdapter {
        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof ChannelInputShutdownEvent) {
                onEnd(ctx);
            } else if (event instanceof ChannelInputShutdownReadComplete && !ctx.channel().isActive()) {
                ctx.close();
            }
        }

        /// The client has half-closed.
        void onEnd(ChannelHandlerContext ctx) {
            ctx.close();
        }
    }

    /// See {@link #echo}.
    final class Echo extends Quiet {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object bytes) {
            ctx.write(bytes, ctx.voidPromise());
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            ctx.flush();
            PodServer.readMore(ctx.channel(), ctx.channel().isWritable());
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            PodServer.readMore(ctx.channel(), ctx.channel().isWritable());
        }

        @Override
        void onEnd(ChannelHandlerContext ctx) {
            closeAfterWrites(ctx);
        }
    }

    /// See {@link #sink}.
    final class Sink extends Quiet {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object bytes) {
            ((ByteBuf) bytes).release();
        }
    }

    /// See {@link #any}.
    final class Any extends Quiet {
        private static final int NAME_BYTES_MAX = 32;

        private final SocketChannel connection;
        private final StringBuilder name = new StringBuilder();

        Any(SocketChannel connection) {
            this.connection = connection;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            while (bytes.isReadable()) {
                char next = (char) bytes.readByte();
                if (next == '\n') {
                    become(ctx, bytes);
                    return;
                }
                name.append(next);
            }
            bytes.release();
            if (name.length() > NAME_BYTES_MAX) {
                ctx.close();
            }
        }

        /// Takes `rest`, the first bytes for the behaviour.
        private void become(ChannelHandlerContext ctx, ByteBuf rest) {
            try {
                PodMain.behaviour(name.toString()).serve(connection);
            } catch (IllegalArgumentException _) {
                rest.release();
                ctx.close();
                return;
            }
            if (rest.isReadable()) {
                ctx.fireChannelRead(rest);
            } else {
                rest.release();
            }
            ctx.pipeline().remove(this);
        }
    }

    /// See {@link #check}.
    final class Check extends Quiet {
        public static final int ACK_BYTES = 1 << 20;

        private long offset;
        private boolean broken;

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            if (broken) {
                bytes.release();
                return;
            }
            long before = offset;
            int wrong = Pattern.mismatch(offset, bytes.nioBuffer());
            offset += bytes.readableBytes();
            bytes.release();
            if (wrong >= 0) {
                broken = true;
                ctx.writeAndFlush(Unpooled.copyLong(-1 - (before + wrong)));
            } else if (offset / ACK_BYTES != before / ACK_BYTES) {
                ctx.writeAndFlush(Unpooled.copyLong(offset), ctx.voidPromise());
            }
        }
    }

    /// See {@link #source}.
    final class Source extends Quiet {
        static final long ASK = Long.MIN_VALUE;
        private static final int CHUNK_BYTES = 128 * 1024 - 1;

        private final OncePerTurn pump = new OncePerTurn(this::pump);
        private final ByteBuf count = Unpooled.buffer(8, 8);
        private ChannelHandlerContext ctx;
        private long left;
        private long offset;
        private boolean running;

        Source(long left) {
            this.left = left;
        }

        @Override
        public void handlerAdded(ChannelHandlerContext context) {
            ctx = context;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            if (left != ASK) {
                running = true;
                pump.soon(ctx);
            }
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            if (!running) {
                count.writeBytes(bytes, Math.min(bytes.readableBytes(), count.writableBytes()));
                if (!count.isWritable()) {
                    left = count.readLong();
                    running = true;
                    pump.soon(ctx);
                }
            }
            bytes.release();
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            pump.soon(ctx);
        }

        /// A client may half-close once it has sent its count.
        @Override
        void onEnd(ChannelHandlerContext context) {
            if (!running) {
                ctx.close();
            }
        }

        private void pump() {
            if (!running) {
                return;
            }
            while (left != 0 && ctx.channel().isWritable()) {
                int length = left < 0 ? CHUNK_BYTES : (int) Math.min(left, CHUNK_BYTES);
                ctx.write(Pattern.slice(offset, length), ctx.voidPromise());
                offset += length;
                left -= left < 0 ? 0 : length;
            }
            if (left == 0) {
                running = false;
                closeAfterWrites(ctx);
            } else {
                ctx.flush();
            }
        }
    }

    /// See {@link #hash}.
    final class Hash extends Quiet {
        private final ByteBuf count = Unpooled.buffer(8, 8);
        private final MessageDigest digest = sha256();
        private long left;

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            try {
                while (bytes.isReadable()) {
                    step(ctx, bytes);
                }
            } finally {
                bytes.release();
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            ctx.flush();
        }

        private void step(ChannelHandlerContext ctx, ByteBuf bytes) {
            if (count.isWritable()) {
                count.writeBytes(bytes, Math.min(bytes.readableBytes(), count.writableBytes()));
                left = count.isWritable() ? 0 : count.getLong(0);
            } else {
                int length = (int) Math.min(left, bytes.readableBytes());
                digest.update(bytes.nioBuffer(bytes.readerIndex(), length));
                bytes.skipBytes(length);
                left -= length;
            }
            if (!count.isWritable() && left <= 0) {
                ctx.write(Unpooled.wrappedBuffer(digest.digest()));
                count.clear();
            }
        }

        private static MessageDigest sha256() {
            try {
                return MessageDigest.getInstance("SHA-256");
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /// See {@link #http}.
    final class Http extends Quiet {
        private final byte[] body;
        private boolean keepAlive = true;

        Http(byte[] body) {
            this.body = body;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            if (message instanceof HttpRequest request) {
                keepAlive = HttpUtil.isKeepAlive(request);
            }
            if (message instanceof LastHttpContent) {
                FullHttpResponse answer = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK, Unpooled.wrappedBuffer(body));
                answer.headers().set(HttpHeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8").set(HttpHeaderNames.CONTENT_LENGTH, body.length);
                if (!keepAlive) {
                    answer.headers().set(HttpHeaderNames.CONNECTION, "close");
                }
                var written = ctx.write(answer);
                if (!keepAlive) {
                    written.addListener(ChannelFutureListener.CLOSE);
                }
            }
            ReferenceCountUtil.release(message);
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            ctx.flush();
        }

        @Override
        void onEnd(ChannelHandlerContext ctx) {
            closeAfterWrites(ctx);
        }
    }

    /// See {@link #reset}.
    final class Reset extends Quiet {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object bytes) {
            ((ByteBuf) bytes).release();
            Loops.reset(ctx.channel());
        }
    }

    /// See {@link #close}.
    final class Close extends Quiet {
        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            ctx.writeAndFlush(Unpooled.copiedBuffer("bye\n", StandardCharsets.US_ASCII)).addListener(ChannelFutureListener.CLOSE);
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object bytes) {
            ((ByteBuf) bytes).release();
        }
    }
}

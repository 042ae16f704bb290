package io.fairlead.testbed.node;

import io.fairlead.engine.frame.FrameEncoder;
import io.fairlead.engine.frame.Spdy;
import io.fairlead.testbed.loop.Loops;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.SocketChannel;
import java.net.InetSocketAddress;

/// One forwarded connection: an error stream, a data stream and the socket into the pod. What the two runtimes do alike stands here; when
/// and how a direction ends is theirs.
///
/// Thread: the session's loop, on which the pod's socket lives, too. Ownership: takes payload given to it; what it reads is handed to the session.
abstract class Pair extends ChannelInboundHandlerAdapter {
    final NodeSession session;
    final NodeStream data;
    final NodeStream error;
    final int port;
    SocketChannel pod;
    boolean connected;
    boolean closed;

    Pair(NodeSession session, NodeStream data, NodeStream error) {
        this.session = session;
        this.data = data;
        this.error = error;
        this.port = data.headers.port();
    }

    /// Whether {@link #onClientData} may be called now.
    abstract boolean takes();

    /// Takes `payload`, which the client sent to the pod.
    abstract void onClientData(ByteBuf payload);

    /// The client sent FIN on the data stream, or `reset` it.
    abstract void onClientEnd(boolean reset);

    /// The session is gone; nothing can be written any more.
    abstract void onSessionEnd();

    /// The pod's socket is connected.
    abstract void onConnected();

    /// The pod's direction has ended.
    ///
    /// @param cause null for an orderly end
    abstract void onPodEnd(Throwable cause);

    /// Bytes of one DATA frame towards the client at most, and reads per turn of the loop.
    abstract FrameReads reads();

    /// Dials the pod.
    final void start() {
        session.onPairOpen(this);
        var target = session.target();
        if (!target.isAlive()) {
            fail(ErrorTexts.sandboxGone(target.sandboxId()));
            return;
        }
        var address = target.address(port);
        if (address.isEmpty()) {
            fail(ErrorTexts.dialFailed(port, target.sandboxId(), null));
            return;
        }
        session.loops().client(session.eventLoop())
                .option(ChannelOption.AUTO_READ, false)
                .option(ChannelOption.RECVBUF_ALLOCATOR, reads())
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(256 * 1024, 512 * 1024))
                .handler(this)
                .connect(address.get())
                .addListener((ChannelFuture dial) -> onDial(dial));
    }

    /// Reads the pod, or pauses until the session can write again.
    final void readPod() {
        if (connected && !closed) {
            boolean more = session.canWrite();
            pod.config().setAutoRead(more);
            if (!more) {
                session.onPaused(this);
            }
        }
    }

    /// Ends the pair with a text on the error stream: FIN on data, the text, RST on error. Source: docs/PROTOCOL.md B.2.
    final void fail(String cause) {
        if (!closed) {
            close(false);
            session.finish(data);
            session.text(error, ErrorTexts.forwarding(port, session.target().sandboxId(), cause));
            session.reset(data);
            session.reset(error);
        }
    }

    /// Ends the pair in order: FIN on data and on error.
    final void finish() {
        if (!closed) {
            close(false);
            session.finish(data);
            session.finish(error);
        }
    }

    /// Closes the pod's socket, with RST if `abort`, and forgets the pair. Says nothing to the client.
    final void close(boolean abort) {
        closed = true;
        session.onPairClosed(this);
        onClosed();
        if (pod != null) {
            if (abort) {
                Loops.reset(pod);
            } else {
                pod.close();
            }
        }
    }

    /// Releases what the pair still holds.
    void onClosed() {}

    private void onDial(ChannelFuture dial) {
        if (closed) {
            dial.channel().close();
        } else if (dial.isSuccess()) {
            pod = (SocketChannel) dial.channel();
            session.loops().closeAtEnd(pod);
            connected = true;
            onConnected();
            readPod();
        } else {
            fail(ErrorTexts.dialFailed(port, session.target().sandboxId(), dial.cause()));
        }
    }

    final InetSocketAddress localAddress() {
        InetSocketAddress local = pod.localAddress();
        return local == null ? new InetSocketAddress(0) : local;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (closed || !session.isOpen()) {
            bytes.release();
            onPodEnd(null);
            return;
        }
        int length = bytes.readableBytes();
        FrameEncoder.dataHeader(bytes, bytes.readerIndex() - Spdy.HEADER_BYTES, data.id, false, length);
        session.write(bytes.readerIndex(bytes.readerIndex() - Spdy.HEADER_BYTES));
        if (!session.canWrite()) {
            readPod(); // ends this burst of reads, too
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        readPod();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            onPodEnd(null);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        onPodEnd(cause);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        onPodEnd(null);
    }
}

package io.fairlead.testbed.node;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import java.util.ArrayDeque;
import java.util.Deque;

/// A pair as one would wish it: half-close is forwarded both ways, each end is told at once, a reset is a reset.
///
/// Bound: what the client sent and the pod has not taken is counted by the session.
final class IdealPair extends Pair {
    /// A frame of 64 KiB with its header: four whole TLS records.
    private static final int FRAME_BYTES = 64 * 1024 - 8;
    private static final FrameReads READS = new FrameReads(FRAME_BYTES, 4);

    private final Deque<ByteBuf> beforeConnect = new ArrayDeque<>();
    private boolean clientEnded;
    private boolean podEnded;

    IdealPair(NodeSession session, NodeStream data, NodeStream error) {
        super(session, data, error);
    }

    @Override
    boolean takes() {
        return true;
    }

    @Override
    void onClientData(ByteBuf payload) {
        if (closed || clientEnded) {
            payload.release();
        } else if (connected) {
            send(payload);
            session.flushLater(pod);
        } else {
            session.onPending(payload.readableBytes());
            beforeConnect.addLast(payload);
        }
    }

    @Override
    void onClientEnd(boolean reset) {
        if (closed) {
            return;
        }
        if (reset) {
            close(true);
            session.finish(error);
            return;
        }
        clientEnded = true;
        if (connected) {
            endOutput();
        }
    }

    @Override
    void onSessionEnd() {
        close(true);
    }

    @Override
    void onConnected() {
        for (ByteBuf payload; (payload = beforeConnect.pollFirst()) != null;) {
            session.onPending(-payload.readableBytes());
            send(payload);
        }
        pod.flush();
        if (clientEnded) {
            endOutput();
        }
    }

    @Override
    void onPodEnd(Throwable cause) {
        if (podEnded || closed) {
            return;
        }
        podEnded = true;
        if (cause != null) {
            fail(ErrorTexts.readFailed(port, session.target().sandboxId(), localAddress(), cause));
        } else if (clientEnded) {
            finish();
        } else {
            session.finish(data);
        }
    }

    @Override
    FrameReads reads() {
        return READS;
    }

    @Override
    void onClosed() {
        for (ByteBuf payload; (payload = beforeConnect.pollFirst()) != null;) {
            session.onPending(-payload.readableBytes());
            payload.release();
        }
    }

    private void send(ByteBuf payload) {
        int bytes = payload.readableBytes();
        session.onPending(bytes);
        pod.write(payload).addListener((ChannelFuture write) -> {
            session.onPending(-bytes);
            if (!write.isSuccess() && !closed) {
                fail(ErrorTexts.writeFailed(port, session.target().sandboxId(), localAddress(), write.cause()));
            }
        });
    }

    private void endOutput() {
        pod.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(_ -> {
            if (!closed && podEnded) {
                finish();
            } else if (!closed) {
                pod.shutdownOutput();
            }
        });
    }
}

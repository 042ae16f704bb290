package io.fairlead.testbed.node;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/// A pair as containerd forwards it: two copy loops; when the first ends, the other has one second. Source: docs/PROTOCOL.md 1.4.
///
/// ```
/// up copy    reads the data stream: one frame at a time, the next is taken when the kernel has this one whole
/// down copy  reads the pod: 32 KiB at a time, each read one frame
/// first end  ──> 1.000 s, or the other's end ──> close pod, FIN on data; then FIN on error, or text and RST
/// ```
///
/// A client's FIN is no FIN to the pod, and a pod's FIN reaches the client only when both copies are done.
final class ContainerdPair extends Pair {
    /// Time that the second copy gets. Source: containerd sandbox_portforward_linux.go.
    static final long GRACE_MILLIS = 1000;
    /// The copy loop's buffer.
    private static final int FRAME_BYTES = 32 * 1024;
    private static final FrameReads READS = new FrameReads(FRAME_BYTES, 1);

    private boolean upBusy;
    private boolean clientEnded;
    private boolean upDone;
    private boolean downDone;
    private String failure;
    private Future<?> grace;

    ContainerdPair(NodeSession session, NodeStream data, NodeStream error) {
        super(session, data, error);
    }

    @Override
    boolean takes() {
        return connected && !upBusy && !upDone;
    }

    /// After the end the up copy still waits for a frame, as nothing wakes it: it takes one more and drops it. A second one has no reader, and the
    /// lane of the stream stands still for good. Source: containerd leaves that goroutine in `stream.Read`.

    @Override
    void onClientData(ByteBuf payload) {
        if (closed) {
            upDone = true;
            payload.release();
            return;
        }
        upBusy = true;
        pod.writeAndFlush(payload).addListener((ChannelFuture write) -> onWritten(write));
    }

    @Override
    void onClientEnd(boolean reset) {
        clientEnded = true;
        if (connected && !upBusy && !closed) {
            onUpDone(null);
        }
    }

    /// The pod has its second, also one that takes nothing.
    @Override
    void onSessionEnd() {
        onClientEnd(false);
        if (!closed && grace == null) {
            grace = session.eventLoop().schedule(this::end, GRACE_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    @Override
    void onConnected() {
        if (clientEnded) {
            onUpDone(null);
        } else {
            session.onTakes(data);
        }
    }

    @Override
    void onPodEnd(Throwable cause) {
        if (downDone || closed) {
            return;
        }
        downDone = true;
        onCopyDone(cause == null ? null : ErrorTexts.readFailed(port, session.target().sandboxId(), localAddress(), cause));
    }

    @Override
    FrameReads reads() {
        return READS;
    }

    @Override
    void onClosed() {
        if (grace != null) {
            grace.cancel(false);
        }
    }

    private void onWritten(ChannelFuture write) {
        upBusy = false;
        if (closed) {
            upDone = true;
        } else if (!write.isSuccess()) {
            onUpDone(ErrorTexts.writeFailed(port, session.target().sandboxId(), localAddress(), write.cause()));
        } else if (clientEnded) {
            onUpDone(null);
        } else {
            session.onTakes(data);
        }
    }

    private void onUpDone(String text) {
        if (!upDone) {
            upDone = true;
            onCopyDone(text);
        }
    }

    private void onCopyDone(String text) {
        failure = failure == null ? text : failure;
        if (upDone && downDone) {
            end();
        } else {
            grace = session.eventLoop().schedule(this::end, GRACE_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private void end() {
        if (failure == null) {
            finish();
        } else {
            fail(failure);
        }
    }
}

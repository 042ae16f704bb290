package io.fairlead.testbed.load;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/// One connection of a workload. Thread: the workload's event loop.
abstract class Worker extends ChannelInboundHandlerAdapter {
    final Workload load;
    final int index;
    ChannelHandlerContext ctx;
    private boolean ended;

    Worker(Workload load, int index) {
        this.load = load;
        this.index = index;
    }

    /// All connections are open: begin.
    abstract void go();

    /// Bytes came. Borrows them.
    abstract void on(ByteBuf bytes);

    /// The window ends: what is still under way is told to `waits`.
    void finish(Unanswered waits) {}

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        ctx = context;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        try {
            on(bytes);
        } finally {
            bytes.release();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        fail("closed");
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        fail(Workload.kind(cause));
    }

    /// This connection's work is done.
    final void done() {
        if (!ended) {
            ended = true;
            load.workerDone();
            ctx.close();
        }
    }

    /// Another connection goes on with this one's work.
    final void passOn() {
        ended = true;
        ctx.close();
    }

    /// This connection's work failed; counted once.
    final void fail(String kind) {
        if (!ended) {
            ended = true;
            if (!load.over()) {
                load.tally.error(kind);
            }
            load.workerDone();
            ctx.close();
        }
    }

    final boolean ended() {
        return ended;
    }
}

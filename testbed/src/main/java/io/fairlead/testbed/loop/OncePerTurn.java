package io.fairlead.testbed.loop;

import io.netty.channel.ChannelHandlerContext;
import java.util.concurrent.TimeUnit;

/// Work that fills a channel's queue while there is room, once in a turn of its loop, so that the loop reads in between.
///
/// A flush tells of room while it writes, and goes on with what is added then; and Netty runs what is executed for up to a second before it reads
/// again (`io.netty.eventLoop.maxTaskProcessingQuantumMs`). With a peer that takes all at once neither would end. What is scheduled waits for
/// the next turn.
///
/// Thread: the channel's loop.
public final class OncePerTurn {
    private final Runnable work;
    private boolean due;

    public OncePerTurn(Runnable work) {
        this.work = work;
    }

    /// Has the work done in the next turn of the loop of `ctx`; once, however often this is called until then.
    public void soon(ChannelHandlerContext ctx) {
        if (!due) {
            due = true;
            ctx.executor().schedule(() -> {
                due = false;
                try {
                    work.run();
                } catch (Throwable e) { // a scheduled task would keep it to itself
                    ctx.pipeline().fireExceptionCaught(e);
                }
            }, 0, TimeUnit.NANOSECONDS);
        }
    }
}

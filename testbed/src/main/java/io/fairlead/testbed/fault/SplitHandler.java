package io.fairlead.testbed.fault;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;

/// Cuts every write into pieces and flushes each, as a peer does that writes a frame field by field. Stands right above TLS.
public final class SplitHandler extends ChannelOutboundHandlerAdapter {
    private final int bytesMax;

    public SplitHandler(int bytesMax) {
        this.bytesMax = bytesMax;
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (message instanceof ByteBuf bytes && bytes.readableBytes() > bytesMax) {
            while (bytes.readableBytes() > bytesMax) {
                ctx.writeAndFlush(bytes.readRetainedSlice(bytesMax));
            }
            ctx.writeAndFlush(bytes, promise);
        } else {
            ctx.writeAndFlush(message, promise);
        }
    }
}

package io.fairlead.testbed.node;

import io.fairlead.testbed.fault.Faults;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;

/// Binary messages to a plain byte stream and back: boundaries mean nothing in this tunnel. Source: docs/PROTOCOL.md 5.3.
///
/// Thread: the connection's loop. Ownership: takes what passes.
public final class WebSocketBytes extends ChannelDuplexHandler {
    private final Faults faults;
    private boolean closeSent;

    public WebSocketBytes(Faults faults) {
        this.faults = faults;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        WebSocketFrame frame = (WebSocketFrame) message;
        switch (frame) {
            case BinaryWebSocketFrame binary -> ctx.fireChannelRead(binary.content());
            case ContinuationWebSocketFrame more -> ctx.fireChannelRead(more.content());
            case PingWebSocketFrame ping -> ctx.writeAndFlush(new PongWebSocketFrame(ping.content()));
            default -> { // the client closes, or sent text, which ends the session too
                frame.release();
                ctx.channel().close();
            }
        }
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (!(message instanceof ByteBuf bytes)) {
            ctx.write(message, promise);
        } else if (faults.hasOddMessages()) {
            ctx.write(new BinaryWebSocketFrame(Unpooled.EMPTY_BUFFER));
            ctx.write(new BinaryWebSocketFrame(false, 0, bytes));
            ctx.write(new ContinuationWebSocketFrame(Unpooled.EMPTY_BUFFER), promise);
        } else {
            ctx.write(new BinaryWebSocketFrame(bytes), promise);
        }
    }

    /// Every end of ours is close 1000.
    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        if (closeSent || !ctx.channel().isActive()) {
            ctx.close(promise);
        } else {
            closeSent = true;
            ctx.writeAndFlush(new CloseWebSocketFrame(WebSocketCloseStatus.NORMAL_CLOSURE)).addListener(_ -> ctx.close(promise));
        }
    }
}

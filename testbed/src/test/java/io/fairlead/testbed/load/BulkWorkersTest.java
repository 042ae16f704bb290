package io.fairlead.testbed.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.local.LocalChannel;
import io.netty.channel.local.LocalIoHandler;
import io.netty.channel.local.LocalServerChannel;
import java.net.InetSocketAddress;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class BulkWorkersTest {
    /// Its server is on the same loop and its socket is never full: only if the upload lets the loop go, what it has sent is ever read.
    @Test
    void anUploadLetsItsLoopReadThoughAllIsTakenAtOnce() throws InterruptedException {
        var address = new LocalAddress(BulkWorkersTest.class);
        var enough = new CountDownLatch(100);
        try (var loop = new MultiThreadIoEventLoopGroup(1, LocalIoHandler.newFactory());
                var workload = new Workload(LoadSpec.of(Mode.UPLOAD, new InetSocketAddress("127.0.0.1", 1)))) {
            var server = new ServerBootstrap().group(loop).channel(LocalServerChannel.class).childHandler(new Acknowledging(enough)).bind(address)
                    .sync().channel();
            var upload = new BulkWorkers.Upload(workload, 0, true);
            var client = new Bootstrap().group(loop).channel(LocalChannel.class).handler(upload).connect(address).sync().channel();
            client.eventLoop().execute(upload::go);
            boolean acknowledged = enough.await(10, TimeUnit.SECONDS);
            upload.passOn(); // or a loop that does not read would never end
            assertTrue(acknowledged, enough.getCount() + " acknowledgements are missing");
            client.closeFuture().sync();
            server.close().sync();
            assertTrue(workload.tally.bytes > 0);
            assertEquals(workload.tally.bytes, workload.tally.verifiedBytes);
        }
    }

    private static final class Acknowledging extends SimpleChannelInboundHandler<ByteBuf> {
        private final CountDownLatch acknowledged;
        private long taken;

        Acknowledging(CountDownLatch acknowledged) {
            this.acknowledged = acknowledged;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, ByteBuf bytes) {
            taken += bytes.readableBytes();
            ctx.writeAndFlush(Unpooled.copyLong(taken)).addListener(_ -> acknowledged.countDown());
        }
    }
}

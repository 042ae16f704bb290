package io.fairlead.engine.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fairlead.engine.Limits;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.IntegerUnixChannelOption;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// On a real socket: what the kernel does with the option is what matters. Whether it is bulk does not depend on this machine: by the clock that is
/// handed down each half of {@link Limits#PACE_NANOS} brings {@link Limits#PACE_BYTES}.
class ReadPacingTest {
    private static final ChannelOption<Integer> SO_RCVLOWAT = new IntegerUnixChannelOption("SO_RCVLOWAT", 1, 18);

    private static final int BURST = 4 * Limits.PACE_BYTES;

    private final LinkedBlockingQueue<Integer> reads = new LinkedBlockingQueue<>();
    private volatile boolean paced;
    private MultiThreadIoEventLoopGroup loop;
    private Socket server;
    private Channel channel;

    @BeforeEach
    void connect() throws IOException, InterruptedException {
        assumeTrue(Epoll.isAvailable(), "needs epoll");
        loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        try (var listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            channel = new Bootstrap().group(loop).channel(EpollSocketChannel.class)
                    .option(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(Limits.SESSION_READ_BYTES))
                    .handler(new SimpleChannelInboundHandler<ByteBuf>() {
                        private ReadPacing pacing;
                        private long nowNanos;

                        @Override
                        public void handlerAdded(ChannelHandlerContext ctx) {
                            pacing = new ReadPacing(ctx.channel());
                        }

                        @Override
                        protected void channelRead0(ChannelHandlerContext ctx, ByteBuf bytes) {
                            nowNanos += bytes.readableBytes() * Limits.PACE_NANOS / (2 * Limits.PACE_BYTES);
                            pacing.onRead(bytes.readableBytes(), nowNanos);
                            paced |= ctx.channel().config().getOption(SO_RCVLOWAT) == Limits.PACE_BYTES;
                            reads.add(bytes.readableBytes());
                        }
                    }).connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), listener.getLocalPort())).sync().channel();
            server = listener.accept();
            server.setTcpNoDelay(true);
        }
    }

    @AfterEach
    void close() throws IOException {
        if (server != null) {
            server.close();
            channel.close();
            loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        }
    }

    @Test
    @Timeout(20)
    void burstsArePacedAndTheFewBytesBehindThemArrive() throws IOException, InterruptedException, ExecutionException {
        for (int bursts = 0; !paced; bursts++) {
            assertTrue(bursts < 10, "bulk was not paced");
            server.getOutputStream().write(new byte[BURST]);
            for (int left = BURST; left > 0; left -= read()) {
                assertTrue(left > 0);
            }
        }
        server.getOutputStream().write(new byte[3]); // the kernel keeps them back if it still waits for more: the clock has to tell it
        assertEquals(3, read());
        while (lowWater() != 1) {
            Thread.onSpinWait();
        }
    }

    @Test
    void fewBytesAreNeverPaced() throws IOException, InterruptedException, ExecutionException {
        for (int i = 0; i < 20; i++) {
            server.getOutputStream().write(new byte[1000]);
            read();
        }
        assertEquals(1, lowWater());
    }

    private int lowWater() throws InterruptedException, ExecutionException {
        return loop.submit(() -> channel.config().getOption(SO_RCVLOWAT)).get();
    }

    private int read() throws InterruptedException {
        Integer bytes = reads.poll(10, TimeUnit.SECONDS);
        assertTrue(bytes != null, "nothing came");
        return bytes;
    }
}

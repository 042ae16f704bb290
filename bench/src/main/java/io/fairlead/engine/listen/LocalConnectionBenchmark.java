package io.fairlead.engine.listen;

import io.fairlead.engine.Limits;
import io.fairlead.engine.frame.FrameDecoder;
import io.fairlead.engine.frame.FrameEncoder;
import io.fairlead.engine.frame.FrameSink;
import io.fairlead.engine.frame.HeaderBlockEncoder;
import io.fairlead.engine.session.CloseReason;
import io.fairlead.engine.session.FrameOut;
import io.fairlead.engine.session.PortHistory;
import io.fairlead.engine.tunnel.Tunnel;
import io.fairlead.engine.wire.HeadroomReads;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator.ExtendedHandle;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// The whole path of a byte but for sockets and TLS: nanoseconds per DATA frame between {@link LocalConnection} and the tunnel's channel, both
/// embedded, when each of 16 connections of a session has one read in a turn of the loop. The channels' own queues are in it.
///
/// | | |
/// |---|---|
/// | `up` | 16 reads of local sockets, headers, batch, one flush; and the peer, which decodes and answers pings |
/// | `down` | one read of the session with 16 frames, one write and flush for each local socket |
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class LocalConnectionBenchmark {
    private static final int CONNECTIONS = 16;

    @Param({"64", "32768"})
    public int payload;

    private final EmbeddedChannel[] locals = new EmbeddedChannel[CONNECTIONS];
    private final int[] dataIds = new int[CONNECTIONS];
    private final Peer peer = new Peer();
    private final FrameDecoder atPeer = new FrameDecoder(peer);
    private EmbeddedChannel channel;
    private ExtendedHandle reads;
    private ByteBuf frames;
    private ByteBuf pongs;

    @Setup
    public void prepare() {
        var tunnel = new Tunnel("web", 80);
        channel = new EmbeddedChannel(tunnel);
        pongs = ByteBufAllocator.DEFAULT.directBuffer(1024);
        reads = (ExtendedHandle) new HeadroomReads(FrameOut.HEADROOM, Limits.READ_BYTES, () -> Limits.READ_BYTES).newHandle();
        var history = new PortHistory();
        for (int i = 0; i < CONNECTIONS; i++) {
            locals[i] = new EmbeddedChannel(new LocalConnection(tunnel, 80, history, new Fails()));
            peerTakes();
            dataIds[i] = peer.lastSyn;
            ByteBuf reply = ByteBufAllocator.DEFAULT.directBuffer(64);
            FrameEncoder.synReply(reply, new HeaderBlockEncoder(), dataIds[i], false);
            arrive(reply);
        }
        frames = ByteBufAllocator.DEFAULT.directBuffer(CONNECTIONS * (8 + payload));
        for (int id : dataIds) {
            FrameEncoder.dataHeader(frames, frames.writerIndex(), id, false, payload);
            frames.writerIndex(frames.writerIndex() + 8).writeZero(payload - 1).writeByte(42);
        }
        check();
    }

    private void check() {
        int rounds = 100; // many times the credit of all lanes
        long downBytes = 0;
        for (int i = 0; i < rounds; i++) {
            downBytes += down(); // first: the pod's bytes say that the port accepts
            up();
        }
        arrive(frames.retain().readerIndex(0));
        for (EmbeddedChannel local : locals) {
            ByteBuf got = local.readOutbound();
            if (got.readableBytes() != payload || got.getByte(got.writerIndex() - 1) != 42 || local.readOutbound() != null) {
                throw new IllegalStateException("down: " + got);
            }
            got.release();
        }
        long each = (long) CONNECTIONS * rounds * payload;
        if (downBytes != each || peer.dataBytes != each || peer.marks != each / payload || frames.refCnt() != 1) {
            throw new IllegalStateException(downBytes + " bytes down, " + peer.dataBytes
                     + " up, " + peer.marks + " of their last bytes right, of " + each);
        }
    }

    @TearDown
    public void release() {
        for (EmbeddedChannel local : locals) {
            local.finishAndReleaseAll();
        }
        channel.finishAndReleaseAll();
        HeadroomReads.releaseLoopBuffer();
        frames.release();
        pongs.release();
    }

    @Benchmark
    @OperationsPerInvocation(CONNECTIONS)
    public long up() {
        for (EmbeddedChannel local : locals) {
            local.pipeline().fireChannelRead(read());
            local.pipeline().fireChannelReadComplete();
        }
        peerTakes();
        return peer.dataBytes;
    }

    /// As a local socket's read brings it; the last byte is for the check.
    private ByteBuf read() {
        return reads.allocate(ByteBufAllocator.DEFAULT).writerIndex(FrameOut.HEADROOM + payload).setByte(FrameOut.HEADROOM + payload - 1, 42);
    }

    @Benchmark
    @OperationsPerInvocation(CONNECTIONS)
    public long down() {
        arrive(frames.retain().readerIndex(0));
        long bytes = 0;
        for (EmbeddedChannel local : locals) {
            ByteBuf got = local.readOutbound();
            bytes += got.readableBytes();
            got.release();
        }
        return bytes;
    }

    /// Takes `bytes`.
    private void arrive(ByteBuf bytes) {
        channel.pipeline().fireChannelRead(bytes);
        channel.pipeline().fireChannelReadComplete();
    }

    /// The tunnel's turn ends, and the peer reads and answers.
    private void peerTakes() {
        channel.runPendingTasks();
        Queue<Object> sent = channel.outboundMessages();
        for (ByteBuf bytes; (bytes = (ByteBuf) sent.poll()) != null; ) {
            atPeer.feed(bytes);
            bytes.release();
        }
        if (peer.pings > 0) {
            pongs.clear();
            for (int i = 0; i < peer.pings; i++) {
                FrameEncoder.ping(pongs, peer.pingIds[i]);
            }
            peer.pings = 0;
            arrive(pongs.retain());
        }
    }

    private static final class Peer implements FrameSink {
        final int[] pingIds = new int[64];
        int pings;
        int lastSyn;
        long dataBytes;
        long marks;

        @Override
        public void onData(int streamId, ByteBuf source, int index, int length, boolean frameEnd, boolean fin) {
            dataBytes += length;
            if (frameEnd && source.getByte(index + length - 1) == 42) {
                marks++;
            }
        }

        @Override
        public void onSynStream(int streamId, int priority, boolean fin, ByteBuf headerBlock) {
            lastSyn = streamId; // of a pair the data stream's comes last
        }

        @Override
        public void onPing(int id) {
            pingIds[pings++] = id;
        }

        @Override
        public void onSynReply(int streamId, boolean fin, ByteBuf headerBlock) {
            throw new IllegalStateException("SYN_REPLY");
        }

        @Override
        public void onHeaders(int streamId, boolean fin, ByteBuf headerBlock) {
            throw new IllegalStateException("HEADERS");
        }

        @Override
        public void onRstStream(int streamId, int status) {
            throw new IllegalStateException("RST_STREAM");
        }

        @Override
        public void onGoAway(int lastGoodStreamId, int status) {} // at the end
    }

    private record Fails() implements LocalConnection.Observer {
        @Override
        public void onFailed(CloseReason why) {
            if (!(why instanceof CloseReason.LocalReset)) {
                throw new IllegalStateException(why.text());
            }
        }

        @Override
        public void onForgotten() {}

        @Override
        public void onGone() {}
    }
}

package io.fairlead.engine.frame;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.spdy.DefaultSpdySynStreamFrame;
import io.netty.handler.codec.spdy.SpdyFrameCodec;
import io.netty.handler.codec.spdy.SpdySynStreamFrame;
import io.netty.handler.codec.spdy.SpdyVersion;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import java.util.zip.Adler32;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.junit.jupiter.api.Test;

class HeaderBlockTest {
    private static final Map<String, String> ERROR = Map.of("streamtype", "error", "port", "8080", "requestid", "0");
    private static final Map<String, String> DATA = Map.of("streamtype", "data", "port", "8080", "requestid", "0");

    private final HeaderBlockEncoder encoder = new HeaderBlockEncoder();

    @Test
    void theDictionaryIsTheDraftsByLengthAndDigests() throws Exception {
        assertEquals(1423, HeaderBlockDecoder.DICTIONARY.length);
        var adler = new Adler32();
        adler.update(HeaderBlockDecoder.DICTIONARY);
        assertEquals(0xE3C6A7C2L, adler.getValue());
        assertEquals("51d27341373f923f3cd88e1eb7162aeaa3723d7585ff2399201dc06498407f02",
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(HeaderBlockDecoder.DICTIONARY)));
    }

    @Test
    void whatWeEncodeWeDecodeBlockAfterBlock() {
        try (var decoder = new HeaderBlockDecoder()) {
            for (int i = 0; i < 1000; i++) {
                String id = Integer.toString(i);
                assertEquals(Map.of("streamtype", "data", "port", "65535", "requestid", id),
                        decoder.decode(block("streamtype", "data", "port", "65535", "requestid", id)));
                assertEquals(Map.of(), decoder.decode(block()));
            }
        }
    }

    @Test
    void theEmptyListStillHasABlock() {
        assertEquals("78f9e3c6a7c2" + "000400fbff00000000" + "000000ffff", hex(block()));
        assertEquals("000400fbff00000000" + "000000ffff", hex(block()), "the zlib header comes once per session");
    }

    @Test
    void theLargestBlockGoesThroughAndALargerOneIsRefused() {
        // 4 for the count, 4 + 1 for the name, 4 for the value's length: 65,535 in all.
        String value = "v".repeat(65_535 - 13);
        try (var decoder = new HeaderBlockDecoder()) {
            assertEquals(Map.of("n", value), decoder.decode(block("n", value)));
        }
        var e = assertThrows(IllegalArgumentException.class, () -> block("n", value + "v"));
        assertEquals("header list of 65536 bytes; at most 65535", e.getMessage());
    }

    @Test
    void goBlocksOfARealSessionAreRead() {
        // docs/PROTOCOL.md appendix B.1: kubectl 1.33 as the client, the CRI library as the server.
        try (var client = new HeaderBlockDecoder(); var server = new HeaderBlockDecoder()) {
            assertEquals(Map.of("port", "18090", "requestid", "0", "streamtype", "error"), client.decode(FrameDecoderTest.bytes(
                    "78f9e3c6a7c202253a48f95b044aabac86160696060c0c0c9c459008cb042564460370522c294a4dcc859636aca9a0b800000000ffff")));
            assertEquals(Map.of("port", "18090", "requestid", "0", "streamtype", "data"), client.decode(FrameDecoderTest.bytes(
                    "82ea469502154489449809000000ffff")));
            assertEquals(Map.of(), server.decode(FrameDecoderTest.bytes("78f9e3c6a7c26260606000000000ffff")));
            assertEquals(Map.of(), server.decode(FrameDecoderTest.bytes("026100000000ffff")));
        }
    }

    @Test
    void jdkDeflaterBlocksAreReadAndAreTheGoldenBytes() {
        // docs/PROTOCOL.md appendix B.3.
        byte[] first = list("streamtype", "error", "port", "8080", "requestid", "0");
        byte[] second = list("streamtype", "data", "port", "8080", "requestid", "0");
        try (var deflater = new Deflater(Deflater.BEST_COMPRESSION); var decoder = new HeaderBlockDecoder()) {
            deflater.setDictionary(HeaderBlockDecoder.DICTIONARY);
            byte[] one = deflate(deflater, first);
            byte[] two = deflate(deflater, second);
            assertEquals("78f9e3c6a7c202253a703a2b294a4dcc851625aca9a0808614cb45e01c6061606100a4398b20d198094ade8c0600000000ffff",
                    HexFormat.of().formatHex(one));
            assertEquals("c2aa19540e2512d60b000000ffff", HexFormat.of().formatHex(two));
            assertEquals(ERROR, decoder.decode(Unpooled.wrappedBuffer(one)));
            assertEquals(DATA, decoder.decode(Unpooled.wrappedBuffer(two)));
        }
    }

    @Test
    void jdkInflaterReadsOurBlocks() throws Exception {
        try (var inflater = new Inflater()) {
            for (int i = 0; i < 100; i++) {
                String[] headers = {"streamtype", "error", "port", "8080", "requestid", Integer.toString(i)};
                byte[] block = array(block(headers));
                byte[] plain = new byte[4096];
                inflater.setInput(block);
                int n = inflater.inflate(plain);
                if (i == 0) {
                    assertTrue(inflater.needsDictionary());
                    assertEquals(0xE3C6A7C2, inflater.getAdler());
                    inflater.setDictionary(HeaderBlockDecoder.DICTIONARY);
                    n = inflater.inflate(plain);
                }
                assertArrayEquals(list(headers), Arrays.copyOf(plain, n));
                assertEquals(0, inflater.getRemaining());
            }
        }
    }

    @Test
    void nettysCodecReadsOurSynStreams() {
        var netty = new EmbeddedChannel(new SpdyFrameCodec(SpdyVersion.SPDY_3_1));
        for (int i = 0; i < 50; i++) {
            ByteBuf out = Unpooled.buffer();
            FrameEncoder.synStream(out, encoder, 2 * i + 1, i % 2 == 0, "streamtype", "error", "port", "80", "requestid", "" + i);
            netty.writeInbound(out);
            SpdySynStreamFrame frame = netty.readInbound();
            assertEquals(2 * i + 1, frame.streamId());
            assertEquals(i % 2 == 0, frame.isLast());
            assertEquals(0, frame.priority());
            assertEquals("" + i, frame.headers().getAsString("requestid"));
            assertEquals(3, frame.headers().size());
        }
        netty.finishAndReleaseAll();
    }

    @Test
    void ourDecoderReadsNettysSynStreams() {
        var netty = new EmbeddedChannel(new SpdyFrameCodec(SpdyVersion.SPDY_3_1));
        var seen = new ArrayList<Map<String, String>>();
        try (var blocks = new HeaderBlockDecoder()) {
            var decoder = new FrameDecoder(new OnlySynStreams((id, block) -> seen.add(blocks.decode(block))));
            for (int i = 0; i < 50; i++) {
                var frame = new DefaultSpdySynStreamFrame(2 * i + 1, 0, (byte) 0);
                frame.headers().set("streamtype", "data").set("port", "80").set("requestid", "" + i);
                netty.writeOutbound(frame);
                for (ByteBuf bytes = netty.readOutbound(); bytes != null; bytes = netty.readOutbound()) {
                    decoder.feed(bytes);
                    bytes.release();
                }
                assertEquals(Map.of("streamtype", "data", "port", "80", "requestid", "" + i), seen.getLast());
            }
        }
        netty.finishAndReleaseAll();
    }

    @Test
    void aBlockThatUnpacksAThousandfoldIsRefused() {
        byte[] bomb = new byte[16 << 20];
        try (var deflater = new Deflater(9); var decoder = new HeaderBlockDecoder()) {
            deflater.setDictionary(HeaderBlockDecoder.DICTIONARY);
            byte[] block = deflate(deflater, bomb);
            assertTrue(block.length < FrameDecoder.CONTROL_BYTES_MAX, "small enough to arrive as one frame: " + block.length);
            var e = assertThrows(FrameException.class, () -> decoder.decode(Unpooled.wrappedBuffer(block)));
            assertEquals("header block inflates to more than 65536 bytes", e.getMessage());
        }
    }

    @Test
    void aBlockWithoutOurDictionaryIsAcceptedOrRefusedByWhatItAsksFor() {
        try (var none = new Deflater(); var decoder = new HeaderBlockDecoder()) {
            assertEquals(DATA, decoder.decode(Unpooled.wrappedBuffer(deflate(none, list("streamtype", "data", "port", "8080", "requestid", "0")))),
                    "a zlib stream without a preset dictionary is legal");
        }
        try (var other = new Deflater(); var decoder = new HeaderBlockDecoder()) {
            other.setDictionary("some other dictionary".getBytes(StandardCharsets.US_ASCII));
            byte[] block = deflate(other, list());
            refused(decoder, block, "header block is not zlib with the SPDY dictionary");
        }
        try (var decoder = new HeaderBlockDecoder()) {
            refused(decoder, "no zlib at all".getBytes(StandardCharsets.US_ASCII), "header block is not zlib with the SPDY dictionary");
        }
    }

    @Test
    void malformedListsAreRefused() {
        refusedPlain("header block ends early");
        refusedPlain("header block ends early", 0);
        refusedPlain("header block ends early", 0, 0, 0, 1);
        refusedPlain("header block ends early", 0, 0, 0, 1, 0, 0, 0, 1, 'a');
        refusedPlain("header text of 2 bytes with 1 left", 0, 0, 0, 1, 0, 0, 0, 2, 'a');
        refusedPlain("header text of -1 bytes with 1 left", 0, 0, 0, 1, 255, 255, 255, 255, 'a');
        refusedPlain("header text of 2147483647 bytes with 0 left", 0, 0, 0, 1, 127, 255, 255, 255);
        refusedPlain("header a twice in one block", 0, 0, 0, 2, 0, 0, 0, 1, 'a', 0, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 0, 0);
        refusedPlain("header block ends early", 127, 255, 255, 255);
        refusedPlain("header block counts 4294967295 headers", 255, 255, 255, 255);
    }

    @Test
    void aStreamThatEndsIsRefusedAtItsNextBlock() {
        try (var deflater = new Deflater(); var decoder = new HeaderBlockDecoder()) {
            deflater.setDictionary(HeaderBlockDecoder.DICTIONARY);
            deflater.setInput(list());
            deflater.finish();
            byte[] block = new byte[100];
            int n = deflater.deflate(block);
            assertEquals(Map.of(), decoder.decode(Unpooled.wrappedBuffer(block, 0, n)));
            refused(decoder, array(block()), "header block ends early");
        }
    }

    @Test
    void noiseIsNeverMoreThanAFrameException() {
        for (int seed = 0; seed < 2000; seed++) {
            var random = new Random(seed);
            try (var decoder = new HeaderBlockDecoder()) {
                byte[] block = array(block(new HeaderBlockEncoder(), "streamtype", "data", "port", "8080", "requestid", "0"));
                for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
                    block[random.nextInt(block.length)] ^= (byte) (1 << random.nextInt(8));
                }
                decoder.decode(Unpooled.wrappedBuffer(block));
            } catch (FrameException expected) {
                assertTrue(expected.getMessage().startsWith("header "), () -> "message: " + expected.getMessage());
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }

    private ByteBuf block(String... headers) {
        return block(encoder, headers);
    }

    private static ByteBuf block(HeaderBlockEncoder encoder, String... headers) {
        ByteBuf out = Unpooled.buffer();
        encoder.encode(out, headers);
        return out;
    }

    private static void refusedPlain(String message, int... plain) {
        byte[] bytes = new byte[plain.length];
        for (int i = 0; i < plain.length; i++) {
            bytes[i] = (byte) plain[i];
        }
        try (var deflater = new Deflater(); var decoder = new HeaderBlockDecoder()) {
            refused(decoder, deflate(deflater, bytes), message);
        }
    }

    private static void refused(HeaderBlockDecoder decoder, byte[] block, String message) {
        var e = assertThrows(FrameException.class, () -> decoder.decode(Unpooled.wrappedBuffer(block)));
        assertTrue(e.getMessage().startsWith(message), () -> "message: " + e.getMessage());
    }

    private static byte[] list(String... headers) {
        ByteBuffer out = ByteBuffer.allocate(4096).putInt(headers.length / 2);
        for (String text : headers) {
            out.putInt(text.length()).put(text.getBytes(StandardCharsets.US_ASCII));
        }
        return Arrays.copyOf(out.array(), out.position());
    }

    private static byte[] deflate(Deflater deflater, byte[] plain) {
        deflater.setInput(plain);
        byte[] out = new byte[64 * 1024];
        return Arrays.copyOf(out, deflater.deflate(out, 0, out.length, Deflater.SYNC_FLUSH));
    }

    private static byte[] array(ByteBuf bytes) {
        byte[] array = new byte[bytes.readableBytes()];
        bytes.readBytes(array);
        return array;
    }

    private static String hex(ByteBuf bytes) {
        return HexFormat.of().formatHex(array(bytes));
    }

    private interface OnSynStream {
        void accept(int streamId, ByteBuf block);
    }

    private record OnlySynStreams(OnSynStream to) implements FrameSink {
        @Override public void onSynStream(int streamId, int priority, boolean fin, ByteBuf headerBlock) { to.accept(streamId, headerBlock); }
        @Override public void onSynReply(int streamId, boolean fin, ByteBuf headerBlock) { unexpected(); }
        @Override public void onHeaders(int streamId, boolean fin, ByteBuf headerBlock) { unexpected(); }
        @Override public void onData(int id, ByteBuf source, int index, int length, boolean frameEnd, boolean fin) { unexpected(); }
        @Override public void onRstStream(int streamId, int status) { unexpected(); }
        @Override public void onPing(int id) { unexpected(); }
        @Override public void onGoAway(int lastGoodStreamId, int status) { unexpected(); }

        private static void unexpected() {
            throw new AssertionError("only SYN_STREAM is expected");
        }
    }
}

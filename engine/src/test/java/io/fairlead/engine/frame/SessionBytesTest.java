package io.fairlead.engine.frame;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Golden bytes of real sessions, docs/PROTOCOL.md appendix B, read at every split, and our own frames against the same bytes.
class SessionBytesTest {
    private static final String CLIENT = """
            80030001 00000040 00000001 00000000 0000 78f9e3c6a7c202253a48f95b044aabac86160696060c0c0c9c459008cb042564460370522c294a4dcc859636aca9a0b800000000ffff
            00000001 01000000
            80030001 0000001a 00000003 00000000 0000 82ea469502154489449809000000ffff
            00000003 00000005 68656c6c6f
            00000003 01000000
            80030006 00000004 00000001
            80030007 00000008 00000000 00000000""";
    private static final List<String> CLIENT_FRAMES = List.of(
            "SYN_STREAM 1 priority 0 block 78f9e3c6a7c202253a48f95b044aabac86160696060c0c0c9c459008cb042564460370522c294a4dcc859636aca9a0b800000000ffff",
            "DATA 1 FIN ",
            "SYN_STREAM 3 priority 0 block 82ea469502154489449809000000ffff",
            "DATA 3 68656c6c6f",
            "DATA 3 FIN ",
            "PING 1",
            "GOAWAY 0 status 0");
    private static final String SERVER = """
            80030002 00000014 00000001 78f9e3c6a7c26260606000000000ffff
            80030002 0000000c 00000003 026100000000ffff
            00000003 00000005 68656c6c6f
            00000003 01000000 00000001 01000000
            80030006 00000004 00000001""";
    private static final List<String> SERVER_FRAMES = List.of(
            "SYN_REPLY 1 block 78f9e3c6a7c26260606000000000ffff",
            "SYN_REPLY 3 block 026100000000ffff",
            "DATA 3 68656c6c6f",
            "DATA 3 FIN ",
            "DATA 1 FIN ",
            "PING 1");

    @Test
    void theClientSideOfAKubectlSessionIsRead() {
        readAtEverySplit(CLIENT, CLIENT_FRAMES);
    }

    @Test
    void theServerSideOfAKubectlSessionIsRead() {
        readAtEverySplit(SERVER, SERVER_FRAMES);
    }

    @Test
    void aRefusedPortIsFinOnDataThenTextAndResetOnError() {
        String text = "65".repeat(310);
        readAtEverySplit("00000003 01000000  00000001 00000136 " + text + " 80030003 00000008 00000001 00000005",
                List.of("DATA 3 FIN ", "DATA 1 " + text, "RST_STREAM 1 status 5"));
    }

    @Test
    void ourFramesAreTheSameBytesWhereTheirContentIsTheSame() {
        ByteBuf out = Unpooled.buffer();
        FrameEncoder.fin(out, 1);
        out.writeZero(Spdy.HEADER_BYTES).writeBytes("hello".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        FrameEncoder.dataHeader(out, 8, 3, false, 5);
        FrameEncoder.ping(out, 1);
        FrameEncoder.goAway(out, 0, 0);
        FrameEncoder.rstStream(out, 1, Spdy.CANCEL);
        assertEquals("0000000101000000" + "000000030000000568656c6c6f" + "800300060000000400000001"
                + "80030007000000080000000000000000" + "80030003000000080000000100000005", ByteBufUtil.hexDump(out));
    }

    @Test
    void ourOpeningOfAPairIsFixedBytes() {
        ByteBuf out = Unpooled.buffer();
        var blocks = new HeaderBlockEncoder();
        FrameEncoder.synStream(out, blocks, 1, true, "streamtype", "error", "port", "80", "requestid", "0");
        FrameEncoder.synStream(out, blocks, 3, false, "streamtype", "data", "port", "80", "requestid", "0");
        String plain = "00000003" + "0000000a73747265616d74797065";
        String rest = "00000004706f7274" + "000000023830" + "00000009726571756573746964" + "0000000130";
        assertEquals("80030001" + "01000055" + "00000001" + "00000000" + "0000" + "78f9e3c6a7c2"
                + "003b00c4ff" + plain + "000000056572726f72" + rest + "000000ffff"
                + "80030001" + "0000004e" + "00000003" + "00000000" + "0000"
                + "003a00c5ff" + plain + "0000000464617461" + rest + "000000ffff", ByteBufUtil.hexDump(out));
    }

    private static void readAtEverySplit(String hex, List<String> frames) {
        ByteBuf bytes = FrameDecoderTest.bytes(hex);
        for (int split = 0; split <= bytes.capacity(); split++) {
            var recorded = new RecordedFrames();
            var decoder = new FrameDecoder(recorded);
            decoder.feed(bytes.slice(0, split));
            decoder.feed(bytes.slice(split, bytes.capacity() - split));
            assertEquals(frames, recorded.frames, "split at " + split);
            assertTrue(decoder.atFrameBoundary());
        }
    }
}

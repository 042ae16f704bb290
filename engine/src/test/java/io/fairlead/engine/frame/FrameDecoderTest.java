package io.fairlead.engine.frame;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FrameDecoderTest {
    private final RecordedFrames recorded = new RecordedFrames();
    private final FrameDecoder decoder = new FrameDecoder(recorded);

    @ParameterizedTest(name = "{1}")
    @CsvSource(delimiter = '|', textBlock = """
            00000003 00000005 68656c6c6f                            | DATA 3 68656c6c6f
            00000003 01000005 68656c6c6f                            | DATA 3 FIN 68656c6c6f
            00000003 01000000                                       | DATA 3 FIN
            00000003 00000000                                       | DATA 3
            7fffffff 00000001 00                                    | DATA 2147483647 00
            00000003 ff000001 aa                                    | DATA 3 FIN aa
            80030001 0000000c 00000007 00000000 e000 abcd           | SYN_STREAM 7 priority 7 block abcd
            80030001 0100000a 00000001 00000000 0000                | SYN_STREAM 1 priority 0 FIN block
            80030002 00000005 00000001 ff                           | SYN_REPLY 1 block ff
            80030002 01000004 00000001                              | SYN_REPLY 1 FIN block
            80030008 00000006 00000003 0102                         | HEADERS 3 block 0102
            80030003 00000008 00000003 00000005                     | RST_STREAM 3 status 5
            80030006 00000004 00000001                              | PING 1
            80030006 00000004 fffffffe                              | PING -2
            80030007 00000008 00000009 00000002                     | GOAWAY 9 status 2
            80030007 00000008 80000009 00000000                     | GOAWAY 9 status 0
            80020006 00000004 00000001                              | PING 1
            """)
    void everyFrameIsReadFromOnePieceAndFromSingleBytes(String hex, String frame) {
        ByteBuf whole = bytes(hex);
        decoder.feed(whole);
        assertEquals(0, whole.readableBytes(), "all input is taken");
        assertEquals(List.of(frame), trimmed(recorded));
        assertTrue(decoder.atFrameBoundary());

        var single = new RecordedFrames();
        var slowly = new FrameDecoder(single);
        ByteBuf again = bytes(hex);
        while (again.isReadable()) {
            slowly.feed(again.readSlice(1));
        }
        assertEquals(List.of(frame), trimmed(single));
        assertTrue(slowly.atFrameBoundary());
    }

    @Test
    void settingsAndWindowUpdatesAreDropped() {
        decoder.feed(bytes("80030004 0000000c 00000001 00000004 00000064  80030009 00000008 00000001 00010000  80030004 00000000"
                + " 80030006 00000004 00000001"));
        assertEquals(List.of("PING 1"), recorded.frames);
    }

    @Test
    void aPayloadIsHandedOnBeforeItsFrameIsComplete() {
        decoder.feed(bytes("00000003 01000005 6865"));
        assertEquals(1, recorded.pieces);
        assertFalse(decoder.atFrameBoundary());
        decoder.feed(bytes("6c6c6f"));
        assertEquals(2, recorded.pieces);
        assertEquals(List.of("DATA 3 FIN 68656c6c6f"), recorded.frames);
    }

    @Test
    void theLargestDataFrameIsReadPieceByPieceWithoutBeingHeld() {
        decoder.feed(bytes("00000003 00ffffff"));
        ByteBuf chunk = Unpooled.wrappedBuffer(new byte[64 * 1024]);
        int left = Spdy.LENGTH_MAX;
        while (left > 0) {
            int length = Math.min(left, chunk.capacity());
            decoder.feed(chunk.slice(0, length));
            left -= length;
            assertEquals(left == 0, decoder.atFrameBoundary());
        }
        assertEquals(256, recorded.pieces);
        assertEquals(1, recorded.frames.size());
    }

    @Test
    void theLargestControlFrameIsAccepted() {
        ByteBuf frame = Unpooled.buffer();
        frame.writeInt(0x80030002).writeInt(FrameDecoder.CONTROL_BYTES_MAX).writeInt(1).writeZero(FrameDecoder.CONTROL_BYTES_MAX - 4);
        decoder.feed(frame.readSlice(100));
        decoder.feed(frame);
        assertEquals(1, recorded.frames.size());
        assertTrue(decoder.atFrameBoundary());
    }

    @ParameterizedTest(name = "{1}")
    @CsvSource(delimiter = '|', textBlock = """
            00000000 00000001 00      | DATA on stream 0
            00000000 00000000         | DATA on stream 0
            80030005 00000000         | control frame of unknown type 5
            8003000a 00000000         | control frame of unknown type 10
            80030000 00000000         | control frame of unknown type 0
            80030001 00000009 00000001 00000000 00        | control frame of type 1 has 9 bytes, needs 10
            80030002 00000003 000000  | control frame of type 2 has 3 bytes, needs 4
            80030003 00000007 00000001 000000  | control frame of type 3 has 7 bytes, needs 8
            80030006 00000000         | control frame of type 6 has 0 bytes, needs 4
            80030007 00000004 00000001  | control frame of type 7 has 4 bytes, needs 8
            80030008 00000000         | control frame of type 8 has 0 bytes, needs 4
            80030002 00010001         | control frame of type 2 with 65537 bytes; at most 65536
            80030006 00ffffff         | control frame of type 6 with 16777215 bytes; at most 65536
            """)
    void whatBreaksTheFramingEndsTheSessionWithItsReason(String hex, String message) {
        var whole = assertThrows(FrameException.class, () -> decoder.feed(bytes(hex)));
        assertEquals(message, whole.getMessage());
        assertEquals(0, whole.getStackTrace().length, "a peer can cause it: no stack trace");

        var slowly = new FrameDecoder(new RecordedFrames());
        var split = assertThrows(FrameException.class, () -> {
            ByteBuf again = bytes(hex);
            while (again.isReadable()) {
                slowly.feed(again.readSlice(1));
            }
        });
        assertEquals(message, split.getMessage());
    }

    @Test
    void anOversizedControlFrameIsRefusedAtItsHeaderBeforeAnythingIsHeld() {
        decoder.feed(bytes("80030002 0001"));
        var e = assertThrows(FrameException.class, () -> decoder.feed(bytes("0001")));
        assertEquals("control frame of type 2 with 65537 bytes; at most 65536", e.getMessage());
    }

    @Test
    void emptyInputChangesNothing() {
        decoder.feed(Unpooled.EMPTY_BUFFER);
        decoder.feed(bytes("80"));
        decoder.feed(Unpooled.EMPTY_BUFFER);
        decoder.feed(bytes("030006 00000004 00000001"));
        assertEquals(List.of("PING 1"), recorded.frames);
    }

    @Test
    void inputIsBorrowedAndReadFromItsReaderIndexOn() {
        ByteBuf input = bytes("ffffff 80030006 00000004 00000005").readerIndex(3);
        decoder.feed(input);
        assertEquals(1, input.refCnt());
        assertEquals(input.writerIndex(), input.readerIndex());
        assertEquals(List.of("PING 5"), recorded.frames);
    }

    static ByteBuf bytes(String hex) {
        return Unpooled.wrappedBuffer(HexFormat.of().parseHex(hex.replaceAll("\\s", "")));
    }

    private static List<String> trimmed(RecordedFrames recorded) {
        return recorded.frames.stream().map(String::strip).toList();
    }
}

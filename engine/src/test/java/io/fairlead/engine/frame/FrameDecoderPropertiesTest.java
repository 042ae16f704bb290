package io.fairlead.engine.frame;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/// Any bytes, any split. Each property runs over seeds drawn anew in every run; a failure names the seed, and
/// `-Dfairlead.seed=<seed>` runs that one alone.
class FrameDecoderPropertiesTest {
    private static final int SEEDS = 300;

    @Test
    void whatIsEncodedIsDecodedInOrderAndUnchanged() {
        forSeeds(random -> {
            var expected = new ArrayList<String>();
            ByteBuf bytes = frames(random, expected);
            var recorded = new RecordedFrames();
            var decoder = new FrameDecoder(recorded);
            decoder.feed(bytes);
            assertEquals(expected, recorded.frames);
            assertTrue(decoder.atFrameBoundary());
        });
    }

    @Test
    void howTheInputIsSplitMakesNoDifference() {
        forSeeds(random -> {
            var expected = new ArrayList<String>();
            ByteBuf bytes = frames(random, expected);
            var recorded = new RecordedFrames();
            feedSplit(new FrameDecoder(recorded), bytes, random);
            assertEquals(expected, recorded.frames);
        });
    }

    @Test
    void everySingleSplitPointGivesTheSameFrames() {
        var random = new Random(1);
        var expected = new ArrayList<String>();
        ByteBuf bytes = frames(random, expected);
        for (int split = 0; split <= bytes.readableBytes(); split++) {
            var recorded = new RecordedFrames();
            var decoder = new FrameDecoder(recorded);
            decoder.feed(bytes.slice(0, split));
            decoder.feed(bytes.slice(split, bytes.writerIndex() - split));
            assertEquals(expected, recorded.frames, "split at " + split);
        }
    }

    @Test
    void hostileBytesEndInAFrameExceptionOrInFramesAndBothWaysOfFeedingAgree() {
        forSeeds(random -> {
            ByteBuf bytes = hostile(random);
            var whole = new RecordedFrames();
            var split = new RecordedFrames();
            String first = outcome(() -> new FrameDecoder(whole).feed(bytes.duplicate()));
            String second = outcome(() -> feedSplit(new FrameDecoder(split), bytes.duplicate(), random));
            assertEquals(first, second);
            assertEquals(whole.frames, split.frames);
        });
    }

    @Test
    void flippedBitsInGoodFramesNeverDoMoreThanEndTheSession() {
        forSeeds(random -> {
            ByteBuf bytes = frames(random, new ArrayList<>());
            for (int flips = random.nextInt(1, 8); flips > 0; flips--) {
                int index = random.nextInt(bytes.readableBytes());
                bytes.setByte(index, bytes.getByte(index) ^ 1 << random.nextInt(8));
            }
            outcome(() -> feedSplit(new FrameDecoder(new RecordedFrames()), bytes, random));
        });
    }

    private static ByteBuf frames(RandomGenerator random, List<String> expected) {
        ByteBuf out = Unpooled.buffer();
        for (int i = random.nextInt(1, 30); i > 0; i--) {
            int id = random.nextInt(1, Integer.MAX_VALUE);
            boolean fin = random.nextBoolean();
            var want = new RecordedFrames();
            switch (random.nextInt(6)) {
                case 0 -> {
                    byte[] payload = new byte[random.nextInt(4) == 0 ? 0 : random.nextInt(2000)];
                    random.nextBytes(payload);
                    int start = out.writerIndex();
                    out.writeZero(Spdy.HEADER_BYTES).writeBytes(payload);
                    FrameEncoder.dataHeader(out, start, id, fin, payload.length);
                    want.onData(id, Unpooled.wrappedBuffer(payload), 0, payload.length, true, fin);
                }
                case 1 -> {
                    int start = out.writerIndex();
                    FrameEncoder.synStream(out, new HeaderBlockEncoder(), id, fin, "streamtype", "data", "port", "80");
                    want.onSynStream(id, 0, fin, out.slice(start + 18, out.writerIndex() - start - 18));
                }
                case 2 -> {
                    int start = out.writerIndex();
                    FrameEncoder.synReply(out, new HeaderBlockEncoder(), id, fin);
                    want.onSynReply(id, fin, out.slice(start + 12, out.writerIndex() - start - 12));
                }
                case 3 -> {
                    FrameEncoder.rstStream(out, id, Spdy.CANCEL);
                    want.onRstStream(id, Spdy.CANCEL);
                }
                case 4 -> {
                    FrameEncoder.ping(out, id);
                    want.onPing(id);
                }
                default -> {
                    FrameEncoder.goAway(out, id, 0);
                    want.onGoAway(id, 0);
                }
            }
            expected.addAll(want.frames);
        }
        return out;
    }

    /// Noise, with plausible frame headers sprinkled in so that it gets past the first eight bytes.
    private static ByteBuf hostile(RandomGenerator random) {
        ByteBuf out = Unpooled.buffer();
        for (int i = random.nextInt(1, 20); i > 0; i--) {
            if (random.nextInt(4) > 0) {
                out.writeInt(random.nextBoolean() ? 0x80030000 | random.nextInt(12) : random.nextInt());
                out.writeByte(random.nextInt(256)).writeMedium(random.nextInt(3) == 0 ? random.nextInt(1 << 24) : random.nextInt(64));
            }
            byte[] noise = new byte[random.nextInt(64)];
            random.nextBytes(noise);
            out.writeBytes(noise);
        }
        return out;
    }

    private static void feedSplit(FrameDecoder decoder, ByteBuf bytes, RandomGenerator random) {
        int most = 1 << random.nextInt(1, 12);
        while (bytes.isReadable()) {
            decoder.feed(bytes.readSlice(Math.min(bytes.readableBytes(), random.nextInt(1, most + 1))));
        }
    }

    /// How it ended: the message of a {@link FrameException}, or "". Anything else thrown fails the test.
    private static String outcome(Runnable work) {
        try {
            work.run();
            return "";
        } catch (FrameException e) {
            return e.getMessage();
        }
    }

    private interface Property {
        void check(RandomGenerator random);
    }

    private static void forSeeds(Property property) {
        Long only = Long.getLong("fairlead.seed");
        long base = only != null ? only : new Random().nextLong();
        for (int i = 0; i < (only != null ? 1 : SEEDS); i++) {
            long seed = base + i;
            Executable check = () -> property.check(new Random(seed));
            try {
                check.execute();
            } catch (Throwable e) {
                throw new AssertionError("seed " + seed + " (repeat with -Dfairlead.seed=" + seed + "): " + e, e);
            }
        }
    }
}

package io.fairlead.engine.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.engine.frame.Spdy;
import io.fairlead.engine.session.SentFrame.Kind;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.random.RandomGenerator;

/// The runtime's end of a session, in virtual time: moby/spdystream's reader and five workers, and pods that are slow, stuck, refusing or done.
///
/// ```
/// wire (delay) ──> reader ──> queue[worker], at most 50, by priority then arrival ──> worker, held while the stream's reader is busy
/// ```
///
/// What a real peer could not survive fails at once: a reader that finds a queue full of frames of living streams, bytes out of order, a FIN before all bytes.
/// Source: spdystream connection.go `Serve`, priority.go; docs/PROTOCOL.md 1.4, 3.5, 4.3.
final class ScriptedPeer {
    /// What goes wrong, in per cent of the pairs, and how the runtime ends a stream.
    ///
    /// @param resetsAtEnd the runtime resets the streams of an ended pair, so that nobody waits for their reader; old ones leave them
    record Faults(int refusing, int stuck, int podResets, boolean resetsAtEnd) {}

    private record Queued(int priority, long order, SentFrame frame) {}

    private record Timed<T>(long due, T what) {}

    private static final class Stream {
        final int id;
        final Pod pod;
        boolean replied;
        boolean remoteClosed;
        boolean finished;

        Stream(int id, Pod pod) {
            this.id = id;
            this.pod = pod;
        }
    }

    private final class Pod {
        final int request;
        final int downTotal = random.nextInt(4) == 0 ? 0 : random.nextInt(20_000);
        final boolean refuses = percent(faults.refusing);
        final boolean resets = percent(faults.podResets);
        final boolean waitsForEof = random.nextBoolean();
        Stream error;
        Stream data;
        long dialled = Long.MAX_VALUE;
        long takesFrom;
        long endDue = Long.MAX_VALUE;
        int upBytes;
        int downBytes;
        boolean reading;
        boolean ended;

        Pod(int request) {
            this.request = request;
        }

        void step() {
            if (ended || now < dialled) {
                return;
            }
            if (refuses) {
                end("dial tcp4 127.0.0.1:80: connect: connection refused");
                return;
            }
            reading = true;
            if (downBytes < downTotal && !data.finished && random.nextInt(4) == 0) {
                int length = Math.min(downTotal - downBytes, 1 + random.nextInt(3_000));
                byte[] bytes = pattern(request, downBytes, length);
                downBytes += length;
                int id = data.id;
                down(() -> session.onData(id, Unpooled.wrappedBuffer(bytes), 0, bytes.length, true, false));
            }
            boolean said = downBytes == downTotal && (!waitsForEof || data.remoteClosed);
            if ((said || data.remoteClosed) && endDue == Long.MAX_VALUE && random.nextInt(10) == 0) {
                endDue = now + 1_000_000_000L; // the other copy has a second
            }
            if (now >= endDue) {
                end(resets ? "read tcp4 127.0.0.1:1->127.0.0.1:80: read: connection reset by peer" : "");
            }
        }

        void end(String text) {
            ended = true;
            reading = false;
            if (!data.finished) {
                data.finished = true;
                int id = data.id;
                down(() -> session.onData(id, Unpooled.EMPTY_BUFFER, 0, 0, true, true));
                forgetIfOver(data);
            }
            if (faults.resetsAtEnd) {
                data.remoteClosed = true;
                streams.remove(data.id);
            }
            int id = error.id;
            if (text.isEmpty()) {
                down(() -> session.onData(id, Unpooled.EMPTY_BUFFER, 0, 0, true, true));
            } else {
                byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
                down(() -> session.onData(id, Unpooled.wrappedBuffer(bytes), 0, bytes.length, true, false));
                down(() -> session.onRstStream(id, Spdy.CANCEL));
            }
            streams.remove(error.id);
        }
    }

    private final RandomGenerator random;
    private final Faults faults;
    private final Session session;
    private final List<PriorityQueue<Queued>> queues = new ArrayList<>();
    private final SentFrame[] held = new SentFrame[Spdy.WORKERS];
    private final ArrayDeque<Timed<SentFrame>> wire = new ArrayDeque<>();
    private final ArrayDeque<Timed<Runnable>> back = new ArrayDeque<>();
    private final Map<Integer, Stream> streams = new HashMap<>();
    private final Map<Integer, Pod> pods = new HashMap<>();
    private final int[] unread = new int[Spdy.WORKERS];
    private long now;
    private long order;
    private int sendTurn;
    private int readTurn;
    private long lastUp;
    private long lastDown;
    private boolean allMove;

    ScriptedPeer(Session session, RandomGenerator random, Faults faults) {
        this.session = session;
        this.random = random;
        this.faults = faults;
        for (int i = 0; i < Spdy.WORKERS; i++) {
            queues.add(new PriorityQueue<>(Comparator.comparingInt(Queued::priority).thenComparingLong(Queued::order)));
        }
    }

    /// The byte pattern of a pair, the same in both directions.
    static byte[] pattern(int request, int from, int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (request * 31 + (from + i) * 7 + (from + i >> 8));
        }
        return bytes;
    }

    /// How many bytes the pod of a pair sent so far.
    int downBytes(int request) {
        Pod pod = pods.get(request);
        return pod == null ? 0 : pod.downBytes;
    }

    /// From now on nobody is stuck.
    void allMove() {
        allMove = true;
        pods.values().forEach(pod -> pod.takesFrom = 0);
    }

    /// Our side sent a frame; the test says how many bytes of a pair came before its FIN.
    void accept(SentFrame frame, long nowNanos) {
        lastUp = Math.max(lastUp, nowNanos + random.nextInt(5_000_000));
        wire.add(new Timed<>(lastUp, frame));
        unread[frame.kind() == Kind.PING ? sendTurn++ % Spdy.WORKERS : frame.id() % Spdy.WORKERS]++;
    }

    /// Frames for a worker that it has not taken, wherever they are. Without those of streams that the peer has forgotten: they have the lowest
    /// priority in its queue, so that a later ping overtakes them and our credit takes them for taken. A known gap: enough of them behind a
    /// slow stream of the same worker fill its queue.
    int outstanding(int worker) {
        return unread[worker] + (int) queues.get(worker).stream().filter(q -> q.priority == 0).count();
    }

    /// No worker can take anything any more.
    boolean isStuck() {
        for (SentFrame frame : held) {
            if (frame == null || frame.kind() != Kind.DATA) {
                return false;
            }
        }
        return true;
    }

    void step(long nowNanos) {
        now = nowNanos;
        while (!wire.isEmpty() && wire.peek().due <= now) {
            read(wire.poll().what);
        }
        for (int i = random.nextInt(30); i > 0; i--) {
            work(random.nextInt(Spdy.WORKERS));
        }
        pods.values().forEach(Pod::step);
        while (!back.isEmpty() && back.peek().due <= now) {
            back.poll().what.run();
        }
    }

    private void read(SentFrame frame) {
        int worker = frame.kind() == Kind.PING ? readTurn++ % Spdy.WORKERS : frame.id() % Spdy.WORKERS;
        int priority = 0;
        switch (frame.kind()) {
            case SYN -> {
                Pod pod = pods.computeIfAbsent(frame.requestId(), Pod::new);
                var stream = new Stream(frame.id(), pod);
                streams.put(frame.id(), stream);
                if (frame.type().equals("error")) {
                    pod.error = stream;
                } else {
                    pod.data = stream;
                }
            }
            case DATA, FIN, RST -> priority = streams.containsKey(frame.id()) ? 0 : 7;
            case PROBE, PING -> { }
        }
        unread[worker]--;
        assertTrue(outstanding(worker) - unread[worker] < Spdy.WORKER_QUEUE_FRAMES, "the peer's reader finds the queue of worker " + worker + " full");
        queues.get(worker).add(new Queued(priority, order++, frame));
    }

    private void work(int worker) {
        if (held[worker] == null) {
            Queued next = queues.get(worker).poll();
            held[worker] = next == null ? null : next.frame;
        }
        if (held[worker] != null && handle(held[worker])) {
            held[worker] = null;
        }
    }

    private boolean handle(SentFrame frame) {
        Stream stream = streams.get(frame.id());
        switch (frame.kind()) {
            case PING -> down(() -> session.onPing(frame.id()));
            case PROBE -> down(() -> session.onRstStream(frame.id(), Spdy.CANCEL));
            case SYN -> {
                stream.replied = true;
                down(() -> session.onSynReply(frame.id(), false, Unpooled.EMPTY_BUFFER));
                if (stream.pod.error != null && stream.pod.data == stream) {
                    stream.pod.dialled = now + random.nextInt(10_000_000);
                    stream.pod.takesFrom = percent(faults.stuck) && !allMove ? Long.MAX_VALUE : 0;
                }
            }
            case DATA -> {
                return stream == null || stream.remoteClosed || take(stream.pod, frame.payload());
            }
            case FIN -> {
                if (stream != null) {
                    stream.remoteClosed = true;
                    forgetIfOver(stream);
                }
            }
            case RST -> {
                if (stream != null) {
                    stream.remoteClosed = true;
                    stream.finished = true;
                    streams.remove(stream.id);
                }
            }
        }
        return true;
    }

    private boolean take(Pod pod, byte[] bytes) {
        if (!pod.reading || now < pod.takesFrom) {
            return false;
        }
        assertEquals(new String(pattern(pod.request, pod.upBytes, bytes.length), StandardCharsets.ISO_8859_1),
                new String(bytes, StandardCharsets.ISO_8859_1), "payload of pair " + pod.request + " at " + pod.upBytes);
        pod.upBytes += bytes.length;
        pod.takesFrom = allMove ? 0 : now + (random.nextInt(50) == 0 ? random.nextLong(2_000_000_000L) : random.nextInt(300_000));
        return true;
    }

    /// For messages.
    String describe(int request) {
        Pod pod = pods.get(request);
        return pod == null ? "unknown to the peer" : "pod took " + pod.upBytes + ", said " + pod.downBytes + " of " + pod.downTotal + (pod.reading ? ", reads" : "")
                + (pod.ended ? ", ended" : "") + (pod.data != null && pod.data.remoteClosed ? ", saw our end" : "");
    }

    /// Bytes that the pod of a pair has taken.
    int upBytes(int request) {
        Pod pod = pods.get(request);
        return pod == null ? 0 : pod.upBytes;
    }

    /// The pod of the pair saw our FIN, and had not ended before.
    boolean sawEof(int request) {
        Pod pod = pods.get(request);
        return pod != null && pod.data != null && pod.data.remoteClosed && !pod.ended;
    }

    private void forgetIfOver(Stream stream) {
        if (stream.remoteClosed && stream.finished) {
            streams.remove(stream.id);
        }
    }

    private void down(Runnable frame) {
        lastDown = Math.max(lastDown, now + random.nextInt(5_000_000));
        back.add(new Timed<>(lastDown, frame));
    }

    private boolean percent(int chance) {
        return random.nextInt(100) < chance;
    }
}

package io.fairlead.engine;

import java.util.concurrent.TimeUnit;

/// Every number we chose: its unit, its reason, and what happens when it is reached. What the protocol sets is in {@code frame.Spdy}.
public final class Limits {
    /// Pairs open at once in one forward. The runtime holds an OS thread for each pair and a Go program aborts at 10,000 threads; at about
    /// 5,000 pairs containerd was seen to stop serving its whole node. At the limit the listeners stop accepting, connections wait in the
    /// kernel's listen queue, and the user is told once. A user can change it.
    public static final int PAIRS_MAX = 4_000;

    /// Events that wait for a slow consumer of a forward. At the limit new events are dropped and counted.
    public static final int EVENTS_QUEUED = 1_024;

    /// How long events gather after a connection was told of. 5 ms: nobody sees it, and to fill {@link #EVENTS_QUEUED} meanwhile takes 200,000
    /// connections a second.
    public static final long EVENTS_GATHER_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    /// How long {@link Forward#close} waits for resets and go-aways to leave. Then the sockets are closed as they are.
    public static final long CLOSE_NANOS = TimeUnit.SECONDS.toNanos(2);

    // ---- upstream: local socket to pod

    /// Largest read from a local socket, header room included: eight full TLS records. Larger frames were not faster (docs/ARCHITECTURE.md 13);
    /// smaller ones cost the peer a dispatch each. It is also one pair's turn on a shared session.
    public static final int READ_BYTES = 128 * 1024;

    /// Largest read while the pair may not send: one such read can happen unasked, when the peer's FIN arrives, and its bytes wait here.
    public static final int UNASKED_READ_BYTES = 4 * 1024;

    /// Payloads below this are copied side by side into one buffer, so that many small frames share a TLS record and a system call; larger
    /// ones go out as they were read.
    public static final int COALESCE_BYTES = 4 * 1024;

    /// The buffer they are copied into: one TLS record.
    public static final int BATCH_BYTES = 16 * 1024;

    /// Bytes handed to a session's channel before they are flushed within a turn of the loop, so that the channel's watermark is seen in time.
    public static final int UNFLUSHED_BYTES = 256 * 1024;

    /// Watermarks of a session's send queue, in bytes of ciphertext. Above the high one no local socket of the session is read.
    public static final int SESSION_QUEUE_LOW_BYTES = 256 * 1024;
    public static final int SESSION_QUEUE_HIGH_BYTES = 512 * 1024;

    /// Unsent bytes that the kernel may hold of a session, so that the order of frames stays our decision (TCP_NOTSENT_LOWAT).
    public static final int SESSION_UNSENT_BYTES = 128 * 1024;

    /// Bytes read from local sockets that may wait in one session for credit; past it each further pair reads
    /// {@link #UNASKED_READ_BYTES} at most.
    public static final int SESSION_HELD_BYTES = 16 * 1024 * 1024;

    /// Kernel receive buffer of a local socket, in bytes: an invisible queue, so not left to grow to the system's maximum.
    public static final int LOCAL_RECEIVE_BUFFER_BYTES = 512 * 1024;

    // ---- lanes: the peer's frame workers

    /// DATA frames of ours that one of the peer's workers may not have taken yet. Its queue holds 50; if that fills, the peer stops reading the
    /// whole session. 32 leaves room for what must be sent past this limit (below). At the limit the lane's local sockets are not read.
    public static final int LANE_DATA_FRAMES = 32;

    /// The same, for opening a pair: SYN_STREAMs may go a little further than data.
    public static final int LANE_OPEN_FRAMES = 36;

    /// The same, for FIN and RST of pairs that are open already.
    public static final int LANE_CONTROL_FRAMES = 42;

    /// The same, for pings; past it no further sweep is sent until the lane's worker moves.
    public static final int LANE_PING_FRAMES = 46;

    /// Frames on a lane after which a sweep of pings asks how far the workers have come. A sweep costs the peer five small writes.
    public static final int FENCE_EVERY_FRAMES = 16;

    /// A lane whose ping is missing for this long, while one of another lane that left with it or later came back, is stalled.
    public static final long LANE_STALL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /// A lane that has been stalled for this long without a break is told of, with the connections that wait on it. A busy server's workers lag by
    /// some 100 ms now and then, which nobody needs to know.
    public static final long LANE_TOLD_NANOS = TimeUnit.SECONDS.toNanos(1);

    /// Local programs that such an event names; of the others it has the number only.
    public static final int WAITING_NAMED = 8;

    /// After a pod closed a connection to which payload may still have been on its way, a sweep asks whether a worker is stuck with it: at most
    /// one in this time, as each costs the peer five small writes.
    public static final long SUSPECT_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    /// How long a pair waits for its SYN_REPLY on a lane that has been stalled for as long: less than others, as it has little hope.
    public static final long REPLY_STALLED_NANOS = TimeUnit.SECONDS.toNanos(5);

    /// Without frames of ours to ask about, a sweep leaves this often: it keeps idle timers of load balancers (60 s and more) away.
    public static final long KEEPALIVE_NANOS = TimeUnit.SECONDS.toNanos(10);

    /// A server that has spoken on a session and for this long answered none of its pings does not answer pings. All that are known do.
    public static final long MUTE_NANOS = TimeUnit.SECONDS.toNanos(10);

    /// A session on which nothing at all arrived for this long after a ping left is dead: its pairs end and a fresh one is opened.
    public static final long SESSION_DEAD_NANOS = TimeUnit.SECONDS.toNanos(30);

    /// Silence of all workers for this long, each behind a DATA frame of {@link #UNREAD_FRAME_BYTES} or more, is taken for pods that do not read
    /// what they are sent, and no longer for a network that is slow or gone: every lane counts as stalled, and the session as alive.
    public static final long ALL_STALLED_NANOS = TimeUnit.SECONDS.toNanos(15);

    /// A DATA frame that may well be what a worker waits with. A pod's socket takes some megabytes before that, which requests do not bring.
    public static final int UNREAD_FRAME_BYTES = 16 * 1024;

    /// How long such a session is kept without a word from the server: it holds its place for good otherwise, should its pods never read on.
    public static final long ALL_STALLED_KEPT_NANOS = TimeUnit.MINUTES.toNanos(10);

    /// On a connection to the API server where nothing moves TCP asks after this long, and then this often, whether the other end is there; its
    /// silence for {@link #SESSION_DEAD_NANOS} ends the connection. For sessions of which each worker waits for a pod: nothing else tells.
    public static final int KEEPALIVE_IDLE_SECONDS = 10;
    public static final int KEEPALIVE_EVERY_SECONDS = 5;

    /// How often a session looks at the clock when nothing is urgent.
    public static final long TICK_NANOS = TimeUnit.SECONDS.toNanos(1);

    // ---- pairs

    /// How long the first payload for a port of which nothing is known waits behind its SYN_REPLY: a refusal comes within some milliseconds of
    /// the reply, and payload sent to a port that refuses would block the peer's worker. Later connections to the port do not wait.
    public static final long GATE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    /// How long a pair waits for its SYN_REPLY. Then only this pair fails. The peer's own limit for pairing two streams is 30 s, too.
    public static final long REPLY_NANOS = TimeUnit.SECONDS.toNanos(30);

    /// How long a pair that we reset stays known while the runtime winds it up (about a second). Then it is forgotten.
    public static final long FORGET_NANOS = TimeUnit.SECONDS.toNanos(30);

    /// A local FIN starts the runtime's one-second timer that closes the pod's socket with whatever it has not sent. It is therefore held
    /// back until the pod has been quiet for this long, when the pod's bytes came last ...
    public static final long FIN_QUIET_ANSWERED_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    /// ... and for this long when the local program's bytes came last: an answer may still be in the making.
    public static final long FIN_QUIET_UNANSWERED_NANOS = TimeUnit.SECONDS.toNanos(5);

    /// Held FINs in one session; past it the oldest leaves at once, since each holds a thread on the node.
    public static final int FINS_HELD_MAX = 500;

    /// Text kept of one error stream, in bytes; a runtime's texts have some 300. The rest is dropped.
    public static final int ERROR_TEXT_BYTES = 4 * 1024;

    /// After the pod closed, a local socket that still sends is read and its bytes dropped for this long, so that the last bytes to the local
    /// program are not cut by a reset; then it is closed.
    public static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(2);

    /// Bytes that are dropped so at most: what a program sends that reads its answer only when it has sent all, but not gigabytes at full speed.
    public static final long LINGER_BYTES = 64 * 1024 * 1024;

    // ---- downstream: pod to local socket

    /// Watermarks of a local socket's queue. From the high one until the low one the socket is backlogged: while all of a session are, the session is
    /// not read; small payloads are copied out of their read buffers, and what is on disk stays there.
    public static final int LOCAL_QUEUE_SOFT_BYTES = 1024 * 1024;
    public static final int LOCAL_QUEUE_LOW_BYTES = 256 * 1024;

    /// Bytes that wait in memory for one local socket while others of its session take theirs. Past it, the rest is written to a temporary file.
    public static final int LOCAL_QUEUE_HARD_BYTES = 4 * 1024 * 1024;

    /// Bytes that wait in memory for all local sockets of the process together. Past it {@link #LOCAL_QUEUE_LOW_BYTES} takes the place of
    /// {@link #LOCAL_QUEUE_HARD_BYTES} for each of them.
    public static final long LOCAL_QUEUES_TOTAL_BYTES = 256L * 1024 * 1024;

    /// Bytes that the temporary file of one connection may hold, and the size of all such files of one process together. Past either, or when it has
    /// more than it leaves to others, be it of that size or of what the disk has free, that connection is reset and the user is told: a reader this
    /// slow beside others cannot be kept without hurting them.
    public static final long SPILL_BYTES = 256L * 1024 * 1024;
    public static final long SPILL_TOTAL_BYTES = 1024L * 1024 * 1024;

    /// A temporary file grows by as much, and reuses as much: small enough that each of {@link #PAIRS_MAX} connections could have some.
    public static final int SPILL_BLOCK_BYTES = 256 * 1024;

    /// With less room than this for temporary files, none is begun.
    public static final long SPILL_LEAST_BYTES = 4L * 1024 * 1024;

    /// Bytes on disk past which a connection whose program still reads had better not get more, until they are half as many: its session is not read
    /// then, if at least half of the connections there take no more either.
    public static final long SPILL_BEHIND_BYTES = 32L * 1024 * 1024;

    /// With little room left for temporary files, the bytes on disk past which a connection is behind are this part of that room: n of them at
    /// that bound leave 8 / (8 + n) of it.
    public static final int SPILL_BEHIND_SHARE = 8;

    /// A slow local program reads still if its socket took {@link #LOCAL_QUEUE_SOFT_BYTES} or so within this time.
    public static final long MOVING_NANOS = TimeUnit.SECONDS.toNanos(3);

    /// A payload below this that has to wait for a slow reader is copied out, as a slice would keep a read buffer of 64 KiB alive.
    public static final int COPY_OUT_BYTES = 4 * 1024;

    /// One read of a session's socket, in bytes of ciphertext, and how many follow each other before other sockets have their turn.
    public static final int SESSION_READ_BYTES = 64 * 1024;
    public static final int SESSION_READS = 4;

    /// A session that brings this many bytes within this time, so many times in a row, wakes its loop only for as many together, until it brings
    /// fewer. One read's worth; twice as much saved nothing more. A single large answer does not last so long.
    public static final int PACE_BYTES = 64 * 1024;
    public static final long PACE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    public static final int PACE_AFTER = 4;

    // ---- sessions

    /// Sessions of one forward when their number is left to us. Each costs the API server and the kubelet two sockets, some goroutines and TLS
    /// state, and seven keep as many bulk transfers apart. Past it, connections share.
    public static final int SESSIONS_AUTO_MAX = 8;

    /// Sessions of one forward when the user sets their number.
    public static final int SESSIONS_MAX = 64;

    /// A session is fresh for this long after its first connection: connections that come together may be put together, as none of them has
    /// shown yet what it is. Later ones are kept away from those that turned out interactive. Long enough for a busy machine just after the
    /// start, where placing one took up to 18 ms: with 250 ms the last of 16 were spread over further sessions now and then.
    public static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(1);

    /// How long a connection waits for a session that is wanted anyway, rather than share one where it would hurt or be hurt, to its end. Opening
    /// one takes some ten milliseconds, a few hundred where the round trip is long or the machine busy: then most of all it must not share.
    public static final long BETTER_PLACE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    /// A connection that moves {@link #BULK_BYTES} within {@link #BULK_NANOS}, one way, is bulk from then on: no new connection is put beside it.
    public static final int BULK_BYTES = 1024 * 1024;
    public static final long BULK_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    /// Connections of a port that in turn were not bulk, after which the port's new ones are put beside each other without a trial.
    public static final int INTERACTIVE_STREAK = 32;

    /// A session without connections is closed after this long when another one is free, too.
    public static final long SPARE_IDLE_NANOS = TimeUnit.SECONDS.toNanos(60);

    // ---- control

    /// How long an accepted connection waits for a session before it is reset.
    public static final long WAIT_FOR_SESSION_NANOS = TimeUnit.SECONDS.toNanos(30);

    /// How long dialling the API server may take: connecting, TLS, and the upgrade, each.
    public static final long DIAL_NANOS = TimeUnit.SECONDS.toNanos(15);

    /// Answer of a refused upgrade that is read, in bytes.
    public static final int UPGRADE_ANSWER_BYTES = 64 * 1024;

    /// First and longest pause between attempts to reconnect; each doubles, with a random part of up to one half.
    public static final long BACKOFF_FIRST_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    public static final long BACKOFF_MAX_NANOS = TimeUnit.SECONDS.toNanos(15);

    /// Longest pause while the pod does not run yet: somebody may wait for it, and to look is one small request or two.
    public static final long STARTING_NANOS = TimeUnit.SECONDS.toNanos(1);

    /// When a session ends so soon after the last one came up, the next is dialled after a pause: as above, but no longer than this.
    public static final long EARLY_END_NANOS = TimeUnit.SECONDS.toNanos(1);

    /// How often, at least, a pod that is being deleted is looked past for another.
    public static final long GOING_NANOS = TimeUnit.SECONDS.toNanos(1);

    /// How long connections wait for another pod than the one that is being deleted. Then it is used again until it ends. Most programs end within
    /// these 5 s, and for the last of them, about one, the API server still calls a pod running that takes no connections; who goes on for longer
    /// has said so, by a preStop hook or by not hearing SIGTERM.
    public static final long GOING_KEPT_NANOS = TimeUnit.SECONDS.toNanos(5);

    /// How long after a pod's end its sessions are ended: what was under way from it has come by then.
    public static final long POD_ENDED_NANOS = TimeUnit.SECONDS.toNanos(5);

    /// Pause of a listener after file handles ran out.
    public static final long ACCEPT_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    /// Handles that have not run out for this long are told to be there again.
    public static final long ACCEPT_CALM_NANOS = TimeUnit.SECONDS.toNanos(5);

    private Limits() {}
}

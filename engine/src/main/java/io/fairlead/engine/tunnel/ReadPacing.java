package io.fairlead.engine.tunnel;

import io.fairlead.engine.Limits;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import io.netty.channel.unix.IntegerUnixChannelOption;
import java.util.concurrent.TimeUnit;

/// While a session brings bulk, wakes its loop once for every {@link Limits#PACE_BYTES}, and not for each TLS record.
///
/// The API server writes records of 16 KiB. A loop that is faster than its peers is woken for each of them, and so is the local program: on a
/// busy machine that costs more than the bytes. The kernel is told to wait for more (SO_RCVLOWAT, socket(7)); a clock takes that back when less
/// than that came within {@link Limits#PACE_NANOS}, so nothing is late by more than twice that. It begins only after
/// {@link Limits#PACE_AFTER} such spans in a row: one large answer is no bulk.
///
/// Thread: the channel's loop. Where the transport or the kernel does not take the option, it does nothing.
final class ReadPacing {
    /// Linux: SOL_SOCKET and SO_RCVLOWAT.
    private static final ChannelOption<Integer> SO_RCVLOWAT = new IntegerUnixChannelOption("SO_RCVLOWAT", 1, 18);

    private final Channel channel;
    private boolean refused;
    private boolean paced;
    private long sinceNanos;
    private int bytes;
    /// Spans in a row in which enough came.
    private int full;

    ReadPacing(Channel channel) {
        this.channel = channel;
    }

    /// `count` bytes were read at `nowNanos`.
    void onRead(int count, long nowNanos) {
        if (!paced && nowNanos - sinceNanos > Limits.PACE_NANOS) {
            boolean gap = nowNanos - sinceNanos > 2 * Limits.PACE_NANOS;
            full = bytes >= Limits.PACE_BYTES && !gap ? full + 1 : 0;
            sinceNanos = nowNanos;
            bytes = 0;
        }
        bytes += count;
        if (!paced && full >= Limits.PACE_AFTER && waitFor(Limits.PACE_BYTES)) {
            paced = true;
            lookAgain();
        }
    }

    private void lookAgain() {
        bytes = 0;
        channel.eventLoop().schedule(this::look, Limits.PACE_NANOS, TimeUnit.NANOSECONDS);
    }

    private void look() {
        if (bytes >= Limits.PACE_BYTES) {
            lookAgain();
        } else {
            waitFor(1); // wakes the loop if there is something already
            paced = false;
            full = 0;
        }
    }

    private boolean waitFor(int least) {
        if (refused || !channel.isOpen()) {
            return false;
        }
        try {
            refused = !channel.config().setOption(SO_RCVLOWAT, least);
        } catch (ChannelException _) { // by the kernel, or the socket has just gone
            refused = true;
        }
        return !refused;
    }
}

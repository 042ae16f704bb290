package io.fairlead.engine.tunnel;

import io.fairlead.engine.Limits;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.unix.IntegerUnixChannelOption;
import java.util.concurrent.TimeUnit;

/// While a session brings bulk, wakes its loop once for every {@link Limits#PACE_BYTES}, and not for each TLS record.
///
/// The API server writes records of 16 KiB. A loop that is faster than its peers is woken for each of them, and so is the local program: on a
/// busy machine that costs more than the bytes. The kernel is told to wait for more (SO_RCVLOWAT, tcp(7)); a clock takes that back when less
/// than that came within {@link Limits#PACE_NANOS}, so nothing is ever late by more than twice that, and nothing at all below 64 MB/s.
///
/// Thread: the channel's loop. Where the transport can't set the option, it does nothing.
final class ReadPacing {
    /// Linux: SOL_SOCKET and SO_RCVLOWAT.
    private static final ChannelOption<Integer> SO_RCVLOWAT = new IntegerUnixChannelOption("SO_RCVLOWAT", 1, 18);

    private final Channel channel;
    private boolean paced;
    private long sinceNanos;
    private int bytes;

    ReadPacing(Channel channel) {
        this.channel = channel;
    }

    /// `count` bytes were read at `nowNanos`.
    void onRead(int count, long nowNanos) {
        if (!paced && nowNanos - sinceNanos > Limits.PACE_NANOS) {
            sinceNanos = nowNanos;
            bytes = 0;
        }
        bytes += count;
        if (!paced && bytes >= Limits.PACE_BYTES && channel.config().setOption(SO_RCVLOWAT, Limits.PACE_BYTES)) {
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
        } else if (channel.isOpen()) {
            channel.config().setOption(SO_RCVLOWAT, 1); // wakes the loop if there is something already
            paced = false;
        }
    }
}

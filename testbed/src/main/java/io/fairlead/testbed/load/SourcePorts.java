package io.fairlead.testbed.load;

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/// Source ports for short connections that go straight to a server, in turn: the last quarter of those that Linux would choose from.
///
/// Each of these connections ends as a client's does, with our FIN first, so its port stays in TIME_WAIT here for a minute. Left to itself the kernel
/// takes such a port again only on loopback, after a second: elsewhere `connect` has to search once half of the range is used up, some 14,000
/// connections, and a rate of thousands a second falls to a tenth; on loopback half the range a second is the most. Where a port was asked for with
/// SO_REUSEADDR, the kernel takes it again at once, as TCP timestamps tell the connections apart. On the wire nothing is different.
///
/// Not for connections to a forwarder, which may hold its side of one for seconds after our end.
///
/// Thread: any. Bound: a quarter of the range, so that there are ports for everybody else: the kernel chooses none of those in TIME_WAIT that
/// were asked for.
final class SourcePorts {
    private static final Path RANGE = Path.of("/proc/sys/net/ipv4/ip_local_port_range");
    /// Of this process: workloads one after another, or side by side, go on with the next.
    private static final AtomicInteger NEXT = new AtomicInteger((int) (System.nanoTime() & 0xffff));

    final int first;
    final int count;

    private SourcePorts(int first, int count) {
        this.first = first;
        this.count = count;
    }

    /// Empty where there is no such range: not on Linux, or it cannot be read.
    static Optional<SourcePorts> ofThisMachine() {
        try {
            return ofRange(Files.readAllLines(RANGE).getFirst()); // in one read: readString has two, and the second finds the file at its end
        } catch (IOException _) {
            return Optional.empty();
        }
    }

    /// @param range as the kernel writes it: the lowest and the highest port
    static Optional<SourcePorts> ofRange(String range) {
        String[] ends = range.strip().split("\\s+");
        int high = Integer.parseInt(ends[1]);
        int count = (high - Integer.parseInt(ends[0]) + 1) / 4;
        return count < 1 ? Optional.empty() : Optional.of(new SourcePorts(high - count + 1, count));
    }

    /// Any address of this machine that suits `target`, and the next port.
    InetSocketAddress next(InetAddress target) {
        int port = first + Integer.remainderUnsigned(NEXT.getAndIncrement(), count);
        try {
            return new InetSocketAddress(InetAddress.getByName(target instanceof Inet6Address ? "::" : "0.0.0.0"), port);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e); // no name
        }
    }
}

package io.fairlead.testbed.load;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/// What the connections of one workload do. Targets are the servers of `io.fairlead.testbed.pod.PodBehaviour`, named in brackets.
public enum Mode {
    /// [source] Reads as fast as it comes; every byte is compared with the pattern.
    DOWNLOAD(true),
    /// [source] Asks for bytes without end and never reads one: the neighbour that stalls the others.
    DOWNLOAD_UNREAD(true),
    /// [check] Writes the pattern as fast as it is taken; counts what the server acknowledged and compared, not what a buffer took.
    UPLOAD(true),
    /// [sink, stall] Writes the pattern as fast as it is taken; counts what the local socket took.
    UPLOAD_BLIND(true),
    /// [echo] One message out, the same back, then the next: closed loop. A stall stops the clock of the messages it delays, so it shows once.
    RR(true),
    /// [echo] Messages leave on a fixed schedule whatever came back; each is timed from the moment it was meant to leave.
    RR_OPEN(true),
    /// [echo] Connect, one byte out and back, close; then the next. Timed as a whole.
    CONNECT(true),
    /// [any server that answers `request`, or speaks first if that is empty] Connect, send it, wait for the first byte, close; then the next.
    ASK(true),
    /// [any server] Connect, end our side, wait for a first byte or the server's end, close; then the next. Some forwarders and container runtimes do
    /// not pass our end on, and the time is then that of their patience.
    TOUCH(true),
    /// [echo] Writes the pattern as fast as it is taken, at most 1 MiB ahead of what has come back.
    ECHO(true),
    /// [a server that sends by itself] Reads as fast as it comes, and compares nothing.
    DRAIN(true),
    /// [an HTTP/1.1 server] GET of the path `request` on kept connections, closed loop; status and length are checked.
    HTTP(true),
    /// [echo] As {@link #CONNECT}, until `count` connections have been.
    CHURN(false),
    /// [echo] Each connection sends `bytes` and gets them back; SHA-256 of both is compared.
    HASH(false),
    /// [hash] Each connection sends `bytes`; the server's SHA-256 is compared.
    HASH_UP(false),
    /// [source] Each connection reads `bytes`; their SHA-256 is compared.
    HASH_DOWN(false),
    /// [echo] Opens all connections, leaves them idle for `idle`, then each does one exchange, all at once.
    IDLE(false),
    /// [a port that refuses, reset, close] `count` connections that send one byte and wait for the end; how they end is counted in `outcomes`.
    BURST(false),
    /// [echo] `count` connections that exchange one byte and then reset their side.
    CLIENT_RESET(false);

    /// Runs for a fixed time, rather than until a fixed amount of work is done.
    final boolean timed;

    Mode(boolean timed) {
        this.timed = timed;
    }

    /// Reads `rr-open` for {@link #RR_OPEN}.
    ///
    /// @throws IllegalArgumentException no such mode; the message names all
    public static Mode of(String name) {
        return Arrays.stream(values()).filter(mode -> mode.toString().equals(name)).findAny()
                .orElseThrow(() -> new IllegalArgumentException("no mode \"" + name + "\"; there are "
                        + Arrays.stream(values()).map(Mode::toString).collect(Collectors.joining(" "))));
    }

    /// Moves bytes for their own sake: MB/s are its figure.
    public boolean isBulk() {
        return switch (this) {
            case DOWNLOAD, UPLOAD, UPLOAD_BLIND, ECHO, DRAIN, HASH, HASH_UP, HASH_DOWN -> true;
            case DOWNLOAD_UNREAD, RR, RR_OPEN, CONNECT, ASK, TOUCH, HTTP, CHURN, IDLE, BURST, CLIENT_RESET -> false;
        };
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}

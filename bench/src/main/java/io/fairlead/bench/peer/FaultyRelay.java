package io.fairlead.bench.peer;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;

/// Peers with a planted fault, to show that a run finds it: a plain relay in front of the pod's own address.
///
/// ```
/// FaultyRelay none|sleep-200us|lose-byte|stall-500ms ADDRESS LOCAL:REMOTE ...
/// ```
final class FaultyRelay {
    /// A fault, by its name on the command line.
    enum Fault {
        NONE,
        /// Sleeps before it passes on what one read gave.
        SLEEP_200US,
        /// Of each connection and direction, the byte at {@link #LOST_OFFSET}.
        LOSE_BYTE,
        /// Passes on nothing in the last 500 ms of every 2 s.
        STALL_500MS;

        static Fault of(String name) {
            return Arrays.stream(values()).filter(fault -> fault.toString().equals(name)).findAny()
                    .orElseThrow(() -> new IllegalArgumentException("no fault \"" + name + "\"; there are " + Arrays.toString(values())));
        }

        @Override
        public String toString() {
            return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
        }
    }

    static final Duration SLEEP = Duration.ofNanos(200_000);
    static final Duration STALL = Duration.ofMillis(500);
    static final Duration STALL_EVERY = Duration.ofSeconds(2);
    private static final long LOST_OFFSET = 1_000;
    private static final int READ_BYTES = 64 * 1024;

    private final Fault fault;
    private final String address;
    private final long startNanos = System.nanoTime();

    private FaultyRelay(Fault fault, String address) {
        this.fault = fault;
        this.address = address;
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        var relay = new FaultyRelay(Fault.of(args[0]), args[1]);
        for (var port : ForwardArguments.ports(args, 2).entrySet()) {
            var listener = new ServerSocket(port.getKey(), 1024, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
            Thread.ofPlatform().name("accept").start(() -> relay.accept(listener, port.getValue()));
            ForwardArguments.announce(port.getKey(), port.getValue());
        }
        new CountDownLatch(1).await();
    }

    private void accept(ServerSocket listener, int remotePort) {
        while (true) {
            try {
                Socket client = listener.accept();
                Thread.startVirtualThread(() -> serve(client, remotePort));
            } catch (IOException e) {
                System.err.println("accept: " + e);
                return;
            }
        }
    }

    private void serve(Socket client, int remotePort) {
        try (client; var pod = new Socket(address, remotePort)) {
            client.setTcpNoDelay(true);
            pod.setTcpNoDelay(true);
            Thread down = Thread.startVirtualThread(() -> pass(pod, client));
            pass(client, pod);
            down.join();
        } catch (IOException e) {
            System.err.println("connection: " + e);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private void pass(Socket from, Socket to) {
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] bytes = new byte[READ_BYTES];
            long offset = 0;
            for (int length; (length = in.read(bytes)) >= 0; offset += length) {
                switch (fault) {
                    case NONE -> out.write(bytes, 0, length);
                    case SLEEP_200US -> {
                        Thread.sleep(SLEEP);
                        out.write(bytes, 0, length);
                    }
                    case LOSE_BYTE -> {
                        int lost = Math.clamp(LOST_OFFSET - offset, -1, length);
                        out.write(bytes, 0, Math.max(0, lost < 0 ? length : lost));
                        if (lost >= 0 && lost < length) {
                            out.write(bytes, lost + 1, length - lost - 1);
                        }
                    }
                    case STALL_500MS -> {
                        long untilNextNanos = STALL_EVERY.toNanos() - (System.nanoTime() - startNanos) % STALL_EVERY.toNanos();
                        if (untilNextNanos < STALL.toNanos()) {
                            Thread.sleep(Duration.ofNanos(untilNextNanos));
                        }
                        out.write(bytes, 0, length);
                    }
                }
            }
            to.shutdownOutput();
        } catch (IOException _) { // one side has gone, so the other goes, too
            close(from);
            close(to);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException _) { // it is gone
        }
    }
}

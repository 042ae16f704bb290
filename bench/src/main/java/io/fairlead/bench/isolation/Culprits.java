package io.fairlead.bench.isolation;

import io.fairlead.bench.peer.StoppedReader;
import io.fairlead.testbed.pod.Pattern;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// Those who do not read: what each case of the run has beside the echo connections.
///
/// Thread: one at a time; each upload writes on a thread of its own.
final class Culprits implements AutoCloseable {
    /// The cases of the run.
    enum Case {
        ALONE("nobody", 0, 0, false),
        A("a download that nobody reads", 1, 0, false),
        B("an upload that the pod never reads", 0, 1, false),
        C("five of each", 5, 5, false),
        D("a client with a download and 20 echo connections, stopped by SIGSTOP", 0, 0, true);

        final String words;
        final int downloads;
        final int uploads;
        final boolean stopped;

        Case(String words, int downloads, int uploads, boolean stopped) {
            this.words = words;
            this.downloads = downloads;
            this.uploads = uploads;
            this.stopped = stopped;
        }
    }

    /// Where they connect, and the first line they send there, or "".
    record Places(InetSocketAddress echo, InetSocketAddress source, InetSocketAddress stall, boolean select) {}

    /// How a culprit goes: with a reset; or in order, as a program that ends, whose FIN waits in the kernel behind what it sent before.
    enum Leave { RESET, CLOSE }

    private static final int CLIENT_ECHOS = 20;

    private final List<Socket> sockets = new ArrayList<>();
    private final AtomicInteger endedUploads = new AtomicInteger();
    private final AtomicLong uploadedBytes = new AtomicLong();
    private final Leave leave;
    private StoppedReader stopped;
    private volatile boolean over;

    private Culprits(Leave leave) {
        this.leave = leave;
    }

    static Culprits start(Case which, Places places, Leave leave) throws IOException, InterruptedException {
        var culprits = new Culprits(leave);
        try {
            for (int i = 0; i < which.downloads; i++) {
                culprits.download(places);
            }
            for (int i = 0; i < which.uploads; i++) {
                culprits.upload(places);
            }
            if (which.stopped) {
                culprits.client(places);
            }
            return culprits;
        } catch (IOException | InterruptedException e) {
            culprits.close();
            throw e;
        }
    }

    /// What has become of them: bytes that the forwarder took, and uploads that it ended.
    ///
    /// @throws IOException the client that was stopped runs, or has ended: what was measured beside it says nothing
    String state() throws IOException {
        if (stopped != null && !stopped.isStopped()) {
            throw new IOException("the client that was to be stopped all the time is not");
        }
        return uploadedBytes.get() / 1000 + " kB taken of uploads, " + endedUploads.get() + " uploads ended by the forwarder"
                + (stopped == null ? "" : ", client stopped");
    }

    @Override
    public void close() {
        over = true;
        for (Socket socket : sockets) {
            try {
                if (leave == Leave.RESET) {
                    socket.setSoLinger(true, 0);
                }
                socket.close();
            } catch (IOException _) { // it was gone
            }
        }
        if (stopped != null) {
            stopped.close();
        }
    }

    private void download(Places places) throws IOException {
        Socket socket = connect(places.source(), places.select() ? "source\n" : "");
        socket.getOutputStream().write(ByteBuffer.allocate(8).putLong(-1).array());
    }

    private void upload(Places places) throws IOException {
        Socket socket = connect(places.stall(), places.select() ? "stall\n" : "");
        byte[] chunk = new byte[64 * 1024];
        Pattern.slice(0, chunk.length).readBytes(chunk);
        Thread.ofPlatform().daemon().name("upload").start(() -> {
            try {
                while (true) {
                    socket.getOutputStream().write(chunk);
                    uploadedBytes.addAndGet(chunk.length);
                }
            } catch (IOException _) {
                if (!over) {
                    endedUploads.incrementAndGet();
                }
            }
        });
    }

    private Socket connect(InetSocketAddress address, String firstLine) throws IOException {
        var socket = new Socket(address.getAddress(), address.getPort());
        sockets.add(socket);
        socket.getOutputStream().write(firstLine.getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    /// A process of its own, stopped in full flight.
    private void client(Places places) throws IOException, InterruptedException {
        stopped = StoppedReader.start(new StoppedReader.Server(places.source(), places.select() ? "source" : "", 1),
                new StoppedReader.Server(places.echo(), places.select() ? "echo" : "", CLIENT_ECHOS));
        stopped.stop();
    }
}

package io.fairlead.it;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// A port in front of an API server that can be taken down with all its connections and come back: to a client, the server's restart.
///
/// Thread: any; two virtual threads for each connection.
final class Relay implements AutoCloseable {
    private final int target;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private ServerSocket listener;

    Relay(int target) throws IOException {
        this.target = target;
        listener = listen(0);
    }

    int port() {
        return listener.getLocalPort();
    }

    /// Resets every connection; new ones are refused.
    void down() throws IOException {
        listener.close();
        awaitRefused(); // the kernel may take connections until the accepting thread has let go of the socket
        for (Socket socket : sockets) {
            reset(socket);
        }
    }

    private void awaitRefused() throws IOException {
        while (true) {
            try {
                new Socket(InetAddress.getLoopbackAddress(), port()).close();
            } catch (ConnectException _) {
                return; // down
            } catch (SocketException _) {
                // taken and reset, as the listener was just closing
            }
        }
    }

    void up() throws IOException {
        listener = listen(port());
    }

    @Override
    public void close() throws IOException {
        down();
    }

    private ServerSocket listen(int port) throws IOException {
        var socket = new ServerSocket();
        socket.setReuseAddress(true);
        socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        Thread.ofVirtual().start(() -> {
            try {
                while (true) {
                    relay(socket.accept());
                }
            } catch (IOException _) {
                // taken down
            }
        });
        return socket;
    }

    private void relay(Socket client) throws IOException {
        var server = new Socket(InetAddress.getLoopbackAddress(), target);
        sockets.add(client);
        sockets.add(server);
        copy(client, server);
        copy(server, client);
    }

    private void copy(Socket from, Socket to) {
        Thread.ofVirtual().start(() -> {
            try {
                from.getInputStream().transferTo(to.getOutputStream());
                to.shutdownOutput();
            } catch (IOException _) {
                reset(from);
                reset(to);
            }
        });
    }

    private void reset(Socket socket) {
        sockets.remove(socket);
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException _) {
            // closed already
        }
    }
}

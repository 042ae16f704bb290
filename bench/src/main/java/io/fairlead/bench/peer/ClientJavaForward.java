package io.fairlead.bench.peer;

import io.kubernetes.client.PortForward;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.util.Config;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import okhttp3.Dispatcher;

/// The peer `client-java`: a port-forward written with the PortForward of `io.kubernetes:client-java`, as its example shows it: one `forward` for
/// each accepted connection, which is a WebSocket of its own to the API server, and a thread for each direction (virtual ones here).
///
/// Two things are better than in the example, so that it is the library that is measured and not its defaults: OkHttp may have as many calls
/// under way as there are connections (64 by default, and a WebSocket counts as long as it is open), and the sockets have no Nagle delay.
/// The library speaks the old WebSocket protocol, which has no half-close: the end of the local input ends the connection.
public final class ClientJavaForward {
    private static final int CONNECTIONS_MAX = 8192;

    private ClientJavaForward() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        ForwardArguments asked = ForwardArguments.parse(args);
        ApiClient client = Config.defaultClient();
        var dispatcher = new Dispatcher();
        dispatcher.setMaxRequests(CONNECTIONS_MAX);
        dispatcher.setMaxRequestsPerHost(CONNECTIONS_MAX);
        client.setHttpClient(client.getHttpClient().newBuilder().dispatcher(dispatcher).build());
        var forward = new PortForward(client);
        for (var port : asked.ports().entrySet()) {
            var listener = new ServerSocket(port.getKey(), 1024, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
            Thread.ofPlatform().name("accept").start(() -> accept(listener, forward, asked, port.getValue()));
            ForwardArguments.announce(port.getKey(), port.getValue());
        }
        new CountDownLatch(1).await();
    }

    private static void accept(ServerSocket listener, PortForward forward, ForwardArguments asked, int remotePort) {
        while (true) {
            try {
                Socket socket = listener.accept();
                Thread.startVirtualThread(() -> serve(socket, forward, asked, remotePort));
            } catch (IOException e) {
                System.err.println("accept: " + e);
                return;
            }
        }
    }

    private static void serve(Socket socket, PortForward forward, ForwardArguments asked, int remotePort) {
        try (socket; PortForward.PortForwardResult streams = forward.forward(asked.namespace(), asked.pod(), List.of(remotePort))) {
            socket.setTcpNoDelay(true);
            InputStream fromPod = streams.getInputStream(remotePort);
            Thread.startVirtualThread(() -> {
                try (socket) {
                    fromPod.transferTo(socket.getOutputStream());
                } catch (IOException _) { // the local side has gone
                }
            });
            OutputStream toPod = streams.getOutboundStream(remotePort);
            socket.getInputStream().transferTo(toPod);
        } catch (IOException | ApiException | RuntimeException e) {
            System.err.println("connection: " + e);
        }
    }
}

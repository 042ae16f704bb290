package io.fairlead.testbed.node;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.util.Locale;

/// What containerd (1.5 and later) writes on an error stream. Source: docs/PROTOCOL.md 4.4.
final class ErrorTexts {
    private ErrorTexts() {}

    /// The frame around every text.
    static String forwarding(int port, String sandbox, String cause) {
        return "error forwarding port " + port + " to pod " + sandbox + ", uid : " + cause;
    }

    static String dialFailed(int port, String sandbox, Throwable cause) {
        String why = cause == null || cause instanceof ConnectException ? "connect: connection refused" : "connect: " + reason(cause);
        return "failed to execute portforward in network namespace \"" + namespace(sandbox) + "\": failed to connect to localhost:" + port
                + " inside namespace \"" + sandbox + "\", IPv4: dial tcp4 127.0.0.1:" + port + ": " + why
                + " IPv6 dial tcp6 [::1]:" + port + ": connect: connection refused ";
    }

    static String readFailed(int port, String sandbox, InetSocketAddress local, Throwable cause) {
        return "failed to execute portforward in network namespace \"" + namespace(sandbox) + "\": read tcp4 127.0.0.1:" + local.getPort()
                + "->127.0.0.1:" + port + ": read: " + reason(cause);
    }

    static String writeFailed(int port, String sandbox, InetSocketAddress local, Throwable cause) {
        String pair = "tcp4 127.0.0.1:" + local.getPort() + "->127.0.0.1:" + port;
        return "failed to execute portforward in network namespace \"" + namespace(sandbox) + "\": readfrom " + pair + ": write " + pair
                + ": write: " + reason(cause);
    }

    static String sandboxGone(String sandbox) {
        return "failed to find sandbox \"" + sandbox + "\" in store: not found";
    }

    private static String reason(Throwable cause) {
        String text = cause instanceof IOException && cause.getMessage() != null ? cause.getMessage().toLowerCase(Locale.ROOT) : "";
        return text.contains("reset") ? "connection reset by peer" : "broken pipe";
    }

    private static String namespace(String sandbox) {
        return "/var/run/netns/cni-" + sandbox.substring(0, 8) + "-" + sandbox.substring(8, 12) + "-" + sandbox.substring(12, 16) + "-"
                + sandbox.substring(16, 20) + "-" + sandbox.substring(20, 32);
    }
}

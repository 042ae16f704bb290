package io.fairlead.cli.bench;

import io.fairlead.testbed.load.LoadSpec;
import io.fairlead.testbed.load.Mode;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// One thing to measure, on every path alike.
///
/// @param port of the pod
/// @param request see {@link LoadSpec#request()}
public record Item(Kind kind, Mode mode, int port, String request, int connections) {
    /// What the figures of an item tell.
    public enum Kind {
        CONNECT("connecting", false),
        REQUEST("requests", false),
        UP("upload", true),
        DOWN("download", true),
        BOTH("echo, each way", true);

        private final String label;
        private final boolean bulk;

        Kind(String label, boolean bulk) {
            this.label = label;
            this.bulk = bulk;
        }

        public String label() {
            return label;
        }

        /// Bytes per second count, rather than operations.
        public boolean bulk() {
            return bulk;
        }
    }

    private static final int REQUEST_BYTES = 64;
    private static final int BULK_BYTES = 64 * 1024;

    /// How connecting is measured where nothing is known of the server; then what `generator` can do; for each number of connections.
    ///
    /// @param text the path of `HTTP`, the bytes of `SEND`; else empty
    public static List<Item> of(Generator generator, String text, int port, List<Integer> connections) {
        var items = new ArrayList<Item>();
        for (Shape shape : shapes(generator, text, port)) {
            connections.forEach(count -> items.add(new Item(shape.kind, shape.mode, shape.port, shape.request, count)));
        }
        return items;
    }

    private record Shape(Kind kind, Mode mode, int port, String request) {}

    private static List<Shape> shapes(Generator generator, String text, int port) {
        return switch (generator) {
            case NONE -> List.of(new Shape(Kind.CONNECT, Mode.TOUCH, port, ""));
            case SEND -> List.of(new Shape(Kind.CONNECT, Mode.ASK, port, text));
            case HTTP -> List.of(
                    new Shape(Kind.CONNECT, Mode.ASK, port, "GET " + text + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
                    new Shape(Kind.REQUEST, Mode.HTTP, port, text));
            case ECHO -> List.of(
                    new Shape(Kind.CONNECT, Mode.CONNECT, port, ""),
                    new Shape(Kind.REQUEST, Mode.RR, port, ""),
                    new Shape(Kind.BOTH, Mode.ECHO, port, ""));
            case SINK -> List.of(new Shape(Kind.CONNECT, Mode.TOUCH, port, ""), new Shape(Kind.UP, Mode.UPLOAD_BLIND, port, ""));
            case SOURCE -> List.of(new Shape(Kind.CONNECT, Mode.ASK, port, ""), new Shape(Kind.DOWN, Mode.DRAIN, port, ""));
            case EMBEDDED -> List.of(
                    new Shape(Kind.CONNECT, Mode.CONNECT, Generator.ECHO_PORT, ""),
                    new Shape(Kind.REQUEST, Mode.RR, Generator.ECHO_PORT, ""),
                    new Shape(Kind.UP, Mode.UPLOAD, Generator.CHECK_PORT, ""),
                    new Shape(Kind.DOWN, Mode.DOWNLOAD, Generator.SOURCE_PORT, ""));
        };
    }

    public LoadSpec load(InetSocketAddress target, Duration warmup, Duration window) {
        return LoadSpec.of(mode, target).with("connections", Integer.toString(connections)).with("request", request)
                .with("message", Integer.toString(kind.bulk ? BULK_BYTES : REQUEST_BYTES)).withTimes(warmup, window);
    }

    /// `requests 64`, as in a list of several.
    String shortLabel() {
        return kind.label + " " + connections;
    }

    /// `requests, 64 connections`.
    public String label() {
        return kind.label + ", " + (kind == Kind.CONNECT ? connections + " at a time" : connections == 1 ? "1 connection" : connections + " connections");
    }
}

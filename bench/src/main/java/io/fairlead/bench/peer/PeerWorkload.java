package io.fairlead.bench.peer;

import io.fairlead.bench.cluster.ServerPod;
import io.fairlead.testbed.load.LoadSpec;
import io.fairlead.testbed.load.Mode;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;

/// A named workload of a side-by-side run: one measured part, and others beside it.
///
/// @param parts the first is what the workload is about
/// @param stoppedReaderOf server from which a process downloads that is stopped when the window begins, see {@link StoppedReader}; "" for none
record PeerWorkload(String name, List<Part> parts, String stoppedReaderOf) {
    /// Longest time for opening the connections of a part, where it names none: what hangs shall not hold up the run.
    private static final String DEADLINE_SECONDS = "20";

    /// @param server name of a server of {@link ServerPod}
    record Part(Mode mode, String server, String... options) {
        LoadSpec spec(InetSocketAddress target) {
            LoadSpec spec = LoadSpec.of(mode, target).with("deadline", DEADLINE_SECONDS);
            for (int i = 0; i < options.length; i += 2) {
                spec = spec.with(options[i], options[i + 1]);
            }
            return spec;
        }
    }

    static final List<PeerWorkload> ALL = List.of(
            one("down-1", Mode.DOWNLOAD, "source"),
            one("down-16", Mode.DOWNLOAD, "source", "connections", "16"),
            one("down-256", Mode.DOWNLOAD, "source", "connections", "256"),
            one("up-1", Mode.UPLOAD, "check"),
            one("up-16", Mode.UPLOAD, "check", "connections", "16"),
            one("up-256", Mode.UPLOAD, "check", "connections", "256"),
            one("rr-1", Mode.RR, "echo"),
            one("rr-64", Mode.RR, "echo", "connections", "64"),
            one("rr-1000", Mode.RR, "echo", "connections", "1000"),
            one("open-64", Mode.RR_OPEN, "echo", "connections", "64", "rate", "1000"),
            one("connect-1", Mode.CONNECT, "echo"),
            one("connect-8", Mode.CONNECT, "echo", "connections", "8"),
            one("churn-64", Mode.CONNECT, "echo", "connections", "64"),
            // 8 request-response connections while 16 downloads run, on ports of their own, and on one port.
            together("mixed", new Part(Mode.RR, "echo", "connections", "8"), new Part(Mode.DOWNLOAD, "source", "connections", "16")),
            together("mixed-one-port", new Part(Mode.RR, "any", "connections", "8", "select", "echo"),
                    new Part(Mode.DOWNLOAD, "any", "connections", "16", "select", "source")),
            together("stalled", new Part(Mode.RR, "echo", "connections", "20"), new Part(Mode.DOWNLOAD_UNREAD, "source")),
            // 200 echo connections, and new ones all the while, alone and beside those who do not read.
            isolation("alone"),
            isolation("unread-down", new Part(Mode.DOWNLOAD_UNREAD, "source")),
            isolation("unread-up", new Part(Mode.UPLOAD_BLIND, "stall")),
            isolation("unread-five", new Part(Mode.DOWNLOAD_UNREAD, "source", "connections", "5"),
                    new Part(Mode.UPLOAD_BLIND, "stall", "connections", "5")),
            new PeerWorkload("isolation-stopped", isolation("stopped").parts(), "source"),
            // 50 echo connections beside 200 connections that are refused, reset by the pod, reset by the client.
            neighbours("refused", new Part(Mode.BURST, "refused", "connections", "20", "count", "200")),
            neighbours("pod-resets", new Part(Mode.BURST, "reset", "connections", "20", "count", "200")),
            neighbours("client-resets", new Part(Mode.CLIENT_RESET, "echo2", "connections", "20", "count", "200")),
            one("hash-1000", Mode.HASH, "echo", "connections", "1000", "bytes", "1Mi", "deadline", "120"),
            one("hash-up-10G", Mode.HASH_UP, "hash", "bytes", "10G", "deadline", "300"),
            one("hash-down-10G", Mode.HASH_DOWN, "source", "bytes", "10G", "deadline", "300"),
            one("idle-4000", Mode.IDLE, "echo", "connections", "4000", "idle", "10", "deadline", "120"));

    /// The workloads named by `names`, separated by commas, or `all`.
    ///
    /// @throws IllegalArgumentException no such workload; the message names all
    static List<PeerWorkload> named(String names) {
        if (names.equals("all")) {
            return ALL;
        }
        return Arrays.stream(names.split(",")).map(name -> ALL.stream().filter(workload -> workload.name().equals(name)).findAny()
                .orElseThrow(() -> new IllegalArgumentException("no workload \"" + name + "\"; there are "
                        + ALL.stream().map(PeerWorkload::name).toList())))
                .toList();
    }

    boolean hasStoppedReader() {
        return !stoppedReaderOf.isEmpty();
    }

    /// Moves bytes for their own sake, in one of its parts.
    boolean isBulk() {
        return parts.stream().anyMatch(part -> part.mode().isBulk());
    }

    boolean hasRaw() {
        return !hasStoppedReader()
                && parts.stream().allMatch(part -> RawClient.MODES.contains(part.mode()) && !List.of(part.options()).contains("select"));
    }

    /// One for each part; parts may share one.
    List<Integer> remotePorts() {
        return parts.stream().map(part -> ServerPod.port(part.server())).toList();
    }

    /// @param address where the forwarder takes connections for a remote port
    List<LoadSpec> specs(IntFunction<InetSocketAddress> address) {
        var specs = new ArrayList<LoadSpec>();
        for (Part part : parts) {
            specs.add(part.spec(address.apply(ServerPod.port(part.server()))));
        }
        return specs;
    }

    private static PeerWorkload isolation(String name, Part... culprits) {
        var parts = new ArrayList<>(List.of(new Part(Mode.RR, "echo", "connections", "200"), new Part(Mode.CONNECT, "echo2")));
        parts.addAll(List.of(culprits));
        return new PeerWorkload("isolation-" + name, parts, "");
    }

    private static PeerWorkload neighbours(String name, Part burst) {
        return together(name, new Part(Mode.RR, "echo", "connections", "50"), burst);
    }

    static PeerWorkload one(String name, Mode mode, String server, String... options) {
        return together(name, new Part(mode, server, options));
    }

    private static PeerWorkload together(String name, Part... parts) {
        return new PeerWorkload(name, List.of(parts), "");
    }
}

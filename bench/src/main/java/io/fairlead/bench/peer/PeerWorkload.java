package io.fairlead.bench.peer;

import io.fairlead.bench.cluster.ServerPod;
import io.fairlead.bench.load.LoadSpec;
import io.fairlead.bench.load.Mode;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;

/// A named workload of a side-by-side run: one measured part, and others beside it.
///
/// @param parts the first is what the workload is about
record PeerWorkload(String name, List<Part> parts) {
    /// @param server name of a server of {@link ServerPod}
    record Part(Mode mode, String server, String... options) {
        LoadSpec spec(InetSocketAddress target) {
            LoadSpec spec = LoadSpec.of(mode, target);
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
            // 8 request-response connections while 16 downloads run, on ports of their own.
            new PeerWorkload("mixed", List.of(new Part(Mode.RR, "echo", "connections", "8"), new Part(Mode.DOWNLOAD, "source", "connections", "16"))),
            // 20 echo connections beside one download that nobody reads.
            new PeerWorkload("stalled", List.of(new Part(Mode.RR, "echo", "connections", "20"), new Part(Mode.DOWNLOAD_UNREAD, "source"))),
            // 200 echo connections beside one upload that the pod never reads.
            new PeerWorkload("stalled-up", List.of(new Part(Mode.RR, "echo", "connections", "200"), new Part(Mode.UPLOAD_BLIND, "stall"))));

    /// The workloads named by `names`, separated by commas.
    ///
    /// @throws IllegalArgumentException no such workload; the message names all
    static List<PeerWorkload> named(String names) {
        return Arrays.stream(names.split(",")).map(name -> ALL.stream().filter(workload -> workload.name().equals(name)).findAny()
                .orElseThrow(() -> new IllegalArgumentException("no workload \"" + name + "\"; there are " + ALL.stream().map(PeerWorkload::name).toList())))
                .toList();
    }

    boolean hasRaw() {
        return parts.stream().allMatch(part -> RawClient.MODES.contains(part.mode()));
    }

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

    private static PeerWorkload one(String name, Mode mode, String server, String... options) {
        return new PeerWorkload(name, List.of(new Part(mode, server, options)));
    }
}

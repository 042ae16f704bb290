package io.fairlead.bench.peer;

import io.fairlead.bench.cluster.PodAccess;
import io.fairlead.testbed.loop.Loops;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/// The way from the forwarders to the API server (and to the pod's own address) at one round trip: as it is at 0, else through a {@link DelayRelay},
/// which the forwarders find by a kubeconfig written for it.
///
/// Thread: one at a time.
final class Wire implements AutoCloseable {
    private final Loops loops; // null at 0
    private final Duration roundTrip;
    private final Map<InetSocketAddress, DelayRelay> relays = new HashMap<>();
    private final Path kubeconfig;
    private final boolean written;

    private Wire(Loops loops, Duration roundTrip, Path kubeconfig) throws IOException {
        this.loops = loops;
        this.roundTrip = roundTrip;
        this.written = loops != null && kubeconfig != null;
        this.kubeconfig = written ? Files.createTempFile("fairlead-peer", ".kubeconfig") : kubeconfig;
        if (written) {
            try {
                RelayKubeconfig config = RelayKubeconfig.read(kubeconfig);
                Files.writeString(this.kubeconfig, config.through(via(config.server())));
            } catch (IOException | RuntimeException e) {
                close();
                throw e;
            }
        }
    }

    /// @param kubeconfig the cluster's; null where there is none
    static Wire of(int roundTripMillis, Path kubeconfig) throws IOException {
        return new Wire(roundTripMillis == 0 ? null : Loops.start("wire", 1), Duration.ofMillis(roundTripMillis), kubeconfig);
    }

    /// The kubeconfig to give to a forwarder.
    Path kubeconfig() {
        return kubeconfig;
    }

    /// The address at which `target` is reached.
    InetSocketAddress via(InetSocketAddress target) throws IOException {
        if (loops == null) {
            return target;
        }
        DelayRelay relay = relays.get(target);
        if (relay == null) {
            relay = DelayRelay.start(loops, target, roundTrip);
            relays.put(target, relay);
        }
        return relay.address();
    }

    PodAccess via(PodAccess access) throws IOException {
        return access.at(via(access.address()));
    }

    @Override
    public void close() {
        relays.values().forEach(DelayRelay::close);
        if (loops != null) {
            loops.close();
        }
        if (written) {
            kubeconfig.toFile().delete();
        }
    }
}

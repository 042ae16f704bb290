package io.fairlead.testbed;

import io.fairlead.testbed.loop.Loops;
import io.fairlead.testbed.node.PodTarget;
import io.fairlead.testbed.pod.PodServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/// A pod of a testbed: its servers, and what can happen to it. Thread: any.
public final class TestPod implements PodTarget {
    private static final SecureRandom RANDOM = new SecureRandom();

    private final Testbed testbed;
    private final PodSpec spec;
    private final String sandboxId = hex(32);
    private final Map<Integer, PodServer> servers = new TreeMap<>();
    private final Map<Integer, InetSocketAddress> addresses = new TreeMap<>();
    private final Set<Integer> refused = ConcurrentHashMap.newKeySet();
    private volatile boolean alive = true;

    TestPod(Testbed testbed, Loops loops, PodSpec spec) throws IOException {
        this.testbed = testbed;
        this.spec = spec;
        for (PodSpec.Port port : spec.ports()) {
            if (port.address() != null) {
                addresses.put(port.number(), port.address());
            } else if (port.behaviour() != null && isRunning()) {
                PodServer server = PodServer.listen(loops, port.behaviour(), "127.0.0.1", 0);
                servers.put(port.number(), server);
                addresses.put(port.number(), new InetSocketAddress("127.0.0.1", server.port()));
            }
        }
    }

    public String namespace() {
        return spec.namespace();
    }

    public String name() {
        return spec.name();
    }

    public PodSpec spec() {
        return spec;
    }

    /// The server of a port, for its counters.
    ///
    /// @throws IllegalArgumentException no in-process server there
    public PodServer server(int port) {
        PodServer server = servers.get(port);
        if (server == null) {
            throw new IllegalArgumentException("pod " + name() + " has no in-process server on port " + port);
        }
        return server;
    }

    /// Connections to the pod's in-process servers that are open now.
    public int connectionsOpen() {
        return servers.values().stream().mapToInt(PodServer::connectionsOpen).sum();
    }

    /// New connections to `port` are refused, or answered again.
    public void refuse(int port, boolean refuse) {
        if (refuse) {
            refused.add(port);
        } else {
            refused.remove(port);
        }
    }

    /// Ends the pod at once: its connections are reset, its sandbox is gone, its object deleted. A Deployment makes another one.
    public void kill() {
        testbed.kill(this);
    }

    /// The same, but its connections hear nothing: as when the pod's network goes before its programs do.
    public void vanish() {
        testbed.vanish(this);
    }

    /// Marks the pod as being deleted, while it goes on to serve. {@link #kill} ends it.
    public void terminate() {
        testbed.terminate(this);
    }

    @Override
    public String sandboxId() {
        return sandboxId;
    }

    @Override
    public boolean isAlive() {
        return alive;
    }

    @Override
    public Optional<InetSocketAddress> address(int port) {
        return refused.contains(port) ? Optional.empty() : Optional.ofNullable(addresses.get(port));
    }

    boolean isRunning() {
        return spec.phase().equals("Running") && spec.scheduled();
    }

    void end() {
        alive = false;
    }

    void stop() {
        end();
        servers.values().forEach(PodServer::close);
    }

    static String hex(int bytes) {
        byte[] random = new byte[bytes];
        RANDOM.nextBytes(random);
        return HexFormat.of().formatHex(random);
    }
}

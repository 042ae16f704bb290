package io.fairlead.bench.peer;

import io.fairlead.bench.cluster.PodAccess;
import io.fairlead.bench.cluster.ServerPod;
import io.fairlead.testbed.load.Load;
import io.fairlead.testbed.load.LoadResult;
import io.fairlead.testbed.load.LoadSpec;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntFunction;

/// Does one turn: starts the peer, waits for its first byte, runs the workload, and ends the peer.
///
/// Thread: one at a time. Blocking. Bound: a turn that does not come to its end is given up and recorded as a failure, see {@link #limit}.
final class TurnRunner {
    /// For a start, a first byte and an end; each has a shorter bound of its own.
    private static final Duration AROUND_MAX = Duration.ofSeconds(60);
    private static final Duration CLEANUP_MAX = Duration.ofSeconds(20);

    /// Where the servers are.
    ///
    /// @param ip "" where the pod has no address of its own, so that only forwarders reach it
    record Pod(String namespace, String name, String ip) {
        static Pod of(ServerPod pod) {
            return new Pod(pod.namespace(), pod.name(), pod.ip());
        }
    }

    private final Pod pod;
    private final Path kubeconfig;
    private final PodAccess access;
    private final Map<String, PeerCommand> commands;
    private final Duration warmup;
    private final Duration window;
    private volatile Forwarder running;

    /// @param kubeconfig null where there is no cluster but only the address of the servers
    TurnRunner(Pod pod, Path kubeconfig, Map<String, PeerCommand> commands, Duration warmup, Duration window) throws IOException {
        this.pod = pod;
        this.kubeconfig = kubeconfig;
        this.access = kubeconfig == null ? null : PodAccess.read(kubeconfig);
        this.commands = commands;
        this.warmup = warmup;
        this.window = window;
    }

    /// A peer that fails or hangs is a result.
    ///
    /// @throws InterruptedException this thread was interrupted; what the turn had started has ended
    Measurement run(Turn turn) throws InterruptedException {
        return run(turn, Probe.NONE);
    }

    /// The same with `probe` at the forwarder; `raw` and `direct` have none.
    Measurement run(Turn turn, Probe probe) throws InterruptedException {
        var work = new FutureTask<>(() -> once(turn, probe));
        Thread thread = Thread.ofVirtual().name("turn").start(work);
        long seconds = limit(turn).toSeconds();
        try {
            return work.get(seconds, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            return Measurement.failed(turn, String.valueOf(e.getCause() instanceof IOException io ? io.getMessage() : e.getCause()));
        } catch (TimeoutException _) {
            end(work, thread);
            return Measurement.failed(turn, "has not come to an end after " + seconds + " s");
        } catch (InterruptedException e) {
            end(work, thread);
            throw e;
        }
    }

    /// Ends a turn in the middle. The next one begins only when nothing of it runs any more.
    ///
    /// @throws IllegalStateException it does not end even without its forwarder: whatever came next would be measured beside it
    private void end(FutureTask<Measurement> work, Thread thread) throws InterruptedException {
        work.cancel(true);
        if (thread.join(CLEANUP_MAX)) {
            return;
        }
        Forwarder stuck = running;
        if (stuck != null) {
            stuck.kill();
        }
        if (!thread.join(CLEANUP_MAX)) {
            throw new IllegalStateException("a turn does not end " + 2 * CLEANUP_MAX.toSeconds() + " s after it was given up; the run ends here, as"
                    + " the next turn would be measured beside it");
        }
    }

    /// Opening, and work that has no window, have their own deadlines, one after the other.
    Duration limit(Turn turn) {
        return specs(turn.workload(), port -> new InetSocketAddress(port)).stream().map(LoadSpec::deadline)
                .reduce(AROUND_MAX.plus(warmup).plus(window), Duration::plus);
    }

    private Measurement once(Turn turn, Probe probe) throws IOException, InterruptedException {
        try (Wire wire = Wire.of(turn.rttMillis(), kubeconfig)) {
            return switch (turn.peer()) {
                case "raw" -> raw(turn, wire);
                case "direct" -> direct(turn, wire);
                default -> forwarded(turn, wire, probe);
            };
        }
    }

    private Measurement raw(Turn turn, Wire wire) throws IOException, InterruptedException {
        PeerWorkload workload = turn.workload();
        RawClient.Run run = RawClient.run(wire.via(access), pod.namespace(), pod.name(),
                specs(workload, port -> new InetSocketAddress("127.0.0.1", port)), workload.remotePorts());
        return Measurement.ofPath(turn, run.results(), new CpuTime(run.clientUserSeconds(), run.clientCpuSeconds() - run.clientUserSeconds()));
    }

    private Measurement direct(Turn turn, Wire wire) throws IOException, InterruptedException {
        var addresses = new java.util.HashMap<Integer, InetSocketAddress>();
        for (int port : ports(turn.workload())) {
            addresses.put(port, wire.via(new InetSocketAddress(pod.ip(), port)));
        }
        return Measurement.ofPath(turn, load(turn.workload(), addresses::get, Load.Window.IGNORED), CpuTime.NONE);
    }

    private Measurement forwarded(Turn turn, Wire wire, Probe probe) throws IOException, InterruptedException {
        Map<String, String> names = Map.of("namespace", pod.namespace(), "pod", pod.name(), "ip", pod.ip(),
                "kubeconfig", String.valueOf(wire.kubeconfig()));
        try (Forwarder forwarder = Forwarder.start(commands.get(turn.peer()), names, ports(turn.workload()))) {
            running = forwarder;
            double firstByteMillis = forwarder.firstByteMillis(ServerPod.port("echo"));
            ProcessTree tree = forwarder.tree();
            probe.forwarding(tree);
            CpuTime[] cpu = new CpuTime[2];
            var results = load(turn.workload(), forwarder::address, new Load.Window() {
                @Override
                public void begin() {
                    cpu[0] = tree.cpu();
                    probe.begin();
                }

                @Override
                public void end() {
                    cpu[1] = tree.cpu();
                    probe.end();
                }
            });
            boolean alive = forwarder.alive();
            if (alive) {
                probe.worked();
            }
            return new Measurement(turn, "", results, alive ? cpu[1].minus(cpu[0]) : CpuTime.NONE, tree.residentPeakMegabytes(),
                    forwarder.startMillis(), firstByteMillis, alive ? "" : "ended by itself: " + forwarder.lastLines());
        }
    }

    private List<LoadResult> load(PeerWorkload workload, IntFunction<InetSocketAddress> address, Load.Window window)
            throws IOException, InterruptedException {
        List<LoadSpec> specs = specs(workload, address);
        if (!workload.hasStoppedReader()) {
            return Load.run(specs, window);
        }
        try (StoppedReader culprit = StoppedReader.start(address.apply(ServerPod.port(workload.stoppedReaderOf())))) {
            var failure = new ArrayList<Exception>();
            List<LoadResult> results = Load.run(specs, new Load.Window() {
                @Override
                public void begin() {
                    try {
                        culprit.stop();
                    } catch (IOException | InterruptedException e) {
                        failure.add(e);
                    }
                    window.begin();
                }

                @Override
                public void end() {
                    window.end();
                }
            });
            if (!failure.isEmpty() || !culprit.isStopped()) {
                throw new IOException("the culprit was not stopped all the time" + failure);
            }
            return results;
        }
    }

    /// Those of the workload, and the echo for the first byte.
    private static List<Integer> ports(PeerWorkload workload) {
        var ports = new ArrayList<>(workload.remotePorts());
        ports.add(ServerPod.port("echo"));
        if (workload.hasStoppedReader()) {
            ports.add(ServerPod.port(workload.stoppedReaderOf()));
        }
        return ports.stream().distinct().toList();
    }

    private List<LoadSpec> specs(PeerWorkload workload, IntFunction<InetSocketAddress> address) {
        return workload.specs(address).stream().map(spec -> spec.withTimes(warmup, window)).toList();
    }
}

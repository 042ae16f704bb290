package io.fairlead.engine.resolve;

import io.fairlead.engine.Failure;
import io.fairlead.engine.ForwardException;
import io.fairlead.engine.kube.Cluster;
import io.fairlead.engine.kube.PodInfo;
import io.fairlead.engine.kube.PodList;
import io.fairlead.engine.kube.PodQuery;
import io.fairlead.engine.kube.PodWatch;
import io.fairlead.engine.kube.ServiceInfo;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// Turns what the user names into a pod and its ports, as kubectl does; and tells when that pod is no longer the one to forward to.
///
/// Any thread; every call stands for itself and blocks on its caller's thread.
public final class TargetResolver {
    /// Between two looks where watching is forbidden or broken off, in milliseconds: well below what a person waits for, and one small
    /// request a second for the server.
    private static final long POLL_MILLIS = 1_000;
    /// Between two looks at a pod that runs, where watching is forbidden, in milliseconds; a lost session says it sooner anyway.
    private static final long IDLE_POLL_MILLIS = 5_000;
    /// How long one watch of a running pod may be silent, in nanoseconds: a little longer than the server keeps it.
    private static final long SILENCE_NANOS = TimeUnit.SECONDS.toNanos(270);

    private final Cluster cluster;

    public TargetResolver(Cluster cluster) {
        this.cluster = cluster;
    }

    /// Finds the pod and the ports. Waits at most `podRunningTimeout` until the target has a pod; not until it runs, as kubectl doesn't.
    /// Zero does not wait.
    ///
    /// @param target `TYPE/NAME` or a pod's name
    /// @param ports as in {@link io.fairlead.engine.ForwardSpec}
    public Endpoint resolve(String target, List<String> ports, Duration podRunningTimeout) throws ForwardException, InterruptedException {
        Target wanted = Target.parse(target);
        List<PortSpec> specs = new ArrayList<>();
        for (String port : ports) {
            specs.add(PortSpec.parse(port));
        }
        return switch (wanted.kind()) {
            case POD -> ofPod(wanted, specs);
            case SERVICE -> ofService(wanted, specs, podRunningTimeout);
            case DEPLOYMENT, REPLICA_SET, REPLICATION_CONTROLLER, STATEFUL_SET, DAEMON_SET, JOB ->
                    ofWorkload(wanted, specs, podRunningTimeout);
        };
    }

    private Endpoint ofPod(Target target, List<PortSpec> specs) throws ForwardException, InterruptedException {
        PodInfo pod = cluster.pod(cluster.namespace(), target.name());
        return endpoint(pod, PortMapping.ofPod(specs, pod));
    }

    private Endpoint ofService(Target target, List<PortSpec> specs, Duration timeout) throws ForwardException, InterruptedException {
        ServiceInfo service = cluster.service(cluster.namespace(), target.name());
        if (service.selector().isEmpty()) {
            throw new ForwardException(new Failure.NoSelector(service.name(), service.namespace()));
        }
        PodInfo pod = firstPod(target, service.selector(), timeout);
        return endpoint(pod, PortMapping.ofService(specs, service, pod));
    }

    private Endpoint ofWorkload(Target target, List<PortSpec> specs, Duration timeout) throws ForwardException, InterruptedException {
        PodInfo pod = firstPod(target, cluster.selector(target.kind(), cluster.namespace(), target.name()), timeout);
        return endpoint(pod, PortMapping.ofPod(specs, pod));
    }

    private static Endpoint endpoint(PodInfo pod, List<PortPair> pairs) throws ForwardException {
        if (!pod.isRunning()) {
            throw new ForwardException(new Failure.PodNotRunning(pod.name(), pod.namespace(), pod.phase()));
        }
        return new Endpoint(pod.namespace(), pod.name(), pod.uid(), pod.node(), pod.address(), pairs);
    }

    /// The best pod with these labels, or the first that appears. kubectl gets the chosen pod once more; after a list, which is as fresh,
    /// we save that round trip.
    private PodInfo firstPod(Target target, String selector, Duration timeout) throws ForwardException, InterruptedException {
        long deadline = System.nanoTime() + timeout.toNanos();
        PodQuery query = PodQuery.labelled(selector);
        while (true) {
            PodList list = cluster.pods(cluster.namespace(), query);
            Optional<PodInfo> best = PodOrder.best(list.pods());
            if (best.isPresent()) {
                return best.get();
            }
            if (System.nanoTime() - deadline >= 0) {
                throw new ForwardException(new Failure.NoPods(target.text(), cluster.namespace(), selector, timeout));
            }
            Optional<PodInfo> appeared = awaitPod(query, list.resourceVersion(), deadline);
            if (appeared.isPresent()) {
                return cluster.pod(cluster.namespace(), appeared.get().name());
            }
        }
    }

    /// Empty when the deadline came, or when it is time to list again.
    private Optional<PodInfo> awaitPod(PodQuery query, String resourceVersion, long deadline) throws ForwardException, InterruptedException {
        try (PodWatch watch = cluster.watch(cluster.namespace(), query, resourceVersion)) {
            while (true) {
                switch (watch.next(deadline)) {
                    case PodWatch.Event.Changed(PodInfo pod) -> {
                        return Optional.of(pod);
                    }
                    case PodWatch.Event.Deleted _ -> { }
                    case PodWatch.Event.Ended _ -> {
                        pause(POLL_MILLIS, deadline);
                        return Optional.empty();
                    }
                    case PodWatch.Event.TimedOut _ -> {
                        return Optional.empty();
                    }
                }
            }
        } catch (ForwardException e) {
            if (!(e.failure() instanceof Failure.Forbidden)) {
                throw e;
            }
            pause(POLL_MILLIS, deadline); // may list, but not watch
            return Optional.empty();
        }
    }

    private static void pause(long millis, long deadline) throws InterruptedException {
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime()) + 1;
        Thread.sleep(Math.clamp(left, 0, millis));
    }

    // ---- the end of a pod

    /// What of a pod is waited for.
    private enum Until { GOING, ENDED }

    /// Blocks until the endpoint's pod is gone, is being deleted, or does not run any more. Returns which, as an end of a sentence that
    /// begins with the pod's name. While the server can't be asked it is taken to run: the session shows if it doesn't.
    public String awaitGone(Endpoint endpoint) throws InterruptedException {
        return await(endpoint, Until.GOING);
    }

    /// The same for a pod that is being deleted, which may serve for a long while yet: blocks until it is gone or does not run any more.
    public String awaitEnd(Endpoint endpoint) throws InterruptedException {
        return await(endpoint, Until.ENDED);
    }

    private String await(Endpoint endpoint, Until until) throws InterruptedException {
        PodQuery query = PodQuery.named(endpoint.pod());
        while (true) {
            try {
                PodList list = cluster.pods(endpoint.namespace(), query);
                Optional<String> why = list.pods().isEmpty() ? Optional.of("was deleted") : gone(endpoint, list.pods().getFirst(), until);
                if (why.isEmpty()) {
                    why = watchUntilGone(endpoint, query, list.resourceVersion(), until);
                }
                if (why.isPresent()) {
                    return why.get();
                }
                Thread.sleep(POLL_MILLIS);
            } catch (ForwardException e) {
                Optional<String> why = e.failure() instanceof Failure.Forbidden ? askOnce(endpoint, until) : Optional.empty();
                if (why.isPresent()) {
                    return why.get();
                }
                Thread.sleep(until == Until.ENDED ? POLL_MILLIS : IDLE_POLL_MILLIS); // that end is near, and no session tells it
            }
        }
    }

    private Optional<String> watchUntilGone(Endpoint endpoint, PodQuery query, String resourceVersion, Until until)
            throws ForwardException, InterruptedException {
        try (PodWatch watch = cluster.watch(endpoint.namespace(), query, resourceVersion)) {
            while (true) {
                switch (watch.next(System.nanoTime() + SILENCE_NANOS)) {
                    case PodWatch.Event.Changed(PodInfo pod) -> {
                        Optional<String> why = gone(endpoint, pod, until);
                        if (why.isPresent()) {
                            return why;
                        }
                    }
                    case PodWatch.Event.Deleted _ -> {
                        return Optional.of("was deleted");
                    }
                    case PodWatch.Event.Ended _, PodWatch.Event.TimedOut _ -> {
                        return Optional.empty();
                    }
                }
            }
        }
    }

    /// For those who may get a pod, but neither list nor watch.
    private Optional<String> askOnce(Endpoint endpoint, Until until) throws InterruptedException {
        try {
            return gone(endpoint, cluster.pod(endpoint.namespace(), endpoint.pod()), until);
        } catch (ForwardException e) {
            return e.failure() instanceof Failure.TargetNotFound ? Optional.of("was deleted") : Optional.empty();
        }
    }

    private static Optional<String> gone(Endpoint endpoint, PodInfo pod, Until until) {
        if (!pod.uid().equals(endpoint.uid())) {
            return Optional.of("was replaced by another pod of the same name");
        }
        if (until == Until.GOING && pod.deletion().isPresent()) {
            return Optional.of("is being deleted");
        }
        return pod.isRunning() ? Optional.empty() : Optional.of("is " + pod.phase());
    }
}

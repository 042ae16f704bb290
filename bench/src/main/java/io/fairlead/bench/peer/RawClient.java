package io.fairlead.bench.peer;

import io.fairlead.bench.cluster.PodAccess;
import io.fairlead.testbed.load.LoadResult;
import io.fairlead.testbed.load.LoadSpec;
import io.fairlead.testbed.load.Mode;
import io.fairlead.testbed.loop.Loops;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// The raw limit: each workload over one {@link RawSession} of its own, all on one event loop, whose CPU time is the client's.
public final class RawClient {
    /// Modes that it can run.
    public static final Set<Mode> MODES = Set.of(Mode.DOWNLOAD, Mode.UPLOAD, Mode.RR, Mode.RR_OPEN, Mode.CONNECT);

    /// @param clientCpuSeconds of the event loop in the window, over all workloads
    /// @param clientUserSeconds the part of it spent outside the kernel
    public record Run(List<LoadResult> results, double clientCpuSeconds, double clientUserSeconds) {}

    private RawClient() {}

    /// Runs `specs` against the ports of the same index.
    ///
    /// @throws IOException a session did not come up
    public static Run run(PodAccess access, String namespace, String pod, List<LoadSpec> specs, List<Integer> remotePorts)
            throws IOException, InterruptedException {
        try (Loops loops = Loops.start("raw", 1)) {
            EventLoop loop = loops.next();
            long thread = on(loop, () -> Thread.currentThread().threadId());
            var sessions = new ArrayList<RawSession>();
            for (int i = 0; i < specs.size(); i++) {
                var session = new RawSession(access, namespace, pod, specs.get(i), remotePorts.get(i));
                session.connect(loops, loop);
                sessions.add(session);
            }
            for (RawSession session : sessions) {
                awaitReady(session);
            }
            on(loop, () -> {
                sessions.forEach(RawSession::go);
                return null;
            });
            Thread.sleep(specs.getFirst().warmup());
            ThreadMXBean threads = ManagementFactory.getThreadMXBean();
            long[] before = on(loop, () -> {
                sessions.forEach(RawSession::begin);
                return new long[] {threads.getThreadCpuTime(thread), threads.getThreadUserTime(thread)};
            });
            long begun = System.nanoTime();
            Thread.sleep(specs.getFirst().window());
            return on(loop, () -> {
                double seconds = (System.nanoTime() - begun) / 1e9;
                double cpuSeconds = (threads.getThreadCpuTime(thread) - before[0]) / 1e9;
                double userSeconds = (threads.getThreadUserTime(thread) - before[1]) / 1e9;
                var results = new ArrayList<LoadResult>();
                for (int i = 0; i < sessions.size(); i++) {
                    RawSession session = sessions.get(i);
                    session.end();
                    results.add(new LoadResult(specs.get(i), seconds, specs.get(i).connections(), session.bytes, session.ops, session.verifiedBytes,
                            0, cpuSeconds, session.latencyNanos.copy(), session.errors, session.outcomes));
                }
                return new Run(results, cpuSeconds, userSeconds);
            });
        }
    }

    private static void awaitReady(RawSession session) throws IOException, InterruptedException {
        try {
            session.ready.get(30, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("raw session: " + (e.getCause() == null ? "not ready after 30 s" : e.getCause().getMessage()), e);
        }
    }

    private static <T> T on(EventLoop loop, java.util.concurrent.Callable<T> work) throws InterruptedException {
        try {
            return loop.submit(work).get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }
}

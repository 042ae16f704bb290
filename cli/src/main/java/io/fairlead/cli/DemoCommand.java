package io.fairlead.cli;

import io.fairlead.engine.Engine;
import io.fairlead.engine.Forward;
import io.fairlead.engine.ForwardException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/// `fairlead demo`: an embedded cluster, a forward to its Deployment, real traffic through it, and what comes out.
record DemoCommand(Output output) {
    private static final long TICK_NANOS = TimeUnit.SECONDS.toNanos(1);

    static Optional<Duration> duration(Optional<String> text) throws UsageException {
        if (text.isEmpty()) {
            return Optional.empty();
        }
        Duration duration = ForwardOptions.duration("--for", text.get());
        if (!duration.isPositive()) {
            throw new UsageException("--for must be higher than zero", "\"" + text.get() + "\" was given", "write for example --for=5s");
        }
        return Optional.of(duration);
    }

    /// Without `length`, until a signal.
    ExitCode run(Optional<Duration> length) throws ForwardException {
        Signals signals = Signals.install();
        try (DemoCluster cluster = DemoCluster.start(); Engine engine = Engine.start()) {
            output.line("An embedded cluster runs in this process. To look at it: kubectl --kubeconfig " + cluster.kubeconfig() + " get pods");
            EventPrinter printer = new EventPrinter(output, true, System::nanoTime).ticking();
            Forward forward = engine.forward(cluster.spec(), printer);
            InetSocketAddress web = local(forward, DemoCluster.WEB_PORT);
            output.line("Try it: curl http://" + EventPrinter.hostAndPort(web) + "/");
            String wrong = watch(forward, length);
            if (wrong.isEmpty()) {
                return signals.settle(ExitCode.OK);
            }
            output.problem(wrong + "\n        why   a bug in fairlead\n        do    report it with the lines above");
            return signals.settle(ExitCode.BUG);
        } catch (IOException e) {
            output.problem("the embedded cluster does not start\n        why   " + e + "\n        do    check free ports and space in "
                    + System.getProperty("java.io.tmpdir"));
            return signals.settle(ExitCode.FAILED);
        } catch (InterruptedException _) {
            return signals.settle(ExitCode.OK);
        }
    }

    /// Returns what came out wrong; empty for nothing.
    private String watch(Forward forward, Optional<Duration> length) {
        DemoView view = new DemoView(output);
        Histogram trips = new Histogram(3);
        long bytes = 0;
        long start = System.nanoTime();
        long end = length.map(Duration::toNanos).orElse(Long.MAX_VALUE);
        try (DemoTraffic traffic = new DemoTraffic(local(forward, DemoCluster.SOURCE_PORT), local(forward, DemoCluster.ECHO_PORT)).start()) {
            try {
                for (long tick = 1; ; tick++) {
                    long due = Math.min(tick * TICK_NANOS, end);
                    TimeUnit.NANOSECONDS.sleep(due - (System.nanoTime() - start));
                    DemoTraffic.Sample sample = traffic.sample();
                    trips.add(sample.roundTrips());
                    bytes += sample.bytes();
                    view.show(tick, sample, bytes, forward.stats());
                    if (due == end) {
                        break;
                    }
                }
            } catch (InterruptedException _) {
                DemoTraffic.Sample rest = traffic.sample(); // a signal ends the demo: its summary still comes
                trips.add(rest.roundTrips());
                bytes += rest.bytes();
            }
            DemoTraffic.Sample whole = new DemoTraffic.Sample(System.nanoTime() - start, bytes, trips);
            DemoView.summary(whole, traffic.failed()).forEach(output::line);
            if (traffic.failed() > 0) {
                output.error("fairlead: the first connection that failed: " + traffic.firstFailure());
            }
            return traffic.firstWrong();
        }
    }

    static InetSocketAddress local(Forward forward, int remotePort) {
        return forward.listeners().stream().filter(listening -> listening.remotePort() == remotePort).findFirst().orElseThrow().local();
    }
}

package io.fairlead.cli;

import io.fairlead.engine.Engine;
import io.fairlead.engine.Forward;
import io.fairlead.engine.ForwardException;
import io.fairlead.engine.ForwardSpec;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/// The hidden command `warm-up`: walks the way of a real forward once, from the command line to the last byte, so that the JVM can note
/// which classes that needs and which code is hot (JEP 514, 515). The launcher runs it when it makes the start-up cache.
final class WarmUp {
    /// Long enough for the data path to become hot, short enough to wait for.
    private static final long TRAFFIC_SECONDS = 2;

    private WarmUp() {}

    static ExitCode run(Output output) throws ForwardException, UsageException {
        Signals.install();
        Output nowhere = new Output(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8), output.err(), () -> false);
        try (DemoCluster cluster = DemoCluster.start(); Engine engine = Engine.start()) {
            ForwardSpec spec = ForwardOptions.of(Flags.parse(Flags.portForward(), "fairlead",
                    "--kubeconfig", cluster.kubeconfig().toString(), "--namespace", DemoCluster.NAMESPACE, "deployment/" + DemoCluster.NAME,
                    ":" + DemoCluster.SOURCE_PORT, ":" + DemoCluster.ECHO_PORT), "fairlead").spec();
            Forward forward = engine.forward(spec, new EventPrinter(nowhere, false, System::nanoTime).ticking());
            try (DemoTraffic traffic = new DemoTraffic(DemoCommand.local(forward, DemoCluster.SOURCE_PORT),
                    DemoCommand.local(forward, DemoCluster.ECHO_PORT)).start()) {
                TimeUnit.SECONDS.sleep(TRAFFIC_SECONDS);
                return traffic.failed() == 0 && traffic.firstWrong().isEmpty() ? ExitCode.OK : ExitCode.BUG;
            }
        } catch (IOException e) {
            output.problem("the embedded cluster does not start: " + e);
            return ExitCode.FAILED;
        } catch (InterruptedException _) {
            return ExitCode.INTERRUPTED;
        }
    }
}

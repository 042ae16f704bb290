package io.fairlead.bench.macro;

import io.fairlead.bench.JmhRun;
import io.fairlead.bench.JmhRun.Column;
import io.fairlead.bench.JmhRun.Times;
import io.fairlead.bench.Program;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.openjdk.jmh.runner.RunnerException;

/// Macrobenchmarks: live forwards, from a local socket to a server in a pod and back. Engine, clients and, with the testbed, cluster and servers
/// share one process, so the figures compare one version of fairlead with another; for comparisons with other forwarders there is `bench/peer`.
///
/// ```
/// bench/macro [REGEX ...] [-p cluster=testbed|kubeconfig] [--quick] [--results FOLDER|none] [JMH's options]
/// ```
/// A full run takes some seven minutes on the testbed, `--quick` less than two.
public final class MacroMain {
    /// Benchmarks that are another command's.
    static final String NOT_MACRO = "io\\.fairlead\\.(engine|testbed)\\.";
    private static final Times FULL = new Times(2, 2, Duration.ofSeconds(2), 3, Duration.ofSeconds(2));
    private static final Times QUICK = new Times(1, 1, Duration.ofMillis(500), 2, Duration.ofMillis(500));
    private static final String SETUP = "- each operation is checked, see the benchmarks' classes\n"
            + "- `loop CPU`: CPU time of the engine's event loops, us for each operation\n"
            + "- engine and clients are in one process, with `cluster=testbed` the cluster and its servers, too\n";

    private MacroMain() {}

    public static void main(String[] args) throws RunnerException, IOException {
        boolean real = Arrays.stream(args).anyMatch(word -> word.contains("cluster=") && word.contains("kubeconfig"));
        if (real && Program.lacksCluster("bench/macro")) {
            System.exit(Program.EXIT_CONFIG);
        }
        var columns = List.of(Column.percentile("p50", 50), Column.percentile("p99", 99), Column.percentile("p99.9", 99.9),
                Column.secondary("loop CPU us/op", LoopCpu.LABEL));
        System.exit(new JmhRun("bench/macro", NOT_MACRO, columns, List.of(LoopCpu.class)).run(FULL, QUICK, SETUP, args));
    }
}

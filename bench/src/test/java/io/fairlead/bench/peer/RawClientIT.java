package io.fairlead.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.bench.cluster.PodAccess;
import io.fairlead.testbed.PodSpec;
import io.fairlead.testbed.Testbed;
import io.fairlead.testbed.load.LoadResult;
import io.fairlead.testbed.load.LoadSpec;
import io.fairlead.testbed.load.Mode;
import io.fairlead.testbed.load.Unanswered;
import io.fairlead.testbed.pod.PodBehaviour;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The raw limit counts what is unanswered as the generator does.
class RawClientIT {
    private static final int PORT = 7005;

    @ParameterizedTest(name = "{0}")
    @CsvSource({"rr, 5", "rr-open, 11", "connect, 5"})
    void whatIsStillWaitingAtTheEndIsNotLeftOut(String mode, long unanswered) throws Exception {
        // Nothing ever comes back. Of the open loop's messages, 10 a second, those of the first 1.1 of 2.1 s have waited for more than a second, and
        // as many more as the window was longer on a machine that is late.
        try (Testbed testbed = Testbed.builder().start()) {
            testbed.addPod(PodSpec.named("pod").port("stall", PORT, PodBehaviour.stall()));
            LoadSpec spec = LoadSpec.of(Mode.of(mode), new InetSocketAddress("127.0.0.1", 1)).with("connections", "5").with("rate", "10")
                    .withTimes(Duration.ZERO, Duration.ofMillis(2100));
            LoadResult result = RawClient.run(PodAccess.read(testbed.kubeconfig()), "default", "pod", List.of(spec), List.of(PORT)).results()
                    .getFirst();
            assertEquals(0, result.ops());
            long counted = result.outcomes().getOrDefault(Unanswered.OUTCOME, 0L);
            assertTrue(counted >= unanswered - 1, result::json);
            assertEquals(result.latency().getCountBetweenValues(TimeUnit.SECONDS.toNanos(1), Long.MAX_VALUE / 2), counted, 1, result::json);
            assertTrue(result.latency().getMaxValue() > TimeUnit.MILLISECONDS.toNanos(2000), result::json);
        }
    }
}

package io.fairlead.bench.micro;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.testbed.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/// Nothing is measured here: each benchmark runs a few times, in this process, so that its own check is made and its buffers are counted.
@ExtendWith(LeakCheck.class)
class MicroBenchmarksTest {
    @Test void everyBenchmarkDoesWhatItSaysAndReleasesItsBuffers() throws RunnerException {
        var options = new OptionsBuilder().exclude(MicroMain.NOT_MICRO).mode(Mode.SingleShotTime).forks(0).warmupIterations(0)
                .measurementIterations(3)
                .shouldFailOnError(true).verbosity(VerboseMode.SILENT);
        assertTrue(new Runner(options.build()).run().size() > 20);
    }
}

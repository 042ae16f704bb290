package io.fairlead.bench.macro;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fairlead.testbed.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/// Nothing is measured here: each benchmark runs a few times, in this process, so that its own checks are made.
@ExtendWith(LeakCheck.class)
class MacroBenchmarksIT {
    @Test void everyBenchmarkMovesTheRightBytesThroughAForward() throws RunnerException {
        var options = new OptionsBuilder().exclude(MacroMain.NOT_MACRO).mode(Mode.SingleShotTime).forks(0).warmupIterations(0)
                .measurementIterations(3)
                .shouldFailOnError(true).verbosity(VerboseMode.SILENT).addProfiler(LoopCpu.class);
        var runs = new Runner(options.build()).run();
        assertEquals(14, runs.size());
        runs.forEach(run -> assertEquals(true, run.getSecondaryResults().get(LoopCpu.LABEL).getScore() > 0, () -> run.getParams().id()));
    }
}

package io.fairlead.cli;

import io.fairlead.engine.Engine;
import io.fairlead.engine.ForwardException;

/// `fairlead port-forward`: starts one forward and waits for a signal. Runs on the main thread; see {@link Signals} for how it ends.
record ForwardCommand(Output output) {
    ExitCode run(ForwardOptions options) throws ForwardException {
        Signals signals = Signals.install();
        EventPrinter printer = new EventPrinter(output, options.quiet(), System::nanoTime).ticking();
        Engine engine = Engine.start();
        try {
            engine.forward(options.spec(), printer);
            signals.await();
            throw new AssertionError("waited without end, and it ended");
        } catch (InterruptedException _) {
            return signals.settle(ExitCode.OK);
        } finally {
            signals.settle(ExitCode.FAILED);
            engine.close();
        }
    }
}

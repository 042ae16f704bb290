package io.fairlead.bench.peer;

import java.io.IOException;

/// Looks into a forwarder while it works through a turn.
///
/// Thread: that of the turn, one at a time, in the order of the methods.
interface Probe {
    /// It forwards; the warm-up comes next.
    ///
    /// @throws IOException it cannot be looked into: the turn fails
    void forwarding(ProcessTree forwarder) throws IOException, InterruptedException;

    /// The measured window begins. Quick, as it is in the window.
    void begin();

    /// The measured window ends.
    void end();

    /// The turn's traffic has ended, and the forwarder still runs.
    ///
    /// @throws IOException what was seen is lost: the turn fails
    void worked() throws IOException, InterruptedException;

    Probe NONE = new Probe() {
        @Override
        public void forwarding(ProcessTree forwarder) {}

        @Override
        public void begin() {}

        @Override
        public void end() {}

        @Override
        public void worked() {}
    };
}

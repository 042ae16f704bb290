package io.fairlead.cli;

import java.io.PrintStream;
import java.util.function.BooleanSupplier;

/// Where a command writes: `out` for what scripts wait for, `err` for everything meant for a person. One line is one write, flushed, so
/// lines of several threads do not mix. Any thread; a full pipe blocks the caller, so never call it from an event loop.
///
/// @param terminal whether `out` is a terminal that understands cursor movement; asked only by who moves it, as it costs start-up time
record Output(PrintStream out, PrintStream err, BooleanSupplier terminal) {
    /// The process's own streams.
    static Output ofProcess() {
        return new Output(System.out, System.err, Output::movesCursor);
    }

    private static boolean movesCursor() {
        String term = System.getenv("TERM");
        return term != null && !term.equals("dumb") && System.console() != null && System.console().isTerminal();
    }

    void line(String text) {
        out.print(text + '\n');
        out.flush();
    }

    void error(String text) {
        err.print(text + '\n');
        err.flush();
    }

    /// Prints `what`, `why` and `do` in the form all messages of this program share.
    void problem(String message) {
        error("fairlead: " + message);
    }
}

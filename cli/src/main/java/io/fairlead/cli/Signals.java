package io.fairlead.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import sun.misc.Signal;

/// Turns the first SIGINT, SIGTERM or SIGHUP into a request to close cleanly, and a second one into an exit at once. The JVM calls the
/// handlers on threads of its own; the thread that installed them is interrupted, so that it leaves whatever it waits in.
///
/// A signal that was ignored when the JVM started (SIGINT of a background job of a script) stays ignored: HotSpot refuses to take it over.
final class Signals {
    private final Thread waiter = Thread.currentThread();
    private final AtomicReference<ExitCode> stop = new AtomicReference<>();

    private Signals() {}

    /// Call on the thread that starts the work and then waits in {@link #await}. Ctrl-C is how such work ends.
    static Signals install() {
        return install(ExitCode.OK);
    }

    /// @param interrupted what the first SIGINT asks the process to exit with
    static Signals install(ExitCode interrupted) {
        Signals signals = new Signals();
        signals.on("INT", interrupted, ExitCode.INTERRUPTED);
        signals.on("TERM", ExitCode.TERMINATED, ExitCode.TERMINATED);
        signals.on("HUP", ExitCode.HANGUP, ExitCode.HANGUP);
        return signals;
    }

    private void on(String name, ExitCode first, ExitCode second) {
        Signal.handle(new Signal(name), _ -> {
            if (stop.compareAndSet(null, first)) {
                waiter.interrupt();
            } else {
                Runtime.getRuntime().halt(second.code());
            }
        });
    }

    /// Waits for a first signal, without end.
    void await() throws InterruptedException {
        new CountDownLatch(1).await();
    }

    /// What the first signal asks the process to exit with; `otherwise` when there was none. Clears the caller's interrupt, which
    /// has done its work by then, so that closing can wait; later signals no longer interrupt.
    ExitCode settle(ExitCode otherwise) {
        boolean none = stop.compareAndSet(null, otherwise);
        Thread.interrupted();
        return none ? otherwise : stop.get();
    }
}

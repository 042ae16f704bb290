package io.fairlead.bench;

/// Ctrl-C and SIGTERM: has the thread that made this end what it started, such as a pod in the cluster, before the JVM goes down; then kills the
/// processes that are left, stopped ones too.
///
/// Thread: made and closed by the thread that does the work.
public final class Interruption implements AutoCloseable {
    private static final long CLEANUP_MILLIS_MAX = 30_000;

    private final Thread work = Thread.currentThread();
    private volatile boolean requested;
    private volatile boolean ended;

    private Interruption() {}

    /// From now on the signal interrupts the calling thread, and the JVM waits for {@link #close}, for 30 s at most.
    public static Interruption guard() {
        var interruption = new Interruption();
        Runtime.getRuntime().addShutdownHook(new Thread(interruption::signalled, "interrupted"));
        return interruption;
    }

    /// For between two pieces of work: an interrupt may have been taken for a failure of the first one.
    public void check() throws InterruptedException {
        if (requested) {
            throw new InterruptedException();
        }
    }

    /// What the thread had started has ended.
    @Override
    public void close() {
        ended = true;
    }

    /// Nothing to wait for when the work has come to its end by itself.
    void signalled() {
        long deadline = System.nanoTime() + CLEANUP_MILLIS_MAX * 1_000_000;
        try {
            if (!ended) {
                requested = true;
                work.interrupt();
            }
            while (!ended && System.nanoTime() - deadline < 0) {
                Thread.sleep(20);
            }
        } catch (InterruptedException _) { // the machine goes down anyway
        }
        ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
    }
}

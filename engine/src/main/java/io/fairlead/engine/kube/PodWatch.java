package io.fairlead.engine.kube;

/// Changes of pods as they come. One thread uses it; {@link #close} may come from any.
public interface PodWatch extends AutoCloseable {
    /// What came next.
    sealed interface Event {
        /// Added or modified.
        record Changed(PodInfo pod) implements Event {}

        record Deleted(PodInfo pod) implements Event {}

        /// The stream is over: by the server, by an error, or as its resourceVersion is too old. List again.
        record Ended(String cause) implements Event {}

        /// Nothing came until the deadline. The watch can't be used any more.
        record TimedOut() implements Event {}
    }

    /// Blocks for the next event, at most until `deadlineNanos` of {@link System#nanoTime}.
    Event next(long deadlineNanos) throws InterruptedException;

    @Override
    void close();
}

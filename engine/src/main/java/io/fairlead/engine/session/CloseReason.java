package io.fairlead.engine.session;

import java.util.Locale;

/// Why a pair ended; carries the facts its message needs.
public sealed interface CloseReason {
    /// The pod closed its connection and reported no error.
    record Done() implements CloseReason {}

    /// The local program reset its connection, or closed it while the pod still sent.
    record LocalReset() implements CloseReason {}

    /// Nothing listens on the port inside the pod.
    record Refused(String text) implements CloseReason {}

    /// The pod reset its connection.
    record PodReset(String text) implements CloseReason {
        @Override
        public String text() { // the record's own accessor would hide the words below
            return text.isEmpty() ? "the pod reset the connection" : text;
        }
    }

    /// The pod closed while the local program still sent: an ordinary end, as on a direct connection.
    record PodClosedEarly(String text) implements CloseReason {}

    /// The pod or its sandbox is gone: the target has to be resolved anew.
    record PodGone(String text) implements CloseReason {}

    /// Any other error text of the runtime.
    record PodError(String text) implements CloseReason {}

    /// The runtime refused the stream itself.
    record Rejected() implements CloseReason {}

    /// No SYN_REPLY came in time.
    record NoReply(long millis) implements CloseReason {}

    /// The session went away under the pair.
    record SessionLost(String cause) implements CloseReason {}

    /// The local reader was too slow for a bound of {@code Limits}, and others shared its session.
    record TooSlow(long queuedBytes, long bytesMax, Bound bound) implements CloseReason {
        /// Whose bytes are bounded.
        public enum Bound { CONNECTION, PROCESS }
    }

    /// The local reader was slower than the pod, others shared its session, and the disk could not keep what waited.
    record NoDisk(long queuedBytes, String directory, String cause) implements CloseReason {}

    /// The forward is being closed.
    record Stopped() implements CloseReason {}

    /// Whether the local connection ends by FIN, as an ordinary close does, rather than by RST.
    default boolean isOrderly() {
        return this instanceof Done || this instanceof PodClosedEarly;
    }

    /// The reason in words, for a log line.
    default String text() {
        return switch (this) {
            case Done _ -> "the pod closed the connection";
            case LocalReset _ -> "the local program reset the connection";
            case Refused(var text) -> text;
            case PodReset(var text) -> text;
            case PodClosedEarly(var text) -> text;
            case PodGone(var text) -> text;
            case PodError(var text) -> text;
            case Rejected _ -> "the runtime refused the stream";
            case NoReply(var millis) -> "the runtime did not answer for " + millis / 1000 + " s";
            case SessionLost(var cause) -> "lost the session to the pod: " + cause;
            case TooSlow(var bytes, var max, var bound) -> slow(bytes) + switch (bound) {
                case CONNECTION -> ", and one connection may have " + max + " on disk";
                case PROCESS -> ", more than are left of the " + max + " that all connections together may have on disk";
            };
            case NoDisk(var bytes, var directory, var cause) ->
                    slow(bytes) + ", and there is no room on disk: " + directory + " (java.io.tmpdir): " + cause;
            case Stopped _ -> "the forward was closed";
        };
    }

    private static String slow(long bytes) {
        return "the local program did not read as fast as the pod sent: " + bytes + " bytes waited for it";
    }

    /// Sorts the text of an error stream. The order matters: a refusal names the network namespace, too.
    /// Source: docs/PROTOCOL.md 4.4.
    static CloseReason ofErrorText(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        if (lower.contains("connection refused")) {
            return new Refused(text);
        }
        if (lower.contains("broken pipe") || lower.contains("write: connection reset by peer")) {
            return new PodClosedEarly(text);
        }
        if (lower.contains("reset by peer")) {
            return new PodReset(text);
        }
        boolean gone = lower.contains("failed to find sandbox") || lower.contains("could not find sandbox")
                || lower.contains("is not running") || lower.contains("is closed");
        return gone ? new PodGone(text) : new PodError(text);
    }
}

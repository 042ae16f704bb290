package io.fairlead.engine.session;

/// The life of a stream pair. All transitions stand in {@link #on}; DATA frames are not among its events.
///
/// ```
///                Replied / PodEof              PodEof and ErrorEnd("")
///   Opening ───────────────────────> Open ─────────────────────────────> Closed(Done)
///      └── PodReset, ErrorEnd, Failed ─┴── ErrorEnd(text), PodReset, Failed ──> Closed(why)
/// ```
public sealed interface PairState {
    /// SYN_STREAMs sent or about to be, data stream not replied.
    record Opening() implements PairState {}

    /// @param podEof the data stream ended: the runtime closed the pod's socket
    /// @param errorEnd the error stream ended without a text
    record Open(boolean podEof, boolean errorEnd) implements PairState {}

    record Closed(CloseReason why) implements PairState {}

    sealed interface Event {
        /// SYN_REPLY on the data stream. It does not say that the pod's port accepted.
        record Replied() implements Event {}

        /// FIN on the data stream.
        record PodEof() implements Event {}

        /// RST on the data stream.
        record PodReset() implements Event {}

        /// FIN or RST on the error stream; `text` is all that came on it.
        record ErrorEnd(String text) implements Event {}

        /// The local side, a time limit or the session ended the pair.
        record Failed(CloseReason why) implements Event {}
    }

    record Step(PairState state, Event event) {}

    default PairState on(Event event) {
        return switch (new Step(this, event)) {
            case Step(Closed closed, _) -> closed; // late frames: normal after a reset
            case Step(_, Event.Failed(var why)) -> new Closed(why);
            case Step(_, Event.ErrorEnd(var text)) when !text.isEmpty() -> new Closed(CloseReason.ofErrorText(text));
            case Step(Opening _, Event.Replied _) -> new Open(false, false);
            case Step(Opening _, Event.PodEof _) -> new Open(true, false);
            case Step(Opening _, Event.PodReset _) -> new Closed(new CloseReason.Rejected());
            case Step(Opening _, Event.ErrorEnd _) -> new Closed(new CloseReason.Rejected());
            case Step(Open open, Event.Replied _) -> open; // a repeated reply changes nothing
            case Step(Open(_, var errorEnd), Event.PodEof _) -> errorEnd ? new Closed(new CloseReason.Done()) : new Open(true, false);
            case Step(Open(var podEof, _), Event.ErrorEnd _) -> podEof ? new Closed(new CloseReason.Done()) : new Open(false, true);
            case Step(Open _, Event.PodReset _) -> new Closed(new CloseReason.PodReset(""));
        };
    }
}

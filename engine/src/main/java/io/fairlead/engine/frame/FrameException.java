package io.fairlead.engine.frame;

/// The peer broke the framing: nothing after this byte can be trusted and the session has to end. Carries no stack trace, as a peer can cause it.
public final class FrameException extends RuntimeException {
    public FrameException(String message) {
        super(message, null, false, false);
    }
}

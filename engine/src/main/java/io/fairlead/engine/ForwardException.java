package io.fairlead.engine;

/// A forward could not be started; says why as a {@link Failure}.
public final class ForwardException extends Exception {
    private static final long serialVersionUID = 1L;
    private final transient Failure failure;

    public ForwardException(Failure failure) {
        super(failure.message(), null, false, false);
        this.failure = failure;
    }

    public Failure failure() {
        return failure;
    }
}

package io.fairlead.engine;

/// Why a forward could not be started or an attempt to reconnect failed, as facts. Texts are made here and nowhere else.
public sealed interface Failure {
    /// What happened.
    String what();

    /// Why, as far as it is known.
    String why();

    /// What the user can do about it.
    String remedy();

    /// The three lines as one text.
    default String message() {
        return what() + "\n        why   " + why() + "\n        do    " + remedy();
    }

    /// A bug of ours, or something nobody foresaw.
    record Unexpected(String what, String why) implements Failure {
        @Override
        public String remedy() {
            return "run again with -v=4 and report what it prints";
        }
    }
}

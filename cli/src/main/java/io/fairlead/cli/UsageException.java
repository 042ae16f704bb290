package io.fairlead.cli;

/// The command line cannot be understood. Made where the mistake is found, printed in one place ({@link Cli}).
final class UsageException extends Exception {
    private static final long serialVersionUID = 1L;

    UsageException(String what, String why, String remedy) {
        super(what + "\n        why   " + why + "\n        do    " + remedy, null, false, false);
    }
}

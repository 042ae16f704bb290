package io.fairlead.cli;

/// The exit codes, as `sysexits.h` numbers them where it has a fitting one. Scripts that test for "not 0" see what kubectl shows them;
/// scripts that want to know more find it here. `docs/OPERATING.md` repeats the table, and a test keeps the two the same.
enum ExitCode {
    OK(0, "what was asked for is done, or Ctrl-C ended what has no other end"),
    FAILED(1, "the API server, the network or the system refused in a way that none of the other codes names"),
    USAGE(64, "the command line is wrong: a flag, a port, an address or a target that cannot be"),
    NO_TARGET(66, "there is no such object, or it has no such port"),
    UNREACHABLE(69, "the API server cannot be reached"),
    BUG(70, "a bug in fairlead"),
    NO_LOCAL_PORT(73, "not one of the local ports could be bound"),
    NOT_READY(75, "no running pod within --pod-running-timeout; the same command may work later"),
    UNTRUSTED(76, "the API server could not prove who it is (TLS)"),
    NOT_PERMITTED(77, "the API server does not accept the credentials, or they lack a right"),
    CONFIGURATION(78, "kubeconfig is missing or wrong, or no JDK 25 or newer was found"),
    HANGUP(129, "ended by SIGHUP, after a clean close"),
    INTERRUPTED(130, "Ctrl-C cut a bench short, or a second one a clean close"),
    TERMINATED(143, "ended by SIGTERM, after a clean close");

    private final int code;
    private final String meaning;

    ExitCode(int code, String meaning) {
        this.code = code;
        this.meaning = meaning;
    }

    int code() {
        return code;
    }

    String meaning() {
        return meaning;
    }

    /// The table for `fairlead help exit-codes`.
    static String table() {
        StringBuilder table = new StringBuilder();
        for (ExitCode exit : values()) {
            table.append("%5d  %s%n".formatted(exit.code, exit.meaning));
        }
        return table.toString();
    }
}

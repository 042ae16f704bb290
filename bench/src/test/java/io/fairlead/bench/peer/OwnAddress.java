package io.fairlead.bench.peer;

/// An address of this machine at which the servers' ports, which are fixed, are free: that of this process, which no other run of the tests has.
final class OwnAddress {
    /// Of 127.64.0.0/10: the number of a process has 22 bits.
    static final String TEXT = of(ProcessHandle.current().pid());

    private OwnAddress() {}

    private static String of(long pid) {
        return "127." + (64 + (pid >> 16 & 63)) + "." + (pid >> 8 & 255) + "." + (pid & 255);
    }
}

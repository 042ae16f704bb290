package io.fairlead.bench.peer;

/// CPU seconds, as the kernel splits them. NaN where there is no process to ask.
record CpuTime(double user, double system) {
    static final CpuTime NONE = new CpuTime(Double.NaN, Double.NaN);

    double total() {
        return user + system;
    }

    CpuTime plus(CpuTime more) {
        return new CpuTime(user + more.user, system + more.system);
    }

    CpuTime minus(CpuTime before) {
        return new CpuTime(user - before.user, system - before.system);
    }
}

package io.fairlead.bench.peer;

/// One peer with one workload, once.
///
/// @param rttMillis round trip that the delaying relay puts before the API server; 0: no relay
/// @param round from 1
record Turn(PeerWorkload workload, int rttMillis, String peer, int round) {
    /// The workload as reports name it: `connect-1`, or `connect-1 @20ms`.
    String title() {
        return rttMillis == 0 ? workload.name() : workload.name() + " @" + rttMillis + "ms";
    }
}

package io.fairlead.bench.peer;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;

/// Which turns a run takes, and in which order: round by round, within a round workload by workload, and within a workload peer by peer.
record Plan(List<Row> rows, int rounds) {
    /// One workload at one round trip, and the peers that take it in turns.
    record Row(PeerWorkload workload, int rttMillis, List<String> peers) {}

    /// Warm-up and measured time of a turn where nobody asks for others.
    static final double WARMUP_SECONDS = 3;
    static final double SECONDS = 3;
    static final double QUICK_WARMUP_SECONDS = 1.5;
    static final double QUICK_SECONDS = 2;
    /// Start, first byte, opening and end of a turn, on average over the default run: 0.1 s with `raw`, 0.15 s with kubectl, 0.5 to 0.7 s with
    /// fairlead, more with the libraries.
    private static final double AROUND_SECONDS = 0.6;

    static final List<String> PEERS = List.of("fairlead", "kubectl-ws", "kubectl-spdy", "client-java", "fabric8", "raw", "direct");
    static final List<String> QUICK_PEERS = List.of("fairlead", "kubectl-ws", "kubectl-spdy", "raw");
    /// The libraries open a WebSocket for each connection and are slow at it: they get these only, or a full run would not fit.
    private static final List<String> LIBRARY_WORKLOADS = List.of("down-1", "rr-1", "rr-64", "connect-8");
    private static final List<String> DIRECT_WORKLOADS = List.of("down-1", "up-1", "rr-1", "rr-64", "connect-8");

    /// Every workload at every round trip, by every peer that can take it.
    static Plan of(List<PeerWorkload> workloads, List<Integer> rtts, List<String> peers, int rounds) {
        var rows = new ArrayList<Row>();
        for (int rtt : rtts) {
            for (PeerWorkload workload : workloads) {
                rows.add(new Row(workload, rtt, peers));
            }
        }
        return new Plan(rows, rounds);
    }

    /// The default: fits half an hour on two cores with 3 rounds of 3 + 3 s.
    static Plan full(int rounds) {
        var rows = new ArrayList<Row>();
        for (PeerWorkload workload
                : PeerWorkload.named("down-1,down-16,up-1,up-16,rr-1,rr-64,rr-1000,open-64,connect-1,connect-8,churn-64,mixed,stalled")) {
            rows.add(new Row(workload, 0, PEERS.stream().filter(peer -> switch (peer) {
                case "client-java", "fabric8" -> LIBRARY_WORKLOADS.contains(workload.name());
                case "direct" -> DIRECT_WORKLOADS.contains(workload.name());
                default -> true;
            }).toList()));
        }
        rows.addAll(of(PeerWorkload.named("connect-1,down-1"), List.of(20), QUICK_PEERS, rounds).rows());
        rows.addAll(of(PeerWorkload.named("connect-1"), List.of(100), QUICK_PEERS, rounds).rows());
        return new Plan(rows, rounds);
    }

    /// `--quick`: the main workloads once, without a round trip; fits 4 minutes with 1.5 + 2 s.
    static Plan quick(int rounds) {
        return of(PeerWorkload.named("down-1,down-16,up-1,rr-1,rr-64,open-64,connect-8,churn-64,mixed,stalled"), List.of(0), QUICK_PEERS, rounds);
    }

    /// This plan without `peers`.
    Plan without(List<String> peers) {
        return new Plan(rows.stream().map(row -> new Row(row.workload(), row.rttMillis(),
                row.peers().stream().filter(name -> !peers.contains(name)).toList())).toList(), rounds);
    }

    /// This plan with `peers` behind the others, in every row.
    Plan with(Collection<String> peers) {
        return new Plan(rows.stream().map(row -> new Row(row.workload(), row.rttMillis(),
                Stream.concat(row.peers().stream(), peers.stream()).toList())).toList(), rounds);
    }

    /// In the order in which they run. A workload that has no raw form is not given to `raw`.
    List<Turn> turns() {
        var turns = new ArrayList<Turn>();
        for (int round = 1; round <= rounds; round++) {
            for (Row row : rows) {
                for (String peer : row.peers()) {
                    if (!peer.equals("raw") || row.workload().hasRaw()) {
                        turns.add(new Turn(row.workload(), row.rttMillis(), peer, round));
                    }
                }
            }
        }
        return turns;
    }

    /// What a turn takes, as far as one can say before.
    static double turnSeconds(double warmupSeconds, double seconds) {
        return warmupSeconds + seconds + AROUND_SECONDS;
    }

    /// All that take part, in the order in which they are first named.
    List<String> peers() {
        return rows.stream().flatMap(row -> row.peers().stream()).distinct().toList();
    }
}

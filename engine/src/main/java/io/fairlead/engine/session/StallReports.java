package io.fairlead.engine.session;

import io.fairlead.engine.Limits;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Tells a {@link LaneWatch} of pairs that can do nothing but wait, as the worker of their lane is stuck on another pair's payload; each stall
/// once. Thread: the session's.
final class StallReports {
    private final Session session;
    private final LaneWatch watch;

    StallReports(Session session, LaneWatch watch) {
        this.session = session;
        this.watch = watch;
    }

    /// To be called now and then for a stalled lane.
    void onStalled(Lane lane) {
        if (!lane.looked && lane.toldPorts == null && session.nowNanos() - lane.stalledNanos >= Limits.LANE_TOLD_NANOS) {
            lane.looked = true;
            tellOfWaiting(lane);
        }
    }

    /// The lane moves again.
    void onMoving(Lane lane) {
        if (lane.toldPorts != null) {
            Set<Integer> ports = lane.toldPorts;
            StreamPair unread = lane.toldUnread;
            lane.toldPorts = null;
            lane.toldUnread = null;
            watch.onMoving(byPort(waitingPairs(lane)
                    .filter(pair -> pair != unread && ports.contains(pair.port) && pair.bornNanos - lane.toldNanos <= 0)));
        }
    }

    /// Tells of the pairs on a stalled lane beside the one whose payload is not read. Which one that is shows in the frames that the worker may have in
    /// its hand: it sent three quarters of them. But payload of a closed pair may be what nobody reads, even if it is little; then it is not clear.
    private void tellOfWaiting(Lane lane) {
        int[] suspects = lane.suspects();
        int unreadId = Arrays.stream(suspects).filter(id -> 4 * Arrays.stream(suspects).filter(other -> other == id).count() >= 3L * suspects.length)
                .findAny().orElse(0);
        boolean othersOpen = Arrays.stream(suspects).filter(id -> id != unreadId).mapToObj(session::pair).allMatch(pair -> pair != null && !pair.isClosed());
        StreamPair unread = othersOpen ? session.pair(unreadId) : null;
        List<StreamPair> waiting = waitingPairs(lane).filter(pair -> pair != unread).sorted(Comparator.comparingInt(pair -> pair.requestId)).toList();
        // One that is alone on its lane waits for itself; so may be the last one where the culprit is not clear.
        if (waiting.size() > (unread != null ? 0 : 1)) {
            Map<Integer, Integer> connections = byPort(waiting.stream());
            lane.toldPorts = Set.copyOf(connections.keySet());
            lane.toldUnread = unread;
            lane.toldNanos = session.nowNanos();
            watch.onWaiting(unread != null ? unread.port : 0, connections,
                    waiting.stream().map(pair -> pair.downstream.program()).filter(Objects::nonNull).limit(Limits.WAITING_NAMED).toList());
        }
    }

    /// Pairs that may want to send by `lane`: not those whose pod ended, as nothing more is sent to it.
    private Stream<StreamPair> waitingPairs(Lane lane) {
        Stream<StreamPair> unopened = lane.waiting.stream().filter(pair -> !pair.wasOpened());
        return Stream.concat(session.livePairs().stream().filter(pair -> pair.lane == lane), unopened)
                .filter(pair -> !pair.isClosed() && !pair.dataEnded);
    }

    private static Map<Integer, Integer> byPort(Stream<StreamPair> pairs) {
        return pairs.collect(Collectors.toMap(pair -> pair.port, _ -> 1, Integer::sum, TreeMap::new));
    }
}

package io.fairlead.engine;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// What a user of a forward may want to see, as facts. Delivered in order, on one virtual thread of the forward, so a slow consumer delays
/// only further events; while {@link Limits#EVENTS_QUEUED} wait, new ones are dropped and counted in `Dropped`.
public sealed interface ForwardEvent {
    /// A local address is bound.
    record Listening(InetSocketAddress local, int remotePort) implements ForwardEvent {}

    /// A local address could not be bound; the others go on.
    record ListenFailed(String address, int localPort, String cause) implements ForwardEvent {}

    /// A local connection was accepted.
    record Accepted(int localPort) implements ForwardEvent {}

    /// A session to `pod` is up; `sessions` are now.
    record TunnelUp(String pod, int sessions) implements ForwardEvent {}

    /// A session ended without us asking; `pairs` connections went with it.
    record TunnelLost(String pod, int pairs, String cause) implements ForwardEvent {}

    /// The pod takes no new connections any more; another one is looked for.
    record PodLeft(String pod, String cause) implements ForwardEvent {}

    /// The pod that was left is used again until it ends, as there is no other one yet.
    record PodKept(String pod) implements ForwardEvent {}

    /// No session is up and the next attempt follows after `delay`. New connections wait meanwhile.
    record Retrying(int attempt, Duration delay, Failure failure) implements ForwardEvent {}

    /// A further session could not be opened; those that are up go on.
    record SpareFailed(Failure failure) implements ForwardEvent {}

    /// One connection ended by an error; the others go on.
    record PairFailed(int localPort, int remotePort, String cause) implements ForwardEvent {}

    /// Connections wait, upwards: a worker of the server that they share with an upload has stood still for {@link Limits#LANE_TOLD_NANOS}, as the
    /// pod does not read that upload. What the pod sends them still comes, and connections elsewhere go on. Once for each such stop.
    ///
    /// @param unreadPort the pod's port that does not read, or 0 where that is not clear
    /// @param connections how many wait, by the pod's port; the upload itself is among them only where it is not clear which one it is
    /// @param programs addresses of the local programs of the first {@link Limits#WAITING_NAMED} of them
    record PairsWaiting(String pod, int unreadPort, Map<Integer, Integer> connections, List<InetSocketAddress> programs) implements ForwardEvent {
        public PairsWaiting {
            connections = Map.copyOf(connections);
            programs = List.copyOf(programs);
        }
    }

    /// What `PairsWaiting` told is over. Does not come when the session ends instead.
    ///
    /// @param connections how many of those that waited are still open, by the pod's port; may be empty
    record PairsMoving(String pod, Map<Integer, Integer> connections) implements ForwardEvent {
        public PairsMoving {
            connections = Map.copyOf(connections);
        }
    }

    /// The listener stopped accepting for now: file handles ran out or the limit of pairs was reached.
    record AcceptPaused(int localPort, String cause) implements ForwardEvent {}

    /// File handles have not run out for {@link Limits#ACCEPT_CALM_NANOS}; until then it is not told that they do so again.
    record AcceptResumed(int localPort) implements ForwardEvent {}

    /// Events that were not delivered, as the consumer was too slow.
    record Dropped(long count) implements ForwardEvent {}

    /// The forward was closed; the last event.
    record Stopped() implements ForwardEvent {}
}

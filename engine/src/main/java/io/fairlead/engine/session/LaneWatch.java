package io.fairlead.engine.session;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;

/// Hears of lanes that stand still for {@link io.fairlead.engine.Limits#LANE_TOLD_NANOS} with pairs that can do nothing about it. Called on the
/// session's thread; each stall is told once.
public interface LaneWatch {
    /// What pairs of a stalled lane send waits from now on.
    ///
    /// @param unreadPort the pod's port that does not read what it was sent, or 0 where that is not clear
    /// @param connections how many pairs wait, by the pod's port; never empty
    /// @param programs local ends of the first {@link io.fairlead.engine.Limits#WAITING_NAMED} of them, as far as they are known
    void onWaiting(int unreadPort, Map<Integer, Integer> connections, List<InetSocketAddress> programs);

    /// The lane moves again. Not called when its session ends instead.
    ///
    /// @param connections how many of those that waited are still open, by the pod's port
    void onMoving(Map<Integer, Integer> connections);
}

package io.fairlead.engine;

/// Counters of one forward since its start, and gauges of this moment (named `...Now`). Each counter is exact for its event loop;
/// the snapshot as a whole is not one moment's.
///
/// @param acceptedTotal local connections accepted
/// @param pairsNow stream pairs open
/// @param pairsFailedTotal pairs that ended by an error: refused, reset by the pod, error text, no reply, session lost
/// @param refusedTotal of these, pairs whose pod port refused
/// @param upBytesTotal payload bytes from local sockets handed to a session
/// @param downBytesTotal payload bytes from sessions handed to local sockets
/// @param lateBytesTotal payload bytes that arrived for a pair that was already reset, and were dropped
/// @param queuedBytesNow bytes held for slow local readers
/// @param sessionsNow upgraded sessions up
/// @param sessionsOpenedTotal sessions opened since the start
/// @param sessionsLostTotal sessions that ended without us asking
/// @param waitingNow accepted connections that wait for a session
/// @param acceptPausesTotal times the listener paused because file handles ran out or the pair limit was reached
public record ForwardStats(
        long acceptedTotal,
        long pairsNow,
        long pairsFailedTotal,
        long refusedTotal,
        long upBytesTotal,
        long downBytesTotal,
        long lateBytesTotal,
        long queuedBytesNow,
        long sessionsNow,
        long sessionsOpenedTotal,
        long sessionsLostTotal,
        long waitingNow,
        long acceptPausesTotal) {}

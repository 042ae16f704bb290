package io.fairlead.engine.session;

/// Counters of one session. Written by its event loop alone, read by any thread for statistics: a snapshot may lag.
public final class Counters {
    public long pairsOpened;
    public long pairsFailed;
    public long pairsRefused;
    public long upBytes;
    public long downBytes;
    public long lateBytes;
    public long sweeps;
    public long probes;
    public long lanesStalled;
    public long finsHeld;
    public long unknownFrames;

    public void add(Counters other) {
        pairsOpened += other.pairsOpened;
        pairsFailed += other.pairsFailed;
        pairsRefused += other.pairsRefused;
        upBytes += other.upBytes;
        downBytes += other.downBytes;
        lateBytes += other.lateBytes;
        sweeps += other.sweeps;
        probes += other.probes;
        lanesStalled += other.lanesStalled;
        finsHeld += other.finsHeld;
        unknownFrames += other.unknownFrames;
    }

    /// All counters in one line, for a log.
    @Override
    public String toString() {
        return "pairs opened " + pairsOpened + ", failed " + pairsFailed + ", refused " + pairsRefused + "; bytes up " + upBytes + ", down "
                + downBytes + ", late " + lateBytes + "; sweeps " + sweeps + ", probes " + probes + ", lanes stalled " + lanesStalled
                + ", FINs held " + finsHeld + ", unknown frames " + unknownFrames;
    }
}

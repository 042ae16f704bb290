package io.fairlead.testbed.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FrameWorkersTest {
    private final List<String> handled = new ArrayList<>();
    private final Set<String> stuck = new HashSet<>();
    private final FrameWorkers<String> workers = new FrameWorkers<>((worker, frame) -> {
        if (stuck.contains(frame)) {
            return false;
        }
        handled.add(worker + ":" + frame);
        return true;
    });

    @Test void aFrameGoesToTheWorkerOfItsStreamModuloFive() {
        for (int id : new int[] {1, 3, 5, 7, 9, 11}) {
            workers.onStreamFrame(id, 0, "s" + id);
        }
        assertEquals(List.of("1:s1", "3:s3", "0:s5", "2:s7", "4:s9", "1:s11"), handled);
    }

    @Test void pingsGoToTheWorkersInTurn() {
        for (int i = 0; i < 7; i++) {
            workers.onPing("p" + i);
        }
        assertEquals(List.of("0:p0", "1:p1", "2:p2", "3:p3", "4:p4", "0:p5", "1:p6"), handled);
    }

    @Test void aStuckFrameHoldsItsLaneAndNoOther() {
        stuck.add("slow");
        workers.onStreamFrame(1, 0, "slow");
        workers.onStreamFrame(11, 0, "sameLane");
        workers.onStreamFrame(3, 0, "otherLane");
        assertEquals(List.of("3:otherLane"), handled);
        stuck.clear();
        workers.resume(1);
        assertEquals(List.of("3:otherLane", "1:slow", "1:sameLane"), handled);
    }

    @Test void theFiftyFirstWaitingFrameBlocksTheReaderAndEveryFrameBehindIt() {
        stuck.add("slow");
        workers.onStreamFrame(1, 0, "slow"); // held by the worker, not in its queue
        for (int i = 0; i < 50; i++) {
            workers.onStreamFrame(1, 0, "q" + i);
        }
        assertEquals(50, workers.queued(1));
        assertFalse(workers.readerBlocked());
        workers.onStreamFrame(1, 0, "tooMany");
        assertTrue(workers.readerBlocked());
        workers.onStreamFrame(3, 0, "innocent");
        workers.onPing("ping");
        assertEquals(List.of(), handled);
        stuck.clear();
        workers.resume(1);
        assertFalse(workers.readerBlocked());
        assertEquals(54, handled.size());
        assertEquals("1:slow", handled.getFirst());
        assertTrue(handled.indexOf("1:tooMany") < handled.indexOf("3:innocent"), "the reader goes on with the frame that it waits with");
    }

    @Test void theReaderBlocksAgainWhenTheQueueFillsAgain() {
        stuck.add("slow");
        stuck.add("slowToo");
        workers.onStreamFrame(1, 0, "slow");
        for (int i = 0; i < 50; i++) {
            workers.onStreamFrame(1, 0, i == 0 ? "slowToo" : "q" + i);
        }
        for (int i = 0; i < 3; i++) {
            workers.onStreamFrame(1, 0, "late" + i);
        }
        stuck.remove("slow");
        workers.resume(1); // one frame done, the next is held: room for one of the three
        assertEquals(List.of("1:slow"), handled);
        assertTrue(workers.readerBlocked());
        assertEquals(50, workers.queued(1));
    }

    @Test void waitingFramesAreTakenByPriorityThenByArrival() {
        stuck.add("slow");
        workers.onStreamFrame(1, 0, "slow");
        workers.onStreamFrame(11, 7, "last");
        workers.onStreamFrame(21, 3, "second");
        workers.onStreamFrame(1, 0, "first");
        workers.onStreamFrame(31, 3, "third");
        stuck.clear();
        workers.resume(1);
        assertEquals(List.of("1:slow", "1:first", "1:second", "1:third", "1:last"), handled);
    }

    @Test void clearGivesBackEveryFrameOnce() {
        stuck.add("slow");
        workers.onStreamFrame(1, 0, "slow");
        for (int i = 0; i < 52; i++) {
            workers.onStreamFrame(1, 0, "q" + i);
        }
        List<String> dropped = new ArrayList<>();
        workers.clear(dropped::add);
        assertEquals(53, dropped.size());
        assertEquals(53, new HashSet<>(dropped).size());
        assertFalse(workers.readerBlocked());
    }
}

package io.fairlead.engine.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.engine.Limits;
import io.fairlead.engine.frame.Spdy;
import org.junit.jupiter.api.Test;

class LaneTest {
    private final Lane lane = new Lane(3);

    private void send(int frames) {
        for (int i = 0; i < frames; i++) {
            lane.sentFrame();
        }
    }

    @Test
    void dataOpeningsControlAndPingsStopOneAfterTheOther() {
        send(Limits.LANE_DATA_FRAMES - 1);
        assertTrue(lane.maySendData());
        send(1);
        assertFalse(lane.maySendData());
        assertTrue(lane.mayOpen());
        send(3);
        assertFalse(lane.mayOpen(), "an opening is two frames");
        assertTrue(lane.mayControl());
        send(Limits.LANE_CONTROL_FRAMES - lane.inFlight());
        assertFalse(lane.mayControl());
        assertTrue(lane.mayPing());
        send(Limits.LANE_PING_FRAMES - lane.inFlight());
        assertFalse(lane.mayPing());
        assertTrue(lane.inFlight() < Spdy.WORKER_QUEUE_FRAMES);
    }

    @Test
    void aFenceThatReturnsFreesWhatWasSentBeforeIt() {
        send(10);
        lane.sentFence(0, 100);
        send(5);
        assertEquals(16, lane.inFlight());
        assertEquals(5, lane.unfenced());
        assertEquals(40, lane.fenceReturned(0, 140));
        assertEquals(5, lane.inFlight());
        assertEquals(5, lane.unfenced());
    }

    @Test
    void aFenceThatNobodySentFreesNothing() {
        send(10);
        assertEquals(-1, lane.fenceReturned(0, 1));
        assertEquals(10, lane.inFlight());
        lane.sentFence(0, 0);
        lane.fenceReturned(0, 1);
        assertEquals(-1, lane.fenceReturned(0, 2), "answered twice");
        assertEquals(0, lane.inFlight());
    }

    @Test
    void aReplyFreesUpToItsOpening() {
        send(4);
        int mark = lane.sent();
        send(3);
        lane.takenUpTo(mark);
        assertEquals(3, lane.inFlight());
        lane.takenUpTo(mark - 2);
        assertEquals(3, lane.inFlight(), "an older mark takes nothing back");
    }

    @Test
    void aFenceBehindAReplyThatOvertookItFreesNothingTwice() {
        send(4);
        lane.sentFence(0, 0);
        send(2);
        lane.takenUpTo(lane.sent());
        lane.fenceReturned(0, 1);
        assertEquals(0, lane.inFlight());
        assertEquals(0, lane.unfenced());
    }

    @Test
    void aMissingFenceIsOverdueOnlyWhenOneThatLeftWithItOrLaterIsBackAndPatienceIsOver() {
        lane.sentFence(7, 1_000);
        assertFalse(lane.isOverdue(999, 9_000, 100), "nothing as late is back: the whole session may be slow");
        assertFalse(lane.isOverdue(1_000, 1_100, 100));
        assertTrue(lane.isOverdue(1_000, 1_101, 100));
        assertTrue(lane.isOverdue(2_000, 1_101, 100));
        lane.sentFence(-13, 3_000); // a probe
        lane.fenceReturned(7, 3_100);
        assertFalse(lane.isOverdue(2_000, 9_000, 100), "the probe left later");
        lane.fenceReturned(-13, 9_000);
        assertFalse(lane.isOverdue(8_000, 9_000, 100), "none is out");
    }

    @Test
    void aFenceThatReturnsTakesThoseBeforeItAlong() {
        send(1);
        lane.sentFence(-13, 0); // a probe that the peer did not refuse
        send(2);
        lane.sentFence(9, 20);
        send(1);
        assertEquals(30, lane.fenceReturned(9, 50));
        assertEquals(1, lane.inFlight());
        assertEquals(-1, lane.fenceReturned(-13, 60));
    }

    @Test
    void fencesThatAreNotAnsweredStopThePings() {
        for (int i = 0; i < 1_000 && lane.mayPing(); i++) {
            lane.sentFence(i, i);
            lane.takenUpTo(lane.sent()); // a peer that replies to streams, yet not to pings
        }
        assertFalse(lane.mayPing(), "the ring of fences has an end");
        assertEquals(100, lane.fenceReturned(0, 100), "the first one was not overwritten");
    }

    @Test
    void creditSurvivesTheOverflowOfItsCounters() {
        for (int i = 0; i < Integer.MAX_VALUE - 5; i++) {
            lane.sentFrame();
        }
        lane.takenUpTo(lane.sent());
        assertEquals(0, lane.inFlight());
        send(10);
        assertEquals(10, lane.inFlight());
        lane.sentFence(0, 0);
        send(3);
        assertEquals(14, lane.inFlight());
        lane.fenceReturned(0, 1);
        assertEquals(3, lane.inFlight());
        assertTrue(lane.maySendData());
    }

    @Test
    void theRingOfFencesIsUsedAgain() {
        for (int i = 0; i < 10_000; i++) {
            send(2);
            lane.sentFence(i, 10L * i);
            if (i >= 5) {
                assertEquals(50, lane.fenceReturned(i - 5, 10L * i));
            }
        }
        assertEquals(15, lane.inFlight());
    }
}

package io.fairlead.engine.session;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fairlead.engine.session.PairState.Closed;
import io.fairlead.engine.session.PairState.Event;
import io.fairlead.engine.session.PairState.Event.ErrorEnd;
import io.fairlead.engine.session.PairState.Event.Failed;
import io.fairlead.engine.session.PairState.Event.PodEof;
import io.fairlead.engine.session.PairState.Event.PodReset;
import io.fairlead.engine.session.PairState.Event.Replied;
import io.fairlead.engine.session.PairState.Open;
import io.fairlead.engine.session.PairState.Opening;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PairStateTest {
    private static final CloseReason LOCAL = new CloseReason.LocalReset();
    private static final PairState REJECTED = new Closed(new CloseReason.Rejected());
    private static final PairState RESET = new Closed(new CloseReason.PodReset(""));
    private static final PairState DONE = new Closed(new CloseReason.Done());
    private static final PairState FAILED = new Closed(LOCAL);
    private static final PairState TEXT = new Closed(new CloseReason.PodError("boom"));

    private static final List<PairState> STATES = List.of(new Opening(), new Open(false, false), new Open(true, false), new Open(false, true), FAILED);
    private static final List<Event> EVENTS = List.of(new Replied(), new PodEof(), new PodReset(), new ErrorEnd(""), new ErrorEnd("boom"), new Failed(LOCAL));

    /// A row for each of {@link #STATES}, a column for each of {@link #EVENTS}.
    private static final PairState[][] TABLE = {
        // Replied                PodEof                 PodReset   ErrorEnd               text   Failed
        {new Open(false, false), new Open(true, false), REJECTED, REJECTED,              TEXT, FAILED},
        {new Open(false, false), new Open(true, false), RESET,    new Open(false, true), TEXT, FAILED},
        {new Open(true, false),  new Open(true, false), RESET,    DONE,                  TEXT, FAILED},
        {new Open(false, true),  DONE,                  RESET,    new Open(false, true), TEXT, FAILED},
        {FAILED,                 FAILED,                FAILED,   FAILED,                FAILED, FAILED},
    };

    static Stream<Arguments> steps() {
        return Stream.of(0, 1, 2, 3, 4).flatMap(s -> Stream.of(0, 1, 2, 3, 4, 5)
                .map(e -> Arguments.of(STATES.get(s), EVENTS.get(e), TABLE[s][e])));
    }

    @ParameterizedTest(name = "{0} on {1} is {2}")
    @MethodSource("steps")
    void everyStateOnEveryEvent(PairState state, Event event, PairState next) {
        assertEquals(next, state.on(event));
    }

    @Test
    void theFirstReasonStays() {
        assertEquals(DONE, DONE.on(new ErrorEnd("boom")).on(new Failed(LOCAL)).on(new PodReset()));
    }
}

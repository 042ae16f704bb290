package io.fairlead.bench.agree;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class AgreementMainTest {
    private static final String GOOD = "  5926 requests in 3.10s, 1.02MB read\nRequests/sec:   1911.66\n";

    @Test
    void aProgramThatEndsWellHasFigures() {
        assertEquals(Optional.empty(), AgreementMain.trouble("wrk", 0, GOOD));
        assertEquals(Optional.empty(), AgreementMain.trouble("redis-benchmark", 0, "\"ECHO\",\"1800\""));
    }

    @Test
    void whatWrkOnlyMentionsIsAnError() {
        assertEquals(Optional.of("says \"Socket errors: connect 0, read 12, write 0, timeout 0\""),
                AgreementMain.trouble("wrk", 0, "  Socket errors: connect 0, read 12, write 0, timeout 0\n" + GOOD));
        assertEquals(Optional.of("says \"Non-2xx or 3xx responses: 7\""), AgreementMain.trouble("wrk", 0, "  Non-2xx or 3xx responses: 7\n" + GOOD));
    }

    @Test
    void anExitCodeIsAnErrorWhateverWasSaid() {
        assertEquals(Optional.of("ended with 2"), AgreementMain.trouble("wrk", 2, GOOD));
        assertEquals(Optional.of("ended with 1"), AgreementMain.trouble("redis-benchmark", 1, ""));
    }
}

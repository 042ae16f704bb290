package io.fairlead.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GoDurationTest {
    @ParameterizedTest
    @CsvSource({
        "0, PT0S", "+0, PT0S", "-0, PT0S", "1m0s, PT1M", "90s, PT1M30S", "500ms, PT0.5S", "1.5h, PT1H30M", "2h45m30.5s, PT2H45M30.5S",
        "1us, PT0.000001S", "1\u00b5s, PT0.000001S", "1\u03bcs, PT0.000001S", "7ns, PT0.000000007S", "-1m, PT-1M", ".5s, PT0.5S",
        "5.s, PT5S", "0s, PT0S", "1s1s, PT2S", "0.9ns, PT0S", "9223372036854775807ns, PT2562047H47M16.854775807S",
    })
    void readsWhatGoReads(String text, Duration expected) {
        assertEquals(expected, GoDuration.parse(text));
    }

    @ParameterizedTest
    @CsvSource({
        "'', invalid duration \"\"", "abc, invalid duration \"abc\"", "., invalid duration \".\"", ".s, invalid duration \".s\"",
        "1.2.3s, invalid duration \"1.2.3s\"", "+, invalid duration \"+\"", "s, invalid duration \"s\"", "' 5s', invalid duration \" 5s\"",
        "5, missing unit in duration \"5\"", "1m5, missing unit in duration \"1m5\"", "5d, unknown unit \"d\" in duration \"5d\"",
        "5S, unknown unit \"S\" in duration \"5S\"", "5s , 'unknown unit \"s \" in duration \"5s \"'",
        "1m-5s, unknown unit \"m-\" in duration \"1m-5s\"", "9223372036854775808ns, invalid duration \"9223372036854775808ns\"",
    })
    void refusesWhatGoRefusesInItsWords(String text, String expected) {
        String value = expected.contains("\"5s \"") ? "5s " : text;
        assertEquals(expected, assertThrows(IllegalArgumentException.class, () -> GoDuration.parse(value)).getMessage());
    }

    @ParameterizedTest
    @CsvSource({"PT0.25S, 250ms", "PT1S, 1s", "PT1.5S, 1.5s", "PT30S, 30s", "PT1M30S, 1m30s", "PT61M, 61m0s"})
    void printsShortly(Duration duration, String expected) {
        assertEquals(expected, GoDuration.format(duration));
    }
}

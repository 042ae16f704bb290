package io.fairlead.engine.kube;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UrlPathTest {
    @ParameterizedTest
    @CsvSource({"web-0,", "a.b,", "...,", "., may not be '.'", ".., may not be '..'", "../.., may not contain '/'", "a%2f, may not contain '%'",
        "'a b', may not contain blanks or control characters", "'a\r\nb', may not contain blanks or control characters"})
    void namesThatCannotBeASegmentAreFound(String name, String problem) {
        assertEquals(Optional.ofNullable(problem), UrlPath.problem(name));
    }

    @ParameterizedTest
    @CsvSource({"web-0, web-0", "a/b, a%2Fb", "a%2fb, a%252fb", ".., %2E%2E", "a b, a%20b", "a?b#c, a%3Fb%23c", "'a\nb', a%0Ab"})
    void anyTextBecomesOneSegment(String text, String segment) {
        assertEquals(segment, UrlPath.segment(text));
    }
}

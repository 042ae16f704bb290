package io.fairlead.engine.listen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.fairlead.engine.Failure;
import io.fairlead.engine.ForwardException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LocalAddressesTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "localhost               | [127.0.0.1 one of, ::1 one of]",
        "127.0.0.1               | [127.0.0.1 required]",
        "::1                     | [::1 required]",
        "localhost 127.0.0.1     | [127.0.0.1 required, ::1 one of]",
        "127.0.0.1 localhost     | [127.0.0.1 required, ::1 one of]",
        "10.0.0.2 10.0.0.1       | [10.0.0.1 required, 10.0.0.2 required]",
        "10.0.0.1 10.0.0.1       | [10.0.0.1 required]",
        "0.0.0.0                 | [0.0.0.0 required]",
    })
    void namesBecomeAddressesInOrderAndNoneTwice(String names, String addresses) throws ForwardException {
        List<String> parsed = LocalAddresses.parse(Arrays.asList(names.strip().split(" "))).stream()
                .map(a -> a.text() + (a.required() ? " required" : " one of")).toList();
        assertEquals(addresses, parsed.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"example.com", "256.0.0.1", "1.2.3", "", "LOCALHOST"})
    void whatIsNoAddressIsQuoted(String name) {
        var e = assertThrows(ForwardException.class, () -> LocalAddresses.parse(List.of(name)));
        assertEquals(new Failure.MalformedAddress(name), e.failure());
    }

    @Test
    void theBytesAreThoseOfTheText() throws ForwardException {
        assertEquals("10.1.2.3", LocalAddresses.parse(List.of("10.1.2.3")).getFirst().address().getHostAddress());
    }
}

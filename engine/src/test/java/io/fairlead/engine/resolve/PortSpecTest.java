package io.fairlead.engine.resolve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.fairlead.engine.Failure;
import io.fairlead.engine.ForwardException;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PortSpecTest {
    @ParameterizedTest
    @CsvSource({
        "8080,         8080, 8080",
        "8080:80,      8080, 80",
        ":80,          0,    80",
        "0:80,         0,    80",
        "080:0080,     80,   80",
        "65535:65535,  65535, 65535",
    })
    void numbersStandForThemselves(String text, int local, int remote) throws ForwardException {
        PortSpec spec = PortSpec.parse(text);
        assertEquals(new PortPair(local, remote), spec.pair(remote, Integer.parseInt(spec.remote())));
    }

    @ParameterizedTest
    @CsvSource({
        "http,      8000",
        "http:http, 8000", // the same as one part
        "9:http,    9",
        ":http,     0",
    })
    void aNameAloneTakesTheNumberItStandsFor(String text, int local) throws ForwardException {
        assertEquals(new PortPair(local, 80), PortSpec.parse(text).pair(8000, 80));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "x:80       | error parsing local port 'x': strconv.ParseUint: parsing \"x\": invalid syntax",
        "-1:80      | error parsing local port '-1': strconv.ParseUint: parsing \"-1\": invalid syntax",
        "+80        | error parsing local port '+80': strconv.ParseUint: parsing \"+80\": invalid syntax",
        "8080:-80   | error parsing remote port '-80': strconv.ParseUint: parsing \"-80\": invalid syntax",
        "x:web      | error parsing local port 'x': strconv.ParseUint: parsing \"x\": invalid syntax",
        "8080:      | remote port cannot be empty",
        ":          | remote port cannot be empty",
        "''         | remote port cannot be empty",
    })
    void whatIsNoPortIsRefusedInKubectlsWords(String text, String why) {
        Failure failure = assertThrows(ForwardException.class, () -> PortSpec.parse(text)).failure();
        assertInstanceOf(Failure.MalformedPort.class, failure);
        assertEquals(why, failure.why());
    }

    @ParameterizedTest
    @ValueSource(strings = {"1:2:3", "127.0.0.1:8080:80", "8080:80:", "::80"})
    void moreThanTwoPartsAreRefusedAlthoughKubectlForwardsTheFirst(String text) {
        Failure failure = assertThrows(ForwardException.class, () -> PortSpec.parse(text)).failure();
        assertEquals(new Failure.MalformedPort(text, "it has more than two parts; an address to listen on is the business of --address"), failure);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "70000      | error parsing local port '70000': strconv.ParseUint: parsing \"70000\": value out of range",
        "80:65536   | error parsing remote port '65536': strconv.ParseUint: parsing \"65536\": value out of range",
        "99999999999999999999:80 | error parsing local port '99999999999999999999': strconv.ParseUint: parsing \"99999999999999999999\": value out of range",
        "0          | remote port must be > 0",
        "80:0       | remote port must be > 0",
        ":0         | remote port must be > 0",
    })
    void whatDoesNotFitIsRefusedInKubectlsWords(String text, String why) {
        Failure failure = assertThrows(ForwardException.class, () -> PortSpec.parse(text)).failure();
        assertInstanceOf(Failure.PortOutOfRange.class, failure);
        assertEquals(why, failure.why());
    }
}

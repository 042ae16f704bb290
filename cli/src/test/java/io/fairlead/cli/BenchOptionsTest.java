package io.fairlead.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.fairlead.cli.bench.Generator;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BenchOptionsTest {
    private static BenchOptions options(String... args) throws UsageException {
        return BenchOptions.of(Flags.parse(Flags.bench(), "fairlead", args), "fairlead");
    }

    @Test
    void withoutATargetTheEmbeddedClusterIsMeasured() throws UsageException {
        BenchOptions options = options();
        assertEquals(new BenchOptions(Optional.empty(), Generator.EMBEDDED, "", List.of(1, 2, 4, 8), List.of(1, 64), Duration.ofSeconds(1), Optional.empty()),
                options);
    }

    @Test
    void theTargetIsForwardedToAFreeLocalPort() throws UsageException {
        BenchOptions options = options("-n", "shop", "svc/api", "http", "--http", "/x?y=1", "--sessions", "4,1", "--connections=8", "--for", "500ms", "--json", "-");
        assertEquals("svc/api", options.target().orElseThrow().target());
        assertEquals(List.of(":http"), options.target().orElseThrow().ports());
        assertEquals(Optional.of("shop"), options.target().orElseThrow().namespace());
        assertEquals(Generator.HTTP, options.generator());
        assertEquals("/x?y=1", options.text());
        assertEquals(List.of(1, 4), options.sessions());
        assertEquals(List.of(8), options.connections());
        assertEquals(Duration.ofMillis(500), options.window());
        assertEquals(Optional.of("-"), options.json());
    }

    @Test
    void nothingSaidOfATargetMeansConnectingAlone() throws UsageException {
        assertEquals(Generator.NONE, options("db", "5432").generator());
        assertEquals(Generator.ECHO, options("db", "5432", "--echo").generator());
    }

    @Test
    void whatToSendMayHoldAnyByte() throws UsageException {
        assertEquals("PING\r\n\0\u00ff\\\u00c3\u00a4", options("db", "1", "--send", "PING\\r\\n\\0\\xff\\\\ä").text());
        assertEquals("", options("db", "1", "--send", "").text());
        for (String wrong : List.of("\\", "\\q", "\\x1", "\\xg0")) {
            assertThrows(UsageException.class, () -> BenchOptions.bytes(wrong), wrong);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            svc/api                      | TYPE/NAME and one port are required for bench, or neither
            svc/api 1 2                  | TYPE/NAME and one port are required for bench, or neither
            svc/api 8080:80              | invalid port "8080:80"
            svc/api 80 --echo --sink     | --http, --echo, --source, --sink and --send exclude each other
            --echo                       | what the target can do was said, but no target
            svc/api 80 --http x          | invalid argument "x" for --http
            svc/api 80 --for 0           | --for must be higher than zero and 1h at most
            svc/api 80 --for 61m         | --for must be higher than zero and 1h at most
            svc/api 80 --for 2           | invalid argument "2" for --for
            svc/api 80 --sessions 0      | invalid argument "0" for --sessions
            svc/api 80 --sessions 1,,2   | invalid argument "1,,2" for --sessions
            svc/api 80 --connections 4001 | invalid argument "4001" for --connections
            svc/api 80 --address ::1     | --address is a flag of port-forward, not of bench
            """)
    void mistakesAreNamed(String line, String what) {
        UsageException e = assertThrows(UsageException.class, () -> options(line.split(" ")));
        assertEquals(what, e.getMessage().lines().findFirst().orElse(""));
    }
}

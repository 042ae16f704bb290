package io.fairlead.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CliTest {
    private final Captured captured = new Captured();

    private ExitCode run(String... args) {
        return new Cli(captured.output).run(args);
    }

    @Test
    void withoutArgumentsItSaysWhatItIs() {
        assertEquals(ExitCode.OK, run());
        assertTrue(captured.out().startsWith("Usage: fairlead [port-forward] [flags] TYPE/NAME"), captured.out());
        assertEquals("", captured.err());
    }

    @ParameterizedTest
    @CsvSource({
        "-h, Usage: fairlead [port-forward]", "--help, Usage: fairlead [port-forward]", "help, Usage: fairlead [port-forward]",
        "port-forward -h, --pod-running-timeout", "-n x port-forward --help, --pod-running-timeout", "pod/db 1 -h, --pod-running-timeout",
        "help port-forward, --pod-running-timeout", "demo -h, --for", "help demo, --for", "bench -h, --connections", "help bench, --connections", "-n x bench -h, --http", "testbed -h, testbed [flags]",
        "help exit-codes, '   73  not one'", "version, 'fairlead '", "--version, 'fairlead '",
    })
    void helpAndVersionGoToStdoutWithZero(String line, String part) {
        assertEquals(ExitCode.OK, run(line.split(" ")));
        assertTrue(captured.out().contains(part), captured.out());
        assertEquals("", captured.err());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            port-forward                    | TYPE/NAME and list of ports are required for port-forward
            -n kube-system port-forward     | TYPE/NAME and list of ports are required for port-forward
            --context a -n=b port-forward   | TYPE/NAME and list of ports are required for port-forward
            --address 1.2.3.4 port-forward  | TYPE/NAME and list of ports are required for port-forward
            -- port-forward                 | TYPE/NAME and list of ports are required for port-forward
            --token abc port-forward a 1    | --token is a flag of kubectl that fairlead does not take
            help me                         | no help on "me"
            bench svc/api                   | TYPE/NAME and one port are required for bench, or neither
            demo 8080                       | unexpected argument "8080"
            demo --for=5                    | invalid argument "5" for --for
            demo --for=0s                   | --for must be higher than zero
            testbed -n x                    | unknown flag: -n
            """)
    void mistakesGoToStderrWith64(String line, String what) {
        assertEquals(ExitCode.USAGE, run(line.split(" ")));
        assertEquals("fairlead: " + what, captured.err().lines().findFirst().orElse(""));
        assertEquals("", captured.out());
    }
}

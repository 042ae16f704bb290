package io.fairlead.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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
    @CsvSource({
        "prot-forward, port-forward", "portforward, port-forward", "port-fowrard, port-forward", "benhc, bench", "dmeo, demo", "tesbed, testbed",
        "verson, version", "helpp, help",
    })
    void aSlipOfTheFingerIsNamedTheCommandThatWasMeant(String word, String meant) {
        assertEquals(Optional.of(meant), Cli.near(word));
    }

    @ParameterizedTest
    @ValueSource(strings = {"web", "db", "shell", "best", "demo-12", "api-bench", "warmup", "port"})
    void mostNamesOfPodsAreFarFromEveryCommand(String word) {
        assertEquals(Optional.empty(), Cli.near(word));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            prot-forward svc/api 80          | did you mean port-forward? See 'fairlead port-forward -h'
            pf svc/api 80                    | see 'fairlead -h'
            help benhc                       | did you mean bench?
            -n shop --context a svc/api      | write for example 'fairlead --context a -n shop svc/api 8080:80', or see 'fairlead -h'
            bench --kubeconfig k svc/api     | write for example 'fairlead bench --kubeconfig k svc/api 8080'
            bench svc/api 80 81              | write for example 'fairlead bench svc/api 80'
            bench svc/api 8080:80            | give the target's port alone: 80
            bench svc/api 80 --address ::1   | leave it out; see 'fairlead bench -h'
            help bench foo                   | write 'fairlead help bench'
            """)
    void mistakesAreToldWithWhatToWrite(String line, String remedy) {
        assertEquals(ExitCode.USAGE, run(line.split(" ")));
        assertEquals("        do    " + remedy, captured.err().lines().toList().getLast());
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
            testbed -n x                    | -n is a flag of port-forward and bench, not of testbed
            bench svc/api 80 --address ::1  | --address is a flag of port-forward, not of bench
            bench svc/api 80 -q             | -q is a flag of port-forward, not of bench
            svc/api 80 --http /             | --http is a flag of bench, not of port-forward
            --json x port-forward svc/api 80 | --json is a flag of bench, not of port-forward
            --for=3s svc/api 80             | --for is a flag of bench and demo, not of port-forward
            --json x bench svc/api          | TYPE/NAME and one port are required for bench, or neither
            prot-forward svc/api 80         | unknown command "prot-forward"
            benhc                           | unknown command "benhc"
            pf svc/api 80                   | unknown command "pf"
            web                             | TYPE/NAME and list of ports are required for port-forward
            help bench foo                  | unexpected argument "foo"
            """)
    void mistakesGoToStderrWith64(String line, String what) {
        assertEquals(ExitCode.USAGE, run(line.split(" ")));
        assertEquals("fairlead: " + what, captured.err().lines().findFirst().orElse(""));
        assertEquals("", captured.out());
    }
}

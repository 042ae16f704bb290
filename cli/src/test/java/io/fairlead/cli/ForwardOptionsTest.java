package io.fairlead.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.engine.ForwardSpec;
import io.fairlead.engine.Limits;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ForwardOptionsTest {
    private static ForwardOptions parse(String... args) throws UsageException {
        return ForwardOptions.of(Flags.parse(Flags.portForward(), "fairlead", args), "fairlead");
    }

    private static ForwardOptions parseLine(String line) throws UsageException {
        return parse(line.split(" "));
    }

    @Test
    void withoutFlagsKubectlsDefaultsHold() throws UsageException {
        assertEquals(new ForwardOptions(ForwardSpec.of("svc/web", "8080:80", ":443"), false, 0), parseLine("svc/web 8080:80 :443"));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "-n shop pod/db 5432", "-n=shop pod/db 5432", "-nshop pod/db 5432", "--namespace shop pod/db 5432", "--namespace=shop pod/db 5432",
        "pod/db -n shop 5432", "pod/db 5432 -n shop", "-n other pod/db 5432 -n shop", "-n shop -- pod/db 5432", "-qn shop pod/db 5432",
    })
    void flagsStandAnywhereInEachForm(String line) throws UsageException {
        ForwardSpec spec = parseLine(line).spec();
        assertEquals(Optional.of("shop"), spec.namespace());
        assertEquals("pod/db", spec.target());
        assertEquals(List.of("5432"), spec.ports());
    }

    @Test
    void everyFlagReachesTheSpec() throws UsageException {
        ForwardOptions options = parseLine("--context prod --kubeconfig=/k/config --pod-running-timeout 90s --max-connections=7 --sessions=3 -q -v=4"
                + " --address 10.0.0.1,localhost --address ::1 deploy/web 80 443:https");
        assertEquals(new ForwardSpec(Optional.of(Path.of("/k/config")), Optional.of("prod"), Optional.empty(), "deploy/web",
                List.of("80", "443:https"), List.of("10.0.0.1", "localhost", "::1"), Duration.ofSeconds(90), 7, 3), options.spec());
        assertTrue(options.quiet());
        assertEquals(4, options.verbosity());
    }

    @ParameterizedTest
    @CsvSource({"-v 4, 4", "-v4, 4", "-v=4, 4", "--v=4, 4", "--v 4, 4", "-v=4 -v=1, 1"})
    void verbosityIsWrittenAsForKubectl(String flag, int expected) throws UsageException {
        assertEquals(expected, parseLine(flag + " pod/db 1").verbosity());
    }

    @ParameterizedTest
    @ValueSource(strings = {"--namespace= pod/db 1", "--context= pod/db 1", "--kubeconfig= pod/db 1"})
    void anEmptyValueIsNone(String line) throws UsageException {
        assertEquals(ForwardSpec.of("pod/db", "1"), parseLine(line).spec());
    }

    @Test
    void afterTwoDashesNothingIsAFlag() throws UsageException {
        assertEquals(List.of("-1"), parse("--", "pod/db", "-1").spec().ports());
    }

    @Test
    void aFlagsValueMayLookLikeAFlag() throws UsageException {
        assertEquals(Optional.of("-q"), parse("-n", "-q", "pod/db", "1").spec().namespace());
    }

    @Test
    void filesAreNeverReadForArguments() throws UsageException {
        assertEquals("@/etc/passwd", parse("@/etc/passwd", "1").spec().target());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            -n                                     | flag needs an argument: -n, --namespace
            pod/db 1 --context                     | flag needs an argument: --context
            -n shop                                | TYPE/NAME and list of ports are required for port-forward
            pod/db                                 | TYPE/NAME and list of ports are required for port-forward
            --bogus pod/db 1                       | unknown flag: --bogus
            --bogus=1 pod/db 1                     | unknown flag: --bogus
            --n=shop pod/db 1                      | unknown flag: --n
            --name shop pod/db 1                   | unknown flag: --name
            -x pod/db 1                            | unknown flag: -x
            --pod-running-timeout=0 pod/db 1       | --pod-running-timeout must be higher than zero
            --pod-running-timeout=-5s pod/db 1     | --pod-running-timeout must be higher than zero
            --pod-running-timeout=abc pod/db 1     | invalid argument "abc" for --pod-running-timeout
            --pod-running-timeout=5 pod/db 1       | invalid argument "5" for --pod-running-timeout
            --max-connections=0 pod/db 1           | invalid argument "0" for --max-connections
            --sessions=0 pod/db 1                  | invalid argument "0" for --sessions
            --sessions=65 pod/db 1                 | invalid argument "65" for --sessions
            --sessions=many pod/db 1               | invalid argument "many" for --sessions
            --max-connections=many pod/db 1        | invalid argument "many" for --max-connections
            --max-connections=99999999999 pod/db 1 | invalid argument "99999999999" for --max-connections
            -v=x pod/db 1                          | invalid argument "x" for -v
            -v=-1 pod/db 1                         | invalid argument "-1" for -v
            """)
    void mistakesAreNamed(String line, String what) {
        List<String> message = assertThrows(UsageException.class, () -> parseLine(line)).getMessage().lines().toList();
        assertEquals(what, message.getFirst());
        assertEquals(3, message.size());
        assertTrue(message.get(1).startsWith("        why   "), message.get(1));
        assertTrue(message.get(2).startsWith("        do    "), message.get(2));
    }

    @ParameterizedTest
    @MethodSource("io.fairlead.cli.Flags#kubectlOnlyNames")
    void kubectlsOtherFlagsAreRefusedByName(String flag) {
        UsageException refused = assertThrows(UsageException.class, () -> parse(flag, "value", "pod/db", "1"));
        assertTrue(refused.getMessage().startsWith(flag + " is a flag of kubectl that fairlead does not take"), refused.getMessage());
        UsageException attached = assertThrows(UsageException.class, () -> parse(flag + "=value", "pod/db", "1"));
        assertEquals(refused.getMessage(), attached.getMessage());
    }

    @Test
    void theDefaultLimitOfConnectionsIsTheEngines() throws UsageException {
        ForwardOptions options = parseLine("pod/db 1");
        assertEquals(Limits.PAIRS_MAX, options.spec().pairsMax());
        assertFalse(options.quiet());
    }
}

package io.fairlead.testbed.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SourcePortsTest {
    @ParameterizedTest(name = "{0}")
    @CsvSource({"'32768\t60999\n', 53942, 7058", "'1024 65535', 49408, 16128", "'50000 50003', 50003, 1"})
    void theyAreTheLastQuarterOfTheRange(String range, int first, int count) throws Exception {
        SourcePorts ports = SourcePorts.ofRange(range).orElseThrow();
        var seen = new HashSet<Integer>();
        for (int i = 0; i < 2 * count; i++) {
            seen.add(ports.next(InetAddress.getByName("10.0.0.1")).getPort());
        }
        assertEquals(count, seen.size());
        assertTrue(seen.stream().allMatch(port -> port >= first && port < first + count), seen.toString());
    }

    @Test
    void aRangeOfThreePortsHasNoQuarter() {
        assertTrue(SourcePorts.ofRange("50000 50002").isEmpty());
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"10.0.0.1, false", "fd00::1, true"})
    void theAddressIsOfTheTargetsFamily(String target, boolean six) throws Exception {
        InetSocketAddress source = SourcePorts.ofRange("32768 60999").orElseThrow().next(InetAddress.getByName(target));
        assertTrue(source.getAddress().isAnyLocalAddress(), source.toString());
        assertEquals(six, source.getAddress() instanceof Inet6Address);
    }
}

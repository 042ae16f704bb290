package io.fairlead.testbed.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoadMainTest {
    @Test
    void workloadsSideBySideAreSeparatedByAPlus() {
        List<LoadSpec> specs = LoadMain.parse("rr", "127.0.0.1:1", "--connections", "8", "+", "download", "127.0.0.1:2,127.0.0.1:3", "--seconds", "0.5");
        assertEquals(2, specs.size());
        assertEquals(Mode.RR, specs.getFirst().mode());
        assertEquals(8, specs.getFirst().connections());
        assertEquals(Mode.DOWNLOAD, specs.getLast().mode());
        assertEquals(List.of(new InetSocketAddress("127.0.0.1", 2), new InetSocketAddress("127.0.0.1", 3)), specs.getLast().targets());
        assertEquals(Duration.ofMillis(500), specs.getLast().window());
    }

    @ParameterizedTest
    @CsvSource({"1000, 1000", "10k, 10000", "10M, 10000000", "10G, 10000000000", "1Mi, 1048576", "2Ki, 2048"})
    void amountsMayHaveAUnit(String text, long bytes) {
        assertEquals(bytes, LoadMain.parse("hash", "h:1", "--bytes", text).getFirst().bytes());
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', value = {
        "rr|usage: MODE HOST:PORT[,HOST:PORT...] [--OPTION VALUE ...] [+ MODE ...]",
        "rr 127.0.0.1|\"127.0.0.1\" is not HOST:PORT",
        "rr h:1 --connections|\"--connections\" is not an option with a value",
        "rr h:1 --connections 0|a workload needs a target, and connections, message, rate, bytes and count above 0; sources 0 to 250",
        "rr-open h:1 --rate NaN|a workload needs a target, and connections, message, rate, bytes and count above 0; sources 0 to 250",
        "rr-open h:1 --rate 2e9|--rate 2e9: at most 1000000000, a message a nanosecond",
        "rr h:1 --connections abc|--connections abc: has to be a whole number",
        "rr h:1 --rate abc|--rate abc: has to be a number",
        "rr h:1 --message 5G|--message 5G: more than 2147483647",
        "hash h:1 --bytes 10kk|--bytes 10kk: has to be a whole number, with k, M, G, Ki, Mi or Gi behind it if you like",
        "hash h:1 --bytes 99999999999G|--bytes 99999999999G: has to be a whole number, with k, M, G, Ki, Mi or Gi behind it if you like",
        "rr h:1 --seconds 0|--seconds 0: has to be above 0 and at most 1000000",
        "rr h:1 --seconds NaN|--seconds NaN: has to be above 0 and at most 1000000",
        "rr h:1 --deadline 0|--deadline 0: has to be above 0 and at most 1000000",
        "rr h:1 --warmup -1|--warmup -1: has to be 0 to 1000000",
        "idle h:1 --idle x|--idle x: has to be a number",
        "rr h:70000|\"h:70000\" is not HOST:PORT",
        "rr h:x|\"h:x\" is not HOST:PORT",
    })
    void aBadArgumentIsNamed(String line, String message) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, () -> LoadMain.parse(line.split(" "))).getMessage());
    }
}

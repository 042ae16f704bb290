package io.fairlead.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BenchCommandTest {
    @Test
    void aServersAddressIsFoundInItsUrl() {
        assertEquals("api_1:6443", address("https://api_1:6443/prefix"));
        assertEquals("h:443", address("https://h"));
        assertEquals("h:80", address("http://h/"));
        assertEquals(7, BenchCommand.address("https://[::1]:7").orElseThrow().getPort());
        assertTrue(BenchCommand.address("https://[::1]:7").orElseThrow().getAddress().isLoopbackAddress());
        assertEquals(Optional.empty(), BenchCommand.address("api"));
        assertEquals(Optional.empty(), BenchCommand.address("no url"));
        assertEquals(Optional.empty(), BenchCommand.address("https:///path"));
    }

    private static String address(String server) {
        InetSocketAddress address = BenchCommand.address(server).orElseThrow();
        return address.getHostString() + ":" + address.getPort();
    }
}

package io.fairlead.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fairlead.engine.Failure;
import io.fairlead.engine.ForwardEvent;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EventPrinterTest {
    private final Captured captured = new Captured();
    private long now;
    private final EventPrinter printer = new EventPrinter(captured.output, false, () -> now);

    private static InetSocketAddress address(String host, int port) throws UnknownHostException {
        return new InetSocketAddress(InetAddress.getByName(host), port);
    }

    @Test
    void kubectlsLinesGoToStdoutWordForWord() throws UnknownHostException {
        printer.accept(new ForwardEvent.Listening(address("127.0.0.1", 5353), 53));
        printer.accept(new ForwardEvent.Listening(address("::1", 5353), 53));
        printer.accept(new ForwardEvent.Accepted(5353));
        assertEquals("""
                Forwarding from 127.0.0.1:5353 -> 53
                Forwarding from [::1]:5353 -> 53
                Handling connection for 5353
                """, captured.out());
        assertEquals("", captured.err());
    }

    @ParameterizedTest
    @CsvSource({
        "::1, [::1]:80", "::, [::]:80", "fe80:0:0:1:0:0:0:9, [fe80:0:0:1::9]:80", "2001:db8:0:1:1:1:1:1, [2001:db8:0:1:1:1:1:1]:80",
        "2001:0:0:1:0:0:1:1, [2001::1:0:0:1:1]:80", "1:2:3:4:5:6:0:0, [1:2:3:4:5:6::]:80", "10.1.2.3, 10.1.2.3:80",
    })
    void addressesAreWrittenAsGoWritesThem(String host, String expected) throws UnknownHostException {
        assertEquals(expected, EventPrinter.hostAndPort(address(host, 80)));
    }

    @Test
    void quietLeavesOnlyTheHandlingLinesOut() throws UnknownHostException {
        EventPrinter quiet = new EventPrinter(captured.output, true, () -> now);
        quiet.accept(new ForwardEvent.Listening(address("127.0.0.1", 1), 2));
        quiet.accept(new ForwardEvent.Accepted(1));
        quiet.accept(new ForwardEvent.PairFailed(1, 2, "refused"));
        assertEquals("Forwarding from 127.0.0.1:1 -> 2\n", captured.out());
        assertEquals("fairlead: an error occurred forwarding 1 -> 2: refused\n", captured.err());
    }

    @Test
    void aLostSessionAndItsReturnAreOneLineEachAndTheFirstSessionNone() {
        printer.accept(new ForwardEvent.TunnelUp("web-1", 1));
        printer.accept(new ForwardEvent.TunnelLost("web-1", 12, "connection reset"));
        printer.accept(new ForwardEvent.Retrying(1, Duration.ofMillis(500), new Failure.Unexpected("no way", "no road")));
        printer.accept(new ForwardEvent.TunnelUp("web-2", 1));
        printer.accept(new ForwardEvent.TunnelUp("web-2", 2));
        assertEquals("""
                fairlead: session to pod web-1 lost: connection reset; 12 connections closed with it
                fairlead: no session, attempt 1 failed, next in 500ms: no way: no road
                fairlead: session to pod web-2 is up
                """, captured.err());
        assertEquals("", captured.out());
    }

    @Test
    void aPodThatIsUsedUntilItEndsIsNotCalledUpAgainButTheNextOneIs() {
        printer.accept(new ForwardEvent.TunnelUp("web-1", 1));
        printer.accept(new ForwardEvent.PodLeft("web-1", "is being deleted"));
        printer.accept(new ForwardEvent.PodKept("web-1"));
        printer.accept(new ForwardEvent.TunnelUp("web-1", 1));
        printer.accept(new ForwardEvent.TunnelUp("web-1", 2));
        printer.accept(new ForwardEvent.PodLeft("web-1", "was deleted"));
        printer.accept(new ForwardEvent.TunnelUp("web-2", 1));
        assertEquals("""
                fairlead: pod web-1 takes no new connections: is being deleted; looking for another
                fairlead: no other pod yet: pod web-1 is used until it ends
                fairlead: pod web-1 takes no new connections: was deleted; looking for another
                fairlead: session to pod web-2 is up
                """, captured.err());
    }

    @Test
    void aStormOfFailedConnectionsCostsAFewLines() {
        for (int i = 0; i < 200; i++) {
            printer.accept(new ForwardEvent.PairFailed(8080, 80, "connection refused"));
        }
        now = TimeUnit.SECONDS.toNanos(1);
        printer.tick();
        String shown = "fairlead: an error occurred forwarding 8080 -> 80: connection refused\n";
        assertEquals(shown.repeat(Repeats.SHOWN_PER_SECOND)
                + "fairlead: 195 more like this within a second; the last: an error occurred forwarding 8080 -> 80: connection refused\n",
                captured.err());
    }

    @Test
    void connectionsThatWaitAreNamedWithTheUploadTheyWaitFor() throws UnknownHostException {
        printer.accept(new ForwardEvent.PairsWaiting("web-1", 7005, Map.of(7000, 3),
                List.of(address("127.0.0.1", 50001), address("::1", 50002), address("127.0.0.1", 50003))));
        printer.accept(new ForwardEvent.PairsMoving("web-1", Map.of(7000, 2)));
        printer.accept(new ForwardEvent.PairsWaiting("web-1", 0, Map.of(7001, 1, 7000, 9), List.of(address("127.0.0.1", 50001))));
        printer.accept(new ForwardEvent.PairsWaiting("web-1", 7005, Map.of(7000, 1), List.of()));
        printer.accept(new ForwardEvent.PairsMoving("web-1", Map.of()));
        assertEquals("""
                fairlead: 3 connections to port 7000 (from 127.0.0.1:50001, [::1]:50002, 127.0.0.1:50003) wait behind an upload that port 7005 of pod web-1 does not read; new connections are not affected
                fairlead: the connections to port 7000 go on
                fairlead: 10 connections to ports 7000, 7001 (from 127.0.0.1:50001 and 9 more) wait behind an upload that some port of pod web-1 does not read; new connections are not affected
                fairlead: 1 connection to port 7000 waits behind an upload that port 7005 of pod web-1 does not read; new connections are not affected
                """, captured.err());
        assertEquals("", captured.out());
    }

    @Test
    void connectionsThatWaitAreToldOfInAStormOfErrors() {
        for (int i = 0; i < 200; i++) {
            printer.accept(new ForwardEvent.PairFailed(8080, 80, "connection refused"));
        }
        printer.accept(new ForwardEvent.PairsWaiting("web-1", 7005, Map.of(7000, 1), List.of()));
        printer.accept(new ForwardEvent.PairsMoving("web-1", Map.of(7000, 1)));
        assertEquals(List.of("fairlead: 1 connection to port 7000 waits behind an upload that port 7005 of pod web-1 does not read; new connections are"
                + " not affected", "fairlead: the connections to port 7000 go on"), captured.err().lines().skip(Repeats.SHOWN_PER_SECOND).toList());
    }

    @Test
    void troubleWithListeningGoesToStderr() {
        printer.accept(new ForwardEvent.ListenFailed("127.0.0.1", 8080, "address already in use"));
        printer.accept(new ForwardEvent.AcceptPaused(8080, "4000 connections are open"));
        printer.accept(new ForwardEvent.AcceptResumed(8080));
        printer.accept(new ForwardEvent.Dropped(3));
        printer.accept(new ForwardEvent.Stopped());
        assertEquals("""
                Unable to listen on port 8080: 127.0.0.1: address already in use
                fairlead: port 8080 accepts no further connections for now, they wait: 4000 connections are open
                fairlead: port 8080 accepts connections again
                fairlead: 3 messages were not shown, as stdout or stderr is read too slowly
                """, captured.err());
    }
}

package io.fairlead.engine.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class CloseReasonTest {
    private static final String SANDBOX = "4b2a".repeat(16);
    private static final String OUTER = "error forwarding port 80 to pod " + SANDBOX + ", uid : ";
    private static final String INNER = OUTER + "failed to execute portforward in network namespace \"/var/run/netns/cni-1\": ";

    /// Texts of docs/PROTOCOL.md 4.4.
    static Stream<Arguments> texts() {
        return Stream.of(
                row(CloseReason.Refused.class, INNER + "failed to connect to localhost:80 inside namespace \"" + SANDBOX + "\", IPv4: dial tcp4 127.0.0.1:80: "
                        + "connect: connection refused IPv6 dial tcp6 [::1]:80: connect: connection refused "),
                row(CloseReason.Refused.class, INNER + "failed to connect to localhost:80 inside namespace \"host\", IPv4: dial tcp4 127.0.0.1:80: "
                        + "connect: connection refused IPv6 dial tcp6: address localhost: no suitable address found"),
                row(CloseReason.Refused.class, INNER + "failed to dial 80: dial tcp4 127.0.0.1:80: connect: connection refused"),
                row(CloseReason.Refused.class, INNER + "socat command returns error: exit status 1, stderr: \"2026/11/22 12:00:00 socat[7] E connect(5, AF=2 "
                        + "127.0.0.1:80, 16): Connection refused\\n\""),
                row(CloseReason.Refused.class, OUTER + "port forward into network namespace \"/var/run/netns/x\": failed to connect to localhost:80 inside "
                        + "namespace " + SANDBOX + ": dial tcp [::1]:80: connect: connection refused"),
                row(CloseReason.PodClosedEarly.class, INNER + "readfrom tcp4 127.0.0.1:41230->127.0.0.1:80: write tcp4 127.0.0.1:41230->127.0.0.1:80: write: broken pipe"),
                row(CloseReason.PodClosedEarly.class, INNER + "write tcp4 127.0.0.1:41230->127.0.0.1:80: write: connection reset by peer"),
                row(CloseReason.PodReset.class, INNER + "read tcp4 127.0.0.1:41230->127.0.0.1:80: read: connection reset by peer"),
                row(CloseReason.PodGone.class, OUTER + "failed to find sandbox \"" + SANDBOX + "\" in store: not found"),
                row(CloseReason.PodGone.class, OUTER + "network namespace for sandbox \"" + SANDBOX + "\" is closed"),
                row(CloseReason.PodGone.class, OUTER + "could not find sandbox \"" + SANDBOX + "\""),
                row(CloseReason.PodGone.class, OUTER + "sandbox container is not running"),
                row(CloseReason.PodError.class, INNER + "failed to find socat: exec: \"socat\": executable file not found in $PATH"),
                row(CloseReason.PodError.class, "(conn=0xc000, request=0) timed out waiting for streams"),
                row(CloseReason.PodError.class, "error processing stream for request 0: error stream already assigned"));
    }

    private static Arguments row(Class<?> reason, String text) {
        return Arguments.of(reason.getSimpleName(), text, reason);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("texts")
    void theRuntimesTextsAreSorted(String name, String text, Class<?> reason) {
        CloseReason why = CloseReason.ofErrorText(text);
        assertEquals(reason, why.getClass());
        assertEquals(text, why.text());
    }

    @Test
    void onlyWhatThePodClosedInOrderIsOrderly() {
        assertTrue(new CloseReason.Done().isOrderly());
        assertTrue(new CloseReason.PodClosedEarly("x").isOrderly());
        for (var why : new CloseReason[] {new CloseReason.LocalReset(), new CloseReason.Refused("x"), new CloseReason.PodReset(""),
                new CloseReason.PodGone("x"), new CloseReason.PodError("x"), new CloseReason.Rejected(), new CloseReason.NoReply(1),
                new CloseReason.SessionLost("x"), new CloseReason.TooSlow(1, 2, CloseReason.TooSlow.Bound.PROCESS),
                new CloseReason.NoDisk(1, "/tmp", "x"), new CloseReason.Stopped()}) {
            assertFalse(why.isOrderly(), why.toString());
        }
    }

    @Test
    void reasonsSayThemselvesInWords() {
        assertEquals("the pod reset the connection", new CloseReason.PodReset("").text());
        assertEquals("the runtime did not answer for 30 s", new CloseReason.NoReply(30_400).text());
        assertEquals("lost the session to the pod: cut", new CloseReason.SessionLost("cut").text());
        assertEquals("the local program did not read as fast as the pod sent: 7 bytes waited for it, and one connection may have 8 on disk",
                new CloseReason.TooSlow(7, 8, CloseReason.TooSlow.Bound.CONNECTION).text());
        assertEquals("the local program did not read as fast as the pod sent: 7 bytes waited for it, "
                + "more than are left of the 9 that all connections together may have on disk",
                new CloseReason.TooSlow(7, 9, CloseReason.TooSlow.Bound.PROCESS).text());
        assertEquals("the local program did not read as fast as the pod sent: 7 bytes waited for it, "
                + "and there is no room on disk: /tmp (java.io.tmpdir): no space left", new CloseReason.NoDisk(7, "/tmp", "no space left").text());
    }
}

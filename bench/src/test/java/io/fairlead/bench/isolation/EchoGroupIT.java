package io.fairlead.bench.isolation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.testbed.loop.Loops;
import io.fairlead.testbed.pod.PodBehaviour;
import io.fairlead.testbed.pod.PodServer;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The echo connections against servers on loopback: a phase says what there was, and finds who waited.
class EchoGroupIT {
    private static final long PATIENCE_NANOS = 20_000_000_000L;

    private final Loops loops = Loops.start("server", 1);

    @AfterEach
    void stop() {
        loops.close();
    }

    @ParameterizedTest(name = "rate {0}")
    @ValueSource(doubles = {0, 2000})
    void everyPhaseCountsForItself(double rate) throws Exception {
        try (EchoGroup group = EchoGroup.open(address(PodBehaviour.echo()), "", 10, rate)) {
            // The last connection may be as new as its first message when the others have had a thousand answers.
            EchoGroup.Phase first = await(group, phase -> phase.ops() > 1000 && phase.unanswered() == 0);
            assertEquals(Map.of(), first.errors());
            assertEquals("10/10", first.aliveText());
            assertTrue(first.latencyNanos().getTotalCount() >= first.ops(), () -> first.values().toString());
            // A phase begins with nothing: one that is short enough has fewer than the first, which no sum with it ever has.
            await(() -> {
                group.begin();
                return group.end();
            }, phase -> phase.ops() < first.ops());
        }
    }

    @Test void whoeverHasNoAnswerForASecondHasWaited() throws Exception {
        try (EchoGroup group = EchoGroup.open(address(PodBehaviour.stall()), "", 7, 0)) {
            EchoGroup.Phase phase = await(group, p -> p.waited() > 0);
            assertEquals(7, await(group, p -> p.waited() == 7).waited());
            assertTrue(phase.silenceMillis() > 1000, () -> "silence " + phase.silenceMillis());
            assertEquals(7, phase.unanswered());
            assertEquals(0, phase.ops());
        }
    }

    @Test void withARateAFrozenConnectionCountsEveryMessageThatWasMeantToLeave() throws Exception {
        try (EchoGroup group = EchoGroup.open(address(PodBehaviour.stall()), "", 5, 200)) {
            // The connection's own 40 messages a second, and not one for each connection; later on a machine that is late.
            EchoGroup.Phase phase = await(group, p -> p.seconds() > 1.5 && p.latencyNanos().getTotalCount() > 100);
            group.begin();
            EchoGroup.Phase next = await(group, p -> p.seconds() > 0.5);
            assertEquals(0, phase.ops() + next.ops());
            assertTrue(next.latencyNanos().getTotalCount() > phase.latencyNanos().getTotalCount() / 2, () -> next.values().toString());
            assertTrue(next.latencyNanos().getMaxValue() <= next.seconds() * 1e9 * 1.001, "a phase counts the waiting within itself");
        }
    }

    @Test void wrongBytesAndClosedConnectionsAreErrors() throws Exception {
        try (EchoGroup group = EchoGroup.open(address(PodBehaviour.source(-1)), "", 3, 0)) {
            assertEquals(Map.of("wrong byte", 3L), await(group, phase -> phase.errorCount() == 3).errors());
        }
        try (EchoGroup group = EchoGroup.open(address(PodBehaviour.close()), "", 3, 0)) {
            assertEquals("0/3!", await(group, phase -> phase.errorCount() == 3).aliveText());
            group.begin();
            EchoGroup.Phase next = group.end();
            assertEquals(3, next.errorCount(), "what broke in an earlier phase is still broken");
            assertEquals("0/3!", next.aliveText());
        }
    }

    private interface Phases {
        EchoGroup.Phase next() throws InterruptedException;
    }

    private static EchoGroup.Phase await(EchoGroup group, Predicate<EchoGroup.Phase> wanted) throws InterruptedException {
        return await(group::end, wanted);
    }

    private static EchoGroup.Phase await(Phases phases, Predicate<EchoGroup.Phase> wanted) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (true) {
            EchoGroup.Phase phase = phases.next();
            if (wanted.test(phase)) {
                return phase;
            }
            assertTrue(System.nanoTime() - deadline < 0, () -> "not so after 20 s: " + phase.values());
            Thread.sleep(10);
        }
    }

    private InetSocketAddress address(PodBehaviour behaviour) throws java.io.IOException {
        return new InetSocketAddress("127.0.0.1", PodServer.listen(loops, behaviour, "127.0.0.1", 0).port());
    }
}

package io.fairlead.it;

import static io.fairlead.it.ForwardLab.ECHO;
import static io.fairlead.it.ForwardLab.SOURCE;
import static io.fairlead.it.ForwardLab.connect;
import static io.fairlead.it.ForwardLab.echoing;
import static io.fairlead.it.ForwardLab.until;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fairlead.engine.Failure;
import io.fairlead.engine.Forward;
import io.fairlead.engine.ForwardEvent;
import io.fairlead.engine.ForwardEvent.PairFailed;
import io.fairlead.engine.ForwardEvent.PodKept;
import io.fairlead.engine.ForwardEvent.PodLeft;
import io.fairlead.engine.ForwardEvent.Retrying;
import io.fairlead.engine.ForwardEvent.TunnelLost;
import io.fairlead.engine.ForwardEvent.TunnelUp;
import io.fairlead.engine.ForwardException;
import io.fairlead.engine.ForwardSpec;
import io.fairlead.testbed.LeakCheck;
import io.fairlead.testbed.PodSpec;
import io.fairlead.testbed.TestPod;
import io.fairlead.testbed.api.Access;
import io.fairlead.testbed.api.Resource;
import io.fairlead.testbed.pod.PodBehaviour;
import io.fairlead.testbed.pod.PodClient;
import io.fairlead.testbed.pod.PodClient.End;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Sessions, pods, API servers and credentials that go away under a forward: who notices, and that it heals without help.
@ExtendWith(LeakCheck.class)
@Timeout(60)
class ForwardRecoveryIT {
    private ForwardLab lab;

    @BeforeEach void start() throws IOException {
        lab = ForwardLab.start();
    }

    @AfterEach void stop() {
        lab.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"closes", "aborts", "says go-away"})
    void aServerThatEndsTheSessionEndsItsConnectionsByResetAndTheNextOnesWork(String how) throws Exception {
        Forward forward = lab.forward(ECHO, SOURCE);
        InetSocketAddress address = ForwardLab.local(forward, ECHO);
        try (PodClient idle = echoing(forward); PodClient busy = connect(forward, SOURCE)) {
            busy.sendCount(-1);
            busy.receivePattern(0, 1 << 20);
            switch (how) {
                case "closes" -> lab.testbed.dropSessions(false);
                case "aborts" -> lab.testbed.dropSessions(true);
                default -> lab.testbed.goAway();
            }
            assertEquals(End.RESET, idle.awaitEnd());
            assertEquals(End.RESET, busy.awaitEnd());
        }
        if (how.startsWith("says")) {
            lab.first(TunnelLost.class); // the resets come before the go-away, and the next one may between the two
        }
        try (PodClient next = PodClient.connect(address)) {
            next.echo(0, 1 << 20);
        }
        TunnelLost lost = lab.first(TunnelLost.class);
        assertEquals("servers", lost.pod());
        assertEquals(how.startsWith("says") ? 0 : 2, lost.pairs(), "a server that says go-away has reset the streams before");
        assertEquals(new TunnelUp("servers", 1), lab.first(TunnelUp.class));
        assertTrue(lab.events.indexOf(lost) < lab.events.indexOf(lab.first(TunnelUp.class)), () -> lab.events.toString());
        assertEquals(1, forward.stats().sessionsLostTotal());
        assertEquals(2, forward.stats().sessionsOpenedTotal());
        assertEquals(address, ForwardLab.local(forward, ECHO));
    }

    /// 177 were dialled in these three seconds when nothing held them back.
    @Test void aServerThatEndsEachSessionAtOnceIsNotDialledInACircle() throws Exception {
        Forward forward = lab.forward(ECHO);
        for (long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(3); System.nanoTime() - end < 0; ) {
            lab.testbed.dropSessions(true);
            TimeUnit.MILLISECONDS.sleep(1);
        }
        assertTrue(forward.stats().sessionsOpenedTotal() <= 20, () -> forward.stats().toString());
        until("a session that stays serves", () -> isServed(forward), () -> lab.events); // the last one may be on its way to be dropped
    }

    @Test void tenLostSessionsInARowAreEachReplaced() throws Exception {
        Forward forward = lab.forward(ECHO);
        for (int i = 1; i <= 10; i++) {
            try (PodClient client = echoing(forward)) {
                client.echo(i, 10_000);
                lab.testbed.dropSessions(i % 2 == 0);
                assertEquals(End.RESET, client.awaitEnd());
            }
        }
        echoing(forward).close();
        until("ten losses are counted", () -> forward.stats().sessionsLostTotal() == 10, forward::stats);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, ForwardSpec.SESSIONS_AUTO})
    void aKilledPodOfADeploymentIsReplacedByTheNextOneWithoutHelp(int sessions) throws Exception {
        TestPod first = lab.testbed.addDeployment("web", 1, PodSpec.named("").port("tcp", ECHO, PodBehaviour.echo())).getFirst();
        Forward forward = lab.forward(lab.autoSpec("deployment/web", ":" + ECHO).withSessions(sessions));
        assertEquals(first.name(), forward.pod());
        try (PodClient client = echoing(forward)) {
            first.kill();
            assertEquals(End.RESET, client.awaitEnd());
        }
        until("a session to the new pod", () -> lab.events(TunnelUp.class).stream().anyMatch(up -> !up.pod().equals(first.name())), () -> lab.events);
        try (PodClient client = echoing(forward)) {
            client.echo(0, 1 << 20);
        }
        TestPod second = lab.testbed.pods("web").getFirst();
        assertNotEquals(first.name(), second.name());
        assertEquals(second.name(), forward.pod());
        assertEquals(1, second.server(ECHO).connectionsAccepted());
        lab.first(PairFailed.class);
        assertEquals(1, lab.events(PairFailed.class).size(), () -> lab.events.toString());
    }

    @Test void connectionsMadeWhileAPodIsReplacedWaitAndAreServed() throws Exception {
        Forward forward = lab.forward(deployment("web", 1));
        echoing(forward).close();
        for (int round = 0; round < 5; round++) {
            String before = forward.pod();
            lab.testbed.pod("default", before).kill();
            until("the forward has seen that the pod is gone", () -> !forward.pod().equals(before), () -> lab.events);
            echoing(forward).close();
        }
    }

    /// Nothing better resolves while it winds down: it is used on, and its sessions are not opened and retired over and over.
    @Test void theOnlyPodIsServedWhileItIsBeingDeleted() throws Exception {
        Forward forward = lab.forward(deployment("web", 1));
        echoing(forward).close();
        long before = forward.stats().sessionsOpenedTotal();
        lab.testbed.pod("default", forward.pod()).terminate();
        until("a fresh session is up", () -> forward.stats().sessionsOpenedTotal() > before, () -> lab.events);
        for (int i = 0; i < 100; i++) {
            echoing(forward).close();
        }
        long opened = forward.stats().sessionsOpenedTotal() - before;
        assertTrue(opened <= 4, opened + " sessions opened for one pod that goes");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void connectionsMadeWhileTheOnlyPodGoesWaitForTheNextOne(boolean sessionOnItsWay) throws Exception {
        TestPod first = lonePod("web-0");
        if (sessionOnItsWay) {
            lab.testbed.faults().delayUpgrades(Duration.ofMillis(700));
        }
        Forward forward = lab.forward(lab.spec("deployment/web", ":" + ECHO).withSessions(sessionOnItsWay ? 2 : 1));
        first.terminate();
        until("the session to it is over", () -> forward.stats().sessionsNow() == 0, forward::stats);
        try (PodClient waiting = connect(forward, ECHO)) {
            waiting.sendPattern(0, 5000);
            until("a connection waits", () -> forward.stats().waitingNow() == 1, forward::stats);
            TimeUnit.SECONDS.sleep(1); // time enough for a session to the pod that goes
            assertEquals(1, forward.stats().waitingNow(), () -> lab.events.toString());
            first.kill();
            lonePod("web-1");
            waiting.receivePattern(0, 5000);
        }
        assertEquals("web-1", forward.pod());
        assertEquals(List.of(), lab.events(PairFailed.class));
        PodLeft left = lab.first(PodLeft.class);
        assertEquals("web-0", left.pod());
        assertEquals(List.of(), lab.events.stream().skip(lab.events.indexOf(left))
                .filter(event -> event instanceof TunnelUp up && up.pod().equals("web-0")).toList(), () -> lab.events.toString());
    }

    /// Its sessions stay up after its end, and every connection on them fails.
    @Test void aPodThatWasUsedUntilItsEndIsNotUsedAfterIt() throws Exception {
        TestPod first = lonePod("web-0");
        Forward forward = lab.forward(lab.spec("deployment/web", ":" + ECHO));
        first.terminate();
        assertEquals("web-0", lab.first(PodKept.class).pod());
        echoing(forward).close();
        until("it is wound up, or it would fail with the pod", () -> forward.stats().pairsNow() == 0, forward::stats);
        first.kill();
        until("its end is seen", () -> lab.events(PodLeft.class).size() == 2, () -> lab.events);
        assertEquals(List.of(new PodLeft("web-0", "is being deleted"), new PodLeft("web-0", "was deleted")), lab.events(PodLeft.class));
        until("its sessions are over, which the event comes before", () -> forward.stats().sessionsNow() == 0, forward::stats);
        try (PodClient waiting = connect(forward, ECHO)) {
            waiting.sendPattern(0, 5000);
            until("a connection waits", () -> forward.stats().waitingNow() == 1, forward::stats);
            lonePod("web-1");
            waiting.receivePattern(0, 5000);
        }
        assertEquals(List.of(), lab.events(PairFailed.class));
    }

    @Test void aPodThatIsUsedUntilItsEndIsLeftAsSoonAsThereIsAnother() throws Exception {
        TestPod first = lonePod("web-0");
        Forward forward = lab.forward(lab.spec("deployment/web", ":" + ECHO));
        first.terminate();
        lab.first(PodKept.class);
        try (PodClient old = echoing(forward)) {
            lonePod("web-1");
            until("new connections go to the other pod", () -> forward.pod().equals("web-1"), () -> lab.events);
            echoing(forward).close();
            old.echo(0, 100_000);
        }
        assertEquals(List.of(), lab.events(PairFailed.class));
    }

    /// Neither a byte nor an end comes from its server any more, and the session goes on.
    @Test void aConnectionThatHearsNothingOfItsPodsEndIsToldOfIt() throws Exception {
        TestPod first = lonePod("web-0");
        Forward forward = lab.forward(lab.spec("deployment/web", ":" + ECHO));
        try (PodClient client = echoing(forward)) {
            first.terminate();
            client.echo(0, 10_000);
            first.vanish();
            assertEquals(End.RESET, client.awaitEnd());
        }
        TunnelLost lost = lab.first(TunnelLost.class);
        assertEquals(new TunnelLost("web-0", 1, "the pod was deleted"), lost);
        lonePod("web-1");
        echoing(forward).close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aPodThatIsBeingDeletedGetsNoNewConnectionsAndKeepsItsOldOnes(boolean sessionWasLostBefore) throws Exception {
        Forward forward = lab.forward(deployment("web", 2));
        if (sessionWasLostBefore) {
            lab.testbed.dropSessions(false);
            lab.first(TunnelUp.class);
        }
        TestPod first = lab.testbed.pod("default", forward.pod());
        try (PodClient old = echoing(forward)) {
            first.terminate();
            until("new connections go to the other pod", () -> !forward.pod().equals(first.name()), () -> lab.events);
            try (PodClient fresh = echoing(forward)) {
                fresh.echo(0, 100_000);
                assertEquals(1, first.connectionsOpen());
                assertEquals(1, lab.testbed.pod("default", forward.pod()).connectionsOpen());
                old.echo(0, 100_000);
            }
        }
        assertEquals(List.of(), lab.events(PairFailed.class));
    }

    @Test void anApiServerThatRestartsOnItsPortIsFoundAgain() throws Exception {
        try (var relay = new Relay(URI.create(lab.testbed.server()).getPort())) {
            Path config = lab.testbed.folder().resolve("relayed.kubeconfig");
            Files.writeString(config, Files.readString(lab.testbed.kubeconfig()).replace(lab.testbed.server(), "https://127.0.0.1:" + relay.port()));
            Forward forward = lab.forward(lab.spec("pod/servers", ":" + ECHO).withKubeconfig(config));
            try (PodClient client = echoing(forward)) {
                relay.down();
                assertEquals(End.RESET, client.awaitEnd());
            }
            assertEquals(1, lab.first(Retrying.class).attempt());
            until("that it is refused is told", () -> lab.events(Retrying.class).stream().anyMatch(r -> r.failure().message().contains("refused")),
                    () -> lab.events);
            try (PodClient waiting = connect(forward, ECHO)) {
                waiting.sendPattern(0, 5000);
                until("a connection waits", () -> forward.stats().waitingNow() == 1, forward::stats);
                relay.up();
                waiting.receivePattern(0, 5000);
            }
            assertEquals(0, forward.stats().waitingNow());
            until("the session is told last", () -> lab.events.stream().filter(e -> !(e instanceof ForwardEvent.Accepted)).toList().getLast()
                    instanceof TunnelUp, () -> lab.events); // which may be behind the bytes that it brought
        }
    }

    @Test void anExpiredTokenIsReadAnewOnceAndTheForwardGoesOn() throws Exception {
        String token = lab.testbed.access().token("ann");
        Path file = Files.writeString(lab.testbed.folder().resolve("token"), token);
        Path config = lab.testbed.kubeconfigWithUser("tokenFile: " + file);
        Forward forward = lab.forward(lab.spec("pod/servers", ":" + ECHO).withKubeconfig(config));
        echoing(forward).close();
        lab.testbed.access().expire(token);
        Files.writeString(file, lab.testbed.access().token("ann"));
        try (PodClient client = echoing(forward)) {
            client.echo(0, 1000); // a session that is up goes on
            lab.testbed.dropSessions(false);
            assertEquals(End.RESET, client.awaitEnd());
        }
        echoing(forward).close();
        assertEquals(List.of(), lab.events(Retrying.class));
        until("the new session is told", () -> lab.events(TunnelUp.class).size() == 1, () -> lab.events);
    }

    @Test void aTokenThatStaysExpiredIsToldAndTriedAgainUntilThereIsAnother() throws Exception {
        String token = lab.testbed.access().token("ann");
        Path file = Files.writeString(lab.testbed.folder().resolve("token"), token);
        Path config = lab.testbed.kubeconfigWithUser("tokenFile: " + file);
        Forward forward = lab.forward(lab.spec("pod/servers", ":" + ECHO).withKubeconfig(config));
        lab.testbed.access().expire(token);
        lab.testbed.dropSessions(false);
        String told = lab.first(Retrying.class).failure().message();
        assertTrue(told.contains("401") || told.contains("Unauthorized"), told);
        Files.writeString(file, lab.testbed.access().token("ann"));
        echoing(forward).close();
    }

    @ParameterizedTest
    @CsvSource({"403, Forbidden", "404, NotFound", "429, TooManyRequests", "500, Internal Server Error"})
    void aRefusedUpgradeIsToldWithItsStatus(int status, String reason) throws Exception {
        lab.testbed.faults().denyUpgrades(status, -1);
        Failure failure = assertThrows(ForwardException.class, () -> lab.forward(ECHO)).failure();
        assertTrue(failure instanceof Failure.UpgradeRefused refused && refused.code() == status, failure::toString);
        assertTrue(failure.what().startsWith("error upgrading connection: "), failure.what());
        assertEquals("the API server refused the port-forward upgrade: " + status + " " + reason, failure.why());
        assertTrue(failure.remedy().length() > 10, failure.remedy());
        lab.testbed.faults().admit();
        echoing(lab.forward(ECHO)).close();
    }

    @Test void aMissingRightIsNamed() throws Exception {
        lab.testbed.access().deny(new Access.Deny("ann", "create", "pods/portforward", "default"));
        lab.testbed.access().deny(new Access.Deny("ann", "get", "pods/portforward", "default"));
        Path config = lab.testbed.kubeconfigWithToken(lab.testbed.access().token("ann"));
        var spec = lab.spec("pod/servers", ":" + ECHO).withKubeconfig(config);
        Failure failure = assertThrows(ForwardException.class, () -> lab.forward(spec)).failure();
        assertTrue(failure.message().contains("ann") && failure.message().contains("portforward"), failure.message());
        assertTrue(failure.why().contains("403 Forbidden"), failure.why());
    }

    @Test void refusedUpgradesAtAReconnectAreRetriedUntilTheyAreAdmitted() throws Exception {
        Forward forward = lab.forward(ECHO);
        lab.testbed.faults().denyUpgrades(429, 3);
        lab.testbed.dropSessions(false);
        lab.first(TunnelLost.class);
        echoing(forward).close();
        until("each is told", () -> lab.events(Retrying.class).size() >= 3, () -> lab.events);
        List<Retrying> retries = lab.events(Retrying.class);
        assertEquals(List.of(1, 2, 3), retries.stream().map(Retrying::attempt).toList());
        assertTrue(retries.getFirst().failure() instanceof Failure.UpgradeRefused refused && refused.code() == 429, retries::toString);
        assertTrue(retries.get(2).delay().compareTo(retries.get(0).delay()) > 0, retries::toString);
    }

    /// Connections wait 30 s; pauses that went on to grow to 15 s could miss a pod that was there in time.
    @Test void aPodThatStartsIsLookedAtEachSecond() throws Exception {
        TestPod first = lonePod("web-0");
        Forward forward = lab.forward(lab.spec("deployment/web", ":" + ECHO));
        lab.testbed.addPod(PodSpec.named("web-1").label("app", "web").phase("Pending"));
        first.kill();
        lab.testbed.dropSessions(false);
        until("the seventh attempt", () -> lab.events(Retrying.class).size() >= 7, () -> lab.events);
        for (Retrying retrying : lab.events(Retrying.class)) {
            assertTrue(retrying.delay().toMillis() <= 1000, retrying::toString);
        }
        lonePod("web-2");
        echoing(forward).close();
    }

    /// The wait is {@link io.fairlead.engine.Limits#REPLY_NANOS} and not to be shortened: `-Dfairlead.slow=true` runs it.
    @Test
    @EnabledIfSystemProperty(named = "fairlead.slow", matches = "true", disabledReason = "takes 30 s; -Dfairlead.slow=true runs it")
    void aReplyThatNeverComesFailsOnlyItsConnection() throws Exception {
        Forward forward = lab.forward(ECHO);
        var neighbours = new ArrayList<PodClient>();
        for (int i = 0; i < 5; i++) {
            neighbours.add(echoing(forward));
        }
        lab.testbed.faults().dropReplies(2);
        try (PodClient lonely = connect(forward, ECHO)) {
            lonely.socket().setSoTimeout(45_000);
            lonely.send((byte) 1);
            assertEquals(End.RESET, lonely.awaitEnd());
        }
        assertEquals("the runtime did not answer for 30 s", lab.first(PairFailed.class).cause());
        for (PodClient client : neighbours) {
            client.echo(0, 10_000);
            client.close();
        }
        echoing(forward).close();
        assertEquals(0, forward.stats().sessionsLostTotal());
    }

    /// The wait is {@link io.fairlead.engine.Limits#SESSION_DEAD_NANOS}.
    @Test
    @EnabledIfSystemProperty(named = "fairlead.slow", matches = "true", disabledReason = "takes 40 s; -Dfairlead.slow=true runs it")
    void aSessionOnWhichNothingComesAnyMoreIsGivenUpAndReplaced() throws Exception {
        Forward forward = lab.forward(ECHO);
        try (PodClient client = echoing(forward)) {
            lab.testbed.faults().freezeSessions(true);
            client.socket().setSoTimeout(55_000);
            assertEquals(End.RESET, client.awaitEnd());
        }
        lab.testbed.faults().freezeSessions(false);
        echoing(forward).close();
    }

    private static boolean isServed(Forward forward) {
        try {
            echoing(forward).close();
            return true;
        } catch (IOException _) {
            return false;
        }
    }

    /// A pod of Deployment `web` that nothing replaces.
    private TestPod lonePod(String name) throws IOException {
        lab.testbed.addWorkload(Resource.DEPLOYMENTS, "default", "web", 1, Map.of("app", "web"));
        return lab.testbed.addPod(PodSpec.named(name).label("app", "web").port("tcp", ECHO, PodBehaviour.echo()));
    }

    private ForwardSpec deployment(String name, int replicas) throws IOException {
        lab.testbed.addDeployment(name, replicas, PodSpec.named("").port("tcp", ECHO, PodBehaviour.echo()));
        return lab.spec("deployment/" + name, ":" + ECHO);
    }
}

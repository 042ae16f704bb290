package io.fairlead.engine.resolve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.fairlead.engine.Failure;
import io.fairlead.engine.ForwardException;
import io.fairlead.engine.kube.Access;
import io.fairlead.engine.kube.ByteStream;
import io.fairlead.engine.kube.Cluster;
import io.fairlead.engine.kube.Kind;
import io.fairlead.engine.kube.PodInfo;
import io.fairlead.engine.kube.PodList;
import io.fairlead.engine.kube.PodQuery;
import io.fairlead.engine.kube.PodWatch;
import io.fairlead.engine.kube.PodWatch.Event;
import io.fairlead.engine.kube.ServiceInfo;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/// What the resolver asks of a cluster, in which order, and what it makes of the answers.
@Timeout(30)
class TargetResolverTest {
    private static final Failure FORBIDDEN = Failure.Forbidden.of("no", "watch", "pods", "shop");

    /// Answers each question with the next line of its script, a value or a failure, and writes down what was asked.
    private static final class ScriptedCluster implements Cluster {
        final List<String> asked = new ArrayList<>();
        final Deque<Object> answers = new ArrayDeque<>();

        ScriptedCluster(Object... answers) {
            this.answers.addAll(Arrays.asList(answers));
        }

        private <T> T next(String question, Class<T> type) throws ForwardException {
            asked.add(question);
            Object answer = answers.remove();
            if (answer instanceof Failure failure) {
                throw new ForwardException(failure);
            }
            return type.cast(answer);
        }

        @Override
        public PodInfo pod(String namespace, String name) throws ForwardException {
            return next("get pod " + name, PodInfo.class);
        }

        @Override
        public ServiceInfo service(String namespace, String name) throws ForwardException {
            return next("get service " + name, ServiceInfo.class);
        }

        @Override
        public String selector(Kind workload, String namespace, String name) throws ForwardException {
            return next("get " + workload.singular() + " " + name, String.class);
        }

        @Override
        public PodList pods(String namespace, PodQuery query) throws ForwardException {
            return next("list " + query.labelSelector() + query.fieldSelector(), PodList.class);
        }

        @Override
        public PodWatch watch(String namespace, PodQuery query, String resourceVersion) throws ForwardException {
            Event[] events = next("watch " + query.labelSelector() + query.fieldSelector() + " from " + resourceVersion, Event[].class);
            Deque<Event> left = new ArrayDeque<>(Arrays.asList(events));
            return new PodWatch() {
                @Override
                public Event next(long deadlineNanos) {
                    return left.remove();
                }

                @Override
                public void close() {
                    asked.add("end of watch");
                }
            };
        }

        @Override
        public String context() {
            return "c";
        }

        @Override
        public String namespace() {
            return "shop";
        }

        @Override
        public String server() {
            return "https://h";
        }

        @Override
        public Access access() {
            throw new AssertionError("resolving needs no access of its own");
        }

        @Override
        public void rejected() {
            throw new AssertionError("resolving rejects nothing");
        }

        @Override
        public Optional<ByteStream> takeIdle(Access access) {
            return Optional.empty();
        }

        @Override
        public void close() {}
    }

    private static PodInfo pod(String name, String phase, String uid, boolean deleted) {
        return new PodInfo("shop", name, uid, "n", "10.0.0.7", phase, true, Optional.empty(), deleted ? Optional.of(Instant.EPOCH) : Optional.empty(),
                Optional.empty(), 0, 0, List.of());
    }

    private static PodInfo running(String name) {
        return pod(name, "Running", "u", false);
    }

    private static PodList list(PodInfo... pods) {
        return new PodList(List.of(pods), "7");
    }

    private static Event[] events(Event... events) {
        return events;
    }

    private static final Endpoint WEB = new Endpoint("shop", "web-0", "u", "n", "10.0.0.7", List.of(new PortPair(80, 80)));

    private static Endpoint resolve(ScriptedCluster cluster, String target, Duration timeout) throws Exception {
        return new TargetResolver(cluster).resolve(target, List.of("80"), timeout);
    }

    @Test
    void aPodIsOneQuestion() throws Exception {
        var cluster = new ScriptedCluster(running("web-0"));
        assertEquals(WEB, resolve(cluster, "web-0", Duration.ofSeconds(9)));
        assertEquals(List.of("get pod web-0"), cluster.asked);
    }

    @Test
    void aWorkloadIsTwoAndTheBestPodIsTaken() throws Exception {
        var cluster = new ScriptedCluster("app=web", list(pod("web-1", "Pending", "x", false), running("web-0")));
        assertEquals(WEB, resolve(cluster, "deploy/web", Duration.ofSeconds(9)));
        assertEquals(List.of("get deployment web", "list app=web"), cluster.asked);
    }

    @Test
    void theBestPodIsTakenThoughItDoesNotRun() {
        var cluster = new ScriptedCluster("app=web", list(pod("web-1", "Pending", "x", false)));
        assertEquals(new Failure.PodNotRunning("web-1", "shop", "Pending"),
                assertThrows(ForwardException.class, () -> resolve(cluster, "sts/web", Duration.ofSeconds(9))).failure());
    }

    @Test
    void badArgumentsCostNoQuestion() {
        var cluster = new ScriptedCluster();
        assertThrows(ForwardException.class, () -> resolve(cluster, "foo/x", Duration.ofSeconds(9)));
        assertThrows(ForwardException.class, () -> new TargetResolver(cluster).resolve("web-0", List.of("80", "x:80"), Duration.ofSeconds(9)));
        assertEquals(List.of(), cluster.asked);
    }

    @Test
    void aPodThatAppearsIsAskedForAgain() throws Exception {
        var cluster = new ScriptedCluster("app=web", list(),
                events(new Event.Deleted(running("old")), new Event.Changed(pod("web-0", "Pending", "u", false))), running("web-0"));
        assertEquals(WEB, resolve(cluster, "rs/web", Duration.ofSeconds(9)));
        assertEquals(List.of("get replicaset web", "list app=web", "watch app=web from 7", "end of watch", "get pod web-0"), cluster.asked);
    }

    @Test
    void aWatchThatEndsOrIsForbiddenIsFollowedByAnotherList() throws Exception {
        var cluster = new ScriptedCluster("app=web", list(), events(new Event.Ended("too old")), list(), FORBIDDEN, list(running("web-0")));
        assertEquals(WEB, resolve(cluster, "rs/web", Duration.ofSeconds(20)));
        assertEquals(List.of("get replicaset web", "list app=web", "watch app=web from 7", "end of watch", "list app=web",
                "watch app=web from 7", "list app=web"), cluster.asked);
    }

    @Test
    void theWaitEndsWithItsTimeout() {
        Duration timeout = Duration.ofMillis(20);
        var cluster = new ScriptedCluster("app=web", list(), FORBIDDEN, list(), FORBIDDEN, list(), FORBIDDEN, list());
        assertEquals(new Failure.NoPods("ds/web", "shop", "app=web", timeout),
                assertThrows(ForwardException.class, () -> resolve(cluster, "ds/web", timeout)).failure());
    }

    @Test
    void otherFailuresEndTheWait() {
        Failure down = new Failure.ServerUnreachable("https://h", Failure.ServerUnreachable.Reach.REFUSED, "x");
        var cluster = new ScriptedCluster("app=web", list(), down);
        assertEquals(down, assertThrows(ForwardException.class, () -> resolve(cluster, "job/web", Duration.ofSeconds(9))).failure());
    }

    @Test
    void aServiceWithoutSelectorHasNoPods() {
        var cluster = new ScriptedCluster(new ServiceInfo("shop", "db", "", false, List.of()));
        assertEquals(new Failure.NoSelector("db", "shop"),
                assertThrows(ForwardException.class, () -> resolve(cluster, "svc/db", Duration.ofSeconds(9))).failure());
    }

    @Test
    void theEndOfAPodHasAReason() throws Exception {
        record Row(String why, PodList first, Event... then) {}
        PodList fine = list(running("web-0"));
        Event still = new Event.Changed(running("web-0"));
        for (Row row : List.of(
                new Row("was deleted", list()),
                new Row("is being deleted", list(pod("web-0", "Running", "u", true))),
                new Row("was replaced by another pod of the same name", list(pod("web-0", "Running", "other", false))),
                new Row("is Failed", list(pod("web-0", "Failed", "u", false))),
                new Row("was deleted", fine, still, new Event.Deleted(running("web-0"))),
                new Row("is being deleted", fine, still, new Event.Changed(pod("web-0", "Running", "u", true))),
                new Row("is Succeeded", fine, new Event.Changed(pod("web-0", "Succeeded", "u", false))),
                new Row("was replaced by another pod of the same name", fine, new Event.Changed(pod("web-0", "Pending", "other", false))))) {
            assertEquals(row.why, new TargetResolver(new ScriptedCluster(row.first, row.then)).awaitGone(WEB));
        }
    }

    @Test
    void aPodThatIsBeingDeletedEndsWhenItIsGoneOrDoesNotRunAnyMore() throws Exception {
        record Row(String why, PodList first, Event... then) {}
        PodList going = list(pod("web-0", "Running", "u", true));
        Event still = new Event.Changed(pod("web-0", "Running", "u", true));
        for (Row row : List.of(
                new Row("was deleted", list()),
                new Row("is Failed", list(pod("web-0", "Failed", "u", true))),
                new Row("is Failed", going, still, new Event.Changed(pod("web-0", "Failed", "u", true))),
                new Row("was deleted", going, still, new Event.Deleted(running("web-0"))),
                new Row("was replaced by another pod of the same name", going, new Event.Changed(pod("web-0", "Pending", "other", false))))) {
            assertEquals(row.why, new TargetResolver(new ScriptedCluster(row.first, row.then)).awaitEnd(WEB));
        }
    }

    @Test
    void aLookThatDoesNotWaitIsOneList() {
        var cluster = new ScriptedCluster("app=web", list());
        assertEquals(new Failure.NoPods("deploy/web", "shop", "app=web", Duration.ZERO),
                assertThrows(ForwardException.class, () -> resolve(cluster, "deploy/web", Duration.ZERO)).failure());
        assertEquals(List.of("get deployment web", "list app=web"), cluster.asked);
    }

    @Test
    void whoMayOnlyGetAPodStillLearnsOfItsEnd() throws Exception {
        var cluster = new ScriptedCluster(FORBIDDEN, new Failure.TargetNotFound("pods", "web-0", "shop", "c"));
        assertEquals("was deleted", new TargetResolver(cluster).awaitGone(WEB));
        assertEquals(List.of("list metadata.name=web-0", "get pod web-0"), cluster.asked);
    }

    @Test
    void awaitGoneEndsByInterruptWhileNothingHappens() throws Exception {
        Failure down = new Failure.ServerUnreachable("https://h", Failure.ServerUnreachable.Reach.REFUSED, "x");
        var cluster = new ScriptedCluster(down);
        var end = new java.util.concurrent.CompletableFuture<Object>();
        Thread waiter = Thread.ofVirtual().start(() -> {
            try {
                end.complete(new TargetResolver(cluster).awaitGone(WEB));
            } catch (InterruptedException e) {
                end.complete(e);
            }
        });
        waiter.interrupt();
        assertInstanceOf(InterruptedException.class, end.get());
    }
}

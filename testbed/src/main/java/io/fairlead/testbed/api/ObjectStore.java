package io.fairlead.testbed.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Predicate;

/// The cluster's objects, one version counter over all, and who watches them. An object handed in is copied, and one handed out is
/// shared: nobody changes it.
///
/// Thread: any; one lock. Watchers are called under it, in the order of versions, and must not block.
/// Bound: the last {@link #HISTORY_EVENTS} changes are kept; a watch from before them gets "gone".
public final class ObjectStore {
    /// Changes kept for watches that start at an older version.
    static final int HISTORY_EVENTS = 10_000;

    /// One change. `previous` is null for an addition.
    record Change(long version, Resource resource, String type, ObjectNode object, ObjectNode previous) {}

    /// Gets the changes of one watch.
    interface Watcher {
        void onEvent(String type, ObjectNode object);
    }

    record Snapshot(long version, List<ObjectNode> objects) {}

    private record Watch(Resource resource, String namespace, Predicate<JsonNode> selector, Watcher watcher) {}

    private final Map<Resource, Map<String, ObjectNode>> objects = new EnumMap<>(Resource.class);
    private final Deque<Change> history = new ArrayDeque<>();
    private final List<Watch> watches = new ArrayList<>();
    private long version = 100;

    public synchronized Optional<ObjectNode> get(Resource resource, String namespace, String name) {
        return Optional.ofNullable(of(resource).get(namespace + "/" + name));
    }

    /// @param namespace empty for all
    synchronized Snapshot list(Resource resource, String namespace, Predicate<JsonNode> selector) {
        return new Snapshot(version, of(resource).values().stream().filter(o -> in(o, namespace) && selector.test(o)).toList());
    }

    /// Adds the object or replaces the one of its name; completes kind, uid, creation time and version. Returns it as stored.
    public synchronized ObjectNode put(Resource resource, ObjectNode given) {
        ObjectNode object = given.deepCopy();
        object.put("apiVersion", resource.apiVersion()).put("kind", resource.kind());
        ObjectNode metadata = object.withObject("metadata");
        String key = metadata.path("namespace").asText("") + "/" + metadata.path("name").asText();
        ObjectNode previous = of(resource).get(key);
        if (!metadata.has("uid")) {
            metadata.put("uid", previous == null ? UUID.randomUUID().toString() : previous.at("/metadata/uid").asText());
        }
        if (!metadata.has("creationTimestamp")) {
            metadata.put("creationTimestamp", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        }
        metadata.put("resourceVersion", Long.toString(++version));
        of(resource).put(key, object);
        publish(new Change(version, resource, previous == null ? "ADDED" : "MODIFIED", object, previous));
        return object;
    }

    public synchronized Optional<ObjectNode> remove(Resource resource, String namespace, String name) {
        ObjectNode previous = of(resource).remove(namespace + "/" + name);
        if (previous == null) {
            return Optional.empty();
        }
        ObjectNode last = previous.deepCopy();
        last.withObject("metadata").put("resourceVersion", Long.toString(++version));
        publish(new Change(version, resource, "DELETED", last, previous));
        return Optional.of(last);
    }

    /// Starts a watch: first what happened after `fromVersion` (0: everything there is as ADDED), then what happens. Returns how to end it, or empty
    /// if `fromVersion` is too old.
    synchronized Optional<Runnable> watch(Resource resource, String namespace, Predicate<JsonNode> selector, long fromVersion, Watcher watcher) {
        var watch = new Watch(resource, namespace, selector, watcher);
        if (fromVersion == 0) {
            list(resource, namespace, selector).objects().forEach(object -> watcher.onEvent("ADDED", object));
        } else if (history.size() == HISTORY_EVENTS && fromVersion < history.getFirst().version() - 1) {
            return Optional.empty();
        } else {
            history.stream().filter(change -> change.version() > fromVersion).forEach(change -> tell(watch, change));
        }
        watches.add(watch);
        return Optional.of(() -> end(watch));
    }

    synchronized long version() {
        return version;
    }

    private synchronized void end(Watch watch) {
        watches.remove(watch);
    }

    private void publish(Change change) {
        if (history.size() == HISTORY_EVENTS) {
            history.removeFirst();
        }
        history.addLast(change);
        List.copyOf(watches).forEach(watch -> tell(watch, change));
    }

    /// An object that starts or stops to match is an addition or a deletion to this watch.
    private static void tell(Watch watch, Change change) {
        if (watch.resource() != change.resource() || !in(change.object(), watch.namespace())) {
            return;
        }
        boolean matches = watch.selector().test(change.object());
        boolean matched = change.previous() != null && watch.selector().test(change.previous());
        if (change.type().equals("DELETED")) {
            if (matched) {
                watch.watcher().onEvent("DELETED", change.object());
            }
        } else if (matches) {
            watch.watcher().onEvent(matched ? "MODIFIED" : "ADDED", change.object());
        } else if (matched) {
            watch.watcher().onEvent("DELETED", change.object());
        }
    }

    private static boolean in(JsonNode object, String namespace) {
        return namespace.isEmpty() || object.at("/metadata/namespace").asText("").equals(namespace);
    }

    private Map<String, ObjectNode> of(Resource resource) {
        return objects.computeIfAbsent(resource, _ -> new TreeMap<>());
    }
}

package io.fairlead.engine.resolve;

import io.fairlead.engine.kube.PodInfo;

import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// Which pod of several kubectl takes: the one that a controller would delete last (kubectl util/podutils ActivePods, reversed). Pure.
final class PodOrder {
    /// Best first; pods that compare as equal keep the API's order.
    static final Comparator<PodInfo> BEST_FIRST = Comparator
            .comparing((PodInfo pod) -> pod.node().isEmpty()) // on a node first
            .thenComparing(pod -> -rank(pod.phase()))
            .thenComparing(pod -> !pod.ready())
            .thenComparing(pod -> pod.deletion().isPresent())
            .thenComparing(pod -> pod.deletion().orElse(Instant.MIN), Comparator.reverseOrder()) // deleted later, so it lives longer
            .thenComparing(pod -> pod.ready() ? pod.readySince() : Optional.<Instant>empty(), earlierFirst()) // ready for longer
            .thenComparing(PodInfo::restartsMax)
            .thenComparing(PodInfo::sidecarRestartsMax)
            .thenComparing(PodInfo::creation, earlierFirst());

    private PodOrder() {}

    static Optional<PodInfo> best(List<PodInfo> pods) {
        return pods.stream().min(BEST_FIRST);
    }

    private static int rank(String phase) {
        return switch (phase) {
            case "Running" -> 2;
            case "Unknown" -> 1;
            default -> 0;
        };
    }

    /// An unknown time counts as later than any.
    private static Comparator<Optional<Instant>> earlierFirst() {
        return Comparator.comparing(time -> time.orElse(Instant.MAX));
    }
}

package io.fairlead.engine.resolve;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fairlead.engine.kube.PodInfo;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

class PodOrderTest {
    /// Each row: why the first pod is the better one.
    private record Row(String why, PodInfo better, PodInfo worse) {
        @Override
        public String toString() {
            return why;
        }
    }

    private static PodInfo pod(String node, String phase, boolean ready, int readySince, int deletion, int restarts, int sidecarRestarts,
            int creation) {
        return new PodInfo("ns", "pod", "uid", node, "10.0.0.7", phase, ready, time(readySince), time(deletion), time(creation), restarts,
                sidecarRestarts, List.of());
    }

    private static Optional<Instant> time(int seconds) {
        return seconds == 0 ? Optional.empty() : Optional.of(Instant.ofEpochSecond(seconds));
    }

    static List<Row> rows() {
        return List.of(
                new Row("a node beats the phase", pod("n", "Pending", false, 0, 0, 0, 0, 9), pod("", "Running", true, 1, 0, 0, 0, 1)),
                new Row("Running beats Unknown", pod("n", "Running", false, 0, 0, 9, 0, 9), pod("n", "Unknown", true, 1, 0, 0, 0, 1)),
                new Row("Unknown beats Pending", pod("n", "Unknown", false, 0, 0, 9, 0, 9), pod("n", "Pending", true, 1, 0, 0, 0, 1)),
                new Row("Pending and Failed rank equal, so age decides",
                        pod("n", "Failed", false, 0, 0, 0, 0, 1), pod("n", "Pending", false, 0, 0, 0, 0, 2)),
                new Row("Succeeded ranks as Pending", pod("n", "Succeeded", false, 0, 0, 0, 0, 1), pod("n", "Pending", false, 0, 0, 0, 0, 2)),
                new Row("ready beats not ready", pod("n", "Running", true, 9, 5, 9, 0, 9), pod("n", "Running", false, 0, 0, 0, 0, 1)),
                new Row("not deleted beats deleted", pod("n", "Running", true, 9, 0, 9, 0, 9), pod("n", "Running", true, 1, 5, 0, 0, 1)),
                new Row("deleted later beats deleted earlier", pod("n", "Running", true, 9, 6, 9, 0, 9), pod("n", "Running", true, 1, 5, 0, 0, 1)),
                new Row("ready longer wins", pod("n", "Running", true, 3, 0, 9, 0, 9), pod("n", "Running", true, 4, 0, 0, 0, 1)),
                new Row("a known time of readiness beats none", pod("n", "Running", true, 3, 0, 9, 0, 9), pod("n", "Running", true, 0, 0, 0, 0, 1)),
                new Row("while not ready, the time of readiness is nothing",
                        pod("n", "Running", false, 9, 0, 0, 0, 1), pod("n", "Running", false, 3, 0, 1, 0, 1)),
                new Row("fewer restarts win", pod("n", "Running", true, 3, 0, 1, 9, 9), pod("n", "Running", true, 3, 0, 2, 0, 1)),
                new Row("fewer sidecar restarts break the tie", pod("n", "Running", true, 3, 0, 1, 1, 9), pod("n", "Running", true, 3, 0, 1, 2, 1)),
                new Row("older wins at last", pod("n", "Running", true, 3, 0, 1, 1, 5), pod("n", "Running", true, 3, 0, 1, 1, 6)),
                new Row("a known age beats none", pod("n", "Running", true, 3, 0, 1, 1, 5), pod("n", "Running", true, 3, 0, 1, 1, 0)));
    }

    @ParameterizedTest
    @MethodSource("rows")
    void theFirstPodOfEachRowIsTaken(Row row) {
        assertEquals(Optional.of(row.better), PodOrder.best(List.of(row.better, row.worse)));
        assertEquals(Optional.of(row.better), PodOrder.best(List.of(row.worse, row.better)));
    }

    @Test
    void noPodsGiveNone() {
        assertEquals(Optional.empty(), PodOrder.best(List.of()));
    }
}

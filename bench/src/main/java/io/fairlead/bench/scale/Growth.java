package io.fairlead.bench.scale;

import io.fairlead.bench.peer.ProcessFacts;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;

/// What a forwarder's process held while connections came and went, one after another: does it grow?
///
/// The first tenth is left out of the answer: it fills pools, compiles code and opens further sessions.
final class Growth {
    private record Point(long connections, double residentMegabytes) {}

    private final List<Point> points = new ArrayList<>();
    private final int handlesBefore;
    private int handlesMost;

    /// @param before the first connection
    Growth(ProcessFacts before) {
        handlesBefore = before.handles();
    }

    /// @param connections so far; the client has closed them all, the pod's side of the last ones may be on its way
    void add(long connections, ProcessFacts facts) {
        points.add(new Point(connections, facts.residentMegabytes()));
        handlesMost = Math.max(handlesMost, facts.handles());
    }

    /// The answer as one sentence. The slope is that of the least squares over all points that count.
    ///
    /// @param end when nothing closes any more
    /// @param seconds from the last connection until then
    String upTo(ProcessFacts end, double seconds) {
        List<Point> settled = points.stream().filter(point -> point.connections * 10 >= points.getLast().connections).toList();
        Point first = settled.getFirst();
        Point last = settled.getLast();
        return String.format(Locale.ROOT, "after the first %,d: resident %.0f MB, then %.0f to %.0f, %.0f at the end: %+.0f MB, %+.1f MB per 100,000;"
                + " handles %d before the first connection, %d %.0f s after the last (at most %d between)", first.connections,
                first.residentMegabytes, resident(settled).min().orElseThrow(), resident(settled).max().orElseThrow(), last.residentMegabytes,
                last.residentMegabytes - first.residentMegabytes, slope(settled) * 100_000, handlesBefore, end.handles(), seconds, handlesMost);
    }

    private static DoubleStream resident(List<Point> points) {
        return points.stream().mapToDouble(Point::residentMegabytes);
    }

    /// Megabytes per connection.
    private static double slope(List<Point> points) {
        double meanConnections = points.stream().mapToDouble(Point::connections).average().orElseThrow();
        double meanMegabytes = resident(points).average().orElseThrow();
        double covariance = points.stream().mapToDouble(p -> (p.connections - meanConnections) * (p.residentMegabytes - meanMegabytes)).sum();
        double variance = points.stream().mapToDouble(p -> (p.connections - meanConnections) * (p.connections - meanConnections)).sum();
        return covariance / variance;
    }
}

package io.fairlead.engine.tunnel;

import io.fairlead.engine.session.CloseReason;
import io.fairlead.engine.session.PortHistory;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// Placement: nanoseconds to choose a session for a connection and to give it back, by the number of sessions, each of which carries some already.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ShardSetBenchmark {
    @Param({"1", "8"})
    public int sessions;

    private final EmbeddedChannel home = new EmbeddedChannel();
    private final List<EmbeddedChannel> channels = new ArrayList<>();
    private final PortHistory history = new PortHistory();
    private final Placed placed = new Placed();
    private ShardSet shards;

    @Setup
    public void prepare() {
        shards = new ShardSet(home.eventLoop(), sessions, _ -> { }, () -> { });
        Tunnel last = null;
        for (int i = 0; i < sessions; i++) {
            last = new Tunnel("web", 80);
            channels.add(new EmbeddedChannel(last));
            shards.add(last);
            home.runPendingTasks();
            for (int n = i == sessions - 1 ? 1 : 2; n > 0; n--) {
                last.placed(0, System.nanoTime());
            }
        }
        for (int i = 0; i < 3; i++) {
            if (place() != last || last.load() != 1) {
                throw new IllegalStateException("not placed on the session with the fewest connections");
            }
        }
    }

    @TearDown
    public void close() {
        channels.forEach(EmbeddedChannel::finishAndReleaseAll);
        home.finishAndReleaseAll();
    }

    @Benchmark
    public Tunnel place() {
        shards.place(0, history, placed);
        Tunnel tunnel = placed.tunnel;
        placed.tunnel = null;
        tunnel.gone(0);
        return tunnel;
    }

    private static final class Placed implements ShardSet.Waiter {
        Tunnel tunnel;

        @Override
        public void placed(Tunnel chosen) {
            tunnel = chosen;
        }

        @Override
        public void refused(CloseReason why) {
            throw new IllegalStateException(why.text());
        }
    }
}

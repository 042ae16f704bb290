package io.fairlead.bench.micro;

import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.ImmediateEventExecutor;
import io.netty.util.internal.ThreadExecutorMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// Threads for JMH that Netty takes for event loops: on others its allocator has no caches and its thread locals are slow,
/// which is not what the engine meets.
public final class LoopThreads extends ThreadPoolExecutor {
    /// What JMH calls; see {@link #jvmArguments}.
    public LoopThreads(int threads, String prefix) {
        super(threads, threads, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(),
                ThreadExecutorMap.apply(new DefaultThreadFactory(prefix, true), ImmediateEventExecutor.INSTANCE));
    }

    static String[] jvmArguments() {
        return new String[] {"-Djmh.executor=CUSTOM", "-Djmh.executor.class=" + LoopThreads.class.getName()};
    }
}

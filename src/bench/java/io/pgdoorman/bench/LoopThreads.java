package io.pgdoorman.bench;

import io.netty.util.concurrent.DefaultThreadFactory;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Runs benchmarks on threads of the kind that event loops have: elsewhere Netty's object pools work
 * differently. JMH makes it by reflection, see {@link #EXECUTOR} and {@link #EXECUTOR_CLASS}.
 * Threads: any.
 */
public final class LoopThreads extends ThreadPoolExecutor {
    /** Option of a forked JVM: JMH takes an executor of ours. */
    public static final String EXECUTOR = "-Djmh.executor=CUSTOM";

    /** Option of a forked JVM: JMH takes this one. */
    public static final String EXECUTOR_CLASS =
            "-Djmh.executor.class=io.pgdoorman.bench.LoopThreads";

    /** The signature is JMH's. */
    public LoopThreads(int maxThreads, String prefix) {
        super(
                maxThreads,
                maxThreads,
                0,
                TimeUnit.MILLISECONDS,
                new LinkedBlockingQueue<>(),
                new DefaultThreadFactory(prefix, true));
    }
}

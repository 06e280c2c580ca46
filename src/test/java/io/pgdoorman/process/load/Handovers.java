package io.pgdoorman.process.load;

import io.pgdoorman.testing.PoolerProcess;

/** The way to hand over. Threads: called on the thread of {@link LoadHarness#run}. */
@FunctionalInterface
public interface Handovers {
    /**
     * Hands over from the running process to a successor; returns when only the successor is there,
     * and throws when that does not come about.
     */
    void handOver(PoolerProcess pooler);
}

package io.pgdoorman.stats;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Durations in the buckets of {@link Bounds}. Threads: any; who reads while others count may see a
 * count without its share of the sum.
 */
public final class Histogram {
    private final AtomicLongArray counts = new AtomicLongArray(Bounds.count());
    private final AtomicLong sumNanos = new AtomicLong();

    /** One lasted so long. */
    public void record(long nanos) {
        inherit(Bounds.bucketOf(nanos), 1);
        inheritSum(nanos);
    }

    /** As many more as another process has counted; a bucket that is none here is left out. */
    public void inherit(int bucket, long count) {
        if (bucket >= 0 && bucket < counts.length()) {
            counts.addAndGet(bucket, count);
        }
    }

    public void inheritSum(long nanos) {
        sumNanos.addAndGet(nanos);
    }

    /** How many were in a bucket, and in no smaller one. */
    public long count(int bucket) {
        return counts.get(bucket);
    }

    public long sumNanos() {
        return sumNanos.get();
    }
}

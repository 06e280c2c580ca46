package io.pgdoorman.stats;

/** The buckets of all histograms. Threads: any, because nothing changes. */
public final class Bounds {
    private static final long[] NANOS = {
        100_000,
        250_000,
        500_000,
        1_000_000,
        2_500_000,
        5_000_000,
        10_000_000,
        25_000_000,
        50_000_000,
        100_000_000,
        250_000_000,
        500_000_000,
        1_000_000_000,
        2_500_000_000L,
        5_000_000_000L,
        10_000_000_000L,
        60_000_000_000L,
    };

    private Bounds() {}

    /** Buckets, the one without an upper bound too. */
    public static int count() {
        return NANOS.length + 1;
    }

    /**
     * Upper bound of a bucket, which belongs to it.
     *
     * @return nanoseconds; {@link Long#MAX_VALUE} of the last
     */
    public static long nanos(int bucket) {
        return bucket < NANOS.length ? NANOS[bucket] : Long.MAX_VALUE;
    }

    static int bucketOf(long nanos) {
        int bucket = 0;
        while (bucket < NANOS.length && nanos > NANOS[bucket]) {
            bucket++;
        }
        return bucket;
    }
}

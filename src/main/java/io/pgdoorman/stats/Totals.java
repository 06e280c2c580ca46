package io.pgdoorman.stats;

/**
 * The counts of a pool at one moment, all loops together. Threads: immutable by use; the arrays are
 * not shared.
 *
 * @param counters by {@link Counter}
 * @param buckets by {@link Timing}, then bucket of {@link Bounds}; not cumulative
 */
public record Totals(long[] counters, long[][] buckets) {
    /** Nothing was counted. */
    public static Totals zero() {
        return new Totals(
                new long[Counter.values().length],
                new long[Timing.values().length][Bounds.count()]);
    }

    public long get(Counter counter) {
        return counters[counter.index()];
    }

    /** How many durations fell in a bucket of {@link Bounds}. */
    public long get(Timing timing, int bucket) {
        return buckets[timing.index()][bucket];
    }

    /** Adds to a total that nobody else sees yet. */
    public void add(Counter counter, long amount) {
        counters[counter.index()] += amount;
    }

    /** As {@link #add(Counter, long)}; a bucket this version does not have is left out. */
    public void add(Timing timing, int bucket, long amount) {
        if (bucket >= 0 && bucket < Bounds.count()) {
            buckets[timing.index()][bucket] += amount;
        }
    }

    /** How often {@code timing} was timed. */
    public long count(Timing timing) {
        long sum = 0;
        for (long bucket : buckets[timing.index()]) {
            sum += bucket;
        }
        return sum;
    }

    /** PostgreSQL's errors and the pooler's refusals. */
    public long errors() {
        return get(Counter.SERVER_ERRORS) + get(Counter.REFUSALS);
    }

    Totals plus(Totals other) {
        Totals sum = zero();
        for (int i = 0; i < counters.length; i++) {
            sum.counters[i] = counters[i] + other.counters[i];
        }
        for (int i = 0; i < buckets.length; i++) {
            for (int j = 0; j < buckets[i].length; j++) {
                sum.buckets[i][j] = buckets[i][j] + other.buckets[i][j];
            }
        }
        return sum;
    }
}

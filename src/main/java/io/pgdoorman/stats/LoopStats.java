package io.pgdoorman.stats;

import io.netty.buffer.ByteBuf;

import org.HdrHistogram.Histogram;
import org.HdrHistogram.IntCountsHistogram;
import org.jspecify.annotations.Nullable;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The counts of one pool on one event loop.
 *
 * <p>Threads: written on the loop alone, with plain stores that other threads see soon; no counter
 * goes back. {@link #takeInterval} on the loop. Allocation-free but for the first value of a kind.
 */
public final class LoopStats {
    private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);
    private static final int COUNTERS = Counter.values().length;
    private static final int TIMINGS = Timing.values().length;
    private static final int DIGITS = 2;
    private static final long MICRO = 1_000;

    private final long[] counters = new long[COUNTERS];
    private final long[] buckets = new long[TIMINGS * Bounds.count()];

    /** Microseconds, since the last {@link #takeInterval}; null if nothing came since. */
    private final @Nullable IntCountsHistogram[] intervals = new IntCountsHistogram[TIMINGS];

    /** Counts one. */
    public void count(Counter counter) {
        add(counter, 1);
    }

    public void add(Counter counter, long amount) {
        add(counters, counter.index(), amount);
    }

    private static void add(long[] array, int index, long amount) {
        LONGS.setOpaque(array, index, array[index] + amount);
    }

    /** Counts a duration. */
    public void time(Timing timing, long nanos) {
        long duration = Math.max(0, nanos);
        add(timing.sum(), duration);
        add(buckets, timing.index() * Bounds.count() + Bounds.bucketOf(duration), 1);
        IntCountsHistogram interval = intervals[timing.index()];
        if (interval == null) {
            interval = new IntCountsHistogram(DIGITS);
            interval.setAutoResize(true);
            intervals[timing.index()] = interval;
        }
        interval.recordValue(duration / MICRO);
    }

    /**
     * Counts an ErrorResponse by its SQLSTATE.
     *
     * @param in borrowed
     * @param sqlState index of the five characters; negative if there are none
     */
    public void error(ByteBuf in, int sqlState) {
        count(Counter.SERVER_ERRORS);
        count(sqlState < 0 ? Counter.ERRORS_OTHER : ErrorClass.of(in, sqlState));
    }

    /** Counts a refused request for a server. */
    public void refusal(String sqlState) {
        count(Counter.REFUSALS);
        count(ErrorClass.of(sqlState));
    }

    // ---- what others read -----------------------------------------------------------------------

    long get(Counter counter) {
        return (long) LONGS.getOpaque(counters, counter.index());
    }

    long get(Timing timing, int bucket) {
        return (long) LONGS.getOpaque(buckets, timing.index() * Bounds.count() + bucket);
    }

    /** Adds the durations since the last call, in microseconds, to {@code into}. On the loop. */
    void takeInterval(Timing timing, Histogram into) {
        IntCountsHistogram interval = intervals[timing.index()];
        if (interval != null && interval.getTotalCount() > 0) {
            into.add(interval);
            interval.reset();
        }
    }
}

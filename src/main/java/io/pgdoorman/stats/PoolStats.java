package io.pgdoorman.stats;

import org.HdrHistogram.Histogram;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The counts of one pool: what its loops count, and what another process had counted before.
 *
 * <p>Threads: {@link #totals}, {@link #averages} and {@link #percentiles} any; {@link #tick} one at
 * a time.
 */
public final class PoolStats {
    /** So many ticks are the period of averages and percentiles. */
    public static final int TICKS = 3;

    private static final int DIGITS = 2;
    private static final List<Counter> COUNTERS = List.of(Counter.values());
    private static final List<Timing> TIMINGS = List.of(Timing.values());

    private final List<LoopStats> loops;

    /** Written when another process hands its counts over. */
    private volatile Totals inherited = Totals.zero();

    private record Moment(long nanos, Totals totals) {}

    /** The last ones, oldest first; confined to {@link #tick}. */
    private final Deque<Moment> moments = new ArrayDeque<>();

    /** Of the last ticks, by timing; confined to {@link #tick}. */
    private final List<Deque<Histogram>> windows = new ArrayList<>();

    private volatile Averages averages = Averages.NONE;
    private volatile List<Percentiles> percentiles = List.of();

    /**
     * @param loops how many event loops count
     */
    public PoolStats(int loops) {
        this.loops = IntStream.range(0, loops).mapToObj(_ -> new LoopStats()).toList();
        for (int i = 0; i < Timing.values().length; i++) {
            windows.add(new ArrayDeque<>());
        }
    }

    /**
     * Where one event loop counts.
     *
     * @param index from 0
     */
    public LoopStats loop(int index) {
        return loops.get(index);
    }

    public Totals totals() {
        Totals sum = Totals.zero().plus(inherited);
        for (LoopStats loop : loops) {
            for (Counter counter : COUNTERS) {
                sum.counters()[counter.index()] += loop.get(counter);
            }
            for (Timing timing : TIMINGS) {
                for (int bucket = 0; bucket < Bounds.count(); bucket++) {
                    sum.buckets()[timing.index()][bucket] += loop.get(timing, bucket);
                }
            }
        }
        return sum;
    }

    /** Of the last period. */
    public Averages averages() {
        return averages;
    }

    /** Of the last period. */
    public Percentiles percentiles(Timing timing) {
        List<Percentiles> now = percentiles;
        return now.isEmpty() ? Percentiles.NONE : now.get(timing.index());
    }

    /** Counts of another process that goes, or of one before it, continue here. */
    public synchronized void inherit(Totals more) {
        inherited = inherited.plus(more);
        moments.clear(); // else the period would begin with all of them
    }

    /** What one loop has timed since it was asked last, by {@link Timing}. On that loop. */
    public List<Histogram> takeInterval(int loop) {
        List<Histogram> taken = new ArrayList<>();
        for (Timing timing : Timing.values()) {
            var histogram = new Histogram(DIGITS);
            loops.get(loop).takeInterval(timing, histogram);
            taken.add(histogram);
        }
        return taken;
    }

    /**
     * The next part of the period begins.
     *
     * @param intervals what {@link #takeInterval} gave for each loop
     */
    public synchronized void tick(long nowNanos, List<List<Histogram>> intervals) {
        Totals totals = totals();
        Moment first = moments.peekFirst();
        averages =
                first == null
                        ? Averages.NONE
                        : Averages.between(first.totals(), totals, nowNanos - first.nanos());
        moments.addLast(new Moment(nowNanos, totals));
        if (moments.size() > TICKS) {
            moments.removeFirst();
        }
        List<Percentiles> next = new ArrayList<>();
        for (Timing timing : Timing.values()) {
            var interval = new Histogram(DIGITS);
            intervals.forEach(ofLoop -> interval.add(ofLoop.get(timing.index())));
            Deque<Histogram> window = windows.get(timing.index());
            window.addLast(interval);
            if (window.size() > TICKS) {
                window.removeFirst();
            }
            var all = new Histogram(DIGITS);
            window.forEach(all::add);
            next.add(Percentiles.of(all));
        }
        percentiles = List.copyOf(next);
    }
}

package io.pgdoorman.stats;

import org.HdrHistogram.Histogram;

/** Durations of the last period in microseconds; 0 if there were none. Threads: immutable. */
public record Percentiles(long p50, long p90, long p95, long p99) {
    /** Of nothing. */
    public static final Percentiles NONE = new Percentiles(0, 0, 0, 0);

    static Percentiles of(Histogram micros) {
        return micros.getTotalCount() == 0
                ? NONE
                : new Percentiles(
                        micros.getValueAtPercentile(50),
                        micros.getValueAtPercentile(90),
                        micros.getValueAtPercentile(95),
                        micros.getValueAtPercentile(99));
    }
}

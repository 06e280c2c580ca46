package io.pgdoorman.metrics;

import io.pgdoorman.stats.Bounds;
import io.pgdoorman.stats.Histogram;
import io.pgdoorman.stats.Timing;
import io.pgdoorman.stats.Totals;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.Quantiles;
import io.prometheus.metrics.model.snapshots.SummarySnapshot;
import io.prometheus.metrics.model.snapshots.SummarySnapshot.SummaryDataPointSnapshot;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A metric with the samples of one page. Labels are names and values in turn. Threads: confined to
 * the thread that collects.
 */
final class Family {
    private static final String TOTAL = "_total";
    private static final String INFO = "_info";
    private static final double NANOS = 1e9;

    enum Type {
        GAUGE,
        /** Its name ends with {@code _total}. */
        COUNTER,
        HISTOGRAM,
        /** Count and sum alone. */
        SUMMARY,
        /** A gauge that is 1; its name ends with {@code _info}. */
        INFO
    }

    private static final double[] BOUNDS = bounds();
    private static final long[] NO_BUCKETS = new long[0];
    private static final int MOST_LABELS = 100_000;
    private static final Map<List<String>, Labels> LABELS = new ConcurrentHashMap<>();

    private record Sample(Labels labels, double value, long count, long[] buckets) {}

    private final String name;
    private final Type type;
    private final String help;
    private final List<Sample> samples = new ArrayList<>();

    Family(String name, Type type, String help) {
        this.name = name;
        this.type = type;
        this.help = help;
    }

    String name() {
        return name;
    }

    Type type() {
        return type;
    }

    /** How many samples. */
    int size() {
        return samples.size();
    }

    /** The name without the suffix that the format adds. */
    String base() {
        return switch (type) {
            case COUNTER -> without(TOTAL);
            case INFO -> without(INFO);
            case GAUGE, HISTOGRAM, SUMMARY -> name;
        };
    }

    private String without(String suffix) {
        if (!name.endsWith(suffix)) {
            throw new IllegalStateException(name + " does not end with " + suffix);
        }
        return name.substring(0, name.length() - suffix.length());
    }

    /** The library checks and sorts them each time it makes them. */
    private static Labels labels(String... namesAndValues) {
        if (LABELS.size() > MOST_LABELS) {
            LABELS.clear(); // of pools that have come and gone
        }
        return LABELS.computeIfAbsent(List.of(namesAndValues), _ -> Labels.of(namesAndValues));
    }

    Family add(long value, String... labels) {
        return add((double) value, labels);
    }

    Family add(double value, String... labels) {
        samples.add(new Sample(labels(labels), value, 0, NO_BUCKETS));
        return this;
    }

    /** Of a summary. */
    Family add(long count, double sum, String... labels) {
        samples.add(new Sample(labels(labels), sum, count, NO_BUCKETS));
        return this;
    }

    /** Of a histogram. */
    Family add(Totals totals, Timing timing, String... labels) {
        long[] buckets = new long[Bounds.count()];
        for (int i = 0; i < buckets.length; i++) {
            buckets[i] = totals.get(timing, i);
        }
        double seconds = totals.get(timing.sum()) / NANOS;
        samples.add(new Sample(labels(labels), seconds, 0, buckets));
        return this;
    }

    /** Of a histogram. */
    Family add(Histogram histogram, String... labels) {
        long[] buckets = new long[Bounds.count()];
        for (int i = 0; i < buckets.length; i++) {
            buckets[i] = histogram.count(i);
        }
        samples.add(new Sample(labels(labels), histogram.sumNanos() / NANOS, 0, buckets));
        return this;
    }

    /** Of its samples; empty if there are none. */
    Set<String> labelNames() {
        Set<String> names = new LinkedHashSet<>();
        for (Sample sample : samples) {
            for (int i = 0; i < sample.labels().size(); i++) {
                names.add(sample.labels().getName(i));
            }
        }
        return names;
    }

    MetricSnapshot snapshot() {
        return switch (type) {
            case GAUGE -> {
                var all = GaugeSnapshot.builder().name(base()).help(help);
                samples.forEach(
                        one ->
                                all.dataPoint(
                                        GaugeDataPointSnapshot.builder()
                                                .labels(one.labels())
                                                .value(one.value())
                                                .build()));
                yield all.build();
            }
            case COUNTER -> {
                var all = CounterSnapshot.builder().name(base()).help(help);
                samples.forEach(
                        one ->
                                all.dataPoint(
                                        CounterDataPointSnapshot.builder()
                                                .labels(one.labels())
                                                .value(one.value())
                                                .build()));
                yield all.build();
            }
            case INFO -> {
                var all = InfoSnapshot.builder().name(base()).help(help);
                samples.forEach(
                        one ->
                                all.dataPoint(
                                        InfoDataPointSnapshot.builder()
                                                .labels(one.labels())
                                                .build()));
                yield all.build();
            }
            case SUMMARY -> {
                var all = SummarySnapshot.builder().name(base()).help(help);
                samples.forEach(
                        one ->
                                all.dataPoint(
                                        SummaryDataPointSnapshot.builder()
                                                .labels(one.labels())
                                                .quantiles(Quantiles.EMPTY)
                                                .count(one.count())
                                                .sum(one.value())
                                                .build()));
                yield all.build();
            }
            case HISTOGRAM -> {
                var all = HistogramSnapshot.builder().name(base()).help(help);
                samples.forEach(
                        one ->
                                all.dataPoint(
                                        HistogramDataPointSnapshot.builder()
                                                .labels(one.labels())
                                                .classicHistogramBuckets(
                                                        ClassicHistogramBuckets.of(
                                                                BOUNDS, one.buckets()))
                                                .sum(one.value())
                                                .build()));
                yield all.build();
            }
        };
    }

    /** Upper bounds of the buckets in seconds. */
    private static double[] bounds() {
        var bounds = new double[Bounds.count()];
        for (int i = 0; i < bounds.length; i++) {
            long nanos = Bounds.nanos(i);
            bounds[i] = nanos == Long.MAX_VALUE ? Double.POSITIVE_INFINITY : nanos / NANOS;
        }
        return bounds;
    }
}

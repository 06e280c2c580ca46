package io.pgdoorman.stats;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

class PoolStatsTest {
    private static final long MILLI = 1_000_000;
    private static final long SECOND = 1_000_000_000;

    private final PoolStats stats = new PoolStats(2);

    private void tick(long atNanos) {
        stats.tick(atNanos, List.of(stats.takeInterval(0), stats.takeInterval(1)));
    }

    @Test
    void addsWhatAllLoopsAndAnEarlierProcessHaveCounted() {
        var before = new PoolStats(1);
        before.loop(0).add(Counter.QUERIES, 100);
        before.loop(0).time(Timing.QUERY, 3 * MILLI);
        stats.loop(0).add(Counter.QUERIES, 5);
        stats.loop(1).count(Counter.QUERIES);
        stats.loop(1).time(Timing.QUERY, 7 * MILLI);

        stats.inherit(before.totals());

        assertThat(stats.totals().get(Counter.QUERIES)).isEqualTo(106);
        assertThat(stats.totals().get(Counter.QUERY_NANOS)).isEqualTo(10 * MILLI);
        assertThat(stats.totals().count(Timing.QUERY)).isEqualTo(2);
        assertThat(stats.totals().get(Counter.TRANSACTIONS)).isZero();
    }

    @Test
    void averagesAreOfTheLastPeriod() {
        tick(0);
        stats.loop(0).add(Counter.TRANSACTIONS, 300);
        stats.loop(0).add(Counter.SENT_BYTES, 15_000);
        for (int i = 0; i < 10; i++) {
            stats.loop(1).time(Timing.TRANSACTION, (1L + i) * MILLI);
        }
        tick(15 * SECOND);
        Averages busy = stats.averages();
        for (int i = 2; i < 6; i++) {
            tick(i * 15L * SECOND);
        }

        assertThat(busy.transactions()).isEqualTo(20);
        assertThat(busy.sent()).isEqualTo(1_000);
        assertThat(busy.transactionMicros()).isEqualTo(5_500);
        assertThat(stats.averages()).isEqualTo(Averages.NONE);
    }

    @Test
    void percentilesSlide() {
        for (int i = 1; i <= 100; i++) {
            stats.loop(i % 2).time(Timing.QUERY, i * MILLI);
        }
        tick(SECOND);
        Percentiles first = stats.percentiles(Timing.QUERY);
        for (int i = 0; i < PoolStats.TICKS; i++) {
            tick((2L + i) * SECOND);
        }

        assertThat(first.p50()).isBetween(49_000L, 52_000L);
        assertThat(first.p99()).isBetween(98_000L, 101_000L);
        assertThat(stats.percentiles(Timing.QUERY)).isEqualTo(Percentiles.NONE);
        assertThat(stats.percentiles(Timing.WAIT)).isEqualTo(Percentiles.NONE);
    }

    @Test
    void anUpperBoundBelongsToItsBucket() {
        for (int bucket = 0; bucket < Bounds.count() - 1; bucket++) {
            stats.loop(0).time(Timing.WAIT, Bounds.nanos(bucket));
        }
        stats.loop(0).time(Timing.WAIT, Bounds.nanos(Bounds.count() - 2) + 1);

        assertThat(stats.totals().buckets()[2]).containsOnly(1);
    }

    @ParameterizedTest
    @CsvSource({
        "08006, ERRORS_08",
        "53300, ERRORS_53",
        "57P01, ERRORS_57",
        "25P02, ERRORS_25P02",
        "25001, ERRORS_OTHER",
        "26000, ERRORS_26000",
        "22012, ERRORS_OTHER",
    })
    void errorsCountByTheirCode(String sqlState, Counter counter) {
        ByteBuf body = Unpooled.copiedBuffer("C" + sqlState + "\0", StandardCharsets.US_ASCII);
        stats.loop(0).error(body, 1);
        stats.loop(0).refusal(sqlState);

        assertThat(stats.totals().get(counter)).isEqualTo(2);
        assertThat(stats.totals().errors()).isEqualTo(2);
    }

    @Test
    void codesAreDense() {
        Set<Integer> codes = new HashSet<>();
        for (Counter counter : Counter.values()) {
            codes.add(counter.code());
        }

        assertThat(codes).hasSameSizeAs(Counter.values()).contains(1, Counter.values().length);
    }
}

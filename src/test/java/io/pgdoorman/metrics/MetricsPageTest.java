package io.pgdoorman.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.stats.Counter;
import io.pgdoorman.stats.LoopStats;
import io.pgdoorman.stats.Timing;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** The page, as a reader of metrics sees it. */
class MetricsPageTest {
    private static final double BIT = 1e-9;
    private static final long MILLI = 1_000_000;

    private final MetricsStage stage = new MetricsStage();

    @AfterEach
    void stop() {
        stage.close();
    }

    private static Exposition read(MetricsPage page, Format format) throws InterruptedException {
        return Exposition.parse(MetricsStage.text(page, format));
    }

    private Exposition read(Format format) throws InterruptedException {
        return read(stage.page(), format);
    }

    @ParameterizedTest
    @EnumSource
    void bothFormatsHaveTheCountsOfAllLoops(Format format) throws InterruptedException {
        LoopStats one = stage.pool().stats().loop(0);
        LoopStats other = stage.pool().stats().loop(1);
        one.add(Counter.QUERIES, 3);
        other.add(Counter.QUERIES, 4);
        one.add(Counter.RECEIVED_BYTES, 100);
        one.add(Counter.SENT_BYTES, 200);
        one.refusal("53300");
        one.refusal("XX000");

        Exposition page = read(format);

        String[] pool = {"user", "alice", "database", "shop"};
        assertThat(page.sum("pg_doorman_pools_queries_total", pool)).isEqualTo(7);
        assertThat(page.sum("pg_doorman_pools_queries_count", pool)).isEqualTo(7);
        assertThat(page.sum("pg_doorman_pools_bytes_total", "direction", "received"))
                .isEqualTo(100);
        assertThat(page.sum("pg_doorman_pools_bytes", "direction", "sent")).isEqualTo(200);
        assertThat(page.sum("pg_doorman_pools_errors_total", "sqlstate", "53")).isEqualTo(1);
        assertThat(page.sum("pg_doorman_pools_errors_total", "sqlstate", "other")).isEqualTo(1);
        assertThat(page.sum("pg_doorman_pools_errors_by_source_total", "source", "pooler"))
                .isEqualTo(2);
        assertThat(page.sum("pg_doorman_pool_size", pool)).isEqualTo(7);
        assertThat(page.sum("pg_doorman_pool_coordinator", "type", "max_connections"))
                .isEqualTo(20);
        assertThat(page.sum("pg_doorman_build_info", "version", "1.2.3")).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource
    void bucketsAreCumulativeAndTheLastIsTheCount(Format format) throws InterruptedException {
        LoopStats stats = stage.pool().stats().loop(0);
        stats.time(Timing.QUERY, 0);
        stats.time(Timing.QUERY, MILLI); // a bound belongs to its bucket
        stats.time(Timing.QUERY, MILLI + 1);
        stats.time(Timing.QUERY, 3_600_000 * MILLI);

        Exposition page = read(format);

        String name = "pg_doorman_pools_query_duration_seconds";
        List<Exposition.Sample> buckets = page.samples(name + "_bucket");
        assertThat(buckets).extracting(Exposition.Sample::value).isSorted();
        assertThat(buckets)
                .extracting(sample -> bound(sample.labels().get("le")))
                .isSorted()
                .contains(0.0005, 0.005, 0.05, 0.5, 5.0, Double.POSITIVE_INFINITY);
        assertThat(page.sum(name + "_bucket", "le", "0.001")).isEqualTo(2);
        assertThat(page.sum(name + "_bucket", "le", "60.0")).isEqualTo(3);
        assertThat(page.sum(name + "_bucket", "le", "+Inf")).isEqualTo(4);
        assertThat(page.sum(name + "_count")).isEqualTo(4);
        assertThat(page.sum(name + "_sum")).isCloseTo(3600.002, offset(10 * BIT));
    }

    @Test
    void tellsOfTls() throws InterruptedException {
        LoopStats stats = stage.pool().stats().loop(0);
        stats.time(Timing.SERVER_TLS, 2 * MILLI);
        stats.count(Counter.SERVER_TLS_FAILURES);

        Exposition page = read(Format.TEXT);

        String handshakes = "pg_doorman_server_tls_handshake_";
        assertThat(page.sum(handshakes + "duration_seconds_count", "user", "alice")).isEqualTo(1);
        assertThat(page.sum(handshakes + "errors_total", "database", "shop")).isEqualTo(1);
        assertThat(page.sum("pg_doorman_server_tls_connections")).isZero();
        assertThat(page.samples("pg_doorman_tls_file_expiry_timestamp_seconds"))
                .extracting(one -> one.labels().get("side") + " " + one.labels().get("kind"))
                .containsExactlyInAnyOrder("client certificate", "server crl");
        assertThat(page.sum("pg_doorman_tls_file_expiry_timestamp_seconds", "side", "client"))
                .isEqualTo(1.8e9);
    }

    private static double bound(String text) {
        return text.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(text);
    }

    @Test
    void openMetricsHasTheSeriesOfTheTextAndEnds() throws InterruptedException {
        MetricsPage page = stage.page();

        Exposition text = read(page, Format.TEXT);
        Exposition open = read(page, Format.OPEN_METRICS);
        String source = MetricsStage.text(page, Format.OPEN_METRICS);

        assertThat(open.samples())
                .extracting(sample -> sample.name() + sample.labels())
                .containsExactlyInAnyOrderElementsOf(
                        text.samples().stream().map(s -> s.name() + s.labels()).toList());
        assertThat(source).endsWith("\n# EOF\n").containsOnlyOnce("# EOF");
        assertThat(open.types())
                .containsEntry("pg_doorman_pools_queries", "counter")
                .containsEntry("pg_doorman_pool_coordinator", "gauge")
                .containsEntry("pg_doorman_pool_coordinator_total", "unknown");
    }

    @Test
    void labelsAreEscaped() throws InterruptedException {
        Exposition page = read(Format.TEXT);

        assertThat(page.samples("pg_doorman_log_level"))
                .singleElement()
                .satisfies(
                        sample ->
                                assertThat(sample.labels())
                                        .containsEntry("level", stage.logLevel()));
    }

    @Test
    void scrapesAtTheSameTimeShareTheirFigures() throws InterruptedException {
        MetricsPage page = stage.page();
        String first = MetricsStage.text(page, Format.TEXT);
        stage.pool().stats().loop(0).count(Counter.QUERIES);

        String second = MetricsStage.text(page, Format.TEXT);

        assertThat(second).isEqualTo(first);
    }

    @Test
    void aSumOverPoolsDoesNotFallWhenOneIsRemoved() throws InterruptedException {
        Pool second = stage.add("shop", "bob");
        MetricsPage page = stage.page();
        stage.pool().stats().loop(0).add(Counter.CHECKS_POOLER, 5);
        second.stats().loop(0).add(Counter.CHECKS_POOLER, 7);
        page.collect();
        stage.remove(second);

        page.collect();
        Families families = page.collect();

        assertThat(text(families))
                .contains("pg_doorman_pooler_check_query_cache_total 12.0")
                .doesNotContain("bob");
    }

    private static String text(Families families) {
        ByteBuf page = Unpooled.buffer();
        families.figures().write(Format.TEXT, page);
        return page.toString(StandardCharsets.UTF_8);
    }

    @Test
    void readsResidentMemory() {
        assertThat(ProcStatus.parse(List.of("Name:\tx", "VmRSS:\t    2048 kB", "Threads:\t1")))
                .isEqualTo(2 << 20);
        assertThat(ProcStatus.parse(List.of("Name:\tx"))).isZero();
        assertThat(ProcStatus.residentBytes()).isPositive();
    }
}

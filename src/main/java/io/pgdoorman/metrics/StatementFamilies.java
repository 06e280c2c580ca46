package io.pgdoorman.metrics;

import io.pgdoorman.admin.PoolRow;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.stats.Counter;
import io.pgdoorman.stats.Totals;

import java.util.List;

/** Prepared statements. Threads: confined to the page's lock. */
final class StatementFamilies {
    private final LastingSum serverChecks = new LastingSum(Counter.CHECKS_SERVER);
    private final LastingSum poolerChecks = new LastingSum(Counter.CHECKS_POOLER);

    void collect(Families out, List<PoolRow> rows) {
        Family entries =
                out.gauge(
                        "pg_doorman_pool_prepared_cache_entries",
                        "Statements the clients of the pool share.");
        Family bytes =
                out.gauge(
                        "pg_doorman_pool_prepared_cache_bytes", "Memory they take, approximately.");
        Family evictions =
                out.counter(
                        "pg_doorman_pool_prepared_cache_evictions_total",
                        "Statements that made room for others.");
        Family clients =
                out.gauge(
                        "pg_doorman_clients_prepared_cache_entries",
                        "Statements of all clients of the pool together.");
        Family named =
                out.gauge("pg_doorman_clients_prepared_named_entries", "Those that have a name.");
        Family hits =
                out.counter(
                        "pg_doorman_servers_prepared_hits_total",
                        "Times a server had the statement already.");
        Family misses =
                out.counter(
                        "pg_doorman_servers_prepared_misses_total",
                        "Times the statement had to be prepared.");
        Family hitsGauge =
                out.gauge(
                        "pg_doorman_servers_prepared_hits",
                        "Deprecated, use pg_doorman_servers_prepared_hits_total.");
        Family missesGauge =
                out.gauge(
                        "pg_doorman_servers_prepared_misses",
                        "Deprecated, use pg_doorman_servers_prepared_misses_total.");
        long allEntries = 0;
        long allBytes = 0;
        for (PoolRow row : rows) {
            Pool pool = row.pool();
            Totals totals = pool.stats().totals();
            String[] labels = PoolFamilies.labels(pool);
            entries.add(pool.statements().size(), labels);
            bytes.add(pool.statements().bytes(), labels);
            evictions.add(pool.statements().evictions(), labels);
            clients.add(row.namedStatements(), labels);
            named.add(row.namedStatements(), labels);
            hits.add(totals.get(Counter.STATEMENT_HITS), labels);
            misses.add(totals.get(Counter.STATEMENT_MISSES), labels);
            hitsGauge.add(totals.get(Counter.STATEMENT_HITS), labels);
            missesGauge.add(totals.get(Counter.STATEMENT_MISSES), labels);
            allEntries += pool.statements().size();
            allBytes += pool.statements().bytes();
        }
        out.gauge(
                        "pg_doorman_query_interner_entries",
                        "Statements of all pools together; there is one cache for both kinds.")
                .add(allEntries, "kind", "named")
                .add(0, "kind", "anonymous");
        out.gauge("pg_doorman_query_interner_bytes", "Memory they take, approximately.")
                .add(allBytes, "kind", "named")
                .add(0, "kind", "anonymous");
        out.counter(
                        "pg_doorman_pooler_check_query_backend_total",
                        "Times pooler_check_query was answered by PostgreSQL.")
                .add(serverChecks.over(rows));
        out.counter(
                        "pg_doorman_pooler_check_query_cache_total",
                        "Times pooler_check_query was answered by the pooler.")
                .add(poolerChecks.over(rows));
    }
}

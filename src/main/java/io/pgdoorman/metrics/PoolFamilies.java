package io.pgdoorman.metrics;

import io.pgdoorman.admin.PoolRow;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.stats.Counter;
import io.pgdoorman.stats.Percentiles;
import io.pgdoorman.stats.PoolStats;
import io.pgdoorman.stats.Timing;
import io.pgdoorman.stats.Totals;

import java.util.List;
import java.util.concurrent.TimeUnit;

/** Clients, servers and the traffic between them, by pool. Threads: no state. */
final class PoolFamilies {
    private static final double MICROS_PER_MILLI = 1e3;
    private static final double NANOS_PER_MILLI = 1e6;

    private record Place(PoolRow row, Totals totals, String[] labels) {
        String[] with(String name, String value) {
            return new String[] {labels[0], labels[1], labels[2], labels[3], name, value};
        }

        PoolStats stats() {
            return row.pool().stats();
        }
    }

    static String[] labels(Pool pool) {
        return new String[] {"user", pool.user(), "database", pool.database()};
    }

    void collect(Families out, List<PoolRow> rows) {
        List<Place> places =
                rows.stream()
                        .map(row -> new Place(row, row.pool().stats().totals(), labels(row.pool())))
                        .toList();
        states(out, places);
        counts(out, places);
        errors(out, places);
        durations(out, places);
        deprecated(out, places);
    }

    private static void states(Families out, List<Place> places) {
        Family size = out.gauge("pg_doorman_pool_size", "Servers the pool may have.");
        Family clients = out.gauge("pg_doorman_pools_clients", "Clients by state.");
        Family servers = out.gauge("pg_doorman_pools_servers", "Servers by state.");
        Family oldest =
                out.gauge(
                        "pg_doorman_pools_oldest_active_age_ms",
                        "Milliseconds the longest transaction has lasted; 0 if there is none.");
        Family paused = out.gauge("pg_doorman_pools_paused", "1 after PAUSE.");
        Family failing =
                out.gauge(
                        "pg_doorman_pools_failing",
                        "1 if the last attempt to open a server failed.");
        Family wait =
                out.gauge(
                        "pg_doorman_pools_maxwait_microseconds",
                        "Microseconds the client has waited that waits longest now; 0 if none"
                                + " waits.");
        for (Place place : places) {
            PoolRow row = place.row();
            size.add(row.pool().settings().size(), place.labels());
            clients.add(row.idleClients(), place.with("status", "idle"));
            clients.add(row.waitingClients(), place.with("status", "waiting"));
            clients.add(row.activeClients(), place.with("status", "active"));
            servers.add(row.activeServers(), place.with("status", "active"));
            servers.add(row.idleServers(), place.with("status", "idle"));
            servers.add(row.usedServers(), place.with("status", "used"));
            servers.add(row.loginServers(), place.with("status", "login"));
            oldest.add(TimeUnit.NANOSECONDS.toMillis(row.oldestActiveNanos()), place.labels());
            paused.add(row.pool().isPaused() ? 1 : 0, place.labels());
            failing.add(row.pool().isFailing() ? 1 : 0, place.labels());
            wait.add(TimeUnit.NANOSECONDS.toMicros(row.oldestWaitNanos()), place.labels());
        }
    }

    private static void counts(Families out, List<Place> places) {
        Family queries = out.counter("pg_doorman_pools_queries_total", "Round trips of clients.");
        Family transactions =
                out.counter(
                        "pg_doorman_pools_transactions_total",
                        "Transactions; a query outside of a transaction block is one.");
        Family bytes =
                out.counter(
                        "pg_doorman_pools_bytes_total",
                        "Bytes received from clients and sent to clients.");
        for (Place place : places) {
            Totals totals = place.totals();
            queries.add(totals.get(Counter.QUERIES), place.labels());
            transactions.add(totals.get(Counter.TRANSACTIONS), place.labels());
            bytes.add(totals.get(Counter.RECEIVED_BYTES), place.with("direction", "received"));
            bytes.add(totals.get(Counter.SENT_BYTES), place.with("direction", "sent"));
        }
    }

    private static void errors(Families out, List<Place> places) {
        Family byState =
                out.counter(
                        "pg_doorman_pools_errors_total",
                        "Errors of PostgreSQL and refusals of the pooler, by class of SQLSTATE.");
        Family bySource =
                out.counter(
                        "pg_doorman_pools_errors_by_source_total",
                        "The same errors, by who raised them.");
        for (Place place : places) {
            Totals totals = place.totals();
            byState.add(totals.get(Counter.ERRORS_08), place.with("sqlstate", "08"));
            byState.add(totals.get(Counter.ERRORS_53), place.with("sqlstate", "53"));
            byState.add(totals.get(Counter.ERRORS_57), place.with("sqlstate", "57"));
            byState.add(totals.get(Counter.ERRORS_25P02), place.with("sqlstate", "25P02"));
            byState.add(totals.get(Counter.ERRORS_26000), place.with("sqlstate", "26000"));
            byState.add(totals.get(Counter.ERRORS_OTHER), place.with("sqlstate", "other"));
            bySource.add(totals.get(Counter.SERVER_ERRORS), place.with("source", "server"));
            bySource.add(totals.get(Counter.REFUSALS), place.with("source", "pooler"));
        }
    }

    private static void durations(Families out, List<Place> places) {
        Family query =
                out.histogram(
                        "pg_doorman_pools_query_duration_seconds",
                        "From the sending of a query to its ReadyForQuery, without the wait for a"
                                + " server.");
        Family transaction =
                out.histogram(
                        "pg_doorman_pools_transaction_duration_seconds",
                        "How long a transaction lasted.");
        Family wait =
                out.histogram(
                        "pg_doorman_pools_wait_duration_seconds",
                        "How long a client waited for the server it got; 0 counts too.");
        Family queryTime =
                out.gauge(
                        "pg_doorman_pools_queries_total_time",
                        "Milliseconds of all queries since the start.");
        Family transactionTime =
                out.gauge(
                        "pg_doorman_pools_transactions_total_time",
                        "Milliseconds of all transactions since the start.");
        for (Place place : places) {
            Totals totals = place.totals();
            query.add(totals, Timing.QUERY, place.labels());
            transaction.add(totals, Timing.TRANSACTION, place.labels());
            wait.add(totals, Timing.WAIT, place.labels());
            queryTime.add(totals.get(Counter.QUERY_NANOS) / NANOS_PER_MILLI, place.labels());
            transactionTime.add(
                    totals.get(Counter.TRANSACTION_NANOS) / NANOS_PER_MILLI, place.labels());
        }
    }

    private static void deprecated(Families out, List<Place> places) {
        Family queries =
                out.gauge(
                        "pg_doorman_pools_queries_count",
                        "Deprecated, use pg_doorman_pools_queries_total.");
        Family transactions =
                out.gauge(
                        "pg_doorman_pools_transactions_count",
                        "Deprecated, use pg_doorman_pools_transactions_total.");
        Family bytes =
                out.gauge(
                        "pg_doorman_pools_bytes", "Deprecated, use pg_doorman_pools_bytes_total.");
        Family query =
                out.gauge(
                        "pg_doorman_pools_queries_percentile",
                        "Deprecated, use pg_doorman_pools_query_duration_seconds. Milliseconds,"
                                + " of the last 15 s.");
        Family transaction =
                out.gauge(
                        "pg_doorman_pools_transactions_percentile",
                        "Deprecated, use pg_doorman_pools_transaction_duration_seconds."
                                + " Milliseconds, of the last 15 s.");
        Family wait =
                out.gauge(
                        "pg_doorman_pools_avg_wait_time",
                        "Deprecated, use pg_doorman_pools_wait_duration_seconds. Milliseconds, of"
                                + " the last 15 s.");
        for (Place place : places) {
            Totals totals = place.totals();
            queries.add(totals.get(Counter.QUERIES), place.labels());
            transactions.add(totals.get(Counter.TRANSACTIONS), place.labels());
            bytes.add(totals.get(Counter.RECEIVED_BYTES), place.with("direction", "received"));
            bytes.add(totals.get(Counter.SENT_BYTES), place.with("direction", "sent"));
            percentiles(query, place, Timing.QUERY);
            percentiles(transaction, place, Timing.TRANSACTION);
            wait.add(place.stats().averages().waitMicros() / MICROS_PER_MILLI, place.labels());
        }
    }

    private static void percentiles(Family family, Place place, Timing timing) {
        Percentiles of = place.stats().percentiles(timing);
        family.add(of.p99() / MICROS_PER_MILLI, place.with("percentile", "99"));
        family.add(of.p95() / MICROS_PER_MILLI, place.with("percentile", "95"));
        family.add(of.p90() / MICROS_PER_MILLI, place.with("percentile", "90"));
        family.add(of.p50() / MICROS_PER_MILLI, place.with("percentile", "50"));
    }
}

package io.pgdoorman.admin;

import io.pgdoorman.pool.Pool;
import io.pgdoorman.stats.Averages;
import io.pgdoorman.stats.Counter;
import io.pgdoorman.stats.Percentiles;
import io.pgdoorman.stats.Timing;
import io.pgdoorman.stats.Totals;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The SHOW commands with figures of pools. Averages and percentiles are of the last 15 seconds;
 * durations in microseconds. <em>Received</em> is what came from clients, <em>sent</em> what went
 * to them.
 *
 * <p>Threads: any but an event loop.
 */
final class ShowPools {
    private static final long MICRO = 1_000;
    private static final long MICROS_PER_SECOND = 1_000_000;

    private final AdminHost host;
    private final Inventory inventory;

    ShowPools(AdminHost host, Inventory inventory) {
        this.host = host;
        this.inventory = inventory;
    }

    Table pools() throws InterruptedException {
        Table table =
                Table.of(
                        "database",
                        "user",
                        "pool_mode",
                        "cl_idle:n",
                        "cl_active:n",
                        "cl_waiting:n",
                        "cl_cancel_req:n",
                        "sv_active:n",
                        "sv_idle:n",
                        "sv_used:n",
                        "sv_login:n",
                        "pool_size:n",
                        "maxwait:n",
                        "maxwait_us:n",
                        "avg_xact_time:n",
                        "paused",
                        "fallback_active",
                        "oldest_active_age_ms:n");
        for (PoolRow row : inventory.pools()) {
            long wait = row.oldestWaitNanos() / MICRO;
            table.row(
                    row.pool().database(),
                    row.pool().user(),
                    Show.mode(row.pool()),
                    row.idleClients(),
                    row.activeClients(),
                    row.waitingClients(),
                    0,
                    row.activeServers(),
                    row.idleServers(),
                    row.usedServers(),
                    row.loginServers(),
                    row.pool().settings().size(),
                    wait / MICROS_PER_SECOND,
                    wait % MICROS_PER_SECOND,
                    row.pool().stats().averages().transactionMicros(),
                    row.pool().isPaused() ? "1" : "0",
                    "0",
                    TimeUnit.NANOSECONDS.toMillis(row.oldestActiveNanos()));
        }
        return table;
    }

    Table extended() throws InterruptedException {
        Table table =
                Table.of(
                        "database",
                        "user",
                        "cl_active:n",
                        "cl_waiting:n",
                        "sv_active:n",
                        "sv_idle:n",
                        "sv_used:n",
                        "sv_login:n",
                        "pool_size:n",
                        "maxwait:n",
                        "maxwait_us:n",
                        "pool_mode",
                        "bytes_recieved:n",
                        "bytes_sent:n",
                        "query_0.99:n",
                        "transaction_0.99:n",
                        "query_0.95:n",
                        "transaction_0.95:n",
                        "query_0.5:n",
                        "transaction_0.5:n");
        for (PoolRow row : inventory.pools()) {
            Pool pool = row.pool();
            Totals totals = pool.stats().totals();
            Percentiles query = pool.stats().percentiles(Timing.QUERY);
            Percentiles transaction = pool.stats().percentiles(Timing.TRANSACTION);
            long wait = row.oldestWaitNanos() / MICRO;
            table.row(
                    pool.database(),
                    pool.user(),
                    row.activeClients(),
                    row.waitingClients(),
                    row.activeServers(),
                    row.idleServers(),
                    row.usedServers(),
                    row.loginServers(),
                    pool.settings().size(),
                    (double) wait / MICROS_PER_SECOND,
                    wait % MICROS_PER_SECOND,
                    Show.mode(pool),
                    totals.get(Counter.RECEIVED_BYTES),
                    totals.get(Counter.SENT_BYTES),
                    query.p99(),
                    transaction.p99(),
                    query.p95(),
                    transaction.p95(),
                    query.p50(),
                    transaction.p50());
        }
        return table;
    }

    Table memory() throws InterruptedException {
        Table table =
                Table.of(
                        "database",
                        "user",
                        "pool_prepared_count:n",
                        "pool_prepared_bytes:n",
                        "client_prepared_count:n",
                        "client_prepared_bytes:n",
                        "client_named_count:n",
                        "client_anonymous_count:n",
                        "client_anonymous_evictions_alive:n",
                        "async_clients:n");
        for (PoolRow row : inventory.pools()) {
            table.row(
                    row.pool().database(),
                    row.pool().user(),
                    row.pool().statements().size(),
                    row.pool().statements().bytes(),
                    row.namedStatements(),
                    0,
                    row.namedStatements(),
                    0,
                    0,
                    0);
        }
        return table;
    }

    Table stats() {
        Table table =
                Table.of(
                        "database",
                        "user",
                        "total_xact_count:n",
                        "total_query_count:n",
                        "total_received:n",
                        "total_sent:n",
                        "total_xact_time:n",
                        "total_query_time:n",
                        "total_wait_time:n",
                        "total_errors:n",
                        "avg_xact_count:n",
                        "avg_query_count:n",
                        "avg_recv:n",
                        "avg_sent:n",
                        "avg_errors:n",
                        "avg_xact_time:n",
                        "avg_query_time:n",
                        "avg_wait_time:n");
        for (Pool pool : sorted()) {
            Totals t = pool.stats().totals();
            Averages a = pool.stats().averages();
            table.row(
                    pool.database(),
                    pool.user(),
                    t.get(Counter.TRANSACTIONS),
                    t.get(Counter.QUERIES),
                    t.get(Counter.RECEIVED_BYTES),
                    t.get(Counter.SENT_BYTES),
                    t.get(Counter.TRANSACTION_NANOS) / MICRO,
                    t.get(Counter.QUERY_NANOS) / MICRO,
                    t.get(Counter.WAIT_NANOS) / MICRO,
                    t.errors(),
                    a.transactions(),
                    a.queries(),
                    a.received(),
                    a.sent(),
                    a.errors(),
                    a.transactionMicros(),
                    a.queryMicros(),
                    a.waitMicros());
        }
        return table;
    }

    private List<Pool> sorted() {
        return host.pools().stream()
                .sorted(Comparator.comparing(Pool::database).thenComparing(Pool::user))
                .toList();
    }

    /** Totals by pool, or by database for those who know no other. */
    private Map<List<String>, long[]> sums(boolean byDatabase) {
        Map<List<String>, long[]> sums = new LinkedHashMap<>();
        for (Pool pool : sorted()) {
            List<String> key =
                    byDatabase ? List.of(pool.database()) : List.of(pool.database(), pool.user());
            Totals t = pool.stats().totals();
            long[] figures = {
                t.get(Counter.ASSIGNMENTS),
                t.get(Counter.TRANSACTIONS),
                t.get(Counter.QUERIES),
                t.get(Counter.RECEIVED_BYTES),
                t.get(Counter.SENT_BYTES),
                t.get(Counter.TRANSACTION_NANOS) / MICRO,
                t.get(Counter.QUERY_NANOS) / MICRO,
                t.get(Counter.WAIT_NANOS) / MICRO,
                t.get(Counter.CLIENT_PARSES),
                t.get(Counter.SERVER_PARSES),
                t.get(Counter.BINDS),
            };
            sums.merge(key, figures, ShowPools::plus);
        }
        return sums;
    }

    private static long[] plus(long[] one, long[] other) {
        long[] sum = new long[one.length];
        for (int i = 0; i < sum.length; i++) {
            sum[i] = one[i] + other[i];
        }
        return sum;
    }

    private static final List<String> FIGURES =
            List.of(
                    "server_assignment_count:n",
                    "xact_count:n",
                    "query_count:n",
                    "bytes_received:n",
                    "bytes_sent:n",
                    "xact_time:n",
                    "query_time:n",
                    "wait_time:n",
                    "client_parse_count:n",
                    "server_parse_count:n",
                    "bind_count:n");

    /** PgBouncer's; per pool, or per database as there. */
    Table totals(boolean bouncer) {
        List<String> columns = new ArrayList<>();
        columns.add("database");
        if (!bouncer) {
            columns.add("user");
        }
        columns.addAll(FIGURES);
        Table table = Table.of(columns.toArray(String[]::new));
        sums(bouncer).forEach((key, figures) -> row(table, key, figures));
        return table;
    }

    private static void row(Table table, List<String> key, long[] figures) {
        List<Object> values = new ArrayList<>(key);
        for (long figure : figures) {
            values.add(figure);
        }
        table.row(values.toArray());
    }

    Table averages(boolean bouncer) {
        Table table =
                bouncer ? Table.of(columns("database")) : Table.of(columns("database", "user"));
        Map<List<String>, long[]> sums = new LinkedHashMap<>();
        for (Pool pool : sorted()) {
            Averages a = pool.stats().averages();
            List<String> key =
                    bouncer ? List.of(pool.database()) : List.of(pool.database(), pool.user());
            long[] figures = {
                a.assignments(),
                a.transactions(),
                a.queries(),
                a.received(),
                a.sent(),
                a.transactionMicros(),
                a.queryMicros(),
                a.waitMicros(),
                a.clientParses(),
                a.serverParses(),
                a.binds(),
            };
            sums.merge(key, figures, ShowPools::plus);
        }
        sums.forEach((key, figures) -> row(table, key, figures));
        return table;
    }

    private static String[] columns(String... first) {
        List<String> columns = new ArrayList<>(List.of(first));
        columns.addAll(FIGURES);
        return columns.toArray(String[]::new);
    }

    /** All pools together. */
    Table sums() {
        Table table = Table.of("name", "value:n");
        long[] all = new long[FIGURES.size()];
        for (long[] figures : sums(false).values()) {
            all = plus(all, figures);
        }
        for (int i = 0; i < all.length; i++) {
            String name = FIGURES.get(i);
            table.row("total_" + name.substring(0, name.length() - 2), all[i]);
        }
        return table;
    }
}

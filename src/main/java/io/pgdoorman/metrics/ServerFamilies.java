package io.pgdoorman.metrics;

import io.pgdoorman.admin.AdminHost;
import io.pgdoorman.admin.PoolRow;
import io.pgdoorman.pool.Coordinator;
import io.pgdoorman.stats.Counter;
import io.pgdoorman.stats.Totals;

import java.util.List;
import java.util.TreeMap;

/** The opening of servers, and the limits per database. Threads: no state. */
final class ServerFamilies {
    private final AdminHost host;

    ServerFamilies(AdminHost host) {
        this.host = host;
    }

    void collect(Families out, List<PoolRow> rows) {
        scaling(out, rows);
        coordinators(out);
    }

    private static void scaling(Families out, List<PoolRow> rows) {
        Family now = out.gauge("pg_doorman_pool_scaling", "Servers being opened now.");
        Family total =
                out.counter(
                        "pg_doorman_pool_scaling_total",
                        "Attempts to open a server that have come to an end.");
        Family logins =
                out.counter(
                        "pg_doorman_pool_server_logins_total",
                        "The same attempts, by what came of them.");
        for (PoolRow row : rows) {
            String user = row.pool().user();
            String database = row.pool().database();
            Totals totals = row.pool().stats().totals();
            long opened = totals.get(Counter.SERVER_LOGINS);
            long failed = totals.get(Counter.SERVER_LOGIN_FAILURES);
            now.add(
                    row.loginServers(),
                    "type",
                    "inflight_creates",
                    "user",
                    user,
                    "database",
                    database);
            total.add(
                    (double) opened + failed,
                    "type",
                    "creates_started",
                    "user",
                    user,
                    "database",
                    database);
            logins.add(opened, "user", user, "database", database, "result", "success");
            logins.add(failed, "user", user, "database", database, "result", "failure");
        }
    }

    private void coordinators(Families out) {
        Family now =
                out.gauge(
                        "pg_doorman_pool_coordinator",
                        "Servers of a database with max_db_connections, and its limits.");
        Family total =
                out.counter(
                        "pg_doorman_pool_coordinator_total",
                        "Idle servers closed for another user, uses of the reserve, and requests"
                                + " that found both used up.");
        new TreeMap<>(host.coordinators())
                .forEach(
                        (database, one) -> {
                            if (one.isEnabled()) {
                                add(now, total, database, one);
                            }
                        });
    }

    private static void add(Family now, Family total, String database, Coordinator one) {
        now.add(one.used(), "type", "connections", "database", database);
        int reserved = Math.max(0, one.used() - one.max());
        now.add(reserved, "type", "reserve_in_use", "database", database);
        now.add(one.max(), "type", "max_connections", "database", database);
        now.add(one.reserve(), "type", "reserve_pool_size", "database", database);
        total.add(one.evictions(), "type", "evictions", "database", database);
        total.add(one.reserveAcquisitions(), "type", "reserve_acquisitions", "database", database);
        total.add(one.exhaustions(), "type", "exhaustions", "database", database);
    }
}

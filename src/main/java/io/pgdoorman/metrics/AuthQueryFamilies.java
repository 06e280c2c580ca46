package io.pgdoorman.metrics;

import io.pgdoorman.admin.AdminHost;
import io.pgdoorman.admin.AuthQueryRow;
import io.pgdoorman.lookup.LookupCounts;

/** Look-ups of users in PostgreSQL. Threads: confined to the thread that collects. */
final class AuthQueryFamilies {
    private static final String DATABASE = "database";
    private static final String TYPE = "type";

    private final AdminHost host;

    AuthQueryFamilies(AdminHost host) {
        this.host = host;
    }

    void collect(Families out) {
        Family entries =
                out.gauge("pg_doorman_auth_query_cache", "Users that auth_query remembers.");
        Family cache =
                out.counter(
                        "pg_doorman_auth_query_cache_total",
                        "Questions about a user that were answered from memory, that were not, and"
                                + " of these the repeated ones; and those not repeated because of"
                                + " min_interval.");
        Family logins =
                out.counter(
                        "pg_doorman_auth_query_auth_total",
                        "Logins of users that the configuration does not name, by result.");
        Family executor =
                out.counter(
                        "pg_doorman_auth_query_executor_total",
                        "Queries for users, and those that failed.");
        Family pools =
                out.gauge("pg_doorman_auth_query_dynamic_pools", "Pools of users looked up.");
        Family poolsTotal =
                out.counter(
                        "pg_doorman_auth_query_dynamic_pools_total",
                        "Pools of users looked up that were made and removed.");
        for (AuthQueryRow row : host.authQuery()) {
            String database = row.database();
            LookupCounts counts = row.counts();
            entries.add(row.entries(), TYPE, "entries", DATABASE, database);
            cache.add(counts.hits.sum(), TYPE, "hits", DATABASE, database);
            cache.add(counts.misses.sum(), TYPE, "misses", DATABASE, database);
            cache.add(counts.refetches.sum(), TYPE, "refetches", DATABASE, database);
            cache.add(counts.rateLimited.sum(), TYPE, "rate_limited", DATABASE, database);
            logins.add(counts.logins.sum(), "result", "success", DATABASE, database);
            logins.add(counts.failedLogins.sum(), "result", "failure", DATABASE, database);
            executor.add(counts.queries.sum(), TYPE, "queries", DATABASE, database);
            executor.add(counts.errors.sum(), TYPE, "errors", DATABASE, database);
            pools.add(row.pools(), TYPE, "current", DATABASE, database);
            poolsTotal.add(counts.poolsCreated.sum(), TYPE, "created", DATABASE, database);
            poolsTotal.add(counts.poolsRemoved.sum(), TYPE, "destroyed", DATABASE, database);
        }
    }
}

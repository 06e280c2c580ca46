package io.pgdoorman.config;

import static io.pgdoorman.config.ReloadClass.NEW_CONNECTIONS;
import static io.pgdoorman.config.ReloadClass.NONE;
import static io.pgdoorman.config.ReloadClass.POOL;
import static io.pgdoorman.config.ReloadClass.RESTART;

import java.time.Duration;
import java.util.Map;

/** {@code [general]}: how pools behave where they do not say otherwise. Threads: immutable. */
final class PoolDefaultKeys {
    static final KeyGroup POOLS = new KeyGroup("Pools");

    static final Key<Duration> CONNECT_TIMEOUT =
            POOLS.key("connect_timeout", QuantityTypes.POSITIVE_DURATION)
                    .byDefault(Duration.ofSeconds(3))
                    .reload(POOL)
                    .add(
                            "Deadline for a login at PostgreSQL, and for the probe of an idle server.");

    static final Key<Duration> QUERY_WAIT_TIMEOUT =
            POOLS.key("query_wait_timeout", QuantityTypes.DURATION)
                    .byDefault(Duration.ofSeconds(5))
                    .reload(POOL)
                    .add("Longest wait of a client for a server. 0 means it does not wait.");

    static final Key<Duration> IDLE_TIMEOUT =
            POOLS.key("idle_timeout", QuantityTypes.DURATION)
                    .byDefault(Duration.ofMinutes(10))
                    .reload(POOL)
                    .add("Servers idle for longer are closed, give or take 20 %. 0 is off.");

    static final Key<Duration> SERVER_LIFETIME =
            POOLS.key("server_lifetime", QuantityTypes.DURATION)
                    .byDefault(Duration.ofMinutes(20))
                    .reload(POOL)
                    .add("Idle servers older than this are closed, give or take 20 %. 0 is off.");

    static final Key<Duration> SERVER_IDLE_CHECK_TIMEOUT =
            POOLS.key("server_idle_check_timeout", QuantityTypes.DURATION)
                    .byDefault(Duration.ofSeconds(60))
                    .reload(POOL)
                    .add("A server idle for longer is probed before a client gets it. 0 is off.");

    static final Key<Duration> SERVER_LOGIN_RETRY =
            POOLS.key("server_login_retry", QuantityTypes.DURATION)
                    .byDefault(Duration.ofSeconds(1))
                    .reload(POOL)
                    .add("Pause before the next try after PostgreSQL refused a login. 0 is none.");

    static final Key<Boolean> SERVER_ROUND_ROBIN =
            POOLS.key("server_round_robin", ValueTypes.BOOLEAN)
                    .byDefault(false)
                    .reload(POOL)
                    .add("Take the server that was idle longest instead of the one used last.");

    static final Key<Boolean> SYNC_SERVER_PARAMETERS =
            POOLS.key("sync_server_parameters", ValueTypes.BOOLEAN)
                    .byDefault(false)
                    .reload(NONE)
                    .notInEffect("without effect: parameters are always synchronised")
                    .add("Accepted for old files: a client always sees its own parameters.");

    static final Key<Integer> MAX_CONCURRENT_CREATES =
            POOLS.key("max_concurrent_creates", ValueTypes.POSITIVE)
                    .byDefault(4)
                    .reload(POOL)
                    .add("Logins at PostgreSQL that one pool may have under way.");

    static final Key<Integer> SCALING_WARM_POOL_RATIO =
            POOLS.key("scaling_warm_pool_ratio", ValueTypes.PERCENT)
                    .byDefault(20)
                    .reload(POOL)
                    .add(
                            "Percent of `pool_size` below which a missing server is made at once,"
                                    + " without first waiting for one to come back.");

    static final Key<Integer> SCALING_FAST_RETRIES =
            POOLS.key("scaling_fast_retries", ValueTypes.COUNT)
                    .byDefault(10)
                    .reload(POOL)
                    .add("Tries to find an idle server before waiting for one.");

    static final Key<Integer> SCALING_MAX_PARALLEL_CREATES =
            POOLS.key("scaling_max_parallel_creates", ValueTypes.POSITIVE)
                    .byDefault(2)
                    .reload(POOL)
                    .add("Servers that one pool makes at one time for waiting clients.");

    static final Key<Map<String, String>> STARTUP_PARAMETERS =
            POOLS.key("startup_parameters", ListTypes.STRING_MAP)
                    .byDefault(Map.of())
                    .example("{statement_timeout = \"30s\"}")
                    .reload(POOL)
                    .check(StartupParameters::check)
                    .add(
                            "Parameters every server is given at its login; see [Startup"
                                    + " parameters](#startup-parameters).");

    static final KeyGroup PREPARED = new KeyGroup("Prepared statements");

    static final Key<Boolean> PREPARED_STATEMENTS =
            PREPARED.key("prepared_statements", ValueTypes.BOOLEAN)
                    .byDefault(true)
                    .reload(POOL)
                    .add(
                            "Let prepared statements work in transaction mode, where each"
                                    + " transaction may meet another server. Without it they pass"
                                    + " as they are.");

    static final Key<Integer> PREPARED_STATEMENTS_CACHE_SIZE =
            PREPARED.key("prepared_statements_cache_size", ValueTypes.COUNT)
                    .byDefault(8192)
                    .reload(POOL)
                    .add("Statements a pool knows, so that its clients share them.");

    static final Key<Integer> SERVER_PREPARED_STATEMENTS_CACHE_SIZE =
            PREPARED.key("server_prepared_statements_cache_size", ValueTypes.COUNT)
                    .unset("the pool's `prepared_statements_cache_size`")
                    .example("8192")
                    .reload(POOL)
                    .add("Statements kept prepared per server; 0 counts as 1.");

    static final Key<Integer> CLIENT_PREPARED_STATEMENTS_LIMIT =
            PREPARED.key("client_prepared_statements_limit", ValueTypes.COUNT)
                    .byDefault(0)
                    .reload(POOL)
                    .add(
                            "Named statements a client may have at a time; one more closes its"
                                    + " connection. 0 sets no bound.");

    static final Key<Integer> CLIENT_ANONYMOUS_PREPARED_CACHE_SIZE =
            PREPARED.key("client_anonymous_prepared_cache_size", ValueTypes.COUNT)
                    .unset("the pool's `prepared_statements_cache_size`")
                    .example("8192")
                    .alias("client_prepared_statements_cache_size")
                    .reload(NEW_CONNECTIONS)
                    .add(
                            "Accepted, and nothing depends on it: a client has one unnamed"
                                    + " statement, as in PostgreSQL.");

    static final Key<Duration> QUERY_INTERNER_GC_INTERVAL_SECONDS =
            PREPARED.key("query_interner_gc_interval_seconds", QuantityTypes.POSITIVE_SECONDS)
                    .byDefault(Duration.ofSeconds(60))
                    .reload(RESTART)
                    .add(
                            "Accepted, and nothing depends on it: a text is dropped when nobody"
                                    + " refers to it.");

    static final Key<Duration> QUERY_INTERNER_ANON_IDLE_TTL_SECONDS =
            PREPARED.key("query_interner_anon_idle_ttl_seconds", QuantityTypes.SECONDS)
                    .byDefault(Duration.ofSeconds(60))
                    .reload(ReloadClass.LIVE)
                    .add(
                            "Accepted, and nothing depends on it: the texts longest unused go when"
                                    + " `prepared_statements_cache_size` is reached.");

    private PoolDefaultKeys() {}
}

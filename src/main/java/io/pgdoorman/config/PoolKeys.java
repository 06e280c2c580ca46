package io.pgdoorman.config;

import static io.pgdoorman.config.ReloadClass.POOL;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** {@code [pools.<name>]}. Threads: immutable. */
final class PoolKeys {
    static final KeyGroup SERVER = new KeyGroup("Server");

    static final Key<String> SERVER_HOST =
            SERVER.key("server_host", ValueTypes.NAME)
                    .byDefault("127.0.0.1")
                    .reload(POOL)
                    .add("PostgreSQL's name or address, or the directory of its Unix socket.");

    static final Key<Integer> SERVER_PORT =
            SERVER.key("server_port", ValueTypes.PORT)
                    .byDefault(5432)
                    .reload(POOL)
                    .add("PostgreSQL's port.");

    static final Key<String> SERVER_DATABASE =
            SERVER.key("server_database", ValueTypes.NAME)
                    .unset("the pool's name")
                    .example("\"app\"")
                    .reload(POOL)
                    .add("Database at PostgreSQL.");

    static final Key<String> APPLICATION_NAME =
            SERVER.key("application_name", ValueTypes.STRING)
                    .byDefault("pg_doorman")
                    .reload(POOL)
                    .add(
                            "Name servers log in with, unless `startup_parameters` has one. A"
                                    + " client's own name counts while it holds a server.");

    static final Key<Map<String, String>> STARTUP_PARAMETERS =
            SERVER.key("startup_parameters", ListTypes.STRING_MAP)
                    .byDefault(Map.of())
                    .example("{search_path = \"app, public\"}")
                    .reload(POOL)
                    .check(StartupParameters::check)
                    .add("Added to those of `[general]`; of two with one name this one counts.");

    static final Key<Duration> PASSWORD_COMMAND_TIMEOUT =
            SERVER.key("password_command_timeout", QuantityTypes.POSITIVE_DURATION)
                    .byDefault(Duration.ofSeconds(10))
                    .reload(POOL)
                    .add(
                            "A `server_password_command` that takes longer is killed, and has failed.");

    static final Key<Duration> PASSWORD_COMMAND_MAX_AGE =
            SERVER.key("password_command_max_age", QuantityTypes.DURATION)
                    .byDefault(Duration.ofMinutes(5))
                    .reload(POOL)
                    .add(
                            "How long what a `server_password_command` wrote is used for further"
                                    + " logins. 0 runs it for each. Less than the tokens live.");

    static final KeyGroup BEHAVIOUR = new KeyGroup("Behaviour");

    static final Key<PoolMode> POOL_MODE =
            BEHAVIOUR
                    .key("pool_mode", ValueTypes.words(PoolMode.class, "_", false))
                    .byDefault(PoolMode.TRANSACTION)
                    .reload(POOL)
                    .add(
                            "When a client's server goes back: at the end of each `transaction`, or"
                                    + " at the end of the `session`.");

    static final Key<Duration> CONNECT_TIMEOUT =
            BEHAVIOUR
                    .key("connect_timeout", QuantityTypes.POSITIVE_DURATION)
                    .inherits(PoolDefaultKeys.CONNECT_TIMEOUT)
                    .reload(POOL)
                    .add(
                            "Deadline for a login at PostgreSQL, and for the probe of an idle server.");

    static final Key<Duration> IDLE_TIMEOUT =
            BEHAVIOUR
                    .key("idle_timeout", QuantityTypes.DURATION)
                    .inherits(PoolDefaultKeys.IDLE_TIMEOUT)
                    .reload(POOL)
                    .add("Servers idle for longer are closed. 0 is off.");

    static final Key<Duration> SERVER_LIFETIME =
            BEHAVIOUR
                    .key("server_lifetime", QuantityTypes.DURATION)
                    .inherits(PoolDefaultKeys.SERVER_LIFETIME)
                    .reload(POOL)
                    .add("Idle servers older than this are closed. 0 is off.");

    static final Key<Boolean> CLEANUP_SERVER_CONNECTIONS =
            BEHAVIOUR
                    .key("cleanup_server_connections", ValueTypes.BOOLEAN)
                    .byDefault(true)
                    .reload(POOL)
                    .add("Undo what a session left on a server before the next one gets it.");

    static final Key<SessionState> SESSION_STATE =
            BEHAVIOUR
                    .key("session_state", ValueTypes.words(SessionState.class, "_", false))
                    .byDefault(SessionState.IGNORE)
                    .reload(POOL)
                    .add(
                            "In transaction mode, what becomes of a client that leaves session"
                                    + " state: `ignore` (it is removed when the server goes back),"
                                    + " `warn` (the same, and the log says so), `pin` (the client"
                                    + " keeps its server from then on), `reject` (the client is"
                                    + " closed).");

    static final Key<Boolean> SESSION_STATE_NOTICE =
            BEHAVIOUR
                    .key("session_state_notice", ValueTypes.BOOLEAN)
                    .byDefault(false)
                    .reload(POOL)
                    .add("Tell the client too, by a NoticeResponse.");

    static final Key<Boolean> LOG_CLIENT_PARAMETER_STATUS_CHANGES =
            BEHAVIOUR
                    .key("log_client_parameter_status_changes", ValueTypes.BOOLEAN)
                    .byDefault(false)
                    .reload(POOL)
                    .add("Log parameters that clients change.");

    static final Key<Integer> SCALING_WARM_POOL_RATIO =
            BEHAVIOUR
                    .key("scaling_warm_pool_ratio", ValueTypes.PERCENT)
                    .inherits(PoolDefaultKeys.SCALING_WARM_POOL_RATIO)
                    .reload(POOL)
                    .add("Percent of `pool_size` below which a missing server is made at once.");

    static final Key<Integer> SCALING_FAST_RETRIES =
            BEHAVIOUR
                    .key("scaling_fast_retries", ValueTypes.COUNT)
                    .inherits(PoolDefaultKeys.SCALING_FAST_RETRIES)
                    .reload(POOL)
                    .add("Tries to find an idle server before waiting for one.");

    static final Key<Integer> PREPARED_STATEMENTS_CACHE_SIZE =
            BEHAVIOUR
                    .key("prepared_statements_cache_size", ValueTypes.COUNT)
                    .inherits(PoolDefaultKeys.PREPARED_STATEMENTS_CACHE_SIZE)
                    .reload(POOL)
                    .add("Statements this pool knows; 0 counts as 1.");

    static final Key<Integer> SERVER_PREPARED_STATEMENTS_CACHE_SIZE =
            BEHAVIOUR
                    .key("server_prepared_statements_cache_size", ValueTypes.COUNT)
                    .inherits(PoolDefaultKeys.SERVER_PREPARED_STATEMENTS_CACHE_SIZE)
                    .example("8192")
                    .reload(POOL)
                    .add("Statements kept prepared per server; 0 counts as 1.");

    static final KeyGroup COORDINATOR = new KeyGroup("Bound over all users of the database");

    static final Key<Integer> MAX_DB_CONNECTIONS =
            COORDINATOR
                    .key("max_db_connections", ValueTypes.COUNT)
                    .byDefault(0)
                    .reload(POOL)
                    .add("Servers of all users together. 0 sets no bound and turns the rest off.");

    static final Key<Duration> MIN_CONNECTION_LIFETIME =
            COORDINATOR
                    .key("min_connection_lifetime", QuantityTypes.DURATION)
                    .byDefault(Duration.ofSeconds(30))
                    .reload(POOL)
                    .add("Younger servers are not closed to make room for another user.");

    static final Key<Integer> RESERVE_POOL_SIZE =
            COORDINATOR
                    .key("reserve_pool_size", ValueTypes.COUNT)
                    .byDefault(0)
                    .reload(POOL)
                    .add("Servers above the bound, for clients that waited long.");

    static final Key<Duration> RESERVE_POOL_TIMEOUT =
            COORDINATOR
                    .key("reserve_pool_timeout", QuantityTypes.DURATION)
                    .byDefault(Duration.ofSeconds(3))
                    .reload(POOL)
                    .add("Wait after which the reserve is used.");

    static final Key<Integer> MIN_GUARANTEED_POOL_SIZE =
            COORDINATOR
                    .key("min_guaranteed_pool_size", ValueTypes.COUNT)
                    .byDefault(0)
                    .reload(POOL)
                    .add("Servers of each user that are never closed to make room for another.");

    static final KeyGroup TLS = new KeyGroup("TLS towards PostgreSQL");

    static final Key<ServerTlsMode> SERVER_TLS_MODE =
            TLS.key("server_tls_mode", TlsKeys.SERVER_TLS_MODE.type())
                    .inherits(TlsKeys.SERVER_TLS_MODE)
                    .reload(POOL)
                    .add("As libpq's sslmode.");

    static final Key<ServerTlsNegotiation> SERVER_TLS_NEGOTIATION =
            TLS.key("server_tls_negotiation", TlsKeys.SERVER_TLS_NEGOTIATION.type())
                    .inherits(TlsKeys.SERVER_TLS_NEGOTIATION)
                    .reload(POOL)
                    .add("As libpq's sslnegotiation.");

    static final Key<Path> SERVER_TLS_CA_CERT =
            TLS.key("server_tls_ca_cert", ValueTypes.PATH)
                    .inherits(TlsKeys.SERVER_TLS_CA_CERT)
                    .example("\"/etc/pg_doorman/server-ca.crt\"")
                    .reload(POOL)
                    .add("Authorities that sign the server's certificate, PEM.");

    static final Key<Path> SERVER_TLS_CERTIFICATE =
            TLS.key("server_tls_certificate", ValueTypes.PATH)
                    .inherits(TlsKeys.SERVER_TLS_CERTIFICATE)
                    .example("\"/etc/pg_doorman/client.crt\"")
                    .reload(POOL)
                    .add("Certificate shown to PostgreSQL, PEM.");

    static final Key<Path> SERVER_TLS_PRIVATE_KEY =
            TLS.key("server_tls_private_key", ValueTypes.PATH)
                    .inherits(TlsKeys.SERVER_TLS_PRIVATE_KEY)
                    .example("\"/etc/pg_doorman/client.key\"")
                    .reload(POOL)
                    .add("Key of that certificate, PEM, PKCS#8.");

    static final Key<Secret> SERVER_TLS_PASSPHRASE_COMMAND =
            TLS.key("server_tls_passphrase_command", ValueTypes.SECRET)
                    .inherits(TlsKeys.SERVER_TLS_PASSPHRASE_COMMAND)
                    .example("\"cat /run/secrets/client.pass\"")
                    .reload(POOL)
                    .add("Writes the passphrase of that key.");

    static final Key<Path> SERVER_TLS_CRL =
            TLS.key("server_tls_crl", ValueTypes.PATH)
                    .inherits(TlsKeys.SERVER_TLS_CRL)
                    .example("\"/etc/pg_doorman/server-ca.crl\"")
                    .reload(POOL)
                    .add("Revoked certificates of servers: a file, or a directory of such files.");

    static final KeyGroup FALLBACK = new KeyGroup("Fallback by Patroni");

    static final Key<List<URI>> PATRONI_API_URLS =
            FALLBACK.key("patroni_api_urls", ListTypes.URLS)
                    .inherits(FallbackKeys.PATRONI_API_URLS)
                    .example("[\"http://10.0.0.1:8008\"]")
                    .reload(POOL)
                    .notInEffect()
                    .check(FallbackKeys::notEmpty)
                    .add("Patroni's REST addresses.");

    static final Key<Duration> FALLBACK_COOLDOWN =
            FALLBACK.key("fallback_cooldown", QuantityTypes.POSITIVE_DURATION)
                    .inherits(FallbackKeys.FALLBACK_COOLDOWN)
                    .reload(POOL)
                    .notInEffect()
                    .check(FallbackKeys::notTooShort)
                    .add("How long the pool's own server counts as down.");

    static final Key<Duration> PATRONI_API_TIMEOUT =
            FALLBACK.key("patroni_api_timeout", QuantityTypes.POSITIVE_DURATION)
                    .inherits(FallbackKeys.PATRONI_API_TIMEOUT)
                    .reload(POOL)
                    .notInEffect()
                    .add("Deadline of a request to Patroni.");

    static final Key<Duration> FALLBACK_CONNECT_TIMEOUT =
            FALLBACK.key("fallback_connect_timeout", QuantityTypes.POSITIVE_DURATION)
                    .inherits(FallbackKeys.FALLBACK_CONNECT_TIMEOUT)
                    .reload(POOL)
                    .notInEffect()
                    .add("Deadline for the login at each candidate.");

    static final Key<Duration> FALLBACK_LIFETIME =
            FALLBACK.key("fallback_lifetime", QuantityTypes.POSITIVE_DURATION)
                    .inherits(FallbackKeys.FALLBACK_LIFETIME)
                    .example("\"30s\"")
                    .reload(POOL)
                    .notInEffect()
                    .add("How long a server found this way is kept.");

    private PoolKeys() {}
}

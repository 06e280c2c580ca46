package io.pgdoorman.migrate;

import java.util.LinkedHashMap;
import java.util.Map;

/** What PgBouncer has and the pooler has not. Threads: immutable. */
final class Counterparts {
    /**
     * @param defaults the value that changes nothing, so that it need not be reported
     * @param advice may be empty
     */
    record Missing(String defaults, String why, String advice) {}

    /** What all reserves are told. */
    static final Missing RESERVE =
            new Missing(
                    "0",
                    "the reserve adds to each pool in PgBouncer, and to max_db_connections here, so"
                            + " it is left out",
                    "make pool_size larger by it, or set max_db_connections and reserve_pool_size"
                            + " of the pool");

    private static final String CLIENTS =
            "clients are counted for the whole process only (max_connections)";

    /** Limits that {@code [pgbouncer]} and {@code [users]} both may have. */
    private static final String LIMITS =
            """
            max_user_connections | 0 | there is no limit over all databases of a user | \
            use ALTER ROLE ... CONNECTION LIMIT at PostgreSQL, or a smaller pool_size
            max_user_client_connections | 0 | %1$s |
            query_timeout | 0 | the pooler does not limit it | \
            let PostgreSQL do so: startup_parameters with statement_timeout
            idle_transaction_timeout | 0 | the pooler does not limit it | \
            let PostgreSQL do so: startup_parameters with idle_in_transaction_session_timeout
            transaction_timeout | 0 | the pooler does not limit it | \
            let PostgreSQL do so: startup_parameters with transaction_timeout, from PostgreSQL 17
            client_idle_timeout | 0 | idle clients are kept: in transaction mode they cost no server | \
            let PostgreSQL end those that keep one: startup_parameters with idle_session_timeout
            """
                    .formatted(CLIENTS);

    /** Pairs of {@code [databases]}. */
    static final Map<String, Missing> OF_DATABASES =
            table(
                    """
                    connect_query | | no statement is run on new servers | \
                    use startup_parameters of the pool, or ALTER DATABASE ... SET at PostgreSQL
                    load_balance_hosts | | a pool has one server_host | balance by DNS or a proxy
                    max_db_client_connections | 0 | %1$s |
                    """
                            .formatted(CLIENTS));

    /** Pairs of {@code [users]}. */
    static final Map<String, Missing> OF_USERS =
            table(
                    LIMITS
                            + "reserve_pool_size | 0 | %s | %s%n"
                                    .formatted(RESERVE.why(), RESERVE.advice()));

    /** Settings of {@code [pgbouncer]}. */
    static final Map<String, Missing> SETTINGS =
            table(
                    LIMITS
                            + """
                    max_db_client_connections | 0 | %1$s |
                    user | | the program does not change its user | \
                    start it as this user, by User= in the systemd unit
                    logfile | | the log goes to standard error | \
                    let the service manager keep it, or redirect it
                    verbose | 0 | is an option of the command line | start with --log-level debug
                    log_stats | 1 | statistics are not logged | send SIGUSR1 for a report in the log
                    log_pooler_errors | 1 | refusals are always logged |
                    stats_period | 60 | statistics are not logged |
                    stats_users | | the admin console has one user, admin_username |
                    server_reset_query_always | 0 | \
                    servers are cleaned in every mode, when there is something to clean |
                    server_fast_close | 0 | after a reload servers are closed when their \
                    transaction is over, in session mode when their client leaves |
                    track_extra_parameters | IntervalStyle | \
                    every parameter that PostgreSQL reports follows its client, without a list |
                    ignore_startup_parameters | | nothing is ignored: what clients send at connect \
                    time reaches PostgreSQL, and clients with different parameters share no \
                    servers | take it out of the connection strings if that costs too many servers
                    application_name_add_host | 0 | the application name is passed as it is |
                    unix_socket_group | | the socket has the group of the process | \
                    see unix_socket_mode
                    auth_ident_file | | there is no ident method |
                    auth_ldap_options | | there is no LDAP method |
                    max_packet_size | 2147483647 | messages of every size are streamed | \
                    max_memory_usage bounds what is kept
                    tcp_defer_accept | 0 | is not there |
                    so_reuseport | 0 | one process uses all cores (worker_threads) | \
                    run one process in place of all that share the port
                    peer_id | 0 | one process uses all cores, so there are no peers |
                    disable_pqexec | 0 | simple queries cannot be switched off |
                    autodb_idle_timeout | 3600 | \
                    there are no pools for databases that are not listed |
                    suspend_timeout | 10 | there is no SUSPEND | \
                    pg_doorman ctl upgrade replaces the process
                    cancel_wait_timeout | 10 | cancel requests do not wait for a server |
                    dns_max_ttl | 15 | names are resolved by the system's resolver |
                    dns_nxdomain_ttl | 15 | names are resolved by the system's resolver |
                    dns_zone_check_period | 0 | names are resolved by the system's resolver |
                    resolv_conf | | names are resolved by the system's resolver |
                    client_tls_protocols | secure | TLS 1.2 and 1.3 with ECDHE and AES-GCM or ChaCha20-Poly1305 |
                    client_tls_ciphers | | TLS 1.2 and 1.3 with ECDHE and AES-GCM or ChaCha20-Poly1305 |
                    client_tls13_ciphers | | TLS 1.2 and 1.3 with ECDHE and AES-GCM or ChaCha20-Poly1305 |
                    client_tls_ecdhcurve | auto | TLS 1.2 and 1.3 with ECDHE and AES-GCM or ChaCha20-Poly1305 |
                    client_tls_dheparams | auto | TLS 1.2 and 1.3 with ECDHE and AES-GCM or ChaCha20-Poly1305 |
                    server_tls_protocols | secure | TLS 1.2 and 1.3 with ECDHE and AES-GCM or ChaCha20-Poly1305 |
                    server_tls_ciphers | | TLS 1.2 and 1.3 with ECDHE and AES-GCM or ChaCha20-Poly1305 |
                    server_tls13_ciphers | | TLS 1.2 and 1.3 with ECDHE and AES-GCM or ChaCha20-Poly1305 |
                    conffile | | is not there, and nothing depends on it |
                    service_name | pgbouncer | is not there, and nothing depends on it |
                    job_name | pgbouncer | is not there, and nothing depends on it |
                    syslog_facility | daemon | is not there |
                    pkt_buf | 4096 | is not there: buffers follow the traffic |
                    sbuf_loopcnt | 5 | is not there: buffers follow the traffic |
                    scram_iterations | 4096 | is not there: secrets come from PostgreSQL |
                    """
                                    .formatted(CLIENTS));

    private Counterparts() {}

    /** Lines of {@code name | default | why | advice}. */
    private static Map<String, Missing> table(String lines) {
        Map<String, Missing> table = new LinkedHashMap<>();
        for (String line : lines.lines().toList()) {
            String[] columns = line.split("\\|", -1);
            table.put(
                    columns[0].strip(),
                    new Missing(columns[1].strip(), columns[2].strip(), columns[3].strip()));
        }
        return Map.copyOf(table);
    }
}

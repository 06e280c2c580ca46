package io.pgdoorman.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Builds the records of a {@link Config} from values that passed all checks. Threads: immutable.
 */
record Assembler(Tree tree, HbaRules hba, List<Path> files) {

    Config config() {
        var pools = new LinkedHashMap<String, PoolConfig>();
        tree.pools().forEach((name, pool) -> pools.put(name, pool(name, pool)));
        return new Config(
                general(),
                pools,
                tree.web().map(Assembler::web),
                tree.talos()
                        .map(
                                v ->
                                        new TalosConfig(
                                                v.get(WebKeys.TALOS_KEYS),
                                                v.get(WebKeys.TALOS_DATABASES))),
                files,
                PlainSecrets.filesOf(tree, hba, files),
                SettingRows.of(tree));
    }

    private GeneralConfig general() {
        Values v = tree.general();
        int backlog = v.get(ListenKeys.BACKLOG);
        int maxConnections = v.get(ListenKeys.MAX_CONNECTIONS);
        return new GeneralConfig(
                new GeneralConfig.Listen(
                        v.get(ListenKeys.HOST),
                        v.get(ListenKeys.PORT),
                        backlog == 0 ? maxConnections : backlog,
                        maxConnections,
                        v.get(ListenKeys.LOGIN_TIMEOUT),
                        v.get(ListenKeys.FAILED_LOGIN_DELAY),
                        v.find(ListenKeys.UNIX_SOCKET_DIR),
                        v.get(ListenKeys.UNIX_SOCKET_MODE),
                        Math.toIntExact(v.get(ListenKeys.UNIX_SOCKET_BUFFER_SIZE))),
                new GeneralConfig.Tcp(
                        v.get(ListenKeys.TCP_KEEPALIVES_IDLE),
                        v.get(ListenKeys.TCP_KEEPALIVES_INTERVAL),
                        v.get(ListenKeys.TCP_KEEPALIVES_COUNT),
                        v.get(ListenKeys.TCP_SO_LINGER),
                        v.get(ListenKeys.TCP_NO_DELAY),
                        v.get(ListenKeys.TCP_USER_TIMEOUT),
                        Math.toIntExact(v.get(ListenKeys.TCP_SOCKET_BUFFER_SIZE))),
                new GeneralConfig.Tls(
                        v.get(TlsKeys.TLS_MODE),
                        v.find(TlsKeys.TLS_CERTIFICATE),
                        v.find(TlsKeys.TLS_PRIVATE_KEY),
                        v.find(TlsKeys.TLS_CA_CERT),
                        v.find(TlsKeys.TLS_CRL),
                        v.find(TlsKeys.TLS_PASSPHRASE_COMMAND),
                        tree.tlsCertificates().stream().map(Assembler::certificate).toList(),
                        v.get(TlsKeys.TLS_MIN_VERSION),
                        v.get(TlsKeys.TLS_CIPHER_SUITES),
                        v.get(TlsKeys.TLS_RATE_LIMIT_PER_SECOND)),
                hba,
                new GeneralConfig.Admin(
                        v.get(ListenKeys.ADMIN_USERNAME),
                        v.get(ListenKeys.ADMIN_PASSWORD),
                        v.get(ListenKeys.ADMIN_USERS),
                        v.get(ListenKeys.STATS_USERS)),
                new GeneralConfig.Memory(
                        v.get(ProcessKeys.MAX_MEMORY_USAGE),
                        v.get(ProcessKeys.PROXY_COPY_DATA_TIMEOUT),
                        v.get(ProcessKeys.POOLER_CHECK_QUERY)),
                new GeneralConfig.Housekeeping(
                        v.get(ProcessKeys.RETAIN_CONNECTIONS_TIME),
                        v.get(ProcessKeys.RETAIN_CONNECTIONS_MAX)),
                new GeneralConfig.QueryInterner(
                        v.get(PoolDefaultKeys.QUERY_INTERNER_GC_INTERVAL_SECONDS),
                        v.get(PoolDefaultKeys.QUERY_INTERNER_ANON_IDLE_TTL_SECONDS)),
                new GeneralConfig.Logging(
                        v.get(ProcessKeys.LOG_CLIENT_CONNECTIONS),
                        v.get(ProcessKeys.LOG_CLIENT_DISCONNECTIONS),
                        v.get(ProcessKeys.LOG_SLOW_CHECKOUTS),
                        v.get(ProcessKeys.LOG_SLOW_QUERIES),
                        v.get(ProcessKeys.AUDIT_LOG),
                        v.find(ProcessKeys.SYSLOG_PROG_NAME),
                        v.find(ProcessKeys.SYSLOG_SOCKET)),
                new GeneralConfig.Process(
                        v.get(ProcessKeys.WORKER_THREADS),
                        v.get(ProcessKeys.WORKER_CPU_AFFINITY_PINNING),
                        v.get(ListenKeys.TRANSPORT),
                        v.get(ProcessKeys.SHUTDOWN_TIMEOUT),
                        v.get(ProcessKeys.DAEMON_PID_FILE),
                        v.find(ProcessKeys.UPGRADE_SOCKET)));
    }

    private static TlsCertificateConfig certificate(Values v) {
        return new TlsCertificateConfig(v.get(TlsKeys.CERTIFICATE), v.get(TlsKeys.PRIVATE_KEY));
    }

    private PoolConfig pool(String name, Tree.Pool pool) {
        Values v = pool.values();
        Map<String, String> startupParameters = startupParameters(v);
        return new PoolConfig(
                name,
                v.get(PoolKeys.SERVER_HOST),
                v.get(PoolKeys.SERVER_PORT),
                v.find(PoolKeys.SERVER_DATABASE).orElse(name),
                v.get(PoolKeys.POOL_MODE),
                v.get(PoolKeys.CONNECT_TIMEOUT),
                v.get(PoolDefaultKeys.QUERY_WAIT_TIMEOUT),
                v.get(PoolKeys.IDLE_TIMEOUT),
                v.get(PoolKeys.SERVER_LIFETIME),
                v.get(PoolDefaultKeys.SERVER_IDLE_CHECK_TIMEOUT),
                v.get(PoolDefaultKeys.SERVER_LOGIN_RETRY),
                v.get(PoolDefaultKeys.SERVER_ROUND_ROBIN),
                v.get(PoolKeys.CLEANUP_SERVER_CONNECTIONS),
                v.get(PoolKeys.SESSION_STATE),
                v.get(PoolKeys.SESSION_STATE_NOTICE),
                v.get(PoolKeys.LOG_CLIENT_PARAMETER_STATUS_CHANGES),
                startupParameters.getOrDefault(StartupParameters.APPLICATION_NAME, ""),
                givenStartupParameters(v).containsKey(StartupParameters.APPLICATION_NAME),
                startupParameters,
                new PoolConfig.Scaling(
                        v.get(PoolDefaultKeys.MAX_CONCURRENT_CREATES),
                        v.get(PoolKeys.SCALING_WARM_POOL_RATIO),
                        v.get(PoolKeys.SCALING_FAST_RETRIES),
                        v.get(PoolDefaultKeys.SCALING_MAX_PARALLEL_CREATES)),
                new PoolConfig.Coordinator(
                        v.get(PoolKeys.MAX_DB_CONNECTIONS),
                        v.get(PoolKeys.MIN_CONNECTION_LIFETIME),
                        v.get(PoolKeys.RESERVE_POOL_SIZE),
                        v.get(PoolKeys.RESERVE_POOL_TIMEOUT),
                        v.get(PoolKeys.MIN_GUARANTEED_POOL_SIZE)),
                prepared(v),
                new ServerTlsConfig(
                        v.get(PoolKeys.SERVER_TLS_MODE),
                        v.get(PoolKeys.SERVER_TLS_NEGOTIATION),
                        v.find(PoolKeys.SERVER_TLS_CA_CERT),
                        v.find(PoolKeys.SERVER_TLS_CERTIFICATE),
                        v.find(PoolKeys.SERVER_TLS_PRIVATE_KEY),
                        v.find(PoolKeys.SERVER_TLS_CRL),
                        v.find(PoolKeys.SERVER_TLS_PASSPHRASE_COMMAND)),
                fallback(v),
                pool.authQuery().map(a -> authQuery(a, name)),
                pool.users().stream().map(Assembler::user).toList());
    }

    /** All a server of the pool is given at its login, the application name included. */
    static Map<String, String> startupParameters(Values pool) {
        var defaults =
                Map.of(StartupParameters.APPLICATION_NAME, pool.get(PoolKeys.APPLICATION_NAME));
        return StartupParameters.merged(defaults, givenStartupParameters(pool));
    }

    private static Map<String, String> givenStartupParameters(Values pool) {
        return StartupParameters.merged(
                pool.get(PoolDefaultKeys.STARTUP_PARAMETERS),
                pool.get(PoolKeys.STARTUP_PARAMETERS));
    }

    private static PoolConfig.Prepared prepared(Values v) {
        boolean enabled = v.get(PoolDefaultKeys.PREPARED_STATEMENTS);
        int size = v.get(PoolKeys.PREPARED_STATEMENTS_CACHE_SIZE);
        int serverSize = v.find(PoolKeys.SERVER_PREPARED_STATEMENTS_CACHE_SIZE).orElse(size);
        return new PoolConfig.Prepared(
                enabled,
                Math.max(1, size),
                enabled ? serverSize : 0,
                v.get(PoolDefaultKeys.CLIENT_PREPARED_STATEMENTS_LIMIT));
    }

    private static Optional<FallbackConfig> fallback(Values v) {
        Duration cooldown = v.get(PoolKeys.FALLBACK_COOLDOWN);
        return v.find(PoolKeys.PATRONI_API_URLS)
                .map(
                        urls ->
                                new FallbackConfig(
                                        urls,
                                        cooldown,
                                        v.get(PoolKeys.PATRONI_API_TIMEOUT),
                                        v.get(PoolKeys.FALLBACK_CONNECT_TIMEOUT),
                                        v.find(PoolKeys.FALLBACK_LIFETIME).orElse(cooldown)));
    }

    private static AuthQueryConfig authQuery(Values v, String pool) {
        return new AuthQueryConfig(
                v.get(AuthQueryKeys.QUERY),
                v.get(AuthQueryKeys.USER),
                v.get(AuthQueryKeys.PASSWORD),
                PasswordKeys.OF_LOOKUP.from(v),
                v.find(AuthQueryKeys.DATABASE).orElse(pool),
                v.get(AuthQueryKeys.WORKERS),
                v.find(AuthQueryKeys.SERVER_USER),
                v.find(AuthQueryKeys.SERVER_PASSWORD),
                PasswordKeys.OF_LOOKED_UP.from(v),
                v.get(AuthQueryKeys.POOL_SIZE),
                v.get(AuthQueryKeys.MIN_POOL_SIZE),
                v.get(AuthQueryKeys.CACHE_TTL),
                v.get(AuthQueryKeys.CACHE_FAILURE_TTL),
                v.get(AuthQueryKeys.MIN_INTERVAL),
                v.get(AuthQueryKeys.UNUSED_POOL_TIMEOUT));
    }

    private static UserConfig user(Values v) {
        String username = v.get(UserKeys.USERNAME);
        return new UserConfig(
                username,
                Passwords.normalised(v.find(UserKeys.PASSWORD).orElse(Secret.of(""))),
                v.get(UserKeys.POOL_SIZE),
                v.get(UserKeys.MIN_POOL_SIZE),
                v.get(UserKeys.POOL_MODE),
                v.get(UserKeys.SERVER_LIFETIME),
                v.find(UserKeys.SERVER_USERNAME).orElse(username),
                v.find(UserKeys.SERVER_PASSWORD),
                PasswordKeys.OF_USER.from(v),
                v.find(UserKeys.AUTH_PAM_SERVICE));
    }

    private static WebConfig web(Values v) {
        return new WebConfig(
                v.get(WebKeys.ENABLED),
                WebKeys.withoutBrackets(v.get(WebKeys.HOST)),
                v.get(WebKeys.PORT),
                v.get(WebKeys.METRICS_AUTH),
                v.get(WebKeys.UI),
                v.get(WebKeys.UI_ANONYMOUS),
                v.get(WebKeys.LOG_TAP_MAX_ENTRIES),
                new WebConfig.Sso(
                        v.get(WebKeys.SSO_ENABLED),
                        v.find(WebKeys.SSO_PROXY_URL),
                        v.find(WebKeys.SSO_PUBLIC_KEY_FILE),
                        v.get(WebKeys.SSO_AUDIENCE),
                        v.get(WebKeys.SSO_ALLOWED_USERS),
                        v.get(WebKeys.SSO_GROUPS_CLAIM),
                        v.get(WebKeys.SSO_ADMIN_GROUPS),
                        v.get(WebKeys.SSO_REQUIRE_HTTPS)),
                v.get(WebKeys.TRUSTED_PROXIES));
    }
}

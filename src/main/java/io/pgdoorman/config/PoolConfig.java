package io.pgdoorman.config;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One database as clients see it. Every value is effective: what the pool does not set is already
 * taken from {@code [general]}, so a pool needs no other record.
 *
 * <p>Threads: immutable.
 *
 * @param name database name clients give
 * @param serverHost name, address, or the directory of a Unix socket (then it starts with a slash)
 * @param serverDatabase database name on the server; {@code name} unless set
 * @param connectTimeout for the whole login at PostgreSQL, and for the alive check
 * @param queryWaitTimeout longest wait of a client for a server; zero means no waiting
 * @param idleTimeout zero is off
 * @param serverLifetime zero is off
 * @param serverIdleCheckTimeout a server idle for longer is probed before it is used; zero is off
 * @param serverLoginRetry back-off after PostgreSQL refused a login
 * @param serverRoundRobin oldest idle server first instead of the most recently used one
 * @param sessionStateNotice the client is told as well
 * @param applicationName the one of {@code startupParameters}
 * @param applicationNameFixed a startup parameter sets it: it stands, whatever clients call
 *     themselves
 * @param startupParameters of {@code [general]} and the pool merged, plus {@code application_name};
 *     the whole set for a server's login
 * @param fallback present if any URL is set
 */
public record PoolConfig(
        String name,
        String serverHost,
        int serverPort,
        String serverDatabase,
        PoolMode poolMode,
        Duration connectTimeout,
        Duration queryWaitTimeout,
        Duration idleTimeout,
        Duration serverLifetime,
        Duration serverIdleCheckTimeout,
        Duration serverLoginRetry,
        boolean serverRoundRobin,
        boolean cleanupServerConnections,
        SessionState sessionState,
        boolean sessionStateNotice,
        boolean logClientParameterStatusChanges,
        String applicationName,
        boolean applicationNameFixed,
        Map<String, String> startupParameters,
        Scaling scaling,
        Coordinator coordinator,
        Prepared prepared,
        ServerTlsConfig serverTls,
        Optional<FallbackConfig> fallback,
        Optional<AuthQueryConfig> authQuery,
        List<UserConfig> users) {

    public PoolConfig {
        startupParameters = Collections.unmodifiableMap(new LinkedHashMap<>(startupParameters));
        users = List.copyOf(users);
    }

    /** The same with other users. */
    public PoolConfig withUsers(List<UserConfig> other) {
        return new PoolConfig(
                name,
                serverHost,
                serverPort,
                serverDatabase,
                poolMode,
                connectTimeout,
                queryWaitTimeout,
                idleTimeout,
                serverLifetime,
                serverIdleCheckTimeout,
                serverLoginRetry,
                serverRoundRobin,
                cleanupServerConnections,
                sessionState,
                sessionStateNotice,
                logClientParameterStatusChanges,
                applicationName,
                applicationNameFixed,
                startupParameters,
                scaling,
                coordinator,
                prepared,
                serverTls,
                fallback,
                authQuery,
                other);
    }

    /** The same with other startup parameters. */
    PoolConfig withStartupParameters(Map<String, String> other, boolean fixedApplicationName) {
        return new PoolConfig(
                name,
                serverHost,
                serverPort,
                serverDatabase,
                poolMode,
                connectTimeout,
                queryWaitTimeout,
                idleTimeout,
                serverLifetime,
                serverIdleCheckTimeout,
                serverLoginRetry,
                serverRoundRobin,
                cleanupServerConnections,
                sessionState,
                sessionStateNotice,
                logClientParameterStatusChanges,
                other.getOrDefault(StartupParameters.APPLICATION_NAME, ""),
                fixedApplicationName,
                other,
                scaling,
                coordinator,
                prepared,
                serverTls,
                fallback,
                authQuery,
                users);
    }

    /** Whether {@code serverHost} is the directory of a Unix socket. */
    public boolean serverIsUnixSocket() {
        return serverHost.startsWith("/");
    }

    /** The static user of this name. */
    public Optional<UserConfig> user(String username) {
        return users.stream().filter(user -> user.username().equals(username)).findFirst();
    }

    /**
     * How fast a pool grows.
     *
     * @param maxConcurrentCreates logins at PostgreSQL at one time, 1 or more
     * @param warmPoolRatio percent of {@code pool_size} below which servers are made at once
     * @param fastRetries tries to find an idle server before waiting for one
     * @param maxParallelCreates servers of one pool being made at one time, 1 or more
     */
    public record Scaling(
            int maxConcurrentCreates, int warmPoolRatio, int fastRetries, int maxParallelCreates) {}

    /**
     * The bound over all users of the database.
     *
     * @param maxDbConnections 0 is off, and so is all the rest
     * @param minConnectionLifetime younger servers are not evicted for another user
     * @param reservePoolSize servers above the bound
     * @param reservePoolTimeout wait before the reserve is used
     * @param minGuaranteedPoolSize servers of a user that eviction leaves alone
     */
    public record Coordinator(
            int maxDbConnections,
            Duration minConnectionLifetime,
            int reservePoolSize,
            Duration reservePoolTimeout,
            int minGuaranteedPoolSize) {
        public boolean enabled() {
            return maxDbConnections > 0;
        }
    }

    /**
     * Prepared-statement caches, in entries.
     *
     * @param serverCacheSize per server; 0 is none
     * @param clientLimit named statements of a client; 0 is unbounded
     */
    public record Prepared(boolean enabled, int cacheSize, int serverCacheSize, int clientLimit) {}
}

package io.pgdoorman.migrate;

import java.util.Optional;

/**
 * What to inspect, and how the configuration shall be. Threads: immutable.
 *
 * @param host name or address
 * @param user who logs in; needs to read {@code pg_authid} for the users' secrets
 * @param database where to log in
 * @param tls ask for TLS, and let the pools do so
 * @param poolSize of a user at most; the database's share may be less
 * @param sessionMode pools in session mode, not transaction mode
 * @param serverHost what the pools connect to, if it is not {@code host}
 */
public record GenerateOptions(
        String host,
        int port,
        String user,
        String database,
        boolean tls,
        int poolSize,
        boolean sessionMode,
        Optional<String> serverHost,
        ConfigFormat format,
        boolean comments) {}

package io.pgdoorman.session;

import io.pgdoorman.wire.Bytes;

/**
 * What all sessions of the process have in common. Times in nanoseconds, zero is no limit.
 *
 * <p>Threads: immutable.
 *
 * @param maxConnections clients at one time
 * @param loginNanos from accept to the end of the login
 * @param maxMemoryBytes of client messages held while their clients wait for a server
 * @param checkQuery answered without a server; empty if none is
 * @param slowReaderNanos how long a client that holds a server may take no byte
 * @param slowCheckoutNanos a wait for a server from this length on is logged; zero: none is
 * @param slowQueryNanos the same for a query
 * @param audit each login is logged by {@link AuditLog}
 * @param failedLoginNanos longest delay of a refusal, see {@link FailedLogins}; zero: none
 */
public record SessionSettings(
        int maxConnections,
        long loginNanos,
        long maxMemoryBytes,
        long slowReaderNanos,
        Bytes checkQuery,
        boolean logConnections,
        boolean logDisconnections,
        long slowCheckoutNanos,
        long slowQueryNanos,
        boolean audit,
        long failedLoginNanos) {}

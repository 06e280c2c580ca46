package io.pgdoorman.pool;

import io.pgdoorman.config.SessionState;

/**
 * Limits and times of one pool, all inheritance resolved. Times in nanoseconds; zero switches a
 * limit off where the field says so.
 *
 * <p>Threads: immutable.
 *
 * @param sessionMode a client keeps its server until it leaves
 * @param applicationName what a server calls itself while no client's name is on it
 * @param fixedApplicationName the operator's name stands, whatever a client calls itself
 * @param size most servers, 1 or more
 * @param minSize servers kept open, 0 to {@code size}
 * @param queryWaitNanos longest wait for a server
 * @param idleNanos idle time after which a server is closed; 0 is never
 * @param lifetimeNanos age at which a server is replaced; 0 is never
 * @param idleCheckNanos idle time after which a server is probed before use; 0 is never
 * @param choreNanos longest time for a probe or a clean-up
 * @param loginRetryNanos pause after PostgreSQL refused a login
 * @param drainNanos longest time a server may answer a client that has left
 * @param roundRobin the server idle longest is used first, not the one used last
 * @param cleanup remove what a session left on a server
 * @param sessionState what becomes of a client that leaves state in its session
 * @param sessionStateNotice the client is told
 * @param preparedStatements those of clients are brought to whatever server they meet; false in
 *     session mode
 * @param statements most of them known in the pool
 * @param serverStatements most of them on one server, 1 or more
 * @param clientStatements most named ones of a client
 * @param maxCreates logins at one time, 1 or more
 * @param warmSize servers made without waiting for one to come back
 * @param coordinated the database has a limit over all of its users
 * @param minConnectionLifetimeNanos age below which a server is not closed for another user
 * @param reserveAfterNanos wait after which the reserve may be used
 * @param guaranteedSize servers that are not closed for another user
 */
public record PoolSettings(
        boolean sessionMode,
        String applicationName,
        boolean fixedApplicationName,
        int size,
        int minSize,
        long queryWaitNanos,
        long idleNanos,
        long lifetimeNanos,
        long idleCheckNanos,
        long choreNanos,
        long loginRetryNanos,
        long drainNanos,
        boolean roundRobin,
        boolean cleanup,
        SessionState sessionState,
        boolean sessionStateNotice,
        boolean preparedStatements,
        int statements,
        int serverStatements,
        int clientStatements,
        int maxCreates,
        int warmSize,
        boolean coordinated,
        long minConnectionLifetimeNanos,
        long reserveAfterNanos,
        int guaranteedSize) {}

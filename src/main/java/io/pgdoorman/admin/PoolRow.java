package io.pgdoorman.admin;

import io.pgdoorman.pool.Pool;

/**
 * A pool at one moment. Threads: immutable, but for the pool itself.
 *
 * @param idleClients without a server and without a wish for one
 * @param activeClients with a server
 * @param waitingClients in the queue
 * @param usedServers being cleaned up or checked
 * @param loginServers being opened
 * @param encryptedServers of all but those being opened
 * @param oldestWaitNanos of the client that waits longest
 * @param oldestActiveNanos of the longest transaction
 * @param namedStatements of all clients
 */
public record PoolRow(
        Pool pool,
        int idleClients,
        int activeClients,
        int waitingClients,
        int activeServers,
        int idleServers,
        int usedServers,
        int loginServers,
        int encryptedServers,
        long oldestWaitNanos,
        long oldestActiveNanos,
        int namedStatements) {
    public int clients() {
        return idleClients + activeClients + waitingClients;
    }

    public int servers() {
        return activeServers + idleServers + usedServers + loginServers;
    }

    static PoolRow empty(Pool pool) {
        return new PoolRow(pool, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    }

    PoolRow plus(PoolRow other) {
        return new PoolRow(
                pool,
                idleClients + other.idleClients,
                activeClients + other.activeClients,
                waitingClients + other.waitingClients,
                activeServers + other.activeServers,
                idleServers + other.idleServers,
                usedServers + other.usedServers,
                loginServers + other.loginServers,
                encryptedServers + other.encryptedServers,
                Math.max(oldestWaitNanos, other.oldestWaitNanos),
                Math.max(oldestActiveNanos, other.oldestActiveNanos),
                namedStatements + other.namedStatements);
    }
}

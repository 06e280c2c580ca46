package io.pgdoorman.admin;

import io.pgdoorman.pool.Pool;

/** The clients of a pool, counted. Threads: confined to whoever counts. */
final class ClientSum {
    private int idle;
    private int active;
    private int waiting;
    private long oldestWaitNanos;
    private long oldestActiveNanos;
    private int namedStatements;

    void add(ClientRow client) {
        switch (client.state()) {
            case "idle" -> idle++;
            case "active" -> active++;
            default -> waiting++;
        }
        oldestWaitNanos = Math.max(oldestWaitNanos, client.waitNanos());
        oldestActiveNanos = Math.max(oldestActiveNanos, client.transactionNanos());
        namedStatements += client.statements();
    }

    PoolRow row(Pool pool) {
        return new PoolRow(
                pool,
                idle,
                active,
                waiting,
                0,
                0,
                0,
                0,
                0,
                oldestWaitNanos,
                oldestActiveNanos,
                namedStatements);
    }
}

package io.pgdoorman.process;

import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.WireClient;

/**
 * A client that works while others misbehave. Its pool has servers of its own. Threads: confined to
 * the test's thread.
 */
final class Bystander implements AutoCloseable {
    private final WireClient client;
    private int answers;

    Bystander(PoolerProcess pooler, String pool) {
        client = pooler.client().login(PostgresServer.APP, pool);
    }

    /** Whether its session goes on and gives the right answer. */
    boolean works() {
        answers++;
        return client.queryValue("SELECT " + answers).equals(Integer.toString(answers));
    }

    @Override
    public void close() {
        client.close();
    }
}

package io.pgdoorman.differential;

import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.RestartingPooler;

import java.util.List;

/**
 * One pooler for all sequences, with a pool of each mode and size, and one whose servers keep a
 * single prepared statement. Threads: the test's thread.
 */
final class SharedPooler {
    /** Each statement pushes out the one before. */
    static final String SCARCE = "scarce";

    private SharedPooler() {}

    static String pool(boolean session, int size) {
        return (session ? "session_" : "transaction_") + size;
    }

    static RestartingPooler create() {
        var builder = PoolerProcess.builder();
        for (boolean session : List.of(true, false)) {
            for (int size : List.of(1, 3)) {
                String mode = session ? "session" : "transaction";
                builder.pool(
                        pool(session, size), PostgresServer.shared(), Database.NAME, mode, size);
            }
        }
        builder.pool(
                SCARCE,
                PoolerProcess.Builder.serverSettings(
                                PostgresServer.shared(), Database.NAME, "transaction")
                        + "server_prepared_statements_cache_size = 1\n",
                PoolerProcess.Builder.user(PostgresServer.APP, 3));
        return new RestartingPooler(builder);
    }
}

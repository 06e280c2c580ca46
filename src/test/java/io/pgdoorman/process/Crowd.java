package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.WireClient;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Clients in every state that must outlive whatever happens to a handover: idle ones, one in a
 * transaction, one that waits for the only server of its pool and one that holds it. Threads:
 * confined to the test's thread.
 */
final class Crowd implements AutoCloseable {
    /** Pool of those who are idle and of the one in a transaction. */
    static final String WIDE = "wide";

    static final int WIDE_SIZE = 5;

    /** Pool with one server. */
    static final String NARROW = "narrow";

    private static final String PID = "SELECT pg_backend_pid()";
    private static final String TRANSACTION =
            "SELECT pg_backend_pid() || ' ' || pg_current_xact_id()";

    private final PoolerProcess pooler;
    private final List<WireClient> idle = new ArrayList<>();
    private final WireClient busy;
    private final String transaction;
    private final WireClient holder;
    private final WireClient waiter;
    private String held = "";

    Crowd(PoolerProcess pooler) {
        this.pooler = pooler;
        idle.add(login(WIDE));
        idle.add(login(WIDE));
        idle.add(WireClient.connect(pooler.unixAddress()).login(PostgresServer.APP, WIDE));
        busy = login(WIDE);
        busy.query("BEGIN");
        transaction = busy.queryValue(TRANSACTION);
        holder = login(NARROW);
        waiter = login(NARROW);
        takeServer();
    }

    /** A pooler with the pools of a crowd. */
    static PoolerProcess.Builder pooler(PostgresServer server, String database) {
        return PoolerProcess.builder()
                .withoutRehearsal()
                .general("query_wait_timeout", "60000")
                .pool(WIDE, server, database, "transaction", WIDE_SIZE)
                .pool(NARROW, server, database, "transaction", 1);
    }

    static int clients() {
        return 6;
    }

    /** Everybody goes on where they were, and the limits of the pools are what they were. */
    void assertUnharmed() {
        for (WireClient client : idle) {
            assertThat(client.queryValue("SELECT 'served'")).isEqualTo("served");
        }
        assertThat(busy.queryValue(TRANSACTION)).as("its transaction").isEqualTo(transaction);
        holder.query("COMMIT");
        List<Message> answer = waiter.readUntilReady();
        assertThat(answer.get(1).columns()[0]).as("the server waited for").isEqualTo(held);
        takeServer();
        fillPools();
    }

    /** Every server of the wide pool is in use at the same time, and no more than these. */
    private void fillPools() {
        List<WireClient> all = new ArrayList<>();
        try {
            for (int i = 1; i < WIDE_SIZE; i++) {
                WireClient client = login(WIDE);
                all.add(client);
                client.query("BEGIN");
            }
        } finally {
            all.forEach(Crowd::leave);
        }
    }

    private void takeServer() {
        holder.query("BEGIN");
        held = holder.queryValue(PID);
        waiter.send(Frontend.query(PID));
    }

    private WireClient login(String pool) {
        return pooler.client().login(PostgresServer.APP, pool);
    }

    /** So that its server is free for others, and does not have to be made anew. */
    private static void leave(WireClient client) {
        try (client) {
            client.query("ROLLBACK");
        }
    }

    @Override
    public void close() {
        Stream.concat(idle.stream(), Stream.of(busy, waiter, holder)).forEach(WireClient::close);
    }
}

package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.WireClient;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Pool sizes, waiting in turn, deadlines and lifetimes, seen from outside. */
class LimitsIT {
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final Duration LIMIT = Duration.ofSeconds(15);
    private static final Duration WAIT = Duration.ofSeconds(2);
    private static final String SMALL = SERVER.newDatabase("limits");
    private static final String WARM = SERVER.newDatabase("limits");
    private static final String IDLE = SERVER.newDatabase("limits");
    private static final String SHORT = SERVER.newDatabase("limits");
    private static final String SINGLE = SERVER.newDatabase("single");
    private static final String CAPPED = SERVER.newDatabase("limits");
    private static PoolerProcess pooler;

    @BeforeAll
    static void start() {
        Requirement.packagedProgram();
        SERVER.execute("postgres", "CREATE ROLE second_app LOGIN");
        pooler =
                PoolerProcess.builder()
                        .general("query_wait_timeout", Long.toString(WAIT.toMillis()))
                        .general("retain_connections_time", "200")
                        .general("retain_connections_max", "0")
                        .pool("small", SERVER, SMALL, "transaction", 2)
                        .pool("single", SERVER, SINGLE, "transaction", 1)
                        .pool(
                                "warm",
                                PoolerProcess.Builder.serverSettings(SERVER, WARM, "transaction"),
                                PoolerProcess.Builder.user(
                                        PostgresServer.APP, 5, "min_pool_size = 3"))
                        .pool(
                                "idle",
                                PoolerProcess.Builder.serverSettings(SERVER, IDLE, "transaction")
                                        + "idle_timeout = 500",
                                PoolerProcess.Builder.user(PostgresServer.APP, 5))
                        .pool(
                                "short",
                                PoolerProcess.Builder.serverSettings(SERVER, SHORT, "transaction")
                                        + "server_lifetime = 700",
                                PoolerProcess.Builder.user(PostgresServer.APP, 1))
                        .pool(
                                "capped",
                                PoolerProcess.Builder.serverSettings(SERVER, CAPPED, "transaction")
                                        + "max_db_connections = 2\nmin_connection_lifetime = 0",
                                PoolerProcess.Builder.user(PostgresServer.APP, 2),
                                PoolerProcess.Builder.user("second_app", 2))
                        .start();
    }

    @AfterAll
    static void stop() {
        if (pooler != null) {
            pooler.close();
        }
    }

    @Test
    void neverOpensMoreServersThanThePoolSize() {
        var clients = new ArrayList<WireClient>();
        try {
            for (int i = 0; i < 30; i++) {
                WireClient client = login("small");
                client.send(Frontend.query("SELECT pg_sleep(0.01)"));
                clients.add(client);
            }
            int most = SERVER.sessions(SMALL);
            for (WireClient client : clients) {
                assertThat(client.readUntilReady().getLast().type()).isEqualTo('Z');
            }

            assertThat(Math.max(most, SERVER.sessions(SMALL))).isBetween(1, 2);
        } finally {
            clients.forEach(WireClient::close);
        }
    }

    /**
     * One server, so that the server's own clock tells in which order they were served; the clients
     * are on several loops and come further apart than the bound between loops.
     */
    @Test
    void waitersAreServedInTheOrderTheyCame() {
        var holder = login("single");
        var waiters = new ArrayList<WireClient>();
        try {
            holder.query("BEGIN");
            for (int i = 0; i < 12; i++) {
                WireClient waiter = login("single");
                waiter.send(Frontend.query("SELECT extract(epoch FROM clock_timestamp())"));
                waiters.add(waiter);
                assertThat(waiter.isSilentFor(Duration.ofMillis(50))).isTrue();
            }
            holder.query("COMMIT");

            List<Double> served = new ArrayList<>();
            for (WireClient waiter : waiters) {
                List<Message> answer = waiter.readUntilReady();
                assertThat(answer).as(answer.toString()).hasSize(4);
                served.add(Double.valueOf(answer.get(1).columns()[0]));
            }

            assertThat(served).isSorted().doesNotHaveDuplicates();
        } finally {
            waiters.forEach(WireClient::close);
            holder.close();
        }
    }

    @Test
    void aWaiterIsToldWhenItsDeadlineHasPassed() {
        var holders = List.of(login("small"), login("small"));
        try (var waiter = login("small")) {
            holders.forEach(holder -> holder.query("BEGIN"));
            long start = System.nanoTime();

            List<Message> answer = waiter.send(Frontend.query("SELECT 1")).readUntil('E');

            Duration waited = Duration.ofNanos(System.nanoTime() - start);
            assertThat(answer.getLast().sqlState()).isEqualTo("53300");
            assertThat(waited).isBetween(WAIT.minusMillis(100), WAIT.plusSeconds(2));
        } finally {
            holders.forEach(WireClient::close);
        }
    }

    @Test
    void aWaiterThatLeavesDoesNotHoldUpTheOthers() {
        var holders = List.of(login("small"), login("small"));
        try (var next = login("small")) {
            holders.forEach(holder -> holder.query("BEGIN"));
            for (int i = 0; i < 10; i++) {
                login("small").send(Frontend.query("SELECT pg_sleep(1)")).reset();
            }
            next.send(Frontend.query("SELECT 'served'"));
            holders.forEach(holder -> holder.query("COMMIT"));

            List<Message> answer = next.readUntilReady();

            assertThat(answer).extracting(Message::type).containsExactly('T', 'D', 'C', 'Z');
        } finally {
            holders.forEach(WireClient::close);
        }
    }

    @Test
    void opensTheMinimumOfServersInAdvanceAndReplacesTheLost() {
        await().atMost(LIMIT).untilAsserted(() -> assertThat(SERVER.sessions(WARM)).isEqualTo(3));

        SERVER.execute(
                "postgres",
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app' AND"
                        + " datname = '"
                        + WARM
                        + "'");

        await().atMost(LIMIT).untilAsserted(() -> assertThat(SERVER.sessions(WARM)).isEqualTo(3));
        try (var client = login("warm")) {
            assertThat(client.queryValue("SELECT 'fine'")).isEqualTo("fine");
        }
    }

    @Test
    void closesServersThatWereIdleTooLong() {
        try (var client = login("idle")) {
            client.query("SELECT 1");
            assertThat(SERVER.sessions(IDLE)).isEqualTo(1);

            await().atMost(LIMIT).untilAsserted(() -> assertThat(SERVER.sessions(IDLE)).isZero());

            assertThat(client.queryValue("SELECT 'again'")).isEqualTo("again");
        }
    }

    @Test
    void replacesServersThatHaveLivedTooLong() {
        try (var client = login("short")) {
            String first = client.queryValue("SELECT pg_backend_pid()");

            await().atMost(LIMIT)
                    .untilAsserted(
                            () ->
                                    assertThat(client.queryValue("SELECT pg_backend_pid()"))
                                            .isNotEqualTo(first));
        }
    }

    @Test
    void allUsersOfADatabaseTogetherStayBelowItsLimit() {
        var clients = new ArrayList<WireClient>();
        try {
            for (int i = 0; i < 6; i++) {
                String user = i % 2 == 0 ? PostgresServer.APP : "second_app";
                WireClient client = pooler.client().login(user, "capped");
                client.send(Frontend.query("SELECT pg_sleep(0.1)"));
                clients.add(client);
            }
            assertThat(SERVER.sessions(CAPPED)).isLessThanOrEqualTo(2);
            for (WireClient client : clients) {
                List<Message> answer = client.readUntilReady();
                assertThat(answer)
                        .as(answer.toString())
                        .extracting(Message::type)
                        .containsExactly('T', 'D', 'C', 'Z');
            }
            assertThat(SERVER.sessions(CAPPED)).isLessThanOrEqualTo(2);
        } finally {
            clients.forEach(WireClient::close);
        }
    }

    private static WireClient login(String pool) {
        return pooler.client().login(PostgresServer.APP, pool);
    }
}

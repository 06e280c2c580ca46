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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** PostgreSQL that is stopped, killed, frozen or full, and what clients see of it. */
class ServerFailureIT {
    private static final Duration LIMIT = Duration.ofSeconds(15);
    private static PostgresServer server;
    private static PoolerProcess pooler;

    @BeforeAll
    static void start() {
        Requirement.packagedProgram();
        server = PostgresServer.builder().setting("max_connections", "12").start();
        pooler =
                PoolerProcess.builder()
                        .general("connect_timeout", "1000")
                        .general("query_wait_timeout", "2000")
                        .general("server_login_retry", "100")
                        .pool("transaction", server, "postgres", "transaction", 3)
                        .pool("session", server, "postgres", "session", 3)
                        .pool("wide", server, "postgres", "transaction", 30)
                        .pool("other", PostgresServer.shared(), "postgres", "transaction", 1)
                        .start();
    }

    @AfterAll
    static void stop() {
        if (pooler != null) {
            pooler.close();
        }
        if (server != null) {
            server.close();
        }
    }

    @AfterEach
    void everythingWorksAgain() {
        if (!server.isAlive()) {
            server.start();
        }
        for (String pool : List.of("transaction", "session", "other")) {
            await(pool)
                    .atMost(LIMIT)
                    .untilAsserted(
                            () -> {
                                try (var client = login(pool)) {
                                    assertThat(client.queryValue("SELECT 'fine'"))
                                            .isEqualTo("fine");
                                }
                            });
        }
        assertThat(pooler.isAlive()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"transaction", "session"})
    void aClientInAQueryGetsTheWordsOfTheServerThatStops(String pool) {
        try (var bystander = new Bystander(pooler, "other");
                var client = login(pool)) {
            client.send(Frontend.query("SELECT pg_sleep(60)"));
            awaitSleeping();
            server.stop();

            List<Message> answer = client.readUntil('E');

            assertThat(answer.getLast().sqlState()).isEqualTo("57P01");
            assertThat(bystander.works()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"transaction", "session"})
    void aClientInAQueryIsToldThatTheServerDied(String pool) {
        try (var bystander = new Bystander(pooler, "other");
                var client = login(pool)) {
            client.send(Frontend.query("SELECT pg_sleep(60)"));
            awaitSleeping();
            server.kill();

            List<Message> answer = client.readUntil('E');

            assertThat(answer.getLast().sqlState()).as(answer.toString()).isNotEmpty();
            assertThat(bystander.works()).isTrue();
        }
    }

    @Test
    void aClientInATransactionIsToldThatItIsLost() {
        try (var client = login("transaction")) {
            client.query("BEGIN");
            server.kill();

            List<Message> answer = client.send(Frontend.query("SELECT 1")).readUntil('E');

            assertThat(answer.getLast())
                    .as(answer.toString())
                    .matches(message -> message.type() == 'E' || message.isEnd());
        }
    }

    @Test
    void anIdleClientDoesNotNoticeARestart() {
        try (var client = login("transaction")) {
            assertThat(client.queryValue("SELECT 1")).isEqualTo("1");
            server.stop();
            server.start();

            assertThat(client.queryValue("SELECT 2")).isEqualTo("2");
        }
    }

    @Test
    void anIdleClientDoesNotNoticeThatItsServerWasTerminated() {
        try (var client = login("transaction")) {
            for (int i = 0; i < 5; i++) {
                assertThat(client.queryValue("SELECT 1")).isEqualTo("1");
                server.execute(
                        "postgres",
                        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename"
                                + " = 'app'");
            }

            assertThat(client.queryValue("SELECT 2")).isEqualTo("2");
        }
    }

    @Test
    void aClientGetsAnErrorInTimeWhileTheServerIsDown() {
        try (var client = login("transaction")) {
            server.stop();

            List<Message> answer = client.send(Frontend.query("SELECT 1")).readUntil('E');

            assertThat(answer.getLast().sqlState()).as(answer.toString()).isNotEmpty();
        }
    }

    @Test
    void aFrozenServerHoldsUpNobodyElseAndGoesOnLater() {
        try (var bystander = new Bystander(pooler, "other");
                var client = login("transaction")) {
            client.query("BEGIN");
            server.freeze();
            client.send(Frontend.query("SELECT 'patience'"));
            for (int i = 0; i < 20; i++) {
                assertThat(bystander.works()).isTrue();
            }
            try (var stranger = pooler.client()) {
                List<Message> answer =
                        new ArrayList<>(stranger.tryLogin(PostgresServer.APP, "", "wide"));
                if (answer.getLast().type() == 'Z') {
                    answer.addAll(stranger.send(Frontend.query("SELECT 1")).readUntil('E'));
                }
                assertThat(answer.getLast().sqlState()).as(answer.toString()).isNotEmpty();
            }
            server.thaw();

            List<Message> answer = client.readUntilReady();

            assertThat(answer).extracting(Message::type).containsExactly('T', 'D', 'C', 'Z');
        } finally {
            server.thaw();
        }
    }

    @Test
    void aFullServerServesThroughTheServersItGave() {
        var clients = new ArrayList<WireClient>();
        try {
            for (int i = 0; i < 20; i++) {
                WireClient client = login("wide");
                client.send(Frontend.query("SELECT pg_sleep(0.05)"));
                clients.add(client);
            }
            for (WireClient client : clients) {
                List<Message> answer = client.readUntilReady();
                assertThat(answer)
                        .as(answer.toString())
                        .extracting(Message::type)
                        .containsExactly('T', 'D', 'C', 'Z');
            }
        } finally {
            clients.forEach(WireClient::close);
        }
        server.execute(
                "postgres",
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename ="
                        + " 'app'");
    }

    private static WireClient login(String pool) {
        return pooler.client().login(PostgresServer.APP, pool);
    }

    private static void awaitSleeping() {
        await().atMost(LIMIT)
                .until(
                        () ->
                                server.queryValue(
                                                "postgres",
                                                "SELECT count(*) FROM pg_stat_activity WHERE"
                                                        + " wait_event = 'PgSleep'")
                                        .equals("1"));
    }
}

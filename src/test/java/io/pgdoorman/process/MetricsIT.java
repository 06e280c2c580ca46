package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgdoorman.metrics.Exposition;
import io.pgdoorman.testing.ChildProcess;
import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.Ports;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.WireClient;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** Metrics and health of the packaged program. */
class MetricsIT {
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final int PROTOCOL_3_0 = 196_608;
    private static final int TRANSACTIONS = 40;
    private static final int ERRORS = 3;
    private static final String FAILURES = "pg_doorman_handover_failures_total";
    private static final int HANDOVERS = Integer.getInteger("pg_doorman.test.scraped", 3);
    private static final String USER = PostgresServer.APP;
    private static final String[] POOL = {"user", USER, "database", "app"};

    private final int port = Ports.free();
    private final HttpClient http = HttpClient.newHttpClient();

    @BeforeAll
    static void require() {
        Requirement.packagedProgram();
    }

    private PoolerProcess.Builder builder() {
        return PoolerProcess.builder()
                .pool("app", SERVER, "postgres", "transaction", 2)
                .append(web(port));
    }

    private static String web(int port) {
        return """
        [web]
        enabled = true
        host = "127.0.0.1"
        port = %d
        """
                .formatted(port);
    }

    private HttpResponse<String> ask(String path) throws IOException, InterruptedException {
        return http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                        .timeout(LIMIT)
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private Exposition page() throws IOException, InterruptedException {
        HttpResponse<String> response = ask("/metrics");
        assertThat(response.statusCode()).isEqualTo(200);
        return Exposition.parse(response.body());
    }

    /** A client that never rests. */
    private static final class Load implements AutoCloseable {
        private final AtomicLong rounds = new AtomicLong();
        private final AtomicBoolean over = new AtomicBoolean();
        private final CompletableFuture<Void> work;

        Load(PoolerProcess pooler) {
            work = CompletableFuture.runAsync(() -> run(pooler));
        }

        private void run(PoolerProcess pooler) {
            try (WireClient client = pooler.client().login(USER, "app")) {
                while (!over.get()) {
                    client.query("SELECT 1");
                    rounds.incrementAndGet();
                }
            }
        }

        long rounds() {
            return rounds.get();
        }

        void stop() {
            over.set(true);
            work.join();
        }

        @Override
        public void close() {
            over.set(true);
        }
    }

    private static void work(PoolerProcess pooler) {
        try (WireClient client = pooler.client().login(USER, "app")) {
            for (int i = 0; i < TRANSACTIONS; i++) {
                client.query("SELECT repeat('x', 1000)");
            }
            for (int i = 0; i < ERRORS; i++) {
                client.query("SELECT 1 / 0");
            }
            client.query("BEGIN");
            client.query("SELECT nothing_of_this_name");
            client.query("SELECT 1"); // 25P02
            client.query("ROLLBACK");
        }
    }

    @Test
    void thePageHasTheKnownNumbers() throws Exception {
        try (PoolerProcess pooler = builder().start()) {
            work(pooler);

            Exposition page = page();

            int queries = TRANSACTIONS + ERRORS + 4;
            assertThat(page.sum("pg_doorman_pools_queries_total", POOL)).isEqualTo(queries);
            assertThat(page.sum("pg_doorman_pools_transactions_total", POOL))
                    .isEqualTo(TRANSACTIONS + ERRORS + 1);
            assertThat(page.sum("pg_doorman_pools_errors_total", "sqlstate", "25P02")).isEqualTo(1);
            assertThat(page.sum("pg_doorman_pools_errors_total", "sqlstate", "other"))
                    .isEqualTo(ERRORS + 1);
            assertThat(page.sum("pg_doorman_pools_errors_by_source_total", "source", "server"))
                    .isEqualTo(ERRORS + 2);
            assertThat(page.sum("pg_doorman_pools_bytes_total", "direction", "sent"))
                    .isBetween(TRANSACTIONS * 1000.0, TRANSACTIONS * 1000.0 + 20_000);
            assertThat(page.sum("pg_doorman_pools_bytes_total", "direction", "received"))
                    .isBetween(TRANSACTIONS * 25.0, TRANSACTIONS * 60.0);
            assertThat(page.sum("pg_doorman_pools_query_duration_seconds_count", POOL))
                    .isEqualTo(queries);
            assertThat(page.sum("pg_doorman_pools_wait_duration_seconds_bucket", "le", "+Inf"))
                    .isEqualTo(TRANSACTIONS + ERRORS + 1);
            assertThat(page.sum("pg_doorman_pools_servers", POOL)).isEqualTo(1);
            assertThat(page.sum("pg_doorman_pool_server_logins_total", "result", "success"))
                    .isEqualTo(1);
            assertThat(page.sum("pg_doorman_connections_total", "type", "plain")).isEqualTo(1);
            assertThat(page.sum("pg_doorman_total_memory")).isGreaterThan(10 << 20);
            assertThat(page.sum("pg_doorman_sockets")).isGreaterThan(2);
            assertThat(page.sum("pg_doorman_sockets", "type", "unknown")).isZero();
            assertThat(page.sum("pg_doorman_event_loop_lag_seconds")).isBetween(0.0, 10.0);
        }
    }

    @Test
    void clientsAreShownWhereTheyAre() throws Exception {
        try (PoolerProcess pooler =
                        builder().pool("one", SERVER, "postgres", "transaction", 1).start();
                WireClient busy = pooler.client().login(USER, "one");
                WireClient waiting = pooler.client().login(USER, "one");
                WireClient idle = pooler.client().login(USER, "one")) {
            idle.query("SELECT 1");
            busy.query("BEGIN");
            waiting.send(Frontend.query("SELECT 1"));

            await().atMost(LIMIT)
                    .untilAsserted(
                            () -> {
                                Exposition page = page();
                                for (String state : List.of("idle", "active", "waiting")) {
                                    assertThat(
                                                    page.sum(
                                                            "pg_doorman_pools_clients",
                                                            "database",
                                                            "one",
                                                            "status",
                                                            state))
                                            .as(state)
                                            .isEqualTo(1);
                                }
                                assertThat(
                                                page.sum(
                                                        "pg_doorman_pools_maxwait_microseconds",
                                                        "database",
                                                        "one"))
                                        .isPositive();
                            });
        }
    }

    @Test
    void aStrangerIsCountedByReason() throws Exception {
        try (PoolerProcess pooler = builder().hba("host all nobody 127.0.0.1/32 trust\n").start();
                WireClient client = pooler.client()) {
            client.send(Frontend.startup(PROTOCOL_3_0, Map.of("user", USER, "database", "app")));
            client.readUntil('E');

            assertThat(page().sum("pg_doorman_listener_rejections_total", "reason", "hba"))
                    .isEqualTo(1);
        }
    }

    @Test
    void healthTellsThatTheProcessDrains() throws Exception {
        try (PoolerProcess pooler =
                        builder().environment("PG_DOORMAN_CI_SHUTDOWN_ONLY", "1").start();
                WireClient client = pooler.client().login(USER, "app")) {
            await().atMost(LIMIT)
                    .until(() -> ask("/health/ready").statusCode() == 200); // it prewarms
            assertThat(ask("/health/live").statusCode()).isEqualTo(200);
            client.query("BEGIN");

            pooler.signal("INT");

            await().atMost(LIMIT).until(() -> ask("/health/ready").statusCode() == 503);
            assertThat(ask("/health/ready").body()).contains("draining");
            assertThat(ask("/health/live").statusCode()).isEqualTo(200);
            assertThat(page().sum("pg_doorman_draining")).isEqualTo(1);
        }
    }

    @Test
    void aSuccessorServesThePageAndGoesOnCounting() throws Exception {
        try (PoolerProcess pooler = builder().start()) {
            work(pooler);

            pooler.handOver();

            await().atMost(LIMIT)
                    .ignoreExceptions()
                    .until(() -> ask("/health/ready").statusCode() == 200);
            Exposition page = page();
            assertThat(page.sum("pg_doorman_pools_servers", POOL)).isEqualTo(1);
            assertThat(page.sum("pg_doorman_pools_queries_total", POOL))
                    .isEqualTo(TRANSACTIONS + ERRORS + 4);
            assertThat(page.sum("pg_doorman_pools_query_duration_seconds_count", POOL))
                    .isEqualTo(TRANSACTIONS + ERRORS + 4);
            assertThat(page.sum("pg_doorman_handover_servers", "state", "idle")).isEqualTo(1);
            assertThat(pooler.log()).doesNotContain("in use");
        }
    }

    /** Each by a connection of its own, ten times a second. */
    @Test
    void noScrapeFailsAndNoCounterFallsOverHandovers() throws Exception {
        String rules = "host all %s 127.0.0.1/32 trust\n".formatted(USER);
        try (PoolerProcess pooler = builder().hba(rules).start();
                var load = new Load(pooler);
                var scraper = new Scraper(port, LIMIT)) {
            try (WireClient stranger = pooler.client()) {
                stranger.send(
                        Frontend.startup(PROTOCOL_3_0, Map.of("user", "x", "database", "app")));
                stranger.readUntil('E');
            }
            scraper.awaitPages(1);
            String config = Files.readString(pooler.configuration());
            Files.writeString(pooler.configuration(), "nonsense");
            pooler.signal("USR2");
            await().atMost(LIMIT).until(() -> page().sum(FAILURES) == 1);
            Files.writeString(pooler.configuration(), config);
            for (int i = 0; i < HANDOVERS; i++) {
                pooler.handOver();
                scraper.awaitPages(5);
            }

            load.stop();
            scraper.stop();
            assertThat(scraper.failures()).isEmpty();
            assertThat(scraper.fallen()).isEmpty();
            assertThat(page().sum("pg_doorman_listener_rejections_total", "reason", "hba"))
                    .isEqualTo(1);
            assertThat(load.rounds()).isGreaterThan(100);
        }
    }

    @Test
    void anAddressThatIsTakenEndsTheProcessAtItsStart(@TempDir Path home) throws Exception {
        try (var taken = new ServerSocket()) {
            taken.bind(new InetSocketAddress("127.0.0.1", 0));
            PoolerProcess.Builder builder =
                    PoolerProcess.builder()
                            .pool("app", SERVER, "postgres", "transaction", 2)
                            .append(web(taken.getLocalPort()));
            Path file = builder.write(home, Ports.free());

            try (var process =
                    ChildProcess.start(
                            List.of(PoolerProcess.program().toString(), file.toString()),
                            Map.of(),
                            home)) {
                assertThat(process.awaitExit(LIMIT)).isEqualTo(71);
                assertThat(process.output())
                        .contains("web.host/port: cannot listen on 127.0.0.1:")
                        .doesNotContain("\tat ");
            }
        }
    }
}

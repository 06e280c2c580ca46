package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.WireClient;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** Admin consoles that are open while the process is replaced. */
class ConsoleMoveIT {
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final String DATABASE = SERVER.newDatabase("console_move");
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static PoolerProcess pooler;

    @BeforeAll
    static void start() {
        Requirement.packagedProgram();
        pooler =
                PoolerProcess.builder()
                        .hba(
                                """
                                host pgdoorman,pgbouncer all 127.0.0.1/32 scram-sha-256
                                local all all trust
                                host all all 127.0.0.1/32 trust
                                """)
                        .pool("moved", SERVER, DATABASE, "transaction", 2)
                        .start();
    }

    @AfterAll
    static void stop() {
        if (pooler != null) {
            pooler.close();
        }
    }

    private static WireClient console() {
        WireClient client = pooler.client().limit(LIMIT);
        client.tryLogin(PoolerProcess.ADMIN, PoolerProcess.ADMIN_PASSWORD, "pgdoorman");
        return client;
    }

    private static String types(List<Message> messages) {
        return messages.stream()
                .map(message -> String.valueOf(message.type()))
                .collect(Collectors.joining());
    }

    @Test
    void aDriverNoticesNothing() throws SQLException {
        try (Connection connection =
                        DriverManager.getConnection(
                                pooler.jdbcUrl("pgdoorman") + "?prepareThreshold=1",
                                PoolerProcess.ADMIN,
                                PoolerProcess.ADMIN_PASSWORD);
                PreparedStatement show = connection.prepareStatement("SHOW CLIENTS")) {
            for (int i = 0; i < 3; i++) {
                try (ResultSet result = show.executeQuery()) {
                    assertThat(result.getMetaData().getColumnName(1)).isEqualTo("client_id");
                }
                pooler.handOver();
            }
            try (ResultSet result = show.executeQuery()) {
                assertThat(result.next()).as("no client but the console").isFalse();
            }
        }
    }

    @Test
    void aPauseThatWaitsGoesOnWaiting() {
        try (WireClient client = pooler.client().login(PostgresServer.APP, "moved");
                WireClient console = console()) {
            client.query("BEGIN");
            console.send(Frontend.query("PAUSE moved; SHOW VERSION"));

            pooler.handOver();
            assertThat(console.isSilentFor(Duration.ofMillis(200))).isTrue();
            client.query("COMMIT");

            assertThat(types(console.readUntilReady())).isEqualTo("CTDCZ");
            assertThat(types(console.query("RESUME moved"))).isEqualTo("CZ");
            assertThat(client.queryValue("SELECT 7")).isEqualTo("7");
        }
    }

    @Test
    void anExecuteThatWaitsGoesOnWaiting() {
        try (WireClient client = pooler.client().login(PostgresServer.APP, "moved");
                WireClient console = console()) {
            client.query("BEGIN");
            console.send(
                    Frontend.parse("", "PAUSE moved"),
                    Frontend.bind("p", ""),
                    Frontend.execute("p", 0),
                    Frontend.sync(),
                    Frontend.query("RESUME moved"));

            pooler.handOver();
            client.query("COMMIT");

            assertThat(types(console.readUntilReady())).isEqualTo("12CZ");
            assertThat(types(console.readUntilReady())).isEqualTo("CZ");
        }
    }

    @Test
    void statementsPortalsAndHalfMessagesStay() {
        try (WireClient console = console()) {
            console.send(
                    Frontend.parse("s", "SHOW DATABASES"),
                    Frontend.parse("t", "SHOW HELP"),
                    Frontend.sync());
            assertThat(types(console.readUntilReady())).isEqualTo("11Z");
            console.send(Frontend.bind("p", "t"), Frontend.execute("p", 2), Frontend.flush());
            assertThat(types(console.readUntil('s'))).isEqualTo("2DDs");
            byte[] query = Frontend.query("SHOW VERSION");
            byte[] half = Arrays.copyOf(query, 9);

            pooler.handOver();
            console.send(Frontend.execute("p", 1), Frontend.flush());
            assertThat(types(console.readUntil('s'))).isEqualTo("Ds");
            console.send(
                    Frontend.sync(),
                    Frontend.bind("", "s"),
                    Frontend.execute("", 0),
                    Frontend.sync(),
                    half);
            assertThat(types(console.readUntilReady())).isEqualTo("Z");
            assertThat(types(console.readUntilReady())).isEqualTo("2DCZ");
            pooler.handOver();
            console.send(Arrays.copyOfRange(query, 9, query.length));

            assertThat(types(console.readUntilReady())).isEqualTo("TDCZ");
        }
    }

    @Test
    void anErrorIsStillSkippedUpToSync() {
        try (WireClient console = console()) {
            console.send(Frontend.parse("", "SHOW NONSENSE"), Frontend.bind("", "none"));
            console.send(Frontend.flush());
            assertThat(types(console.readUntil('E'))).isEqualTo("1E");

            pooler.handOver();
            console.send(Frontend.parse("", "SHOW VERSION"), Frontend.sync());

            assertThat(types(console.readUntilReady())).isEqualTo("Z");
        }
    }

    @Test
    void theConsoleThatStagesAndCommitsIsAnswered() {
        try (WireClient console = console()) {
            List<Message> staged = console.query("UPGRADE STAGE");
            List<Message> committed = console.query("UPGRADE COMMIT");

            assertThat(types(staged)).startsWith("TD").endsWith("CZ");
            assertThat(types(committed)).startsWith("TD").endsWith("CZ");
            pooler.awaitSuccessor();
            assertThat(console.queryValue("SHOW VERSION")).startsWith("PgDoorman");
        }
    }
}

package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.WireClient;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** {@code audit_log}: a line for each login, however it ends, and for each command of operators. */
class AuditIT {
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final String ONLY = "warn,io.pgdoorman.audit=info";
    private static PoolerProcess pooler;

    @BeforeAll
    static void start() {
        Requirement.packagedProgram();
        pooler =
                PoolerProcess.builder()
                        .general("audit_log", "true")
                        .general("login_timeout", "\"2s\"")
                        .hba(
                                """
                                host all kept_out all reject
                                host all all all scram-sha-256
                                """)
                        .pool(
                                "shop",
                                PoolerProcess.Builder.serverSettings(
                                        SERVER, "postgres", "transaction"),
                                user("burst"),
                                user("slow"),
                                user("gone"),
                                user("kept_out"))
                        .pool(
                                "closed",
                                PoolerProcess.Builder.serverSettings(
                                        SERVER, "postgres", "transaction"),
                                user("burst"))
                        .start();
        pooler.ctl("log-level", ONLY);
        try (WireClient admin = pooler.client()) {
            assertThat(
                            admin.tryLogin(
                                            PoolerProcess.ADMIN,
                                            PoolerProcess.ADMIN_PASSWORD,
                                            "pgdoorman")
                                    .getLast()
                                    .type())
                    .isEqualTo('Z');
            admin.query("DISABLE closed");
        }
    }

    @AfterAll
    static void stop() {
        if (pooler != null) {
            pooler.close();
        }
    }

    private static String user(String name) {
        return PoolerProcess.Builder.user(
                name,
                2,
                "password = \"sesame\"",
                "server_username = \"%s\"".formatted(PostgresServer.APP),
                "server_password = \"\"");
    }

    private static List<String> linesWith(String... parts) {
        return pooler.log()
                .lines()
                .filter(line -> List.of(parts).stream().allMatch(line::contains))
                .toList();
    }

    private static void awaitLines(int count, String... parts) {
        await().atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertThat(linesWith(parts)).hasSize(count));
    }

    /** Other lines that are alike are put together. */
    @Test
    void eachOfManyLoginsHasALineOfItsOwn() {
        int many = 40;
        for (int i = 0; i < many; i++) {
            try (WireClient client = pooler.client()) {
                client.tryLogin("burst", "sesame", "shop");
            }
        }

        awaitLines(many, "login admitted: user=\"burst\" database=\"shop\" from=127.0.0.1:");
        assertThat(pooler.log()).doesNotContain("repeated");
    }

    @ParameterizedTest
    @CsvSource({
        "burst, wrong, shop, 28P01, wrong password",
        "nobody, wrong, shop, 28P01, user does not exist",
        "kept_out, sesame, shop, 28000, refused by HBA",
        "burst, sesame, nowhere, 3D000, No connection pool configured",
        "burst, sesame, closed, 57P03, is disabled by the administrator"
    })
    void aLoginThatIsRefusedSaysWhy(
            String user, String password, String database, String sqlState, String reason) {
        try (WireClient client = pooler.client()) {
            client.tryLogin(user, password, database);
        }

        awaitLines(
                1,
                "login refused: user=\"%s\" database=\"%s\"".formatted(user, database),
                "sqlstate=" + sqlState,
                reason);
        assertThat(linesWith("login admitted", "database=\"" + database + "\"", "nobody"))
                .isEmpty();
        assertThat(linesWith("login admitted", "database=\"closed\"")).isEmpty();
    }

    @Test
    void aLoginThatNobodyFinishesSaysSo() {
        try (WireClient client = pooler.client()) {
            client.send(startup("slow"));
            client.readUntilEnd();
        }
        try (WireClient client = pooler.client()) {
            client.send(startup("gone"));
            client.readUntil('R');
        }

        awaitLines(1, "login refused: user=\"slow\"", "login_timeout");
        awaitLines(1, "login refused: user=\"gone\"", "the client has left");
    }

    @Test
    void whatIsNoLoginSaysWhy() {
        try (WireClient client = pooler.client()) {
            client.send("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            client.readUntilEnd();
        }

        awaitLines(1, "login refused: user=\"\"", "sqlstate=08P01");
    }

    @Test
    void commandsOfOperatorsTellTheConnectionTheyCameBy() {
        assertThat(linesWith("[admin@pgdoorman #c", "admin console: DISABLE closed")).hasSize(1);

        pooler.ctl("reconnect");

        awaitLines(1, "[ctl] admin console: reconnect");
    }

    private static byte[] startup(String user) {
        return Frontend.startup(Frontend.PROTOCOL_3_0, Map.of("user", user, "database", "shop"));
    }
}

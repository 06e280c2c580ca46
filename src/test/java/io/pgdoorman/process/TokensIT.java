package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.TokenIssuer;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** Logins by token, through the packaged program. */
class TokensIT {
    private static final TokenIssuer PEOPLE = TokenIssuer.ec("secp256r1");
    private static final TokenIssuer ALICE = TokenIssuer.rsa(2048);
    private static final TokenIssuer TALOS = TokenIssuer.of("Ed25519");

    @TempDir static Path directory;

    private static PostgresServer server;
    private static PoolerProcess pooler;
    private static Path aliceKey;

    @BeforeAll
    static void start() throws IOException {
        Requirement.packagedProgram();
        Path keys = Files.createDirectory(directory.resolve("keys"));
        Files.writeString(keys.resolve("2026.pem"), PEOPLE.pem());
        aliceKey = Files.writeString(directory.resolve("alice.pem"), ALICE.pem());
        Path talosKey = Files.writeString(directory.resolve("talos-1.pem"), TALOS.pem());
        server =
                PostgresServer.builder()
                        .hba(
                                """
                                host all carol 127.0.0.1/32 password
                                host all all 127.0.0.1/32 trust
                                """)
                        .start();
        server.execute(
                "postgres",
                "CREATE ROLE pooler_backend LOGIN",
                "CREATE ROLE carol LOGIN PASSWORD 'tango'");
        String postgres = PoolerProcess.Builder.serverSettings(server, "postgres", "transaction");
        pooler =
                PoolerProcess.builder()
                        .general("pg_ident", "{content = '''people /^(.*)@corp$ \\1'''}")
                        .hba(
                                """
                                host pgdoorman all 127.0.0.1/32 trust
                                host people all 127.0.0.1/32 jwt jwtkeys=%s jwtissuer=https://id map=people
                                host trusting all 127.0.0.1/32 trust
                                host all all 127.0.0.1/32 scram-sha-256
                                """
                                        .formatted(keys))
                        .pool(
                                "people",
                                postgres,
                                user("anna", ""),
                                PoolerProcess.Builder.user("carol", 1, "password = \"tango\""))
                        .pool("trusting", postgres, user("owner", ""))
                        .pool(
                                "app",
                                postgres,
                                user("alice", "jwt-pkey-fpath:" + aliceKey),
                                user("read_write", ""),
                                user("read_only", ""))
                        .append(
                                """
                                [talos]
                                keys = ["%s"]
                                databases = ["app", "trusting"]
                                """
                                        .formatted(talosKey))
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

    private static String user(String name, String password) {
        return PoolerProcess.Builder.user(
                name,
                1,
                "password = \"%s\"".formatted(password),
                "server_username = \"pooler_backend\"",
                "server_password = \"\"");
    }

    private static String claims(String name, long seconds, String others) {
        return "{\"preferred_username\":\"%s\",\"exp\":%d%s}"
                .formatted(name, Instant.now().getEpochSecond() + seconds, others);
    }

    private static String talos(String access) {
        return TALOS.token(
                "EdDSA",
                "talos-1",
                "{\"exp\":%d,\"clientId\":\"billing\",\"resource_access\":{%s}}"
                        .formatted(Instant.now().getEpochSecond() + 60, access));
    }

    private static Message login(String user, String token, String database) {
        try (var client = pooler.client()) {
            List<Message> answer = client.tryLogin(user, token, database);
            if (answer.getLast().type() == 'Z') {
                assertThat(client.queryValue("SELECT 'in'")).isEqualTo("in");
            }
            return answer.getLast();
        }
    }

    private static void assertIn(String user, String token, String database) {
        Message last = login(user, token, database);
        assertThat(last.type()).as(last.toString()).isEqualTo('Z');
    }

    private static void assertOut(
            String user, String token, String database, String sqlState, String reason) {
        Message last = login(user, token, database);
        assertThat(last.type()).as(last.toString()).isEqualTo('E');
        assertThat(last.sqlState()).isEqualTo(sqlState);
        await().atMost(Duration.ofSeconds(5)).until(() -> pooler.log().contains(reason));
        if (token.length() > 40) {
            assertThat(pooler.log()).doesNotContain(token.substring(token.length() - 40));
        }
    }

    @Test
    void aLineOfMethodJwtAdmitsWhomItsMapNames() {
        String issuer = ",\"iss\":\"https://id\"";
        String anna = PEOPLE.token("ES256", "2026", claims("anna@corp", 60, issuer));
        String bob = PEOPLE.token("ES256", "2026", claims("bob@corp", 60, issuer));

        assertIn("anna", anna, "people");
        assertOut("anna", bob, "people", "28000", "it is \"bob@corp\"");
        assertOut("bob", bob, "people", "28000", "startup failed");
        assertOut("anna", "password", "people", "28000", "is not a signed token");
        assertOut(
                "anna",
                PEOPLE.token("ES256", "2026", claims("anna@corp", -3600, issuer)),
                "people",
                "28000",
                "the token expired at ");
        assertOut(
                "anna",
                PEOPLE.token("ES256", "2027", claims("anna@corp", 60, issuer)),
                "people",
                "28000",
                "the token names the key \"2027\", which is unknown");
        assertOut(
                "anna",
                PEOPLE.token("ES256", "2026", claims("anna@corp", 60, "")),
                "people",
                "28000",
                "the token has no iss");
    }

    @Test
    void aTokenDoesNotTakeThePlaceOfThePasswordThatServersNeed() {
        String carol =
                PEOPLE.token("ES256", "2026", claims("carol@corp", 60, ",\"iss\":\"https://id\""));

        assertIn("carol", carol, "people");
    }

    @Test
    void aTalosTokenMakesItsRoleTheUser() {
        String token =
                talos(
                        "\"pg:app\":{\"roles\":[\"read_only\",\"read_write\"]},"
                                + "\"pg:trusting\":{\"roles\":[\"owner\"]}");
        try (var client = pooler.client();
                var admin = pooler.client()) {
            List<Message> answer = client.tryLogin("talos", token, "app", "application_name", "x");
            assertThat(answer.getLast().type()).as(answer.toString()).isEqualTo('Z');
            admin.login(PoolerProcess.ADMIN, "pgdoorman");

            List<Message> clients = admin.query("SHOW CLIENTS");

            assertThat(clients)
                    .filteredOn(row -> row.type() == 'D')
                    .extracting(row -> List.of(row.columns()))
                    .anySatisfy(row -> assertThat(row).contains("read_write", "app", "billing"));
        }
        assertOut(
                "talos",
                talos("\"pg:trusting\":{\"roles\":[\"owner\"]}"),
                "app",
                "3D000",
                "the token gives no role in database app");
        assertOut(
                "talos",
                talos("\"pg:app\":{\"roles\":[\"owner\"]}"),
                "app",
                "3D000",
                "the role owner, which is not a user");
        assertOut("talos", "password", "app", "3D000", "is not a signed token");
    }

    @Test
    void aLineThatTrustsMakesNobodyOfATalosToken() {
        assertOut(
                "talos",
                talos("\"pg:trusting\":{\"roles\":[\"owner\"]}"),
                "trusting",
                "28000",
                "No connection pool configured for database: trusting, user: talos");
    }

    /** One test, for it changes the file that the others read. */
    @Test
    void aUserWithAKeyFileFollowsItOverReloadsAndUpgrades() throws IOException {
        TokenIssuer next = TokenIssuer.rsa(3072);
        String before = ALICE.token("RS256", claims("alice", 600, ""));
        String after = next.token("PS384", "any", claims("alice", 600, ""));
        assertIn("alice", before, "app");
        assertOut(
                "alice",
                ALICE.token("RS256", claims("anna", 60, "")),
                "app",
                "28P01",
                "JWT: it is \"anna\"");
        assertOut("alice", after, "app", "28P01", "the signature of the token does not fit");

        replaceKey(next.pem());
        assertIn("alice", before, "app");
        reload("alice@app: new token key");
        assertIn("alice", after, "app");
        assertThat(login("alice", before, "app").sqlState()).isEqualTo("28P01");

        replaceKey("no key");
        reload("Config reload rejected: pools.app: user alice: " + aliceKey + ": there is no");
        assertIn("alice", after, "app");

        replaceKey(next.pem());
        try (var client = pooler.client()) {
            assertThat(client.tryLogin("alice", after, "app").getLast().type()).isEqualTo('Z');
            pooler.handOver();
            assertThat(client.queryValue("SELECT 'moved'")).isEqualTo("moved");
        }
        assertIn("alice", after, "app");
    }

    private static void replaceKey(String text) throws IOException {
        Path written = Files.writeString(directory.resolve("next.pem"), text);
        Files.move(written, aliceKey, StandardCopyOption.ATOMIC_MOVE);
    }

    private static void reload(String line) {
        pooler.signal("HUP");
        await().atMost(Duration.ofSeconds(10)).until(() -> pooler.log().contains(line));
    }
}

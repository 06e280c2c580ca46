package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.WireClient;
import io.pgdoorman.testing.WireServer;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Passwords for PostgreSQL that stand elsewhere, and change while the pooler runs. */
class ServerPasswordIT {
    private static final PostgresServer SERVER =
            PostgresServer.builder()
                    .hba(
                            """
                            local all all trust
                            host all postgres,app all trust
                            host all rotating all scram-sha-256
                            """)
                    .start();
    private static final BlockingQueue<String> SHOWN = new LinkedBlockingQueue<>();
    private static final WireServer ASKING =
            WireServer.start(
                    peer -> {
                        peer.readStartup();
                        peer.send(new byte[] {'R', 0, 0, 0, 8, 0, 0, 0, 3});
                        SHOWN.add(peer.readText());
                        peer.fail("28P01", "no");
                    });

    @TempDir static Path home;

    private static PoolerProcess pooler;

    @BeforeAll
    static void start() throws IOException {
        Requirement.packagedProgram();
        SERVER.execute("postgres", "CREATE ROLE rotating LOGIN PASSWORD 'one'");
        String command = "echo x >> %s; cat %s".formatted(home.resolve("runs"), secret());
        write("one");
        var builder =
                PoolerProcess.builder()
                        .general("server_login_retry", "\"100ms\"")
                        .general("query_wait_timeout", "\"5s\"");
        pool(builder, "file", SERVER.port(), "server_password_file = '%s'".formatted(secret()));
        pool(
                builder,
                "command",
                SERVER.port(),
                "server_password_command = '%s'".formatted(command));
        pool(
                builder,
                "passfile",
                SERVER.port(),
                "server_passfile = '%s'".formatted(home.resolve("passfile")));
        pool(
                builder,
                "failing",
                SERVER.port(),
                "server_password_command = 'echo hunter2; echo no luck >&2; exit 7'");
        Path key = home.resolve("key.pem");
        try (var in = ServerPasswordIT.class.getResourceAsStream("/tls/server-rsa.key")) {
            Files.write(key, in.readAllBytes());
        }
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r-----"));
        pool(
                builder,
                "token",
                ASKING.port(),
                "server_password = 'jwt-priv-key-fpath:%s'".formatted(key));
        pooler = builder.start();
    }

    private static void pool(
            PoolerProcess.Builder builder, String name, int port, String password) {
        builder.pool(
                name,
                """
                server_host = "127.0.0.1"
                server_port = %d
                server_database = "postgres"
                """
                        .formatted(port),
                PoolerProcess.Builder.user("app", 2, "server_username = \"rotating\"", password));
    }

    private static Path secret() {
        return home.resolve("secret");
    }

    /** As tools that rotate do: the new file takes the place of the old one. */
    private static void write(String password) throws IOException {
        replace(secret(), password + "\n");
        replace(
                home.resolve("passfile"),
                "127.0.0.1:%d:postgres:rotating:%s\n".formatted(SERVER.port(), password));
    }

    private static void replace(Path file, String text) throws IOException {
        Path next = home.resolve("next");
        Files.writeString(next, text);
        Files.setPosixFilePermissions(next, PosixFilePermissions.fromString("rw-------"));
        Files.move(next, file, StandardCopyOption.REPLACE_EXISTING);
    }

    @AfterAll
    static void stop() {
        if (pooler != null) {
            pooler.close();
        }
        ASKING.close();
        SERVER.close();
    }

    private static Message answer(String pool) {
        try (var client = pooler.client()) {
            Message last = client.tryLogin(PostgresServer.APP, "", pool).getLast();
            return last.type() == 'Z'
                    ? client.query("SELECT current_user").stream()
                            .filter(message -> message.type() == 'D' || message.type() == 'E')
                            .findFirst()
                            .orElseThrow()
                    : last;
        }
    }

    private static void rotate(String password) throws IOException {
        SERVER.execute("postgres", "ALTER ROLE rotating PASSWORD '" + password + "'");
        write(password);
    }

    /** Its next statement has a server that logged in with the new password. */
    @ParameterizedTest
    @ValueSource(strings = {"file", "command", "passfile"})
    void aClientDoesNotNoticeThatThePasswordWasRotated(String pool) throws IOException {
        try (WireClient client = pooler.client()) {
            client.login(PostgresServer.APP, pool);
            assertThat(client.queryValue("SELECT current_user")).isEqualTo("rotating");

            rotate("rotated for " + pool);
            renewServers();

            assertThat(client.queryValue("SELECT current_user")).isEqualTo("rotating");
        }
    }

    private static void renewServers() {
        try (var client = pooler.client()) {
            client.tryLogin(PoolerProcess.ADMIN, PoolerProcess.ADMIN_PASSWORD, "pgdoorman");
            for (String command : List.of("RECONNECT", "WAIT_CLOSE")) {
                assertThat(client.query(command)).noneMatch(message -> message.type() == 'E');
            }
        }
    }

    @Test
    void aFailedCommandIsToldWithoutItsOutput() {
        Message error = answer("failing");

        assertThat(error.sqlState()).isEqualTo("58000");
        assertThat(error.field('M'))
                .isEqualTo(
                        "the password of \"rotating\" for the server is not to be had; the log of"
                                + " the pooler says why");
        assertThat(pooler.logWith("command echo: ended with status 7: no luck"))
                .doesNotContain("hunter2");
    }

    @Test
    void aPasswordFileThatOthersMayReadIsNotUsed() throws IOException {
        Path file = home.resolve("passfile");
        answer("passfile");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        try {
            renewServers();

            assertThat(answer("passfile").sqlState()).isEqualTo("58000");
            pooler.logWith(file + ": group or others have access to it (chmod 0600): it is not");
        } finally {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        }
        await().atMost(Duration.ofSeconds(10)).until(() -> answer("passfile").type() == 'D');
    }

    @Test
    void aServerThatAsksInClearTextGetsAToken() throws Exception {
        assertThat(answer("token").sqlState()).isEqualTo("28P01");

        String token = SHOWN.poll(10, TimeUnit.SECONDS);
        assertThat(token.split("\\.")).hasSize(3);
        String claims =
                new String(
                        Base64.getUrlDecoder().decode(token.split("\\.")[1]),
                        StandardCharsets.UTF_8);
        assertThat(claims).contains("\"preferred_username\":\"rotating\"");
        assertThat(pooler.logWith("key.pem: group or others have access")).doesNotContain(token);
    }
}

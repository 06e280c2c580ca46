package io.pgdoorman.process;

import static io.pgdoorman.testing.PostgresServer.PASSWORD;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.testing.ChildProcess;
import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.WireClient;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Every method by which clients log in, with several drivers, and servers let us in. */
class AuthenticationIT {
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final String CLIENTS = "clients";
    private static final List<String> SERVER_ROLES =
            List.of("md5_user", "scram_user", "password_user", PostgresServer.APP);
    private static PoolerProcess pooler;

    @BeforeAll
    static void start() {
        Requirement.packagedProgram();
        var builder = PoolerProcess.builder();
        builder.hba(
                """
                local all all trust
                host all rejected all reject
                host all trusting 127.0.0.1/32 trust
                host all md5_by_plain,md5_by_md5,md5_by_nobody 127.0.0.1/32 md5
                host all scram_by_plain,scram_by_verifier 127.0.0.1/32 scram-sha-256
                host all app 127.0.0.1/32 trust
                """);
        builder.pool(
                CLIENTS,
                PoolerProcess.Builder.serverSettings(SERVER, "postgres", "transaction"),
                user("trusting", ""),
                user("rejected", ""),
                user("md5_by_plain", PASSWORD),
                user("md5_by_md5", md5("md5_by_md5")),
                user("scram_by_plain", PASSWORD),
                user("scram_by_verifier", verifier()));
        for (String role : SERVER_ROLES) {
            builder.pool(
                    "as_" + role,
                    PoolerProcess.Builder.serverSettings(SERVER, "postgres", "transaction"),
                    PoolerProcess.Builder.user(
                            PostgresServer.APP,
                            2,
                            "server_username = \"%s\"".formatted(role),
                            "server_password = \"%s\"".formatted(PASSWORD)));
        }
        builder.pool(
                "over_unix",
                """
                server_host = "%s"
                server_port = %d
                server_database = "postgres"
                """
                        .formatted(SERVER.socketDirectory(), SERVER.port()),
                PoolerProcess.Builder.user(PostgresServer.APP, 1));
        builder.pool(
                "wrong_password",
                PoolerProcess.Builder.serverSettings(SERVER, "postgres", "transaction"),
                PoolerProcess.Builder.user(
                        PostgresServer.APP,
                        1,
                        "server_username = \"scram_user\"",
                        "server_password = \"wrong\""));
        pooler = builder.start();
    }

    @AfterAll
    static void stop() {
        if (pooler != null) {
            pooler.close();
        }
    }

    static List<String> admitted() {
        return List.of(
                "trusting", "md5_by_plain", "md5_by_md5", "scram_by_plain", "scram_by_verifier");
    }

    static List<String> admittedByPassword() {
        return admitted().stream().filter(user -> !user.equals("trusting")).toList();
    }

    @ParameterizedTest
    @MethodSource("admitted")
    void admitsAClientOfTheWireProtocol(String user) {
        try (var client = pooler.client()) {
            List<Message> answer = client.tryLogin(user, PASSWORD, CLIENTS);

            assertThat(answer.getLast().type()).as(answer.toString()).isEqualTo('Z');
            assertThat(client.queryValue("SELECT 'in'")).isEqualTo("in");
        }
    }

    @ParameterizedTest
    @MethodSource("admitted")
    void admitsPgjdbc(String user) throws SQLException {
        try (var connection = DriverManager.getConnection(pooler.jdbcUrl(CLIENTS), user, PASSWORD);
                var statement = connection.createStatement();
                var rows = statement.executeQuery("SELECT 'in'")) {
            assertThat(rows.next()).isTrue();
            assertThat(rows.getString(1)).isEqualTo("in");
        }
    }

    @ParameterizedTest
    @MethodSource("admitted")
    void admitsPsql(String user) {
        Requirement.program("psql");

        String output =
                ChildProcess.run(
                        List.of(
                                "psql",
                                "-XAtw",
                                "-h",
                                "127.0.0.1",
                                "-p",
                                Integer.toString(pooler.port()),
                                "-U",
                                user,
                                "-d",
                                CLIENTS,
                                "-c",
                                "SELECT 'in'"),
                        Map.of("PGPASSWORD", PASSWORD));

        assertThat(output).isEqualTo("in\n");
    }

    @ParameterizedTest
    @MethodSource("admittedByPassword")
    void refusesAWrongPassword(String user) {
        try (var client = pooler.client()) {
            List<Message> answer = client.tryLogin(user, "wrong", CLIENTS);

            assertThat(answer.getLast().sqlState()).isEqualTo("28P01");
            assertThat(answer.getLast().field('S')).isEqualTo("FATAL");
            assertThat(client.readUntilEnd()).containsExactly(Message.END);
        }
    }

    @ParameterizedTest
    @MethodSource("admittedByPassword")
    void refusesAnEmptyPassword(String user) {
        try (var client = pooler.client()) {
            List<Message> answer = client.tryLogin(user, "", CLIENTS);

            assertThat(answer.getLast().sqlState()).isEqualTo("28P01");
        }
    }

    @ParameterizedTest
    @CsvSource({"rejected, clients, 28000", "nobody, clients, 28000", "app, nowhere, 3D000"})
    void refusesWhoMustNotComeIn(String user, String database, String sqlState) {
        try (var client = pooler.client()) {
            List<Message> answer = client.tryLogin(user, PASSWORD, database);

            assertThat(answer)
                    .as(answer.toString())
                    .anyMatch(message -> message.sqlState().equals(sqlState));
        }
    }

    @Test
    void doesNotTellAnUnknownUserFromAWrongPassword() {
        try (var unknown = pooler.client();
                var known = pooler.client()) {
            Message one = unknown.tryLogin("md5_by_nobody", "wrong", CLIENTS).getLast();
            Message other = known.tryLogin("md5_by_plain", "wrong", CLIENTS).getLast();

            assertThat(one.sqlState()).isEqualTo(other.sqlState());
            assertThat(one.text()).isEqualTo(other.text().replace("md5_by_plain", "md5_by_nobody"));
        }
    }

    /** Most of those who are configured have passwords that allow MD5. */
    @Test
    void asksAnUnknownUserAsItAsksMostOthers() {
        try (var unknown = pooler.client();
                var known = pooler.client()) {
            unknown.send(startup("md5_by_nobody"));
            known.send(startup("md5_by_plain"));

            int challenge = ByteBuffer.wrap(unknown.read().body()).getInt();

            assertThat(challenge).isEqualTo(ByteBuffer.wrap(known.read().body()).getInt());
        }
    }

    private static byte[] startup(String user) {
        return Frontend.startup(Frontend.PROTOCOL_3_0, Map.of("user", user, "database", CLIENTS));
    }

    @Test
    void admitsByTrustOverAUnixSocket() {
        try (var client = WireClient.connect(pooler.unixAddress())) {
            client.login("trusting", CLIENTS);

            assertThat(client.queryValue("SELECT 'in'")).isEqualTo("in");
        }
    }

    @Test
    void decidesByTheAddressOfTheClient() {
        try (var client = WireClient.connect(new InetSocketAddress("127.0.0.1", pooler.port()))) {
            List<Message> answer = client.tryLogin("trusting", "", CLIENTS);

            assertThat(answer.getLast().type()).isEqualTo('Z');
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"md5_user", "scram_user", "password_user", "app"})
    void logsInToServersByEachMethod(String role) {
        try (var client = pooler.client()) {
            client.login(PostgresServer.APP, "as_" + role);

            assertThat(client.queryValue("SELECT session_user")).isEqualTo(role);
        }
    }

    @Test
    void logsInToAServerOverAUnixSocket() {
        try (var client = pooler.client()) {
            client.login(PostgresServer.APP, "over_unix");

            assertThat(client.queryValue("SELECT inet_client_addr() IS NULL")).isEqualTo("t");
        }
    }

    @Test
    void passesOnThatTheServerRefusesItsPassword() {
        try (var client = pooler.client()) {
            List<Message> answer =
                    new ArrayList<>(client.tryLogin(PostgresServer.APP, "", "wrong_password"));
            if (answer.getLast().type() == 'Z') {
                answer.addAll(client.query("SELECT 1"));
            }

            assertThat(answer)
                    .as(answer.toString())
                    .anyMatch(message -> message.sqlState().equals("28P01"));
        }
    }

    @Test
    void neverWritesAPasswordToTheLog() {
        try (var client = pooler.client()) {
            client.tryLogin("scram_by_plain", PASSWORD, CLIENTS);
            client.tryLogin("md5_by_plain", "another wrong one", CLIENTS);
        }

        assertThat(pooler.log())
                .doesNotContain(PASSWORD)
                .doesNotContain("another wrong one")
                .doesNotContain(md5("md5_by_md5").substring(3))
                .doesNotContain("SCRAM-SHA-256$");
    }

    /** These clients are admitted to a pool whose servers they enter as the ordinary role. */
    private static String user(String name, String password) {
        return PoolerProcess.Builder.user(
                name,
                2,
                "password = \"%s\"".formatted(password),
                "server_username = \"%s\"".formatted(PostgresServer.APP),
                "server_password = \"\"");
    }

    private static String md5(String user) {
        return SERVER.queryValue("postgres", "SELECT 'md5' || md5('" + PASSWORD + user + "')");
    }

    private static String verifier() {
        return SERVER.queryValue(
                "postgres", "SELECT rolpassword FROM pg_authid WHERE rolname = 'scram_user'");
    }
}

package io.pgdoorman.process;

import static io.pgdoorman.testing.PostgresServer.PASSWORD;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgdoorman.testing.ChildProcess;
import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.WireClient;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The rules mean to the pooler what they mean to PostgreSQL: both read the same pg_hba.conf, and
 * each login is tried at both.
 */
class HbaIT {
    /** Lets in those the test itself needs; nobody else is named like them. */
    private static final String ALWAYS =
            """
            host all postgres,pooler_backend 127.0.0.1/32 trust
            host pgdoorman all 127.0.0.1/32 trust
            """;

    private static final List<String> USERS =
            List.of("nopw", "md5u", "scramu", "one", "all", "ghost");
    private static final List<String> DATABASES = List.of("one", "two");
    private static final List<String> PLACES = List.of("local", "127.0.0.1", "127.0.0.9");

    @TempDir static Path directory;

    private static PostgresServer server;
    private static PoolerProcess pooler;
    private static WireClient admin;
    private static Path rules;

    @BeforeAll
    static void start() throws IOException {
        Requirement.packagedProgram();
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        rules = directory.resolve("pg_hba.conf");
        Files.writeString(rules, ALWAYS);
        server = PostgresServer.builder().hba(ALWAYS).start();
        String secret = "PASSWORD '" + PASSWORD + "'";
        server.execute(
                "postgres",
                "CREATE DATABASE one",
                "CREATE DATABASE two",
                "CREATE ROLE pooler_backend LOGIN",
                "CREATE ROLE \"nopw\" LOGIN",
                "CREATE ROLE scramu LOGIN " + secret,
                "CREATE ROLE one LOGIN " + secret,
                "CREATE ROLE \"all\" LOGIN " + secret,
                "SET password_encryption = 'md5'",
                "CREATE ROLE md5u LOGIN " + secret);
        var builder =
                PoolerProcess.builder()
                        .general("failed_login_delay", "0")
                        .general("pg_hba", "{path = \"" + rules + "\"}");
        for (String database : DATABASES) {
            builder.pool(
                    database,
                    PoolerProcess.Builder.serverSettings(server, database, "transaction"),
                    USERS.stream()
                            .filter(user -> !user.equals("ghost"))
                            .map(HbaIT::user)
                            .toArray(String[]::new));
        }
        pooler = builder.start();
        admin = pooler.client();
        admin.login(PoolerProcess.ADMIN, "pgdoorman");
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

    private static String user(String name) {
        String secret =
                server.queryValue(
                        "postgres",
                        "SELECT coalesce(rolpassword, '') FROM pg_authid WHERE rolname = '%s'"
                                .formatted(name));
        return PoolerProcess.Builder.user(
                name,
                1,
                "password = \"%s\"".formatted(secret),
                "server_username = \"pooler_backend\"",
                "server_password = \"\"");
    }

    static List<String> files() {
        return List.of(
                "# nobody\n",
                """
                local all all trust
                host all all 127.0.0.1/32 trust
                """,
                """
                local all all md5
                host all all 127.0.0.0/8 md5
                """,
                """
                local all all scram-sha-256
                host all all all scram-sha-256
                """,
                """
                local all all password
                host all all 0.0.0.0/0 password
                """,
                """
                # the first line that matches decides
                host one all all reject
                host all all 127.0.0.9/32 password
                host all all all trust
                local all md5u reject
                local all all scram-sha-256
                """,
                """
                host one md5u 127.0.0.1/32 scram-sha-256
                host all nopw 127.0.0.1/32 md5
                host all all all trust
                local two all md5
                local all nopw trust
                """,
                """
                host one,two "all",nopw 127.0.0.1/32 trust
                host sameuser all all md5
                host replication all all trust
                local replication,one all password
                local "all" all trust
                local "sameuser","replication" "all" trust
                """,
                """
                host /^t all 127.0.0.9/32 trust
                host all "/^(md5|scram)u$" all md5
                local /^o,two /u$ password
                local all /^[[:alpha:]]{3}$ scram-sha-256
                host /^ONE$ all all trust
                """,
                """
                host @%1$s/dbs @%1$s/users 127.0.0.1/32 md5
                include %1$s/more.rules
                include_if_exists %1$s/not_there
                include_dir %1$s/rules.d
                host all all all reject
                """
                        .formatted("DIRECTORY"),
                """
                host all all 127.0.0.8 255.255.255.248 password
                hostnossl one all 127.0.0.1 255.255.255.255 md5
                hostnogssenc two all 127.0.0.0/8 scram-sha-256
                hostssl all all all trust
                """,
                """
                hostssl all all all reject
                host one all localhost md5
                host one all .localdomain trust
                host two all samehost password
                """,
                """
                host all all samenet scram-sha-256
                local all "all","one" trust
                """,
                """
                host one,\\
                two "nopw",md5u all tr\\
                ust
                # a comment that goes on \\
                host all all all trust
                local all a\\
                ll password
                """);
    }

    @ParameterizedTest
    @MethodSource("files")
    void decidesAsPostgresDoes(String text) throws IOException {
        write("dbs", "one # two\n");
        write("users", "md5u\n@" + directory + "/others\n");
        write("others", "\"all\", scramu\n");
        write("more.rules", "local one all trust\nlocal all scramu reject\n");
        Files.createDirectories(directory.resolve("rules.d"));
        Files.setPosixFilePermissions(
                directory.resolve("rules.d"), PosixFilePermissions.fromString("rwxr-xr-x"));
        write("rules.d/2.conf", "local all all password\nhost two all 127.0.0.9/32 md5\n");
        write("rules.d/1.conf", "host two nopw all trust\n");
        write("rules.d/other", "host all all all trust\n");
        load(ALWAYS + text.replace("DIRECTORY", directory.toString()));

        Map<String, String> expected = new LinkedHashMap<>();
        Map<String, String> actual = new LinkedHashMap<>();
        for (String place : PLACES) {
            for (String database : DATABASES) {
                for (String user : USERS) {
                    for (String password : List.of(PASSWORD, "wrong")) {
                        String login = "%s@%s %s %s".formatted(user, database, place, password);
                        expected.put(
                                login,
                                outcome(
                                        server.address(),
                                        server.unixAddress(),
                                        place,
                                        user,
                                        database,
                                        password));
                        actual.put(
                                login,
                                outcome(
                                        pooler.address(),
                                        pooler.unixAddress(),
                                        place,
                                        user,
                                        database,
                                        password));
                    }
                }
            }
        }

        assertThat(actual).hasSize(72).containsExactlyEntriesOf(expected);
        assertThat(server.log()).doesNotContain("pg_hba.conf was not reloaded");
    }

    @Test
    void aBadFileChangesNothingAndNamesEachLine() throws IOException {
        load(ALWAYS + "local all all trust\n");
        Files.writeString(
                rules, ALWAYS + "local all all reject\nhost all all all cert\nlocal all\n");

        List<Message> answer = admin.query("RELOAD");

        assertThat(answer.getFirst().type()).isEqualTo('E');
        assertThat(answer.getFirst().text())
                .contains(rules + ":4: method cert is for hostssl lines only")
                .contains(rules + ":5: too few fields");
        assertThat(outcome(pooler.address(), pooler.unixAddress(), "local", "nopw", "one", ""))
                .isEqualTo("accepted");
    }

    @Test
    void theLogNamesTheLineThatRefuses() throws IOException {
        load(ALWAYS + "local one nopw reject\n");

        outcome(pooler.address(), pooler.unixAddress(), "local", "nopw", "one", "");
        outcome(pooler.address(), pooler.unixAddress(), "local", "ghost", "one", "");

        await().untilAsserted(
                        () ->
                                assertThat(pooler.log())
                                        .contains("refused by HBA (%s:3)".formatted(rules))
                                        .contains("refused by HBA (no line matches)"));
    }

    @Test
    void aChangeInANamedFileCountsAfterAReload() throws IOException {
        write("users", "nopw\n");
        load(ALWAYS + "local all @%s/users trust\n".formatted(directory));
        String before = outcome(pooler.address(), pooler.unixAddress(), "local", "one", "one", "");

        write("users", "nopw one\n");
        admin.query("RELOAD");

        assertThat(before).isEqualTo("28000");
        assertThat(outcome(pooler.address(), pooler.unixAddress(), "local", "one", "one", ""))
                .isEqualTo("accepted");
    }

    @Test
    void showsItsLinesAndCountsWhatTheyDecideThroughReloadsAndHandovers() throws IOException {
        load(ALWAYS + "local one nopw trust\nhost all all 127.0.0.8 255.255.255.248 md5\n");
        outcome(pooler.address(), pooler.unixAddress(), "local", "nopw", "one", "");
        outcome(pooler.address(), pooler.unixAddress(), "local", "nopw", "one", "");
        outcome(pooler.address(), pooler.unixAddress(), "127.0.0.9", "md5u", "one", PASSWORD);
        outcome(pooler.address(), pooler.unixAddress(), "local", "nopw", "two", "");
        Files.writeString(
                rules,
                "# moved\n"
                        + ALWAYS
                        + "local one nopw trust\nhost all all 127.0.0.8 255.255.255.248 md5\n");
        admin.query("RELOAD");
        pooler.handOver();
        outcome(pooler.address(), pooler.unixAddress(), "local", "nopw", "one", "");

        List<String> rows =
                admin.query("SHOW HBA").stream()
                        .filter(message -> message.type() == 'D')
                        .map(message -> String.join("|", message.columns()))
                        .toList();

        assertThat(rows).hasSize(4);
        assertThat(rows.subList(2, 4))
                .containsExactly(
                        "3|%s|4|local|one|nopw|<null>|<null>|trust|<null>|3".formatted(rules),
                        "4|%s|5|host|all|all|127.0.0.8|255.255.255.248|md5|<null>|1"
                                .formatted(rules));
    }

    @Test
    void theCheckOfTheConfigurationSaysWhichLineDecides() throws IOException {
        load(
                ALWAYS
                        + """
                        local all all reject
                        host one md5u 127.0.0.0/8 md5
                        hostssl one all all scram-sha-256
                        """);

        assertThat(check("md5u@one", "--from", "127.0.0.9"))
                .isEqualTo(
                        """
                        warning: %1$s:5: hostssl never matches: tls_certificate is not set
                        %1$s:4: host one md5u 127.0.0.0/8 md5
                        md5u to one from 127.0.0.9: asked for a password (md5)
                        0
                        """
                                .formatted(rules));
        assertThat(check("nopw@one", "--from", "local"))
                .isEqualTo(
                        """
                        warning: %1$s:5: hostssl never matches: tls_certificate is not set
                        %1$s:3: local all all reject
                        nopw to one from local: refused
                        1
                        """
                                .formatted(rules));
        assertThat(check("nopw@one", "--from", "::1", "--tls"))
                .contains(":5: ", "with TLS: asked for a password (scram-sha-256)\n0\n");
    }

    // ---- tools ----------------------------------------------------------------------------------

    /** Gives both the rules and waits until they are in effect. */
    private static void load(String text) throws IOException {
        server.hba(text);
        Files.writeString(rules, text);
        List<Message> answer = admin.query("RELOAD");
        assertThat(answer).as(answer.toString()).noneMatch(message -> message.type() == 'E');
    }

    private static String outcome(
            InetSocketAddress tcp,
            UnixDomainSocketAddress unix,
            String place,
            String user,
            String database,
            String password) {
        try (WireClient client =
                place.equals("local")
                        ? WireClient.connect(unix)
                        : WireClient.connectFrom(InetAddress.ofLiteral(place), tcp)) {
            Message last = client.tryLogin(user, password, database).getLast();
            return last.type() == 'Z' ? "accepted" : last.sqlState();
        }
    }

    private static String check(String who, String... from) {
        var command =
                new ArrayList<>(
                        List.of(
                                "/bin/sh",
                                "-c",
                                "\"$@\"; echo $?",
                                "sh",
                                PoolerProcess.program().toString(),
                                "-t",
                                pooler.configuration().toString(),
                                "--hba",
                                who));
        command.addAll(List.of(from));
        return ChildProcess.run(command, new TreeMap<>());
    }

    private static void write(String name, String text) throws IOException {
        Files.writeString(directory.resolve(name), text);
    }
}

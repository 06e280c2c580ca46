package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgdoorman.testing.ChildProcess;
import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.Ports;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.SyslogSocket;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** What the packaged program logs, where to, and what it never does. */
class LogIT {
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final String DATABASE = SERVER.newDatabase("logs");
    private static final String POOL = "logs";
    private static final Duration LIMIT = Duration.ofSeconds(40);

    @TempDir private Path directory;

    @BeforeAll
    static void needsTheProgram() {
        Requirement.packagedProgram();
    }

    private static PoolerProcess.Builder builder() {
        return PoolerProcess.builder().pool(POOL, SERVER, DATABASE, "transaction", 2);
    }

    // ---- syslog ---------------------------------------------------------------------------------

    @Test
    void theLogGoesToSyslogAndStaysThereInAHandover() {
        Path place = directory.resolve("log");
        try (var daemon = SyslogSocket.bind(place);
                var pooler =
                        builder()
                                .general("syslog_prog_name", "\"doorman\"")
                                .general("syslog_socket", "\"" + place + "\"")
                                .start()) {
            String first = daemon.await(line -> line.contains("is ready"), LIMIT);
            long old = pooler.pid();

            pooler.signal("USR2");
            String second =
                    daemon.await(
                            line ->
                                    line.contains("Handover complete")
                                            && !line.contains("[" + old + "]"),
                            LIMIT);

            assertThat(first)
                    .matches(
                            "<14>[A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8} doorman\\[%d\\]: .*"
                                    .formatted(old));
            assertThat(second).contains(" doorman[");
            assertThat(pooler.log()).isEmpty();
            pooler.follow(Long.parseLong(second.replaceAll(".*doorman\\[(\\d+)\\].*", "$1")));
            pooler.signal("TERM");
            pooler.awaitExit(LIMIT);
        }
    }

    @Test
    void withoutASyslogTheStartFailsAndSaysWhatToDo() throws IOException {
        Path place = directory.resolve("nobody");
        Path config =
                builder()
                        .general("syslog_prog_name", "\"doorman\"")
                        .general("syslog_socket", "\"" + place + "\"")
                        .write(directory, Ports.free());

        try (var process = start(config)) {
            assertThat(process.awaitExit(LIMIT)).isEqualTo(1);
            assertThat(process.output().lines())
                    .satisfiesExactly(
                            line ->
                                    assertThat(line)
                                            .startsWith("fatal: cannot log to syslog: ")
                                            .contains(place.toString()),
                            line ->
                                    assertThat(line)
                                            .startsWith("hint: ")
                                            .contains("general.syslog_socket"));
        }
    }

    // ---- pool -----------------------------------------------------------------------------------

    @Test
    void aLongWaitForAServerIsLogged() {
        try (var pooler =
                        PoolerProcess.builder()
                                .pool(POOL, SERVER, DATABASE, "transaction", 1)
                                .general("log_slow_checkouts", "\"100ms\"")
                                .start();
                var busy = pooler.client().login(PostgresServer.APP, POOL);
                var patient = pooler.client().login(PostgresServer.APP, POOL)) {
            busy.query("BEGIN");
            patient.send(Frontend.query("SELECT 1"));
            assertThat(patient.isSilentFor(Duration.ofMillis(150))).isTrue();
            busy.query("COMMIT");
            patient.readUntilReady();

            await().atMost(LIMIT).until(() -> pooler.log().contains("slow checkout"));
            assertThat(pooler.log().lines().filter(line -> line.contains("slow checkout")))
                    .singleElement()
                    .asString()
                    .matches(
                            ".* WARN .*\\[\\w+@%s #c%d] slow checkout: \\d{3,}ms pid=\\d+ size=1/1 avail=0 waiting=.*"
                                    .formatted(POOL, patient.processId()));
        }
    }

    @Test
    void aSlowQueryIsLoggedWithoutWhatIsInIt() throws SQLException {
        try (var pooler =
                        PoolerProcess.builder()
                                .pool(POOL, SERVER, DATABASE, "transaction", 1)
                                .general("log_slow_queries", "\"200ms\"")
                                .start();
                var client = pooler.client().login(PostgresServer.APP, POOL);
                Connection driver =
                        DriverManager.getConnection(
                                pooler.jdbcUrl(POOL) + "?prepareThreshold=1",
                                PostgresServer.APP,
                                PostgresServer.APP);
                var statement =
                        driver.prepareStatement("SELECT pg_sleep(?), 'hidden', 4711 -- hidden")) {
            client.query("SELECT 'quick'");
            client.query("SELECT pg_sleep(0.25),  'hidden'");
            for (int i = 0; i < 2; i++) {
                statement.setDouble(1, 0.25);
                statement.execute();
            }

            await().atMost(LIMIT).until(() -> pooler.log().split("slow query", -1).length - 1 == 3);
            assertThat(pooler.log().lines().filter(line -> line.contains("slow query")))
                    .satisfiesExactly(
                            line ->
                                    assertThat(line)
                                            .matches(
                                                    ".* WARN .*\\[\\w+@%s #c%d] slow query: \\d{3}ms pid=\\d+ SELECT pg_sleep\\(\\?\\), \\?"
                                                            .formatted(POOL, client.processId())),
                            line -> assertThat(line).endsWith(" SELECT pg_sleep($1), ?, ?"),
                            line -> assertThat(line).endsWith(" SELECT pg_sleep($1), ?, ?"));
            assertThat(pooler.log()).doesNotContain("hidden", "quick");
        }
    }

    // ---- start ----------------------------------------------------------------------------------

    @Test
    void warningsOfTheStartAreLinesOfTheLogOnce() {
        try (var pooler =
                builder()
                        .general("prepared_statments", "true")
                        .argument("--inherit-fd=7")
                        .argument("-F")
                        .argument("Structured")
                        .start()) {
            await().until(() -> pooler.log().contains("is ready"));

            assertThat(pooler.log().lines())
                    .allMatch(line -> line.startsWith("{\"timestamp\":\"") && line.endsWith("\"}"));
            for (String warning : List.of("prepared_statments", "--inherit-fd has no effect")) {
                assertThat(pooler.log().lines().filter(line -> line.contains(warning)))
                        .singleElement()
                        .asString()
                        .contains("\"level\":\"WARN\"");
            }
        }
    }

    // ---- level ----------------------------------------------------------------------------------

    @Test
    void theFilterSurvivesAReloadAndAHandover() {
        String filter = "info,pg_doorman::pool=trace,io.pgdoorman.session=off";
        try (var pooler = builder().start()) {
            assertThat(pooler.ctl("log-level")).isEqualToIgnoringNewLines("info");

            assertThat(pooler.ctl("log-level", filter)).isEqualToIgnoringNewLines(filter);
            pooler.signal("HUP");
            await().atMost(LIMIT).until(() -> pooler.log().contains("Config unchanged"));
            assertThat(pooler.ctl("log-level")).isEqualToIgnoringNewLines(filter);

            pooler.handOver();
            assertThat(pooler.ctl("log-level")).isEqualToIgnoringNewLines(filter);
            assertThat(pooler.ctl("log-level", "default")).isEqualToIgnoringNewLines("info");

            assertThat(pooler.log())
                    .contains("SET log_level = '" + filter + "'", "SET log_level = 'info'");
        }
    }

    @Test
    void aTextThatIsNoFilterIsRefused() {
        try (var pooler = builder().start();
                var process =
                        ChildProcess.start(
                                pooler.ctlCommand("log-level", "loud"), Map.of(), directory)) {
            assertThat(process.awaitExit(LIMIT)).isEqualTo(1);
            assertThat(process.output())
                    .contains(
                            "Invalid log level 'loud'. Valid: error, warn, info, debug, trace, off");
        }
    }

    // ---- clients --------------------------------------------------------------------------------

    @Test
    void refusedClientsAreNamedAndDoNotFloodTheLog() {
        int logins = 60;
        try (var pooler = builder().start()) {
            for (int i = 0; i < logins; i++) {
                try (var client = pooler.client()) {
                    client.tryLogin("nobody", "", POOL);
                }
            }

            await().atMost(LIMIT).until(() -> refusals(pooler) == logins);
            assertThat(pooler.log())
                    .containsPattern(
                            "WARN \\S+: \\[nobody@logs #c\\d+\\] client 127\\.0\\.0\\.1:\\d+ startup"
                                    + " failed: ");
            assertThat(pooler.log().lines().filter(line -> line.contains("startup failed")).count())
                    .isLessThan(logins);
        }
    }

    /** Each line is one, and stands for so many more as it says. */
    private static long refusals(PoolerProcess pooler) {
        Pattern repeated = Pattern.compile("repeated (\\d+) times");
        return pooler.log()
                .lines()
                .filter(line -> line.contains("startup failed"))
                .mapToLong(
                        line ->
                                repeated.matcher(line)
                                        .results()
                                        .map(MatchResult::group)
                                        .mapToLong(text -> Long.parseLong(text.split(" ")[1]))
                                        .findFirst()
                                        .orElse(1))
                .sum();
    }

    @Test
    void aNameWithALineBreakForgesNoLine() {
        try (var pooler = builder().start()) {
            try (var client = pooler.client()) {
                client.tryLogin("x\n2024-01-07T19:19:38.080Z ERROR forged", "", POOL);
            }

            await().atMost(LIMIT).until(() -> pooler.log().contains("forged"));
            assertThat(pooler.log().lines())
                    .filteredOn(line -> line.contains("forged"))
                    .allMatch(line -> line.contains("[x\\n2024"));
        }
    }

    // ---- secrets --------------------------------------------------------------------------------

    /** At the level that tells most. */
    @Test
    void noPasswordAndNoValueIsEverLogged() throws SQLException {
        String right = "correct-horse-battery";
        String wrong = "staple-that-was-mistyped";
        String bound = "bound-value-4711";
        String literal = "literal-value-0815";
        List<String> secrets = new ArrayList<>();
        for (String secret :
                List.of(
                        right,
                        wrong,
                        bound,
                        literal,
                        PoolerProcess.ADMIN_PASSWORD,
                        PostgresServer.PASSWORD)) {
            byte[] bytes = secret.getBytes(StandardCharsets.UTF_8);
            secrets.add(secret);
            secrets.add(HexFormat.of().formatHex(bytes));
            secrets.add(Base64.getEncoder().withoutPadding().encodeToString(bytes));
        }
        try (var pooler =
                PoolerProcess.builder()
                        .hba(
                                "host all plain 127.0.0.1/32 md5\nhost all all 127.0.0.1/32 scram-sha-256\n")
                        .pool(
                                POOL,
                                PoolerProcess.Builder.serverSettings(
                                        SERVER, "postgres", "transaction"),
                                user("plain", right),
                                user("scram", right))
                        .general("log_client_connections", "true")
                        .general("log_client_disconnections", "true")
                        .argument("-l")
                        .argument("trace")
                        .start()) {
            for (String user : List.of("plain", "scram")) {
                use(pooler, user, right, bound, literal);
                try (var client = pooler.client()) {
                    client.tryLogin(user, wrong, POOL);
                }
            }
            pooler.signal("USR1");
            pooler.handOver();
            use(pooler, "plain", right, bound, literal);

            assertThat(pooler.log())
                    .contains("client connected from", "startup failed", " TRACE ")
                    .doesNotContain(secrets);
        }
    }

    private static String user(String name, String password) {
        return PoolerProcess.Builder.user(
                name,
                2,
                "password = \"%s\"".formatted(password),
                "server_username = \"scram_user\"",
                "server_password = \"%s\"".formatted(PostgresServer.PASSWORD));
    }

    /** Queries that work and queries that fail with the value. */
    private static void use(
            PoolerProcess pooler, String user, String password, String bound, String literal)
            throws SQLException {
        try (Connection connection =
                DriverManager.getConnection(pooler.jdbcUrl(POOL), user, password)) {
            for (String sql : List.of("SELECT ?::text", "SELECT ?::text::int")) {
                try (var statement = connection.prepareStatement(sql)) {
                    statement.setString(1, bound);
                    attempt(statement::execute);
                }
            }
            try (var statement = connection.createStatement()) {
                statement.execute("SELECT '" + literal + "'");
                attempt(() -> statement.execute("SELECT '" + literal + "'::int"));
            }
        }
    }

    private interface Query {
        boolean run() throws SQLException;
    }

    private static void attempt(Query query) throws SQLException {
        try {
            query.run();
        } catch (SQLException e) {
            assertThat(e.getSQLState()).isEqualTo("22P02");
        }
    }

    private ChildProcess start(Path config) {
        return ChildProcess.start(
                List.of(PoolerProcess.program().toString(), config.toString()),
                Map.of(),
                directory);
    }
}

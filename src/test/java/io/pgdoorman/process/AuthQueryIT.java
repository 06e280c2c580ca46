package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.WireClient;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Users that the configuration does not name, with a PostgreSQL that has them. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class AuthQueryIT {
    private static final PostgresServer SERVER = PostgresServer.builder().start();
    private static final String LOOKUP = "SELECT passwd FROM pg_shadow WHERE usename = $1";

    /** Of SHOW AUTH_QUERY, as the next ones. */
    private static final int QUERIES = 8;

    private static final int ERRORS = 9;
    private static final int POOLS_CREATED = 11;
    private static final int POOLS_REMOVED = 12;

    private static final String END_LOOKUPS =
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    + " WHERE application_name = 'pg_doorman auth_query'";

    /** Of the pool {@code app@ready}. */
    private static final String SERVERS =
            "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app'"
                    + " AND application_name = 'ready'";

    @TempDir static Path home;

    private static PoolerProcess pooler;

    @BeforeAll
    static void start() throws IOException {
        Requirement.packagedProgram();
        SERVER.execute(
                "postgres",
                "SET password_encryption = 'md5'; CREATE ROLE ann PASSWORD 'old' LOGIN",
                "SET password_encryption = 'scram-sha-256'; CREATE ROLE sue PASSWORD 'old' LOGIN",
                "CREATE ROLE storm PASSWORD 'old' LOGIN",
                "CREATE ROLE asker PASSWORD 'one' LOGIN SUPERUSER",
                "ALTER ROLE app PASSWORD 'old'",
                "CREATE SCHEMA doorman",
                "CREATE ROLE doorman_lookup PASSWORD 'change-me' LOGIN",
                "GRANT USAGE ON SCHEMA doorman TO doorman_lookup",
                functionOfTheManual());
        SERVER.execute(
                "postgres",
                "CREATE TABLE parameters (name name, startup_parameters jsonb)",
                "INSERT INTO parameters VALUES ('sue', '{\"work_mem\": \"5MB\"}'),"
                        + " ('storm', '{\"role\": \"postgres\"}')");
        SERVER.hba(
                """
                local all all trust
                host all postgres,app all trust
                host all mia all md5
                host all all all scram-sha-256
                """);
        SERVER.execute(
                "postgres",
                "SET password_encryption = 'md5'; CREATE ROLE mia PASSWORD 'old' LOGIN");
        var builder = PoolerProcess.builder();
        builder.hba("host all all all md5\nlocal all all md5");
        database(builder, "through", LOOKUP, SERVER.host(), "min_interval = 0");
        database(
                builder,
                "unix",
                LOOKUP,
                SERVER.socketDirectory().toString(),
                "server_user = \"app\"");
        database(
                builder,
                "two_rows",
                "SELECT passwd FROM pg_shadow WHERE $1 <> ''",
                SERVER.host(),
                "");
        database(builder, "null", "SELECT NULL::text WHERE $1 <> ''", SERVER.host(), "");
        database(
                builder,
                "columns",
                "SELECT passwd AS a, 1 AS b FROM pg_shadow WHERE usename = $1",
                SERVER.host(),
                "");
        database(builder, "huge", "SELECT repeat('x', 5000000) WHERE $1 <> ''", SERVER.host(), "");
        database(builder, "plain", "SELECT 'old' WHERE $1 <> ''", SERVER.host(), "");
        database(
                builder,
                "hangs",
                "SELECT passwd FROM pg_shadow, pg_sleep(60) WHERE usename = $1",
                SERVER.host(),
                "");
        database(
                builder,
                "parameters",
                "SELECT passwd, startup_parameters FROM pg_shadow JOIN parameters ON usename = name"
                        + " WHERE usename = $1",
                SERVER.host(),
                "min_interval = 0\ncache_ttl = \"1ms\"");
        database(builder, "short", LOOKUP, SERVER.host(), "unused_pool_timeout = \"500ms\"");
        database(
                builder,
                "ready",
                LOOKUP,
                SERVER.host(),
                "unused_pool_timeout = \"500ms\"\nmin_pool_size = 2");
        database(
                builder,
                "fresh",
                LOOKUP,
                SERVER.host(),
                "server_user = \"app\"\nmin_interval = 0\ncache_ttl = 0");
        database(
                builder,
                "cached",
                LOOKUP,
                SERVER.host(),
                "server_user = \"app\"\nmin_interval = 0");
        Files.writeString(home.resolve("asker"), "one\n");
        lookUpAs(
                builder,
                "rotated",
                LOOKUP,
                SERVER.host(),
                "asker",
                "server_user = \"app\"\npassword_file = \"%s\"".formatted(home.resolve("asker")));
        lookUpAs(
                builder,
                "manual",
                "SELECT passwd FROM doorman.lookup($1)",
                SERVER.host(),
                "doorman_lookup",
                "server_user = \"app\"\npassword = \"change-me\"");
        builder.general("retain_connections_time", "\"50ms\"");
        pooler = builder.start();
    }

    /** The only block of SQL in the manual that makes one. */
    private static String functionOfTheManual() throws IOException {
        String manual = Files.readString(Path.of("docs/authentication.md"));
        Matcher block =
                Pattern.compile("```sql\n(CREATE FUNCTION doorman.*?)```", Pattern.DOTALL)
                        .matcher(manual);
        if (!block.find()) {
            throw new IllegalStateException("the manual has no function any more");
        }
        return block.group(1);
    }

    private static void database(
            PoolerProcess.Builder builder, String name, String query, String host, String more) {
        lookUpAs(builder, name, query, host, "postgres", more);
    }

    private static void lookUpAs(
            PoolerProcess.Builder builder,
            String name,
            String query,
            String host,
            String role,
            String more) {
        builder.append(
                """
                [pools.%s]
                server_host = "%s"
                server_port = %d
                server_database = "postgres"
                idle_timeout = "%s"
                application_name = "%s"
                [pools.%s.auth_query]
                query = '''%s'''
                user = "%s"
                database = "postgres"
                %s
                """
                        .formatted(
                                name,
                                host,
                                SERVER.port(),
                                name.equals("short") ? "300ms" : "10m",
                                name,
                                name,
                                query,
                                role,
                                more));
    }

    @AfterAll
    static void stop() {
        if (pooler != null) {
            pooler.close();
        }
        SERVER.close();
    }

    private static Message login(String database, String user, String password) {
        try (var client = pooler.client()) {
            return client.tryLogin(user, password, database).getLast();
        }
    }

    private static String refusal(String database, String user, String password) {
        Message answer = login(database, user, password);
        return answer.type() + " " + answer.sqlState() + " " + answer.field('M');
    }

    @ParameterizedTest
    @CsvSource({"sue, through, sue", "sue, unix, app", "ann, unix, app"})
    @Order(1)
    void aUserOfPostgresLogsIn(String user, String database, String role) {
        try (var client = pooler.client()) {
            List<Message> answer = client.tryLogin(user, "old", database);

            assertThat(answer.getLast().type()).isEqualTo('Z');
            assertThat(client.queryValue("SELECT current_user")).isEqualTo(role);
        }
    }

    /** The server is logged in to by the hash alone, for it asks for MD5. */
    @Test
    @Order(1)
    void anMd5HashIsPassedOn() {
        try (var client = pooler.client()) {
            assertThat(client.tryLogin("mia", "old", "through").getLast().type()).isEqualTo('Z');
            assertThat(client.queryValue("SELECT current_user")).isEqualTo("mia");
        }
    }

    @Test
    @Order(1)
    void serversOfAUserHaveTheStartupParametersOfItsRow() {
        try (var client = pooler.client()) {
            assertThat(client.tryLogin("sue", "old", "parameters").getLast().type()).isEqualTo('Z');
            assertThat(client.queryValue("SHOW work_mem")).isEqualTo("5MB");
            SERVER.execute(
                    "postgres",
                    "UPDATE parameters SET startup_parameters = '{\"work_mem\": \"6MB\"}'"
                            + " WHERE name = 'sue'");
        }
        try (var client = pooler.client()) {
            assertThat(client.tryLogin("sue", "old", "parameters").getLast().type()).isEqualTo('Z');
            assertThat(client.queryValue("SHOW work_mem")).isEqualTo("6MB");
        }
    }

    @Test
    @Order(1)
    void aRowWithParametersThatMayNotBeSetIsRefused() {
        assertThat(login("parameters", "storm", "old").sqlState()).isEqualTo("58000");
        pooler.logWith("startup_parameters: 'role' is reserved");
    }

    @Test
    @Order(1)
    void aPoolThatNobodyUsesIsRemoved() {
        assertThat(login("short", "sue", "old").type()).isEqualTo('Z');

        await().atMost(Duration.ofSeconds(15)).until(() -> number("short", POOLS_REMOVED) == 1);

        assertThat(login("short", "sue", "old").type()).isEqualTo('Z');
    }

    /** PostgreSQL would let the pooler in: none of its servers is for who has proved nothing. */
    @Test
    @Order(1)
    void whoProvesNothingGetsNoPoolAndNoServers() {
        for (String user : List.of("app", "sue", "ann")) {
            assertThat(login("ready", user, "wrong").sqlState()).isEqualTo("28P01");
        }

        assertThat(number("ready", POOLS_CREATED)).isZero();
        assertThat(SERVER.queryValue("postgres", SERVERS)).isEqualTo("0");
    }

    @Test
    @Order(2)
    void serversKeptReadyKeepNoPoolThatNobodyUses() {
        try (var client = pooler.client()) {
            assertThat(client.tryLogin("app", "old", "ready").getLast().type()).isEqualTo('Z');
            await().atMost(Duration.ofSeconds(15))
                    .until(() -> SERVER.queryValue("postgres", SERVERS).equals("2"));
        }

        await().atMost(Duration.ofSeconds(15)).until(() -> number("ready", POOLS_REMOVED) == 1);

        await().atMost(Duration.ofSeconds(15))
                .until(() -> SERVER.queryValue("postgres", SERVERS).equals("0"));
    }

    /** It was used just now, and so is not looked at before it is used again. */
    @Test
    @Order(1)
    void aLookUpOutlivesTheLossOfItsConnection() {
        long before = number("fresh", QUERIES);
        for (int i = 0; i < 5; i++) {
            login("fresh", "sue", "old");
            SERVER.execute("postgres", END_LOOKUPS);
        }

        assertThat(login("fresh", "sue", "old").type()).isEqualTo('Z');
        assertThat(number("fresh", QUERIES) - before).isEqualTo(6);
        assertThat(number("fresh", ERRORS)).isZero();
    }

    @Test
    @Order(1)
    void thePasswordOfTheLookUpIsReadAgainAfterItWasRotated() throws IOException {
        assertThat(login("rotated", "sue", "old").type()).isEqualTo('Z');
        SERVER.execute("postgres", "ALTER ROLE asker PASSWORD 'two'", END_LOOKUPS);
        Files.writeString(home.resolve("asker"), "two\n");

        assertThat(login("rotated", "storm", "old").type()).isEqualTo('Z');
        assertThat(number("rotated", ERRORS)).isZero();
    }

    @Test
    @Order(1)
    void aDroppedRoleIsRememberedUntilAReload() {
        SERVER.execute("postgres", "CREATE ROLE eve PASSWORD 'old' LOGIN");
        assertThat(login("cached", "eve", "old").type()).isEqualTo('Z');
        SERVER.execute("postgres", "DROP ROLE eve");
        assertThat(login("cached", "eve", "old").type()).isEqualTo('Z');

        console("RELOAD");

        assertThat(login("cached", "eve", "old").sqlState()).isEqualTo("28P01");
    }

    @Test
    @Order(1)
    void withoutATimeANewPasswordCountsAtOnceWithScram() {
        SERVER.execute("postgres", "CREATE ROLE tim PASSWORD 'old' LOGIN");
        assertThat(login("fresh", "tim", "old").type()).isEqualTo('Z');
        SERVER.execute("postgres", "ALTER ROLE tim PASSWORD 'new'");

        assertThat(login("fresh", "tim", "new").type()).isEqualTo('Z');
    }

    @ParameterizedTest
    @CsvSource({"infinity, Z", "2100-01-01, Z", "2020-01-01, E"})
    @Order(1)
    void theFunctionOfTheManualKnowsUntilWhenAPasswordIsValid(String until, char type) {
        String role = "until_" + until.charAt(1) + until.charAt(2);
        SERVER.execute(
                "postgres",
                "CREATE ROLE %s PASSWORD 'old' LOGIN VALID UNTIL '%s'".formatted(role, until));

        assertThat(login("manual", role, "old").type()).isEqualTo(type);
        assertThat(login("manual", "sue", "old").type()).isEqualTo('Z');
    }

    @ParameterizedTest
    @CsvSource({"sue, wrong", "nobody, old", "postgres, old"})
    @Order(1)
    void whoeverIsWrongIsToldTheSame(String user, String password) {
        assertThat(refusal("through", user, password))
                .isEqualTo("E 28P01 password authentication failed for user \"" + user + "\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"two_rows", "columns", "huge", "hangs"})
    @Order(1)
    void aQueryThatAnswersNothingUsableIsNobodysFault(String database) {
        assertThat(refusal(database, "sue", "old"))
                .isEqualTo("E 58000 Authentication service unavailable. Please try again later.");
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "plain"})
    @Order(1)
    void noSecretAdmitsNobody(String database) {
        assertThat(login(database, "sue", "old").sqlState()).isEqualTo("28P01");
    }

    @Test
    @Order(1)
    void aStormOfOneUserIsOneQuery() throws Exception {
        List<Callable<Character>> logins = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            logins.add(() -> login("unix", "storm", "old").type());
        }
        long before = number("unix", QUERIES);

        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<Character> type : threads.invokeAll(logins)) {
                assertThat(type.get()).isEqualTo('Z');
            }
        }

        assertThat(number("unix", QUERIES) - before).isEqualTo(1);
    }

    @Test
    @Order(2)
    void aNewPasswordCountsAtOnceWithMd5AndAtTheNextLoginWithScram() {
        assertThat(login("unix", "mia", "old").type()).isEqualTo('Z');
        SERVER.execute(
                "postgres",
                "SET password_encryption = 'md5'; ALTER ROLE mia PASSWORD 'new'",
                "SET password_encryption = 'scram-sha-256'; ALTER ROLE sue PASSWORD 'new'");
        awaitInterval("mia");

        assertThat(login("unix", "mia", "old").sqlState()).isEqualTo("28P01");
        assertThat(login("through", "sue", "new").sqlState()).isEqualTo("28P01");
        assertThat(login("through", "sue", "new").type()).isEqualTo('Z');
    }

    /** Its key was derived from the old verifier; the next login brings the one of the new. */
    @Test
    @Order(2)
    void serversLogInWithTheKeyOfTheLatestLoginAfterARotation() {
        SERVER.execute("postgres", "CREATE ROLE kim PASSWORD 'old' LOGIN");
        try (WireClient early = pooler.client()) {
            assertThat(early.tryLogin("kim", "old", "through").getLast().type()).isEqualTo('Z');
            SERVER.execute("postgres", "ALTER ROLE kim PASSWORD 'new'");
            renewServers();
            assertThat(early.query("SELECT 1"))
                    .filteredOn(message -> message.type() == 'E')
                    .extracting(Message::sqlState)
                    .containsExactly("28P01");

            login("through", "kim", "new"); // the pooler learns of the new verifier
            try (WireClient late = pooler.client()) {
                assertThat(late.tryLogin("kim", "new", "through").getLast().type()).isEqualTo('Z');
                assertThat(late.queryValue("SELECT current_user")).isEqualTo("kim");
            }
            assertThat(early.queryValue("SELECT current_user")).isEqualTo("kim");
        }
    }

    /** The interval is over when the new password is taken: that is what is waited for. */
    private static void awaitInterval(String user) {
        long end = System.nanoTime() + 5_000_000_000L;
        while (login("unix", user, "new").type() != 'Z') {
            assertThat(System.nanoTime()).isLessThan(end);
        }
    }

    @Test
    @Order(3)
    void sessionsGoOnAfterHandoversWithoutAQuery() {
        try (WireClient through = pooler.client();
                WireClient shared = pooler.client()) {
            assertThat(through.tryLogin("sue", "new", "through").getLast().type()).isEqualTo('Z');
            assertThat(shared.tryLogin("ann", "old", "unix").getLast().type()).isEqualTo('Z');
            long queries = number("through", QUERIES);
            for (int i = 0; i < 2; i++) {
                String before = through.queryValue("SELECT pg_backend_pid()");
                pooler.handOver();
                assertThat(through.queryValue("SELECT pg_backend_pid()")).isEqualTo(before);
                renewServers();

                assertThat(through.queryValue("SELECT pg_backend_pid()")).isNotEqualTo(before);
                assertThat(through.queryValue("SELECT current_user")).isEqualTo("sue");
                assertThat(shared.queryValue("SELECT current_user")).isEqualTo("app");
                assertThat(number("through", QUERIES)).isEqualTo(queries);
            }
        }
    }

    /** From now on servers are made with what was passed on. */
    private static void renewServers() {
        console("RECONNECT", "WAIT_CLOSE");
    }

    private static void console(String... commands) {
        try (var client = pooler.client()) {
            client.tryLogin(PoolerProcess.ADMIN, PoolerProcess.ADMIN_PASSWORD, "pgdoorman");
            for (String command : commands) {
                assertThat(client.query(command)).noneMatch(message -> message.type() == 'E');
            }
        }
    }

    @Test
    @Order(4)
    void whoWasKnownLogsInWhilePostgresIsAwayAndOthersWhenItIsBack() {
        assertThat(login("unix", "ann", "old").type()).isEqualTo('Z');
        SERVER.stop();
        pooler.handOver(); // what is remembered goes along

        assertThat(login("unix", "late", "old").sqlState()).isEqualTo("58000");
        assertThat(login("unix", "ann", "wrong").sqlState()).isEqualTo("28P01");

        SERVER.start();
        assertThat(login("unix", "mia", "new").type()).isEqualTo('Z');
    }

    private static long number(String database, int column) {
        try (var client = pooler.client()) {
            client.tryLogin(PoolerProcess.ADMIN, PoolerProcess.ADMIN_PASSWORD, "pgdoorman");
            return client.query("SHOW AUTH_QUERY").stream()
                    .filter(message -> message.type() == 'D')
                    .map(message -> message.columns())
                    .filter(row -> row[0].equals(database))
                    .mapToLong(row -> Long.parseLong(row[column]))
                    .findFirst()
                    .orElseThrow();
        }
    }
}

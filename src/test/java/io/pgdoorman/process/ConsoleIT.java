package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Files;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;

/** The admin console by a driver and by bytes: what it shows is what was done. */
class ConsoleIT {
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final String DATABASE = SERVER.newDatabase("console");
    private static final Duration LIMIT = Duration.ofSeconds(15);
    private static PoolerProcess pooler;

    private Connection admin;

    @BeforeAll
    static void start() {
        Requirement.packagedProgram();
        SERVER.execute("postgres", "CREATE ROLE console_viewer LOGIN");
        pooler =
                PoolerProcess.builder()
                        .general("stats_users", "[\"console_viewer\"]")
                        .general("max_connections", "20")
                        .hba(
                                """
                                host pgdoorman,pgbouncer admin,nobody 127.0.0.1/32 scram-sha-256
                                local all all trust
                                host all all 127.0.0.1/32 trust
                                """)
                        .general("query_wait_timeout", "\"60s\"")
                        .pool("counted", SERVER, DATABASE, "transaction", 2)
                        .pool("ordered", SERVER, DATABASE, "transaction", 2)
                        .pool(
                                "other",
                                PoolerProcess.Builder.serverSettings(
                                        SERVER, DATABASE, "transaction"),
                                PoolerProcess.Builder.user("console_viewer", 1))
                        .start();
    }

    @AfterAll
    static void stop() {
        if (pooler != null) {
            pooler.close();
        }
    }

    @BeforeEach
    void open() throws SQLException {
        admin = connect("pgdoorman", "");
    }

    @AfterEach
    void close() throws SQLException {
        admin.close();
        assertThat(pooler.isAlive()).isTrue();
    }

    private static Connection connect(String database, String options) throws SQLException {
        return DriverManager.getConnection(
                pooler.jdbcUrl(database) + options,
                PoolerProcess.ADMIN,
                PoolerProcess.ADMIN_PASSWORD);
    }

    private static WireClient wire(String database) {
        WireClient client = pooler.client();
        client.tryLogin(PoolerProcess.ADMIN, PoolerProcess.ADMIN_PASSWORD, database);
        return client;
    }

    private static List<Map<String, String>> show(Connection connection, String command)
            throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(command)) {
            List<Map<String, String>> rows = new ArrayList<>();
            int columns = result.getMetaData().getColumnCount();
            while (result.next()) {
                Map<String, String> row = new LinkedHashMap<>();
                for (int i = 1; i <= columns; i++) {
                    row.put(result.getMetaData().getColumnName(i), result.getString(i));
                }
                rows.add(row);
            }
            return rows;
        }
    }

    private Map<String, String> pool(String command, String database) throws SQLException {
        return show(admin, command).stream()
                .filter(row -> database.equals(row.get("database")))
                .findFirst()
                .orElseThrow();
    }

    private void order(String command) throws SQLException {
        try (Statement statement = admin.createStatement()) {
            statement.execute(command);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "?preferQueryMode=simple",
                "?prepareThreshold=1",
                "?prepareThreshold=-1",
                "?preferQueryMode=extendedForPrepared",
                "?binaryTransfer=true&prepareThreshold=1"
            })
    void answersADriverInEachMode(String options) throws SQLException {
        try (Connection connection = connect("pgdoorman", options)) {
            for (int i = 0; i < 3; i++) {
                assertThat(show(connection, "SHOW POOLS")).hasSize(3);
                assertThat(show(connection, "SHOW LISTS").getFirst().get("items")).isEqualTo("4");
                assertThat(show(connection, "show version").getFirst().get("version"))
                        .startsWith("PgDoorman ");
            }
        }
    }

    @Test
    void everyShowOfTheHelpHasItsRows() throws SQLException {
        String names = show(admin, "SHOW HELP").getFirst().get("item");
        for (String name : names.substring("SHOW ".length()).split("\\|")) {
            assertThat(show(admin, "SHOW " + name)).as(name).isNotNull();
        }
    }

    @Test
    void countsWhatWasDone() throws SQLException {
        try (WireClient client = pooler.client().login(PostgresServer.APP, "counted")) {
            for (int i = 0; i < 10; i++) {
                client.query("SELECT 1");
            }
            client.query("BEGIN");
            client.query("SELECT 1");
            client.query("SELECT 1/0");
            client.query("ROLLBACK");
            for (int i = 0; i < 5; i++) {
                client.send(
                        Frontend.parse("", "SELECT 2"),
                        Frontend.bind("", ""),
                        Frontend.execute("", 0),
                        Frontend.sync());
                client.readUntilReady();
            }

            Map<String, String> stats = pool("SHOW STATS", "counted");
            Map<String, String> totals = pool("SHOW STATS_TOTALS", "counted");
            Map<String, String> row =
                    show(admin, "SHOW CLIENTS").stream()
                            .filter(one -> "counted".equals(one.get("database")))
                            .findFirst()
                            .orElseThrow();

            assertThat(stats)
                    .containsEntry("total_xact_count", "16")
                    .containsEntry("total_query_count", "19")
                    .containsEntry("total_errors", "1");
            assertThat(Long.parseLong(stats.get("total_received")))
                    .isEqualTo(
                            10L * Frontend.query("SELECT 1").length
                                    + Frontend.query("BEGIN").length
                                    + Frontend.query("SELECT 1").length
                                    + Frontend.query("SELECT 1/0").length
                                    + Frontend.query("ROLLBACK").length
                                    + 5L
                                            * (Frontend.parse("", "SELECT 2").length
                                                    + Frontend.bind("", "").length
                                                    + Frontend.execute("", 0).length
                                                    + Frontend.sync().length));
            assertThat(totals)
                    .containsEntry("server_assignment_count", "16")
                    .containsEntry("client_parse_count", "5")
                    .containsEntry("bind_count", "5");
            assertThat(row)
                    .containsEntry("transaction_count", "16")
                    .containsEntry("query_count", "19")
                    .containsEntry("error_count", "1")
                    .containsEntry("state", "idle")
                    .containsEntry("bytes_received", stats.get("total_received"))
                    .containsEntry("bytes_sent", stats.get("total_sent"));
        }
    }

    @Test
    void saysWhoHasWhichServer() throws SQLException {
        try (WireClient client = pooler.client().login(PostgresServer.APP, "ordered")) {
            String pid = client.queryValue("BEGIN; SELECT pg_backend_pid()");

            Map<String, String> row =
                    show(admin, "SHOW CLIENTS").stream()
                            .filter(one -> pid.equals(one.get("server_process_id")))
                            .findFirst()
                            .orElseThrow();
            Map<String, String> server =
                    show(admin, "SHOW SERVERS").stream()
                            .filter(one -> pid.equals(one.get("server_process_id")))
                            .findFirst()
                            .orElseThrow();

            assertThat(row).containsEntry("state", "active").containsEntry("database", "ordered");
            assertThat(server)
                    .containsEntry("state", "active")
                    .containsEntry("client_id", row.get("client_id"));
            assertThat(pool("SHOW POOLS", "ordered"))
                    .containsEntry("cl_active", "1")
                    .containsEntry("sv_active", "1");
        }
    }

    @Test
    void aPauseWaitsForTheTransactionAndHoldsTheNext() throws Exception {
        try (WireClient holder = pooler.client().login(PostgresServer.APP, "ordered");
                WireClient next = pooler.client().login(PostgresServer.APP, "ordered")) {
            holder.query("BEGIN");
            CompletableFuture<Void> pause =
                    CompletableFuture.runAsync(
                            () -> {
                                try {
                                    order("PAUSE ordered");
                                } catch (SQLException e) {
                                    throw new IllegalStateException(e);
                                }
                            });
            try (Connection second = connect("pgdoorman", "")) {
                await().atMost(LIMIT)
                        .until(
                                () ->
                                        show(second, "SHOW DATABASES").stream()
                                                .anyMatch(row -> "1".equals(row.get("paused"))));
                next.send(Frontend.query("SELECT 'after'"));
                await().atMost(LIMIT)
                        .until(
                                () ->
                                        show(second, "SHOW CLIENTS").stream()
                                                .anyMatch(
                                                        row -> "waiting".equals(row.get("state"))));
                assertThat(pause).isNotDone();
                holder.query("COMMIT");
                pause.join();
                assertThat(next.isSilentFor(Duration.ofMillis(200))).isTrue();

                order("RESUME ordered");

                assertThat(next.readUntilReady())
                        .extracting(Message::type)
                        .containsExactly('T', 'D', 'C', 'Z');
            }
        } finally {
            order("RESUME");
        }
    }

    @Test
    void reconnectReplacesServers() throws SQLException {
        try (WireClient client = pooler.client().login(PostgresServer.APP, "ordered")) {
            String before = client.queryValue("SELECT pg_backend_pid()");

            order("RECONNECT ordered");
            order("WAIT_CLOSE ordered");

            assertThat(client.queryValue("SELECT pg_backend_pid()")).isNotEqualTo(before);
        }
    }

    @Test
    void aDisabledDatabaseLetsNobodyIn() throws SQLException {
        try (WireClient inside = pooler.client().login(PostgresServer.APP, "ordered");
                WireClient outside = pooler.client()) {
            order("DISABLE ordered");

            List<Message> refusal = outside.tryLogin(PostgresServer.APP, "", "ordered");
            String still = inside.queryValue("SELECT 'still'");
            order("ENABLE ordered");

            assertThat(refusal.getLast().sqlState()).isEqualTo("57P03");
            assertThat(still).isEqualTo("still");
            pooler.client().login(PostgresServer.APP, "ordered").close();
        }
    }

    @Test
    void killsOneClientAndAllOfADatabase() throws SQLException {
        try (WireClient one = pooler.client().login(PostgresServer.APP, "ordered");
                WireClient two = pooler.client().login(PostgresServer.APP, "ordered")) {
            one.send(Frontend.query("SELECT pg_sleep(60)"));
            String id = "#c" + Integer.toUnsignedString(one.processId());
            order("KILL_CLIENT \"" + id + '"');
            List<Message> last = one.readUntilEnd();
            order("KILL ordered");
            List<Message> lastOfTwo = two.readUntilEnd();
            order("RESUME ordered");

            assertThat(last.get(last.size() - 2).sqlState()).isEqualTo("57P01");
            assertThat(lastOfTwo.get(lastOfTwo.size() - 2).sqlState()).isEqualTo("57P01");
            await().atMost(LIMIT).until(() -> SERVER.sessions(DATABASE) <= 4);
        }
    }

    @Test
    void aBadFileIsRejectedInTheValidatorsWords() throws Exception {
        String good = Files.readString(pooler.configuration());
        try {
            Files.writeString(
                    pooler.configuration(), good.replace("pool_size = 2", "pool_size = 'many'"));
            assertThatThrownBy(() -> order("RELOAD"))
                    .isInstanceOf(SQLException.class)
                    .hasMessageContaining("configuration rejected")
                    .hasMessageContaining("pool_size");
        } finally {
            Files.writeString(pooler.configuration(), good);
        }
        order("RELOAD");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SHOW POLS | 42601 | Did you mean POOLS?",
                "SHOW | 42601 | SHOW HELP",
                "SHWO POOLS | 42601 | SHOW",
                "PAUSE nowhere | 3D000 | nowhere",
                "SET log_level = 'loud' | 22023 | Invalid log level",
                "SET work_mem = 1 | 42601 | work_mem",
                "SET idle_timout = 1 | 42601 | Did you mean idle_timeout?",
                "SET idle_timeout = 'soon' | F0000 | SET on the console: general.idle_timeout",
                "SET worker_threads = 1 | 55P02 | UPGRADE",
                "SET pools.nowhere.pool_mode = session | 42601 | pools.other.pool_mode",
                "SET idle_timeout | 42601 | SET requires",
                "KILL_CLIENT 4711 | 22023 | SHOW CLIENTS",
                "KILL | 42601 | database",
                "RESET ALL | 42601 | RESET INTERNER",
                "SELECT 1 | 42601 | SHOW HELP",
                "UPGRADE NOW | 42601 | UPGRADE",
                "SHOW \"POOLS | 42601 | unterminated",
            })
    void saysWhatIsWrong(String command, String sqlState, String words) {
        try (WireClient client = wire("pgdoorman")) {
            List<Message> answer = client.query(command);

            assertThat(answer).hasSize(2);
            assertThat(answer.getFirst().sqlState()).isEqualTo(sqlState);
            assertThat(answer.getFirst().field('S')).isEqualTo("ERROR");
            assertThat(answer.getFirst().toString()).contains(words);
            assertThat(client.query("SHOW VERSION")).hasSize(4);
        }
    }

    /** As Npgsql asks, which does not connect without. */
    @ParameterizedTest
    @ValueSource(strings = {"pgdoorman", "pgbouncer"})
    void tellsADriverItsTypes(String database) throws SQLException {
        try (WireClient client = wire(database)) {
            assertThat(
                            client.query(
                                    "SELECT version();\nSELECT ns.nspname, t.oid, t.typname FROM"
                                            + " (SELECT oid FROM pg_type) AS t JOIN pg_namespace AS ns"
                                            + " ON (true); -- enums\nSELECT pg_type.oid, enumlabel"
                                            + " FROM pg_enum JOIN pg_type ON pg_type.oid=enumtypid"))
                    .extracting(Message::type)
                    .containsSubsequence('T', 'D', 'C', 'T', 'D', 'D', 'C', 'T', 'C', 'Z')
                    .doesNotContain('E');
        }
        try (Connection connection = connect(database, "?prepareThreshold=1")) {
            String query =
                    "SELECT ns.nspname, a.typname, a.oid FROM pg_type AS a"
                            + " JOIN pg_namespace AS ns ON (ns.oid = a.typnamespace)";

            assertThat(show(connection, query))
                    .contains(Map.of("nspname", "pg_catalog", "typname", "text", "oid", "25"));
        }
    }

    @Test
    void severalCommandsAndNone() {
        try (WireClient client = wire("pgbouncer")) {
            assertThat(client.query("SHOW STATE; /* and */ SHOW VERSION; "))
                    .extracting(Message::type)
                    .containsExactly('T', 'D', 'D', 'D', 'C', 'T', 'D', 'C', 'Z');
            for (String nothing : List.of("", ";", " -- x")) {
                assertThat(client.query(nothing))
                        .extracting(Message::type)
                        .containsExactly('I', 'Z');
            }
            assertThat(client.query("SHOW VERSION; SHOW NOTHING; SHOW VERSION"))
                    .extracting(Message::type)
                    .containsExactly('T', 'D', 'C', 'E', 'Z');
        }
    }

    /** A client may have a hundred. */
    @Test
    void whatIsDeallocatedMakesRoom() {
        try (WireClient client = wire("pgdoorman")) {
            for (int i = 0; i < 120; i++) {
                String name = i % 2 == 0 ? "s" + i : "PREPARE \"s" + i + '"';
                client.send(Frontend.parse("s" + i, "SHOW VERSION"), Frontend.sync());

                assertThat(client.readUntilReady())
                        .extracting(Message::type)
                        .containsExactly('1', 'Z');
                assertThat(client.query("DEALLOCATE " + name))
                        .extracting(Message::type)
                        .containsExactly('C', 'Z');
            }
        }
    }

    @Test
    void theExtendedProtocolSkipsBehindAnError() {
        try (WireClient client = wire("pgdoorman")) {
            client.send(
                    Frontend.parse("s", "SHOW STATE"),
                    Frontend.describeStatement("s"),
                    Frontend.bind("p", "s"),
                    Frontend.execute("p", 2),
                    Frontend.execute("p", 2),
                    Frontend.sync(),
                    Frontend.parse("", "SHOW NOTHING"),
                    Frontend.bind("", ""),
                    Frontend.execute("", 0),
                    Frontend.execute("", 0),
                    Frontend.sync(),
                    Frontend.parse("", ""),
                    Frontend.bind("", ""),
                    Frontend.describePortal(""),
                    Frontend.execute("", 0),
                    Frontend.sync());

            assertThat(client.readUntilReady())
                    .extracting(Message::type)
                    .containsExactly('1', 't', 'T', '2', 'D', 'D', 's', 'D', 'C', 'Z');
            assertThat(client.readUntilReady())
                    .extracting(Message::type)
                    .containsExactly('1', '2', 'E', 'Z');
            assertThat(client.readUntilReady())
                    .extracting(Message::type)
                    .containsExactly('1', '2', 'n', 'I', 'Z');
        }
    }

    /** The queries of prometheus-community/pgbouncer_exporter, and the columns it looks for. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SHOW VERSION; | 1 | version",
                "SHOW LISTS; | 2 | list,items",
                "SHOW CONFIG; | 4 | key,value",
                "SHOW databases; | 14 | name,host,port,database,force_user,pool_size,reserve_pool,"
                        + "pool_mode,max_connections,current_connections,paused,disabled",
                "SHOW pools; | 18 | database,user,cl_active,cl_waiting,sv_active,sv_idle,sv_used,"
                        + "sv_login,maxwait,maxwait_us,pool_mode",
                "SHOW stats_totals; | 12 | database,server_assignment_count,xact_count,query_count,"
                        + "bytes_received,bytes_sent,xact_time,query_time,wait_time,"
                        + "client_parse_count,server_parse_count,bind_count",
            })
    void answersTheExporterOfPgBouncer(String query, int count, String columns)
            throws SQLException {
        try (Connection exporter = connect("pgbouncer", "?preferQueryMode=simple")) {
            List<Map<String, String>> rows = show(exporter, query);

            assertThat(rows).isNotEmpty();
            assertThat(rows.getFirst()).hasSize(count).containsKeys(columns.split(","));
        }
    }

    @Test
    void nonsenseEndsNoProcess() {
        var random = new Random(7);
        for (int i = 0; i < 30; i++) {
            try (WireClient client = wire("pgdoorman")) {
                byte[] bytes = new byte[random.nextInt(1, 400)];
                random.nextBytes(bytes);
                client.send(bytes);
                client.send(Frontend.functionCall(1), Frontend.copyDone());
            }
        }
        try (WireClient client = wire("pgdoorman").pieces(1)) {
            assertThat(client.query("SHOW STATE")).hasSize(6);
        }
    }

    @Test
    void whoDoesNotReadGetsNoMore() throws SQLException {
        int commands = 4_000;
        try (WireClient client = wire("pgdoorman")) {
            byte[] one = Frontend.query("SHOW CONFIG");
            byte[] all = new byte[one.length * commands];
            for (int i = 0; i < commands; i++) {
                System.arraycopy(one, 0, all, i * one.length, one.length);
            }
            client.send(all);

            for (int i = 0; i < 50; i++) {
                assertThat(buffers()).isLessThan(64 << 20);
            }
            for (int i = 0; i < commands; i++) {
                assertThat(client.readUntilReady().getLast().type()).isEqualTo('Z');
            }
        }
    }

    private long buffers() throws SQLException {
        return show(admin, "SHOW MEM").stream()
                .filter(row -> "buffers".equals(row.get("name")))
                .mapToLong(row -> number(row, "used"))
                .sum();
    }

    @Test
    void aClientMayNotNameWithoutEnd() {
        try (WireClient client = wire("pgdoorman")) {
            for (int i = 0; i < 200; i++) {
                client.send(Frontend.parse("s" + i, "SHOW STATE"));
            }
            client.send(Frontend.sync());

            List<Message> answer = client.readUntilReady();
            assertThat(answer.get(answer.size() - 2).sqlState()).isEqualTo("54000");
            assertThat(client.query("SHOW VERSION")).hasSize(4);
        }
    }

    @Test
    void aClientMayNotPrepareTextWithoutEnd() {
        String comment = "/*" + "x".repeat(60_000) + "*/";
        try (WireClient client = wire("pgdoorman")) {
            for (int i = 0; i < 10; i++) {
                client.send(Frontend.parse("", "SHOW STATE " + comment));
            }
            client.send(Frontend.sync());
            assertThat(client.readUntilReady()).as("each takes the place of the last").hasSize(11);
            for (int i = 0; i < 10; i++) {
                client.send(Frontend.parse("s" + i, "SHOW STATE " + comment));
            }
            client.send(Frontend.sync());

            List<Message> answer = client.readUntilReady();
            assertThat(answer).hasSize(5);
            assertThat(answer.get(3).sqlState()).isEqualTo("54000");
        }
    }

    @Test
    void whoMayOnlyLookIsTold() throws SQLException {
        try (Connection viewer =
                DriverManager.getConnection(pooler.jdbcUrl("pgbouncer"), "console_viewer", "")) {
            assertThat(show(viewer, "SHOW STATS_TOTALS"))
                    .allSatisfy(row -> assertThat(row).doesNotContainKey("user"));
            assertThatThrownBy(() -> viewer.createStatement().execute("RELOAD"))
                    .hasMessageContaining("may only use SHOW");
        }
    }

    @Test
    void aWrongPasswordAndAnUnknownUserAreRefusedAlike() {
        for (String user : List.of(PoolerProcess.ADMIN, "nobody")) {
            assertThatThrownBy(
                            () ->
                                    DriverManager.getConnection(
                                            pooler.jdbcUrl("pgdoorman"), user, "wrong"))
                    .hasMessageContaining("password authentication failed for user \"" + user);
        }
    }

    @Test
    void theControlSocketKnowsTheSameCommands() throws SQLException {
        String pools = pooler.ctl("show", "pools");
        String json = pooler.ctl("--json", "show", "databases");
        pooler.ctl("pause", "ordered");
        String paused = pool("SHOW POOLS", "ordered").get("paused");
        String resumed = pooler.ctl("resume", "ordered");

        assertThat(pools.lines().toList()).hasSize(5);
        assertThat(pools).startsWith("database").contains("ordered", "counted", "other");
        assertThat(json).startsWith("[{\"name\":\"counted\"").contains("\"pool_size\":2,");
        assertThat(paused).isEqualTo("1");
        assertThat(resumed.strip()).isEqualTo("RESUME");
    }

    @Test
    void countsGoOnOverAHandover() throws SQLException {
        try (WireClient client = pooler.client().login(PostgresServer.APP, "ordered")) {
            for (int i = 0; i < 10; i++) {
                client.query("SELECT 1");
            }
            Map<String, String> before = pool("SHOW STATS", "ordered");
            List<Map<String, String>> connections = show(admin, "SHOW CONNECTIONS");

            pooler.handOver();
            for (int i = 0; i < 3; i++) {
                client.query("SELECT 1/0");
            }

            try (Connection after = connect("pgdoorman", "")) {
                Map<String, String> stats =
                        show(after, "SHOW STATS").stream()
                                .filter(row -> "ordered".equals(row.get("database")))
                                .findFirst()
                                .orElseThrow();
                Map<String, String> row =
                        show(after, "SHOW CLIENTS").stream()
                                .filter(one -> "ordered".equals(one.get("database")))
                                .findFirst()
                                .orElseThrow();
                assertThat(number(stats, "total_query_count"))
                        .isEqualTo(number(before, "total_query_count") + 3);
                assertThat(number(stats, "total_errors"))
                        .isEqualTo(number(before, "total_errors") + 3);
                assertThat(number(stats, "total_wait_time"))
                        .isGreaterThanOrEqualTo(number(before, "total_wait_time"));
                assertThat(row)
                        .containsEntry("query_count", "13")
                        .containsEntry("error_count", "3");
                assertThat(number(show(after, "SHOW CONNECTIONS").getFirst(), "total"))
                        .isGreaterThan(number(connections.getFirst(), "total"));
            }
        }
    }

    private static Map<String, String> setting(Connection connection, String name)
            throws SQLException {
        return show(connection, "SHOW CONFIG").stream()
                .filter(row -> name.equals(row.get("key")))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void showConfigHasWhatCanBeSetBesideTheFile() throws SQLException {
        String level = show(admin, "SHOW LOG_LEVEL").getFirst().get("log_level");

        assertThat(setting(admin, "log_level"))
                .containsEntry("value", level)
                .containsEntry("changeable", "yes");
    }

    @Test
    void aSettingLastsUntilAReloadAndOutlivesAHandover() throws SQLException {
        Map<String, String> before;
        Map<String, String> changed;
        try (Connection console = connect("pgdoorman", "")) {
            before = setting(console, "general.shutdown_timeout");
            order("SET shutdown_timeout = '1234ms'");
            assertThatThrownBy(() -> order("SET pools.nowhere.users.0.password = 'hunter2'"))
                    .isInstanceOf(SQLException.class);
            changed = setting(console, "general.shutdown_timeout");
        }

        pooler.handOver();

        try (Connection console = connect("pgdoorman", "")) {
            await().untilAsserted(
                            () ->
                                    assertThat(setting(console, "general.shutdown_timeout"))
                                            .isEqualTo(changed));
            order("RELOAD");

            assertThat(setting(console, "general.shutdown_timeout")).isEqualTo(before);
        }
        assertThat(before).containsEntry("source", "default").containsEntry("overridden", "no");
        assertThat(changed)
                .containsEntry("value", "1234")
                .containsEntry("source", "SET on the console")
                .containsEntry("overridden", "yes");
        await().untilAsserted(
                        () ->
                                assertThat(pooler.log())
                                        .contains("settings of the console stay in effect")
                                        .contains("Settings of the console are dropped"));
        assertThat(pooler.log())
                .contains("Config changed: general.shutdown_timeout: 10000 -> 1234")
                .doesNotContain("hunter2");
    }

    @Test
    void aPauseOutlivesAHandover() throws SQLException {
        try (WireClient client = pooler.client().login(PostgresServer.APP, "ordered")) {
            order("PAUSE ordered");
            order("DISABLE counted");
            order("SET log_level = 'info,pg_doorman::pool=debug'");
            client.send(Frontend.query("SELECT 'after'"));

            pooler.handOver();

            try (Connection after = connect("pgdoorman", "");
                    Statement statement = after.createStatement()) {
                List<Map<String, String>> databases = show(after, "SHOW DATABASES");
                String level = show(after, "SHOW LOG_LEVEL").getFirst().get("log_level");
                boolean silent = client.isSilentFor(Duration.ofMillis(200));
                statement.execute("RESUME");
                statement.execute("ENABLE counted");
                statement.execute("SET log_level = 'default'");

                assertThat(databases)
                        .extracting(row -> row.get("paused") + row.get("disabled"))
                        .containsExactly("01", "10", "00");
                assertThat(level).isEqualTo("info,pg_doorman::pool=debug");
                assertThat(silent).isTrue();
                assertThat(client.readUntilReady()).hasSize(4);
            }
        }
    }

    private static long number(Map<String, String> row, String column) {
        return Long.parseLong(row.get(column));
    }

    @Test
    void comesInWhenAllPlacesAreTaken() throws SQLException {
        List<WireClient> crowd = new ArrayList<>();
        try {
            for (int i = 0; i < 25; i++) {
                WireClient client = pooler.client();
                crowd.add(client);
                client.tryLogin(PostgresServer.APP, "", "ordered");
            }
            try (Connection one = connect("pgdoorman", "")) {
                assertThat(show(one, "SHOW VERSION")).hasSize(1);
            }
        } finally {
            crowd.forEach(WireClient::close);
        }
    }
}

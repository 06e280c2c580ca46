package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.testing.ChildProcess;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
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
import java.util.Map;

/** PostgreSQL's own programs through the pooler. */
class ProgramsIT {
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final String DATABASE = SERVER.newDatabase("programs");
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static PoolerProcess pooler;

    @BeforeAll
    static void start() {
        Requirement.packagedProgram();
        SERVER.execute(
                DATABASE,
                "GRANT ALL ON SCHEMA public TO " + PostgresServer.APP,
                "CREATE TABLE numbers (n int, name text)",
                "INSERT INTO numbers SELECT n, 'number ' || n FROM generate_series(1, 1000) n",
                "GRANT ALL ON ALL TABLES IN SCHEMA public TO " + PostgresServer.APP);
        pooler =
                PoolerProcess.builder()
                        .pool("transaction", SERVER, DATABASE, "transaction", 10)
                        .pool("session", SERVER, DATABASE, "session", 10)
                        .start();
    }

    @AfterAll
    static void stop() {
        if (pooler != null) {
            pooler.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"transaction", "session"})
    void psqlRunsStatementsOverTcp(String pool) {
        String output = psql(pool, "127.0.0.1", "-c", "SELECT sum(n) FROM numbers", "-c", "BEGIN");

        assertThat(output).isEqualTo("500500\nBEGIN\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"transaction", "session"})
    void psqlRunsStatementsOverAUnixSocket(String pool) {
        String output = psql(pool, pooler.socketDirectory().toString(), "-c", "SELECT 6 * 7");

        assertThat(output).isEqualTo("42\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"transaction", "session"})
    void psqlCopiesInAndOut(String pool, @TempDir Path directory) throws IOException {
        Path out = directory.resolve("out.csv");
        psql(pool, "127.0.0.1", "-c", "\\copy numbers to '" + out + "' csv");
        String table = "copied_" + pool;
        SERVER.execute(
                DATABASE,
                "CREATE TABLE " + table + " (LIKE numbers)",
                "GRANT ALL ON " + table + " TO " + PostgresServer.APP);

        psql(pool, "127.0.0.1", "-c", "\\copy " + table + " from '" + out + "' csv");

        assertThat(Files.readAllLines(out)).hasSize(1000);
        assertThat(SERVER.queryValue(DATABASE, "SELECT sum(n) FROM " + table)).isEqualTo("500500");
    }

    @Test
    void psqlDescribesTables() {
        String output = psql("transaction", "127.0.0.1", "-c", "\\d numbers");

        assertThat(output).contains("n|integer").contains("name|text");
    }

    @Test
    void psqlWatchesAQueryUntilControlC(@TempDir Path directory) throws IOException {
        Requirement.program("psql");
        Path script =
                Files.writeString(directory.resolve("watch.sql"), "SELECT 'seen' \\watch 0.1\n");
        var command = psqlCommand("transaction", "127.0.0.1", "-f", script.toString());
        try (var psql = ChildProcess.start(command, environment(), directory)) {
            Awaitility.await()
                    .atMost(LIMIT)
                    .until(() -> psql.output().split("seen", -1).length > 3);

            psql.signal("INT");

            assertThat(psql.awaitExit(LIMIT)).isLessThan(128);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"transaction", "session"})
    void controlCInPsqlCancelsTheRunningQuery(String pool) {
        Requirement.program("psql");
        String marker = "ctrl-c in " + pool;
        var command =
                psqlCommand(
                        pool,
                        "127.0.0.1",
                        "-c",
                        "SELECT pg_sleep(60) /* " + marker + " */",
                        "-c",
                        "SELECT 'alive'");
        try (var psql = ChildProcess.start(command, environment(), Path.of("/"))) {
            Awaitility.await().atMost(LIMIT).until(() -> running(marker) == 1);

            psql.signal("INT");

            psql.awaitExit(LIMIT);
            assertThat(psql.output()).contains("canceling statement due to user request");
        }
        Awaitility.await().atMost(LIMIT).until(() -> running(marker) == 0);
    }

    @ParameterizedTest
    @CsvSource({
        "simple, transaction",
        "extended, transaction",
        "prepared, session",
        "simple, session"
    })
    void pgbenchRunsWithoutAnError(String protocol, String pool) {
        Requirement.program("pgbench");
        int clients = pool.equals("session") ? 10 : 100;
        createPgbenchTables();

        String output =
                ChildProcess.run(
                        List.of(
                                "pgbench",
                                "-h",
                                "127.0.0.1",
                                "-p",
                                Integer.toString(pooler.port()),
                                "-U",
                                PostgresServer.APP,
                                "-n",
                                "-S",
                                "-M",
                                protocol,
                                "-c",
                                Integer.toString(clients),
                                "-T",
                                "3",
                                pool),
                        environment());

        assertThat(output).contains("number of failed transactions: 0");
        assertThat(output).doesNotContain("aborted");
        assertThat(SERVER.sessions(DATABASE)).isLessThanOrEqualTo(20);
    }

    @Test
    void pgbenchRunsItsReadWriteScriptWithReconnects() {
        Requirement.program("pgbench");
        createPgbenchTables();

        String output =
                ChildProcess.run(
                        List.of(
                                "pgbench",
                                "-h",
                                "127.0.0.1",
                                "-p",
                                Integer.toString(pooler.port()),
                                "-U",
                                PostgresServer.APP,
                                "-n",
                                "-C",
                                "-c",
                                "8",
                                "-t",
                                "20",
                                "transaction"),
                        environment());

        assertThat(output).contains("number of transactions actually processed: 160/160");
    }

    private static void createPgbenchTables() {
        SERVER.execute(
                DATABASE,
                "CREATE TABLE IF NOT EXISTS pgbench_accounts AS SELECT n AS aid, 1 AS bid, 0 AS"
                        + " abalance, ''::text AS filler FROM generate_series(1, 100000) n",
                "CREATE TABLE IF NOT EXISTS pgbench_branches AS SELECT 1 AS bid, 0 AS bbalance",
                "CREATE TABLE IF NOT EXISTS pgbench_tellers AS SELECT n AS tid, 1 AS bid, 0 AS"
                        + " tbalance FROM generate_series(1, 10) n",
                "CREATE TABLE IF NOT EXISTS pgbench_history (tid int, bid int, aid int, delta int,"
                        + " mtime timestamp)",
                "CREATE UNIQUE INDEX IF NOT EXISTS accounts_pk ON pgbench_accounts (aid)",
                "GRANT ALL ON ALL TABLES IN SCHEMA public TO " + PostgresServer.APP);
    }

    private static String psql(String pool, String host, String... arguments) {
        Requirement.program("psql");
        return ChildProcess.run(psqlCommand(pool, host, arguments), environment());
    }

    private static List<String> psqlCommand(String pool, String host, String... arguments) {
        var command =
                new ArrayList<>(
                        List.of(
                                "psql",
                                "-X",
                                "-A",
                                "-t",
                                "-h",
                                host,
                                "-p",
                                Integer.toString(pooler.port()),
                                "-U",
                                PostgresServer.APP,
                                "-d",
                                pool));
        command.addAll(List.of(arguments));
        return command;
    }

    private static Map<String, String> environment() {
        return Map.of("PGCONNECT_TIMEOUT", "10", "LC_ALL", "C");
    }

    private static int running(String marker) {
        return Integer.parseInt(
                SERVER.queryValue(
                        "postgres",
                        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND usename ="
                                + " 'app' AND strpos(query, '"
                                + marker
                                + "') > 0"));
    }
}

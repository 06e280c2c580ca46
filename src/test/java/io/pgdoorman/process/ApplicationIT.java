package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;

import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.PGConnection;

import java.io.StringReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/** An application with pgjdbc and HikariCP: many threads on few servers, every value checked. */
class ApplicationIT {
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final String DATABASE = SERVER.newDatabase("application");
    private static final Duration DURATION = Duration.ofSeconds(4);
    private static final int THREADS = 16;
    private static PoolerProcess pooler;

    @BeforeAll
    static void start() {
        Requirement.packagedProgram();
        SERVER.execute(
                DATABASE,
                "CREATE TABLE account (id int PRIMARY KEY, balance bigint NOT NULL)",
                "INSERT INTO account SELECT n, 1000 FROM generate_series(1, 50) n",
                "CREATE TABLE event (id bigserial PRIMARY KEY, name text, at timestamptz DEFAULT"
                        + " now())",
                "GRANT ALL ON ALL TABLES IN SCHEMA public TO " + PostgresServer.APP,
                "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO " + PostgresServer.APP);
        pooler =
                PoolerProcess.builder()
                        .pool("transaction", SERVER, DATABASE, "transaction", 4)
                        .pool("session", SERVER, DATABASE, "session", THREADS)
                        .start();
    }

    @AfterAll
    static void stop() {
        if (pooler != null) {
            pooler.close();
        }
    }

    /** Named statements move between servers only once the pooler remaps them: threshold 0. */
    @ParameterizedTest
    @CsvSource({"transaction, 0, extended", "session, 5, extended", "transaction, 0, simple"})
    void everyValueIsRight(String pool, int prepareThreshold, String queryMode)
            throws InterruptedException, ExecutionException {
        var config = new HikariConfig();
        config.setJdbcUrl(pooler.jdbcUrl(pool));
        config.setUsername(PostgresServer.APP);
        config.setPassword("");
        config.setMaximumPoolSize(THREADS);
        config.setConnectionTestQuery("SELECT 1");
        config.addDataSourceProperty("prepareThreshold", Integer.toString(prepareThreshold));
        config.addDataSourceProperty("preferQueryMode", queryMode);
        long end = System.nanoTime() + DURATION.toNanos();
        var rounds = new AtomicLong();
        try (var data = new HikariDataSource(config);
                var threads = Executors.newFixedThreadPool(THREADS)) {
            var results = new ArrayList<Future<Void>>();
            for (int t = 0; t < THREADS; t++) {
                int seed = t;
                Callable<Void> worker =
                        () -> {
                            for (int i = 0; System.nanoTime() < end; i++) {
                                try (var connection = data.getConnection()) {
                                    work(connection, seed * 1_000_000 + i);
                                }
                                rounds.incrementAndGet();
                            }
                            return null;
                        };
                results.add(threads.submit(worker));
            }
            for (Future<Void> result : results) {
                result.get();
            }
        }
        assertThat(rounds.get()).isGreaterThan(THREADS);
        assertThat(SERVER.queryValue(DATABASE, "SELECT sum(balance) FROM account"))
                .isEqualTo("50000");
    }

    private static void work(Connection connection, int number) throws SQLException {
        switch (number % 5) {
            case 0 -> echo(connection, number);
            case 1 -> transfer(connection, number);
            case 2 -> batch(connection, number);
            case 3 -> failAndRecover(connection);
            default -> copyAndFetch(connection, number);
        }
    }

    private static void echo(Connection connection, int number) throws SQLException {
        try (var statement =
                connection.prepareStatement("SELECT ?::int, ?::text, repeat('x', ?::int)")) {
            statement.setInt(1, number);
            statement.setString(2, "text of " + number);
            statement.setInt(3, number % 5000);
            try (var rows = statement.executeQuery()) {
                assertThat(rows.next()).isTrue();
                assertThat(rows.getInt(1)).isEqualTo(number);
                assertThat(rows.getString(2)).isEqualTo("text of " + number);
                assertThat(rows.getString(3)).hasSize(number % 5000);
            }
        }
    }

    private static void transfer(Connection connection, int number) throws SQLException {
        int low = number % 49 + 1;
        connection.setAutoCommit(false);
        try (var update =
                connection.prepareStatement(
                        "UPDATE account SET balance = balance + ? WHERE id = ?")) {
            update.setLong(1, -5);
            update.setInt(2, low);
            assertThat(update.executeUpdate()).isEqualTo(1);
            update.setLong(1, 5);
            update.setInt(2, low + 1);
            assertThat(update.executeUpdate()).isEqualTo(1);
            if (number % 3 == 0) {
                connection.rollback();
            } else {
                connection.commit();
            }
        } finally {
            connection.setAutoCommit(true);
        }
    }

    private static void batch(Connection connection, int number) throws SQLException {
        try (var insert =
                connection.prepareStatement(
                        "INSERT INTO event (name) VALUES (?)", Statement.RETURN_GENERATED_KEYS)) {
            for (int i = 0; i < 20; i++) {
                insert.setString(1, "event " + number);
                insert.addBatch();
            }
            assertThat(insert.executeBatch()).hasSize(20).containsOnly(1);
        }
    }

    private static void failAndRecover(Connection connection) throws SQLException {
        try (var statement = connection.createStatement()) {
            try {
                statement.execute("SELECT 1/0");
            } catch (SQLException e) {
                assertThat(e.getSQLState()).isEqualTo("22012");
            }
            try (var rows = statement.executeQuery("SELECT 'recovered'")) {
                assertThat(rows.next()).isTrue();
                assertThat(rows.getString(1)).isEqualTo("recovered");
            }
        }
    }

    private static void copyAndFetch(Connection connection, int number) throws SQLException {
        connection.setAutoCommit(false);
        try (var statement = connection.createStatement()) {
            statement.execute("CREATE TEMP TABLE copied (n int) ON COMMIT DROP");
            var text = new StringBuilder();
            for (int i = 0; i < 500; i++) {
                text.append(number + i).append('\n');
            }
            long copied =
                    connection
                            .unwrap(PGConnection.class)
                            .getCopyAPI()
                            .copyIn("COPY copied FROM STDIN", new StringReader(text.toString()));
            assertThat(copied).isEqualTo(500);
            statement.setFetchSize(50);
            int rowsSeen = 0;
            try (var rows = statement.executeQuery("SELECT n FROM copied ORDER BY n")) {
                while (rows.next()) {
                    assertThat(rows.getInt(1)).isEqualTo(number + rowsSeen);
                    rowsSeen++;
                }
            }
            assertThat(rowsSeen).isEqualTo(500);
            connection.commit();
        } catch (java.io.IOException e) {
            throw new SQLException(e);
        } finally {
            connection.setAutoCommit(true);
        }
    }
}

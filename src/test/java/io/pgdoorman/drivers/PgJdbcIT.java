package io.pgdoorman.drivers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgdoorman.testing.PostgresServer;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/** pgjdbc with its defaults and with whatever settings change its messages. */
class PgJdbcIT {
    /** Parameters of the JDBC URL; the clients have them in turn. */
    private static final List<String> SETTINGS =
            List.of(
                    "",
                    "prepareThreshold=0",
                    "prepareThreshold=1",
                    "prepareThreshold=-1",
                    "reWriteBatchedInserts=true",
                    "autosave=always",
                    "autosave=conservative&prepareThreshold=1",
                    "preferQueryMode=simple",
                    "preferQueryMode=extendedForPrepared",
                    "preferQueryMode=extendedCacheEverything",
                    "preparedStatementCacheQueries=4&prepareThreshold=1",
                    "binaryTransfer=false&prepareThreshold=1");

    private static DriverPooler pooler;

    @BeforeAll
    static void start() {
        pooler = new DriverPooler();
    }

    @AfterAll
    static void stop() {
        if (pooler != null) {
            pooler.close();
        }
    }

    @Test
    void everyAnswerIsRight() throws Exception {
        Fleet.run(
                pooler,
                6,
                number -> new PgJdbcClient(pooler, number, SETTINGS.get(number % SETTINGS.size())));
    }

    @ParameterizedTest
    @ValueSource(strings = {"prepareThreshold=5", "prepareThreshold=1"})
    void aStatementIsCancelledAndRunsAgain(String settings) throws SQLException {
        try (var connection = connect(DriverPooler.POOL, settings);
                var statement = connection.prepareStatement("SELECT pg_sleep(?), 'slept'")) {
            statement.setQueryTimeout(1); // the driver sends a cancel request then
            statement.setInt(1, 30);

            assertThatThrownBy(statement::executeQuery)
                    .isInstanceOfSatisfying(
                            SQLException.class,
                            error -> assertThat(error.getSQLState()).isEqualTo("57014"));

            statement.setInt(1, 0);
            try (var rows = statement.executeQuery()) {
                assertThat(rows.next()).isTrue();
                assertThat(rows.getString(2)).isEqualTo("slept");
            }
        }
    }

    /**
     * PostgreSQL refuses to run a statement whose columns have changed; the driver heals that. On
     * another server it would not notice.
     */
    @ParameterizedTest
    @ValueSource(strings = {"autosave=always", "autosave=conservative"})
    void aStatementOutlivesAChangeOfItsTable(String autosave) throws SQLException {
        String table = "changing_" + autosave.replace("autosave=", "");
        try (var connection = connect(DriverPooler.SINGLE, autosave + "&prepareThreshold=1");
                var ddl = connection.createStatement()) {
            ddl.execute("CREATE TABLE " + table + " AS SELECT 1 AS a");
            connection.setAutoCommit(false);
            try (var statement = connection.prepareStatement("SELECT * FROM " + table)) {
                assertThat(columns(statement)).isEqualTo(1);
                assertThat(columns(statement)).isEqualTo(1);
                connection.commit();
                alterElsewhere("ALTER TABLE " + table + " ADD b int");

                assertThat(columns(statement)).isEqualTo(2);

                connection.commit();
                assertThat(columns(statement)).isEqualTo(2);
            }
            ddl.execute("DROP TABLE " + table);
            connection.commit();
        }
    }

    /** By another client. */
    private static void alterElsewhere(String sql) throws SQLException {
        try (var connection = connect(DriverPooler.SINGLE, "");
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static int columns(PreparedStatement statement) throws SQLException {
        try (var rows = statement.executeQuery()) {
            assertThat(rows.next()).isTrue();
            return rows.getMetaData().getColumnCount();
        }
    }

    private static Connection connect(String pool, String settings) throws SQLException {
        return DriverManager.getConnection(
                pooler.pooler().jdbcUrl(pool) + '?' + settings, PostgresServer.APP, "");
    }
}

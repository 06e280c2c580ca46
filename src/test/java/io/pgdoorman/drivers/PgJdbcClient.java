package io.pgdoorman.drivers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgdoorman.testing.PostgresServer;

import org.postgresql.PGConnection;
import org.postgresql.largeobject.LargeObject;

import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import java.util.UUID;

/** What an application does with pgjdbc, on one connection with settings of its own. */
final class PgJdbcClient implements Fleet.Client {
    private static final int STATEMENTS = 12;
    private static final int BATCH = 10;

    private final int number;
    private final String settings;
    private final Connection connection;

    /** Prepared once and used in all rounds. */
    private final PreparedStatement kept;

    /**
     * @param settings parameters of the JDBC URL
     */
    PgJdbcClient(DriverPooler pooler, int number, String settings) throws SQLException {
        this.number = number;
        this.settings = settings;
        var properties = new Properties();
        properties.setProperty("user", PostgresServer.APP);
        connection =
                DriverManager.getConnection(
                        pooler.pooler().jdbcUrl(DriverPooler.POOL) + '?' + settings, properties);
        kept = connection.prepareStatement("SELECT ?::int * 2, version FROM account WHERE id = ?");
    }

    @Override
    public void round(int round) throws SQLException {
        try {
            statements(round);
            types(round);
            transfer(round);
            batch(round);
            failure();
            failureInTransaction(round);
            fetch(round);
            copy(round);
            largeObject(round);
            if (round % 4 == 3) {
                forgetStatements(round);
            }
        } catch (SQLException | IOException | AssertionError e) {
            throw new AssertionError("with " + settings, e);
        }
    }

    private void statements(int round) throws SQLException {
        kept.setInt(1, round);
        kept.setInt(2, 1 + round % DriverPooler.ACCOUNTS);
        try (ResultSet rows = kept.executeQuery()) {
            assertThat(rows.next()).isTrue();
            assertThat(rows.getInt(1)).isEqualTo(2 * round);
        }
        for (int i = 0; i < STATEMENTS; i++) {
            try (var statement =
                    connection.prepareStatement("SELECT ?::int + " + i + ", ?::text")) {
                statement.setInt(1, round);
                statement.setString(2, number + "/" + round);
                try (ResultSet rows = statement.executeQuery()) {
                    assertThat(rows.next()).isTrue();
                    assertThat(rows.getInt(1)).isEqualTo(round + i);
                    assertThat(rows.getString(2)).isEqualTo(number + "/" + round);
                    assertThat(rows.next()).isFalse();
                }
            }
        }
    }

    private void types(int round) throws SQLException {
        var uuid = new UUID(number, round);
        byte[] bytes = ("bytes of " + round).getBytes(StandardCharsets.UTF_8);
        try (var statement =
                connection.prepareStatement(
                        "SELECT ?::uuid, ?::numeric, ?::bytea, ?::int[], ?::timestamptz, ?::text")) {
            statement.setObject(1, uuid);
            statement.setBigDecimal(2, new BigDecimal(round + ".25"));
            statement.setBytes(3, bytes);
            statement.setArray(4, connection.createArrayOf("int", new Integer[] {number, round}));
            statement.setString(5, "2026-01-02 03:04:05+00");
            statement.setString(6, null);
            try (ResultSet rows = statement.executeQuery()) {
                assertThat(rows.next()).isTrue();
                assertThat(rows.getObject(1)).isEqualTo(uuid);
                assertThat(rows.getBigDecimal(2)).isEqualTo(new BigDecimal(round + ".25"));
                assertThat(rows.getBytes(3)).isEqualTo(bytes);
                assertThat(rows.getArray(4).getArray()).isEqualTo(new Integer[] {number, round});
                assertThat(rows.getTimestamp(5).toInstant()).hasToString("2026-01-02T03:04:05Z");
                assertThat(rows.getString(6)).isNull();
            }
        }
    }

    private void transfer(int round) throws SQLException {
        int from = 1 + (number + round) % (DriverPooler.ACCOUNTS - 1);
        boolean commits = round % 3 != 0;
        connection.setAutoCommit(false);
        try (var update =
                connection.prepareStatement(
                        "UPDATE account SET balance = balance + ? WHERE id = ?")) {
            update.setLong(1, -5);
            update.setInt(2, from);
            assertThat(update.executeUpdate()).isEqualTo(1);
            update.setLong(1, 5);
            update.setInt(2, from + 1);
            assertThat(update.executeUpdate()).isEqualTo(1);
        }
        if (commits) {
            connection.commit();
        } else {
            connection.rollback();
        }
        connection.setAutoCommit(true);
    }

    private void batch(int round) throws SQLException {
        String insert = "INSERT INTO event (client, round, name) VALUES (?, ?, ?)";
        try (var statement = connection.prepareStatement(insert)) {
            fill(statement, round, "plain");
            assertThat(statement.executeBatch())
                    .hasSize(BATCH)
                    .containsAnyOf(1, Statement.SUCCESS_NO_INFO);
        }
        try (var statement = connection.prepareStatement(insert, Statement.RETURN_GENERATED_KEYS)) {
            fill(statement, round, "keys");
            assertThat(statement.executeBatch()).hasSize(BATCH);
            try (ResultSet keys = statement.getGeneratedKeys()) {
                for (int i = 0; i < BATCH; i++) {
                    assertThat(keys.next()).isTrue();
                    assertThat(keys.getLong("id")).isPositive();
                    assertThat(keys.getString("name")).isEqualTo("keys " + i);
                }
            }
        }
        try (var statement =
                connection.prepareStatement(
                        "DELETE FROM event WHERE client = ? AND round = ? AND name LIKE ?")) {
            statement.setInt(1, number);
            statement.setInt(2, round);
            statement.setString(3, "%");
            assertThat(statement.executeUpdate()).isEqualTo(2 * BATCH);
        }
    }

    private void fill(PreparedStatement statement, int round, String name) throws SQLException {
        for (int i = 0; i < BATCH; i++) {
            statement.setInt(1, number);
            statement.setInt(2, round);
            statement.setString(3, name + " " + i);
            statement.addBatch();
        }
    }

    private void failure() throws SQLException {
        try (var statement = connection.prepareStatement("SELECT 10 / ?")) {
            statement.setInt(1, 0);
            assertFails(statement, "22012");
            statement.setInt(1, 5);
            assertThat(value(statement)).isEqualTo("2");
        }
        try (var statement = connection.prepareStatement("SELECT nothing FROM nowhere")) {
            assertFails(statement, "42P01");
        }
    }

    private void failureInTransaction(int round) throws SQLException {
        connection.setAutoCommit(false);
        try (var good = connection.prepareStatement("SELECT ?::int + 1000");
                var bad = connection.prepareStatement("SELECT 10 / ?")) {
            good.setInt(1, round);
            assertThat(value(good)).isEqualTo(Integer.toString(round + 1000));
            bad.setInt(1, 0);
            var savepoint = connection.setSavepoint();
            assertFails(bad, "22012");
            if (settings.contains("autosave=always")) {
                assertThat(value(good)).isEqualTo(Integer.toString(round + 1000));
            } else {
                assertFails(good, "25P02");
            }
            connection.rollback(savepoint);
            assertThat(value(good)).isEqualTo(Integer.toString(round + 1000));
        }
        connection.commit();
        connection.setAutoCommit(true);
    }

    private void fetch(int round) throws SQLException {
        connection.setAutoCommit(false);
        try (var statement = connection.prepareStatement("SELECT generate_series(?::int, ?::int)");
                var other = connection.prepareStatement("SELECT ?::text")) {
            statement.setFetchSize(40);
            statement.setInt(1, round);
            statement.setInt(2, round + 199);
            int next = round;
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    assertThat(rows.getInt(1)).isEqualTo(next++);
                    if (next % 64 == 0) {
                        other.setString(1, "between " + next);
                        assertThat(value(other)).isEqualTo("between " + next);
                    }
                }
            }
            assertThat(next).isEqualTo(round + 200);
        }
        connection.commit();
        connection.setAutoCommit(true);
    }

    private void copy(int round) throws SQLException, IOException {
        var copies = connection.unwrap(PGConnection.class).getCopyAPI();
        var text = new StringBuilder();
        for (int i = 0; i < 100; i++) {
            text.append(round + i).append("\tline ").append(i).append('\n');
        }
        connection.setAutoCommit(false);
        try (var statement = connection.createStatement()) {
            statement.execute("CREATE TEMP TABLE copied (n int, name text) ON COMMIT DROP");
            assertThat(copies.copyIn("COPY copied FROM STDIN", new StringReader(text.toString())))
                    .isEqualTo(100);
            var out = new StringWriter();
            assertThat(copies.copyOut("COPY copied TO STDOUT", out)).isEqualTo(100);
            assertThat(out).hasToString(text.toString());
            try (var sum = connection.prepareStatement("SELECT sum(n) FROM copied WHERE n >= ?")) {
                sum.setInt(1, round);
                assertThat(value(sum)).isEqualTo(Integer.toString(100 * round + 4950));
            }
        }
        connection.commit();
        connection.setAutoCommit(true);
        assertThatThrownBy(
                        () ->
                                copies.copyIn(
                                        "COPY account FROM STDIN", new StringReader("no number\n")))
                .isInstanceOf(SQLException.class);
    }

    private void largeObject(int round) throws SQLException {
        byte[] content =
                "large object %d/%d "
                        .formatted(number, round)
                        .repeat(500)
                        .getBytes(StandardCharsets.US_ASCII);
        connection.setAutoCommit(false);
        var objects = connection.unwrap(PGConnection.class).getLargeObjectAPI();
        long oid = objects.createLO();
        try (LargeObject object = objects.open(oid)) {
            object.write(content);
            object.seek(0);
            assertThat(object.read(content.length)).isEqualTo(content);
        }
        objects.delete(oid);
        connection.commit();
        connection.setAutoCommit(true);
    }

    /** The driver sees the tag of the answer and prepares its statements anew. */
    private void forgetStatements(int round) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(round % 8 == 3 ? "DEALLOCATE ALL" : "DISCARD ALL");
        }
        statements(round);
    }

    private static String value(PreparedStatement statement) throws SQLException {
        try (ResultSet rows = statement.executeQuery()) {
            assertThat(rows.next()).isTrue();
            return rows.getString(1);
        }
    }

    private static void assertFails(PreparedStatement statement, String state) {
        assertThatThrownBy(statement::executeQuery)
                .isInstanceOfSatisfying(
                        SQLException.class,
                        error -> assertThat(error.getSQLState()).isEqualTo(state));
    }

    @Override
    public void close() throws SQLException {
        kept.close();
        connection.close();
    }
}

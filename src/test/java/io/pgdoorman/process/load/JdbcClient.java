package io.pgdoorman.process.load;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Properties;

/** pgjdbc: a batch of inserts and a cursor that fetches them, in one transaction. */
final class JdbcClient implements Scenario {
    private static final int ROWS = 60;
    private static final int FETCH_ROWS = 7;

    private final Seat seat;
    private final String table;
    private Connection connection;

    JdbcClient(Seat seat) {
        this.seat = seat;
        table = "jdbc_" + seat.number();
    }

    @Override
    public void open() throws SQLException {
        var properties = new Properties();
        properties.setProperty("user", seat.tcp().user());
        properties.setProperty("password", seat.tcp().password());
        properties.setProperty("prepareThreshold", "0"); // named ones end with the transaction
        connection = DriverManager.getConnection(seat.tcp().jdbcUrl(), properties);
        try (var statement = connection.createStatement()) {
            statement.execute("CREATE TABLE " + table + " (n bigint, value text)");
        }
        connection.setAutoCommit(false);
    }

    @Override
    public void round(long number) throws SQLException {
        String text = Texts.random(seat.random(), 40);
        try (var insert = connection.prepareStatement("INSERT INTO " + table + " VALUES (?, ?)")) {
            for (int row = 0; row < ROWS; row++) {
                insert.setLong(1, number + row);
                insert.setString(2, text + row);
                insert.addBatch();
            }
            int[] once = new int[ROWS];
            Arrays.fill(once, 1);
            Expect.equal(
                    "batch of inserts",
                    Arrays.toString(once),
                    Arrays.toString(insert.executeBatch()));
        }
        seat.pause(0, 20);
        fetch(number, text);
        try (var statement = connection.createStatement()) {
            Expect.equal("DELETE", ROWS, statement.executeUpdate("DELETE FROM " + table));
        }
        connection.commit();
        seat.pause(10, 150);
    }

    private void fetch(long number, String text) throws SQLException {
        try (var select = connection.prepareStatement("SELECT * FROM " + table + " ORDER BY n")) {
            select.setFetchSize(FETCH_ROWS);
            try (var rows = select.executeQuery()) {
                int row = 0;
                for (; rows.next(); row++) {
                    Expect.equal(
                            "row of the cursor",
                            number + row + " " + text + row,
                            rows.getLong(1) + " " + rows.getString(2));
                    if (row % FETCH_ROWS == 0) {
                        seat.pause(0, 5);
                    }
                }
                Expect.equal("rows of the cursor", ROWS, row);
            }
        }
    }

    @Override
    public void finish() {}

    @Override
    public void close() throws SQLException {
        if (connection != null) {
            connection.close();
        }
    }
}

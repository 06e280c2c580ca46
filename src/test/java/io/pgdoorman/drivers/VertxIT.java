package io.pgdoorman.drivers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgdoorman.testing.PostgresServer;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;

/** The PostgreSQL client of Vert.x, which pipelines whatever is asked at once. */
class VertxIT {
    private static final int ROUNDS = 5;
    private static final int STATEMENTS = 12;
    private static DriverPooler pooler;
    private static Vertx vertx;

    @BeforeAll
    static void start() {
        pooler = new DriverPooler();
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void stop() throws TimeoutException {
        if (vertx != null) {
            outcome(vertx.close());
        }
        if (pooler != null) {
            pooler.close();
        }
    }

    @Test
    void everyAnswerIsRight() throws Exception {
        Fleet.run(pooler, ROUNDS, VertxIT::connect);
    }

    /** All defaults, but every second client keeps its statements prepared. */
    private static Client connect(int number) throws TimeoutException {
        var options =
                new PgConnectOptions()
                        .setHost("127.0.0.1")
                        .setPort(pooler.port())
                        .setUser(PostgresServer.APP)
                        .setDatabase(DriverPooler.POOL);
        if (number % 2 == 1) {
            options.setCachePreparedStatements(true);
        }
        return new Client(number, outcome(PgConnection.connect(vertx, options)));
    }

    private static <T> T outcome(Future<T> result) throws TimeoutException {
        return result.await(30, TimeUnit.SECONDS);
    }

    private record Client(int number, PgConnection connection) implements Fleet.Client {
        @Override
        public void round(int round) throws Exception {
            pipeline(round);
            batch(round);
            transaction(round);
            failureInPipeline(round);
            cursor(round);
        }

        private void pipeline(int round) throws TimeoutException {
            var answers = new ArrayList<Future<RowSet<Row>>>();
            for (int i = 0; i < 2 * STATEMENTS; i++) {
                answers.add(
                        ask(
                                "SELECT $1::int + " + i % STATEMENTS + ", $2::text",
                                round,
                                number + "/" + i));
            }
            for (int i = 0; i < answers.size(); i++) {
                Row row = outcome(answers.get(i)).iterator().next();
                assertThat(row.getInteger(0)).isEqualTo(round + i % STATEMENTS);
                assertThat(row.getString(1)).isEqualTo(number + "/" + i);
            }
        }

        private Future<RowSet<Row>> ask(String sql, Object... values) {
            return connection.preparedQuery(sql).execute(Tuple.wrap(values));
        }

        private void batch(int round) throws TimeoutException {
            List<Tuple> events =
                    IntStream.range(0, 20)
                            .mapToObj(i -> Tuple.of(number, round, "event " + i))
                            .toList();
            RowSet<Row> answers =
                    outcome(
                            connection
                                    .preparedQuery(
                                            "INSERT INTO event (client, round, name) VALUES ($1,"
                                                    + " $2, $3) RETURNING name")
                                    .executeBatch(events));
            for (int i = 0; i < 20; i++) {
                assertThat(answers.iterator().next().getString(0)).isEqualTo("event " + i);
                answers = answers.next();
            }
        }

        private void transaction(int round) throws TimeoutException {
            int from = 1 + (number + round) % (DriverPooler.ACCOUNTS - 1);
            var transaction = outcome(connection.begin());
            String add = "UPDATE account SET balance = balance + $1 WHERE id = $2";
            Future<RowSet<Row>> less = ask(add, -5L, from);
            Future<RowSet<Row>> more = ask(add, 5L, from + 1);
            assertThat(outcome(less).rowCount()).isEqualTo(1);
            assertThat(outcome(more).rowCount()).isEqualTo(1);
            outcome(round % 3 == 0 ? transaction.rollback() : transaction.commit());
        }

        private void failureInPipeline(int round) throws TimeoutException {
            String divide = "SELECT 1000 / $1::int";
            Future<RowSet<Row>> before = ask(divide, 1 + round);
            Future<RowSet<Row>> fails = ask(divide, 0);
            Future<RowSet<Row>> unknown = ask("SELECT $1::int FROM nowhere", 1);
            Future<RowSet<Row>> after = ask(divide, 2 + round);

            assertThat(outcome(before).iterator().next().getInteger(0))
                    .isEqualTo(1000 / (1 + round));
            assertFails(fails, "22012");
            assertFails(unknown, "42P01");
            assertThat(outcome(after).iterator().next().getInteger(0))
                    .isEqualTo(1000 / (2 + round));
        }

        private static void assertFails(Future<RowSet<Row>> answer, String state) {
            assertThatThrownBy(() -> outcome(answer))
                    .isInstanceOfSatisfying(
                            PgException.class,
                            error -> assertThat(error.getSqlState()).isEqualTo(state));
        }

        private void cursor(int round) throws TimeoutException {
            var transaction = outcome(connection.begin());
            var statement = outcome(connection.prepare("SELECT generate_series($1::int, $2::int)"));
            var cursor = statement.cursor(Tuple.of(round, round + 99));
            int next = round;
            do {
                for (Row row : outcome(cursor.read(30))) {
                    assertThat(row.getInteger(0)).isEqualTo(next++);
                }
            } while (cursor.hasMore());
            assertThat(next).isEqualTo(round + 100);
            outcome(cursor.close());
            outcome(statement.close());
            outcome(transaction.commit());
        }

        @Override
        public void close() throws TimeoutException {
            outcome(connection.close());
        }
    }
}

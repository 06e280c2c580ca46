package io.pgdoorman.drivers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.Unpooled;
import io.pgdoorman.testing.PostgresServer;
import io.r2dbc.postgresql.PostgresqlConnectionConfiguration;
import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import io.r2dbc.postgresql.api.CopyInBuilder;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.postgresql.api.PostgresqlStatement;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.ValidationDepth;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Publisher;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

/** r2dbc-postgresql: statements pipelined and fetched in portions, batches, COPY. */
class R2dbcIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int ROUNDS = 5;
    private static final int STATEMENTS = 12;
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
        Fleet.run(pooler, ROUNDS, R2dbcIT::connect);
    }

    /** All defaults, but every fourth client has a small cache of statements. */
    private static Client connect(int number) {
        var configuration =
                PostgresqlConnectionConfiguration.builder()
                        .host("127.0.0.1")
                        .port(pooler.port())
                        .username(PostgresServer.APP)
                        .database(DriverPooler.POOL);
        if (number % 4 == 3) {
            configuration.preparedStatementCacheQueries(3);
        }
        return new Client(
                number, outcome(new PostgresqlConnectionFactory(configuration.build()).create()));
    }

    private static <T> T outcome(Mono<T> result) {
        return result.block(LIMIT);
    }

    private static void finish(Publisher<Void> result) {
        Mono.from(result).block(LIMIT);
    }

    private record Client(int number, PostgresqlConnection connection) implements Fleet.Client {
        @Override
        public void round(int round) {
            statements(round);
            batch(round);
            transaction(round);
            failure(round);
            fetch(round);
            copy(round);
        }

        private void statements(int round) {
            List<String> answers =
                    outcome(
                            Flux.range(0, STATEMENTS)
                                    .concatMap(
                                            i ->
                                                    strings(
                                                            connection
                                                                    .createStatement(
                                                                            "SELECT ($1::int + "
                                                                                    + i
                                                                                    + ")::text || $2::text")
                                                                    .bind("$1", round)
                                                                    .bind("$2", "/" + number)))
                                    .collectList());
            assertThat(answers)
                    .isEqualTo(
                            IntStream.range(0, STATEMENTS)
                                    .mapToObj(i -> round + i + "/" + number)
                                    .toList());
        }

        /** One statement with many values, and many statements without any. */
        private void batch(int round) {
            PostgresqlStatement insert =
                    connection
                            .createStatement(
                                    "INSERT INTO event (client, round, name) VALUES ($1, $2, $3)")
                            .returnGeneratedValues("name");
            for (int i = 0; i < 10; i++) {
                if (i > 0) {
                    insert.add();
                }
                insert.bind("$1", number).bind("$2", round).bind("$3", "event " + i);
            }
            assertThat(outcome(strings(insert).collectList()))
                    .isEqualTo(IntStream.range(0, 10).mapToObj(i -> "event " + i).toList());
            List<Integer> sums =
                    outcome(
                            connection
                                    .createBatch()
                                    .add("SELECT 1 + 1")
                                    .add("SELECT 2 + 2")
                                    .execute()
                                    .flatMap(
                                            result ->
                                                    result.map(
                                                            (row, meta) ->
                                                                    row.get(0, Integer.class)))
                                    .collectList());
            assertThat(sums).containsExactly(2, 4);
        }

        private void transaction(int round) {
            int from = 1 + (number + round) % (DriverPooler.ACCOUNTS - 1);
            finish(connection.beginTransaction());
            assertThat(add(from, -5)).isEqualTo(1);
            finish(connection.createSavepoint("before"));
            assertThat(add(from, -1)).isEqualTo(1);
            finish(connection.rollbackTransactionToSavepoint("before"));
            assertThat(add(from + 1, 5)).isEqualTo(1);
            finish(
                    round % 3 == 0
                            ? connection.rollbackTransaction()
                            : connection.commitTransaction());
        }

        private long add(int id, long amount) {
            return outcome(
                    connection
                            .createStatement(
                                    "UPDATE account SET balance = balance + $1 WHERE id = $2")
                            .bind("$1", amount)
                            .bind("$2", id)
                            .execute()
                            .flatMap(result -> result.getRowsUpdated())
                            .single());
        }

        private void failure(int round) {
            assertThatThrownBy(() -> divide(0))
                    .isInstanceOfSatisfying(
                            R2dbcException.class,
                            error -> assertThat(error.getSqlState()).isEqualTo("22012"));
            assertThat(divide(1 + round)).isEqualTo(Integer.toString(1000 / (1 + round)));
        }

        private String divide(int divisor) {
            return outcome(
                    strings(
                                    connection
                                            .createStatement("SELECT (1000 / $1::int)::text")
                                            .bind("$1", divisor))
                            .single());
        }

        private void fetch(int round) {
            List<String> rows =
                    outcome(
                            strings(
                                            connection
                                                    .createStatement(
                                                            "SELECT generate_series($1::int, $2::int)::text")
                                                    .fetchSize(40)
                                                    .bind("$1", round)
                                                    .bind("$2", round + 199))
                                    .collectList());
            assertThat(rows)
                    .isEqualTo(
                            IntStream.range(round, round + 200)
                                    .mapToObj(Integer::toString)
                                    .toList());
        }

        private void copy(int round) {
            CopyInBuilder copy =
                    connection.copyIn(
                            "COPY event (client, round, name) FROM STDIN WITH (FORMAT csv)");
            byte[] lines =
                    "%d,%d,copied\n"
                            .formatted(number, round)
                            .repeat(50)
                            .getBytes(StandardCharsets.US_ASCII);
            assertThat(outcome(copy.from(Unpooled.wrappedBuffer(lines)).build())).isEqualTo(50L);
            String count =
                    outcome(
                            strings(
                                            connection
                                                    .createStatement(
                                                            "SELECT count(*)::text FROM event WHERE client = $1"
                                                                    + " AND round = $2 AND name = 'copied'")
                                                    .bind("$1", number)
                                                    .bind("$2", round))
                                    .single());
            assertThat(count).isEqualTo("50");
        }

        private static Flux<String> strings(PostgresqlStatement statement) {
            return statement
                    .execute()
                    .concatMap(result -> result.map((row, meta) -> row.get(0, String.class)));
        }

        @Override
        public void close() {
            // Statements of a full cache are closed behind the answers; this comes after them.
            assertThat(outcome(connection.validate(ValidationDepth.REMOTE))).isTrue();
            finish(connection.close());
        }
    }
}

package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.RestartingPooler;
import io.pgdoorman.testing.WireClient;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** A server reaches its next client as new, whatever the last one did to it. */
class SessionStateIT {
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final String DATABASE = SERVER.newDatabase("state");
    private static final RestartingPooler POOLER =
            new RestartingPooler(
                    PoolerProcess.builder()
                            .pool("transaction_1", SERVER, DATABASE, "transaction", 1)
                            .pool("session_1", SERVER, DATABASE, "session", 1));

    private static List<String> fresh;

    /** How the first client leaves its server to the next one. */
    enum Leave {
        TERMINATE,
        DROP,
        RESET,
        STAY
    }

    @BeforeAll
    static void start() {
        Requirement.packagedProgram();
        SERVER.execute("postgres", "CREATE ROLE helper", "GRANT helper TO " + PostgresServer.APP);
        SERVER.execute(
                DATABASE,
                "GRANT ALL ON SCHEMA public TO " + PostgresServer.APP,
                "CREATE TABLE scratch (id int)",
                "GRANT ALL ON TABLE scratch TO " + PostgresServer.APP);
        try (var direct = WireClient.connect(SERVER.address())) {
            fresh = SessionState.of(direct.login(PostgresServer.APP, DATABASE));
        }
    }

    @AfterAll
    static void stop() {
        POOLER.close();
    }

    @ParameterizedTest(name = "{0}, {1}, {2}")
    @MethodSource("cases")
    void nextClientFindsNothing(String pool, Leave leave, String what, byte[][] messages) {
        POOLER.run(pooler -> nextClientFindsNothing(pooler, pool, leave, messages));
    }

    private static void nextClientFindsNothing(
            PoolerProcess pooler, String pool, Leave leave, byte[][] messages) {
        try (var first = pooler.client()) {
            first.login(PostgresServer.APP, pool);
            for (byte[] message : messages) {
                first.send(message);
                readAnswer(first, message);
            }
            leave(first, leave);

            try (var next = pooler.client()) {
                next.login(PostgresServer.APP, pool);

                assertThat(SessionState.difference(fresh, SessionState.of(next))).isEmpty();
            }
        }
    }

    static Stream<Arguments> cases() {
        return SessionStates.all()
                .flatMap(
                        state ->
                                Stream.of("transaction_1", "session_1")
                                        .flatMap(
                                                pool ->
                                                        Arrays.stream(Leave.values())
                                                                .filter(
                                                                        leave ->
                                                                                fits(
                                                                                        state, pool,
                                                                                        leave))
                                                                .map(
                                                                        leave ->
                                                                                arguments(
                                                                                        pool,
                                                                                        leave,
                                                                                        state
                                                                                                .what(),
                                                                                        state
                                                                                                .messages()))));
    }

    /** A client that stays keeps its server in a session pool, or while it is busy with it. */
    private static boolean fits(SessionStates.State state, String pool, Leave leave) {
        return leave != Leave.STAY || (pool.equals("transaction_1") && !state.busy());
    }

    /** Reads to the end of what is sure to come, and leaves the rest unread. */
    private static void readAnswer(WireClient client, byte[] sent) {
        long cycles = count(sent, 'Q') + count(sent, 'S') + count(sent, 'F');
        boolean flushed = count(sent, 'H') > 0;
        if (cycles == 0 && !flushed) {
            return;
        }
        if (cycles == 0 || flushed || isCopyOrLong(sent)) {
            client.read();
            return;
        }
        for (int i = 0; i < cycles; i++) {
            List<Message> answer = client.readUntilReady();
            if (answer.getLast().isEnd()) {
                throw new IllegalStateException("connection lost: " + answer);
            }
        }
    }

    private static boolean isCopyOrLong(byte[] sent) {
        String text = new String(sent, java.nio.charset.StandardCharsets.ISO_8859_1);
        return text.contains("STDIN")
                || text.contains("STDOUT")
                || text.contains("pg_sleep")
                || text.contains("repeat(");
    }

    private static long count(byte[] messages, char type) {
        long count = 0;
        var buffer = java.nio.ByteBuffer.wrap(messages);
        while (buffer.hasRemaining()) {
            if (buffer.get() == type) {
                count++;
            }
            buffer.position(buffer.position() + buffer.getInt(buffer.position()));
        }
        return count;
    }

    private static void leave(WireClient client, Leave leave) {
        switch (leave) {
            case TERMINATE -> client.send(Frontend.terminate());
            case DROP -> client.close();
            case RESET -> client.reset();
            case STAY -> {}
        }
    }
}

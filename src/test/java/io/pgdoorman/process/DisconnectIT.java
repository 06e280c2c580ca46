package io.pgdoorman.process;

import static io.pgdoorman.testing.Frontend.bind;
import static io.pgdoorman.testing.Frontend.concat;
import static io.pgdoorman.testing.Frontend.copyData;
import static io.pgdoorman.testing.Frontend.copyDone;
import static io.pgdoorman.testing.Frontend.execute;
import static io.pgdoorman.testing.Frontend.flush;
import static io.pgdoorman.testing.Frontend.parse;
import static io.pgdoorman.testing.Frontend.query;
import static io.pgdoorman.testing.Frontend.sync;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.RestartingPooler;
import io.pgdoorman.testing.WireClient;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A client that vanishes after any byte leaves a server that the next client can use. */
class DisconnectIT {
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final String DATABASE = SERVER.newDatabase("disconnect");
    private static final RestartingPooler POOLER =
            new RestartingPooler(
                    PoolerProcess.builder()
                            .pool("transaction_1", SERVER, DATABASE, "transaction", 1)
                            .pool("session_1", SERVER, DATABASE, "session", 1));

    private static List<String> fresh;

    @BeforeAll
    static void start() {
        Requirement.packagedProgram();
        SERVER.execute(
                DATABASE,
                "CREATE TABLE scratch (id int)",
                "GRANT ALL ON scratch TO " + PostgresServer.APP);
        try (var direct = WireClient.connect(SERVER.address())) {
            fresh = SessionState.of(direct.login(PostgresServer.APP, DATABASE));
        }
    }

    @AfterAll
    static void stop() {
        POOLER.close();
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("messages")
    void nextClientGetsACleanServer(String pool, String what, byte[] messages) {
        POOLER.run(pooler -> nextClientGetsACleanServer(pooler, pool, messages));
    }

    private static void nextClientGetsACleanServer(
            PoolerProcess pooler, String pool, byte[] messages) {
        for (int sent = 0; sent <= messages.length; sent++) {
            var leaver = pooler.client().login(PostgresServer.APP, pool);
            leaver.send(Arrays.copyOf(messages, sent));
            leave(leaver, sent);

            assertThat(stateOfNextClient(pooler, pool)).as("after %d bytes", sent).isEmpty();
        }
        assertThat(SERVER.queryValue(DATABASE, "SELECT count(*) FROM scratch WHERE id < 0"))
                .isEqualTo("0");
    }

    @Test
    void startupPacketMayBreakOffAnywhere() {
        byte[] packet =
                Frontend.startup(
                        Frontend.PROTOCOL_3_0,
                        Map.of("user", PostgresServer.APP, "database", "transaction_1"));
        for (int sent = 0; sent <= packet.length; sent++) {
            var leaver = POOLER.get().client();
            leaver.send(Arrays.copyOf(packet, sent));
            leave(leaver, sent);
        }

        assertThat(stateOfNextClient(POOLER.get(), "transaction_1")).isEmpty();
    }

    static Stream<Arguments> messages() {
        return Stream.of("transaction_1", "session_1")
                .flatMap(
                        pool ->
                                Stream.of(
                                        Arguments.of(
                                                pool,
                                                "queries",
                                                concat(
                                                        query("SET work_mem='9MB'"),
                                                        query("SELECT 1"))),
                                        Arguments.of(
                                                pool,
                                                "transaction",
                                                concat(
                                                        query("BEGIN"),
                                                        query("INSERT INTO scratch VALUES(-1)"),
                                                        query("SELECT 1"))),
                                        Arguments.of(
                                                pool,
                                                "batch",
                                                concat(
                                                        parse("s", "SELECT $1::int"),
                                                        bind("", "s", "1"),
                                                        execute("", 0),
                                                        flush(),
                                                        parse("", "LISTEN a"),
                                                        bind("", ""),
                                                        execute("", 0),
                                                        sync(),
                                                        sync())),
                                        Arguments.of(
                                                pool,
                                                "copy",
                                                concat(
                                                        query("BEGIN;COPY scratch FROM STDIN"),
                                                        copyData("-1\n"),
                                                        copyData("-2\n"),
                                                        copyDone(),
                                                        query("ROLLBACK"))),
                                        Arguments.of(
                                                pool,
                                                "copy by the extended protocol",
                                                concat(
                                                        query("BEGIN"),
                                                        parse("", "COPY scratch FROM STDIN"),
                                                        bind("", ""),
                                                        execute("", 0),
                                                        copyData("-1\n"),
                                                        copyDone(),
                                                        sync()))));
    }

    private static List<String> stateOfNextClient(PoolerProcess pooler, String pool) {
        try (var next = pooler.client()) {
            return SessionState.difference(
                    fresh, SessionState.of(next.login(PostgresServer.APP, pool)));
        }
    }

    private static void leave(WireClient client, int turn) {
        if (turn % 2 == 0) {
            client.close();
        } else {
            client.reset();
        }
    }
}

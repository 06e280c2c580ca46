package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.WireClient;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Files;
import java.time.Duration;
import java.util.List;

/** The process's life from start to end. */
class SignalsIT {
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final String DATABASE = SERVER.newDatabase("signals");
    private static final Duration LIMIT = Duration.ofSeconds(10);

    @BeforeAll
    static void needsTheProgram() {
        Requirement.packagedProgram();
    }

    @Test
    void sigtermEndsItAtOnceWithCodeZeroAndLeavesNothingBehind() {
        try (var pooler = start();
                var idle = login(pooler);
                var busy = login(pooler)) {
            idle.query("SELECT 1");
            busy.query("BEGIN");

            pooler.signal("TERM");

            assertThat(pooler.awaitExit(LIMIT)).isZero();
            assertThat(busy.readUntilEnd().getLast()).isEqualTo(Message.END);
            assertThat(idle.readUntilEnd().getLast()).isEqualTo(Message.END);
            assertThat(pooler.socketDirectory().resolve(".s.PGSQL." + pooler.port()))
                    .doesNotExist();
            await().atMost(LIMIT)
                    .untilAsserted(() -> assertThat(SERVER.sessions(DATABASE)).isZero());
        }
    }

    @Test
    void sigtermTellsWhoWasInATransaction() {
        try (var pooler = start();
                var busy = login(pooler)) {
            busy.query("BEGIN");

            pooler.signal("TERM");

            pooler.awaitExit(LIMIT);
            assertThat(pooler.log()).contains("transaction");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"USR1", "WINCH", "HUP"})
    void otherSignalsDoNotEndIt(String signal) {
        try (var pooler = start();
                var client = login(pooler)) {
            client.query("BEGIN");

            pooler.signal(signal);

            assertThat(client.queryValue("SELECT 'still here'")).isEqualTo("still here");
            assertThat(pooler.isAlive()).isTrue();
        }
    }

    @Test
    void servesOnlyOnceItIsReadyAndSaysSo() {
        try (var pooler = start()) {
            await().atMost(LIMIT).until(() -> pooler.log().contains("ready"));

            assertThat(Files.exists(pooler.socketDirectory().resolve(".s.PGSQL." + pooler.port())))
                    .isTrue();
        }
    }

    @Test
    void aSecondProcessOnTheSameSocketLeavesTheFirstAlone() {
        try (var first = start();
                var client = login(first)) {
            var error =
                    org.assertj.core.api.Assertions.catchThrowable(
                            () ->
                                    io.pgdoorman.testing.ChildProcess.run(
                                            List.of(
                                                    PoolerProcess.program().toString(),
                                                    first.configuration().toString())));

            assertThat(error).hasMessageContaining("in use");
            assertThat(client.queryValue("SELECT 'still here'")).isEqualTo("still here");
            try (var unix = WireClient.connect(first.unixAddress())) {
                unix.login(PostgresServer.APP, "signals");
            }
        }
    }

    @Test
    void endsWhileClientsFloodIt() {
        try (var pooler = start();
                var client = login(pooler)) {
            for (int i = 0; i < 1000; i++) {
                client.send(Frontend.query("SELECT 1"));
            }

            pooler.signal("TERM");

            assertThat(pooler.awaitExit(LIMIT)).isZero();
        }
    }

    private static PoolerProcess start() {
        return PoolerProcess.builder().pool("signals", SERVER, DATABASE, "transaction", 2).start();
    }

    private static WireClient login(PoolerProcess pooler) {
        return pooler.client().login(PostgresServer.APP, "signals");
    }
}

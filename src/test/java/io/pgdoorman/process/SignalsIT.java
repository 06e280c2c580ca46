package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgdoorman.testing.ChildProcess;
import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.WireClient;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** The process's life from start to end. */
class SignalsIT {
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final String DATABASE = SERVER.newDatabase("signals");
    private static final Duration LIMIT = Duration.ofSeconds(10);

    /** Two lines of some hundred bytes for each login, in a pipe of 64 KB. */
    private static final int MORE_LINES_THAN_A_PIPE_HOLDS = 1_000;

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

    /** A file system that never answers, here a pipe nobody writes to. */
    @Test
    void sigtermEndsItThoughAReloadHangs() throws Exception {
        try (var pooler = start();
                var client = login(pooler)) {
            Files.delete(pooler.configuration());
            run("mkfifo", pooler.configuration().toString());
            pooler.signal("HUP");
            await().atMost(LIMIT).until(() -> pooler.log().contains("Reloading config"));
            pooler.signal("USR1");
            await().atMost(LIMIT).until(() -> pooler.log().contains("threads: {"));
            assertThat(client.queryValue("SELECT 'served'")).isEqualTo("served");

            pooler.signal("TERM");

            assertThat(pooler.awaitExit(LIMIT)).isZero();
        }
    }

    /** Its standard error is a pipe that is full and that nobody reads. */
    @Test
    void aLogNobodyReadsHoldsUpNeitherClientsNorTheEnd(@TempDir Path directory) throws Exception {
        Path pipe = directory.resolve("stderr");
        run("mkfifo", pipe.toString());
        try (var reader = new RandomAccessFile(pipe.toFile(), "rw"); // never reads
                var pooler =
                        builder()
                                .general("log_client_connections", "true")
                                .general("log_client_disconnections", "true")
                                .errorTo(pipe)
                                .start()) {
            assertThat(reader.getFD().valid()).isTrue();
            for (int i = 0; i < MORE_LINES_THAN_A_PIPE_HOLDS; i++) {
                login(pooler).close();
            }
            try (var client = login(pooler)) {
                assertThat(client.queryValue("SELECT 'served'")).isEqualTo("served");
            }

            pooler.signal("TERM");

            assertThat(pooler.awaitExit(LIMIT)).isZero();
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
        return builder().start();
    }

    private static PoolerProcess.Builder builder() {
        return PoolerProcess.builder().pool("signals", SERVER, DATABASE, "transaction", 2);
    }

    private static void run(String... command) {
        ChildProcess.run(List.of(command));
    }

    private static WireClient login(PoolerProcess pooler) {
        return pooler.client().login(PostgresServer.APP, "signals");
    }
}

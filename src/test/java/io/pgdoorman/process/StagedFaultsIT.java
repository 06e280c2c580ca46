package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgdoorman.testing.ChildProcess;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.RestartingPooler;
import io.pgdoorman.testing.WireClient;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** What happens to a staged handover when one of the two processes dies, and what signals do. */
class StagedFaultsIT {
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final String DATABASE = SERVER.newDatabase("staged");
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private static final RestartingPooler POOLER =
            new RestartingPooler(Crowd.pooler(SERVER, DATABASE));

    @BeforeAll
    static void needsTheProgram() {
        Requirement.packagedProgram();
    }

    @AfterAll
    static void stop() {
        POOLER.close();
    }

    // ---- one of the two dies --------------------------------------------------------------------

    /** Lines of the predecessor's log. */
    enum Moment {
        STARTED("Handover: started "),
        TAKES_OVER(" takes over, version "),
        READY(" is ready and accepts clients"),
        STAGED("Handover: staged; ");

        final String line;

        Moment(String line) {
            this.line = line;
        }
    }

    @ParameterizedTest
    @EnumSource
    void aSuccessorThatIsKilledChangesNothing(Moment moment) {
        POOLER.run(
                pooler -> {
                    try (var stage = new FaultStage(pooler);
                            var ctl = begin(pooler)) {
                        stage.awaitLine(moment.line);

                        ChildProcess.signal(stage.successor(), "KILL");

                        stage.awaitLine(
                                "Handover: FAILED in phase ", "This process goes on serving.");
                        if (moment == Moment.STARTED) {
                            assertThat(ctl.awaitExit(LIMIT)).isEqualTo(1);
                            assertThat(ctl.output()).contains("ended with exit code 137");
                        }
                        stage.assertReplaceable();
                    }
                });
    }

    @Test
    void onlyTheClientsOfAKilledSuccessorAreLost() {
        POOLER.run(
                pooler -> {
                    try (var stage = new FaultStage(pooler)) {
                        stage(pooler);
                        try (var late = login(pooler)) {
                            late.query("BEGIN");

                            ChildProcess.signal(stage.successor(), "KILL");

                            assertThat(late.readUntilEnd()).hasSize(1);
                        }
                        stage.awaitFailure("staged", "the other process closed the connection");
                        stage.assertReplaceable();
                    }
                });
    }

    @Test
    void theSuccessorGoesOnAloneWhenItsPredecessorIsKilled() {
        try (var pooler = Crowd.pooler(SERVER, DATABASE).start();
                var old = login(pooler)) {
            var stage = new FaultStage(pooler);
            stage.close();
            stage(pooler);
            try (var late = login(pooler)) {
                late.query("BEGIN");
                String pid = late.queryValue("SELECT pg_backend_pid()");

                pooler.signal("KILL");

                assertThat(old.readUntilEnd()).hasSize(1);
                stage.awaitLine(
                        "the predecessor is lost", "goes on with the clients that have come");
                stage.awaitLine("Handover complete");
                pooler.follow(stage.successor());
                assertThat(late.queryValue("SELECT pg_backend_pid()")).isEqualTo(pid);
                late.query("COMMIT");
                try (var next = new FaultStage(pooler)) {
                    next.assertReplaceable();
                }
                assertThat(late.queryValue("SELECT 'served'")).isEqualTo("served");
            }
        }
    }

    // ---- signals and commands -------------------------------------------------------------------

    @Test
    void anotherHandoverIsRefusedWhileOneIsUnderWay() {
        POOLER.run(
                pooler -> {
                    try (var stage = new FaultStage(pooler)) {
                        stage(pooler);

                        pooler.signal("USR2");
                        stage.awaitLine(
                                "Handover: not started: one is under way, in phase staged, to process "
                                        + stage.successor());
                        try (var ctl = start(pooler, pooler.ctlCommand("upgrade"))) {
                            assertThat(ctl.awaitExit(LIMIT)).isEqualTo(1);
                            assertThat(ctl.output()).contains("not started: one is under way");
                        }
                        try (var other =
                                start(
                                        pooler,
                                        List.of(
                                                PoolerProcess.program().toString(),
                                                pooler.configuration().toString(),
                                                "--takeover"))) {
                            assertThat(other.awaitExit(LIMIT)).isEqualTo(1);
                            assertThat(other.output())
                                    .contains("not taken over")
                                    .contains("refuses: one is under way, in phase staged");
                        }

                        pooler.ctl("upgrade", "--rollback");
                        stage.assertReplaceable();
                    }
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {"--commit", "--rollback"})
    void aReloadFollowsTheHandover(String decision) {
        POOLER.run(
                pooler -> {
                    try (var stage = new FaultStage(pooler)) {
                        stage(pooler);
                        touch(pooler);
                        pooler.signal("HUP");
                        stage.awaitLine("Got SIGHUP: the reload follows the handover");
                        assertThat(stage.log()).doesNotContain("Reloading config");

                        pooler.ctl("upgrade", decision);

                        stage.awaitLine("Reloading config");
                        stage.awaitLine("Config reloaded");
                        if (decision.equals("--commit")) {
                            pooler.awaitSuccessor();
                        }
                        stage.assertUnharmed();
                    }
                });
    }

    @Test
    void diagnosticsAreToldMeanwhile() {
        POOLER.run(
                pooler -> {
                    try (var stage = new FaultStage(pooler)) {
                        stage(pooler);

                        pooler.signal("USR1");
                        stage.awaitLine("threads: {");
                        int before = stage.log().length();
                        ChildProcess.signal(stage.successor(), "USR1");

                        await().atMost(LIMIT)
                                .until(() -> stage.log().substring(before).contains("threads: {"));
                        pooler.ctl("upgrade", "--rollback");
                        stage.assertUnharmed();
                    }
                });
    }

    @Test
    void sigtermOfTheSuccessorAloneEndsTheHandover() {
        POOLER.run(
                pooler -> {
                    try (var stage = new FaultStage(pooler)) {
                        stage(pooler);

                        ChildProcess.signal(stage.successor(), "TERM");

                        stage.awaitFailure("staged", "the other process closed the connection");
                        assertThat(stage.log()).doesNotContain("is killed");
                        stage.assertReplaceable();
                    }
                });
    }

    @Test
    void sigtermEndsBoth() {
        try (var pooler = Crowd.pooler(SERVER, DATABASE).start();
                var old = login(pooler)) {
            var stage = new FaultStage(pooler);
            stage.close();
            stage(pooler);
            try (var late = login(pooler)) {
                pooler.signal("TERM");

                assertThat(pooler.awaitExit(LIMIT)).isZero();
                pooler.awaitEnd(stage.successor(), LIMIT);
                assertThat(late.readUntilEnd()).isNotEmpty();
                assertThat(old.readUntilEnd()).isNotEmpty();
                assertThat(stage.log()).doesNotContain("goes on").doesNotContain("ERROR");
                assertThat(pooler.controlSocket()).doesNotExist();
                assertThat(pooler.unixAddress().getPath()).doesNotExist();
                assertThat(Processes.of(pooler)).isEmpty();
            }
        }
    }

    @Test
    void aShutdownRollsBackFirst() {
        try (var pooler = Crowd.pooler(SERVER, DATABASE).start()) {
            var stage = new FaultStage(pooler);
            stage.close();
            stage(pooler);
            pooler.ctl("shutdown");

            assertThat(pooler.awaitExit(LIMIT)).isZero();

            pooler.awaitEnd(stage.successor(), LIMIT);
            stage.awaitLine("The shutdown follows the handover that is under way");
            stage.awaitLine("rolled back; came back");
            stage.awaitLine("Shutting down gracefully");
            assertThat(pooler.controlSocket()).doesNotExist();
            assertThat(pooler.unixAddress().getPath()).doesNotExist();
        }
    }

    /** {@code ctl upgrade --stage}, without waiting for it. */
    private static ChildProcess begin(PoolerProcess pooler) {
        return start(pooler, pooler.ctlCommand("upgrade", "--stage"));
    }

    private static ChildProcess start(PoolerProcess pooler, List<String> command) {
        return ChildProcess.start(command, Map.of(), pooler.socketDirectory());
    }

    private static void stage(PoolerProcess pooler) {
        assertThat(pooler.ctl("upgrade", "--stage")).contains("staged");
    }

    /** Changes the configuration in what concerns nobody here. */
    private static void touch(PoolerProcess pooler) {
        try {
            String text = Files.readString(pooler.configuration());
            String changed =
                    text.contains("query_wait_timeout = 60000")
                            ? text.replace(
                                    "query_wait_timeout = 60000", "query_wait_timeout = 61000")
                            : text.replace(
                                    "query_wait_timeout = 61000", "query_wait_timeout = 60000");
            Files.writeString(pooler.configuration(), changed);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static WireClient login(PoolerProcess pooler) {
        return pooler.client().login(PostgresServer.APP, Crowd.WIDE);
    }
}

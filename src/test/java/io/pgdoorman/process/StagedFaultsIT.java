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
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** What becomes of a staged handover when one of the two processes dies, stops, or is signalled. */
@Order(1)
class StagedFaultsIT {
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final String DATABASE = SERVER.newDatabase("staged");
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String TRANSACTION =
            "SELECT pg_backend_pid() || ' ' || pg_current_xact_id()";

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

    // ---- the successor dies ---------------------------------------------------------------------

    @Test
    void aSuccessorThatIsKilledAtItsStartChangesNothing() {
        POOLER.run(
                pooler -> {
                    try (var stage = new FaultStage(pooler);
                            var ctl = start(pooler, pooler.ctlCommand("upgrade", "--stage"))) {
                        stage.awaitLine("Handover: started ");

                        ChildProcess.signal(stage.successor(), "KILL");

                        stage.awaitFailure("validate", "ended with exit code 137");
                        assertThat(ctl.awaitExit(LIMIT)).isEqualTo(1);
                        assertThat(ctl.output()).contains("ended with exit code 137");
                        stage.assertUnharmed();
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
    void sigtermOfTheSuccessorAloneEndsTheHandover() {
        POOLER.run(
                pooler -> {
                    try (var stage = new FaultStage(pooler)) {
                        stage(pooler);
                        try (var late = login(pooler)) {
                            ChildProcess.signal(stage.successor(), "TERM");

                            assertThat(late.readUntilEnd()).hasSize(1);
                        }
                        stage.awaitFailure("staged", "the other process closed the connection");
                        stage.assertUnharmed();
                    }
                });
    }

    // ---- the predecessor dies -------------------------------------------------------------------

    @Test
    void theSuccessorGoesOnAloneWhenItsPredecessorIsKilled() {
        POOLER.run(
                pooler -> {
                    var stage = new FaultStage(pooler);
                    try (var old = login(pooler)) {
                        stage.close();
                        stage(pooler);
                        try (var late = login(pooler)) {
                            late.query("BEGIN");
                            String transaction = late.queryValue(TRANSACTION);

                            pooler.signal("KILL");

                            assertThat(old.readUntilEnd()).hasSize(1);
                            assertThat(late.queryValue(TRANSACTION)).isEqualTo(transaction);
                            late.query("COMMIT");
                            assertGoesOnAlone(pooler, stage);
                            pooler.handOver();
                            assertThat(late.queryValue("SELECT 'served'")).isEqualTo("served");
                        }
                    }
                });
    }

    private static void assertGoesOnAlone(PoolerProcess pooler, FaultStage stage) {
        pooler.awaitEnd(pooler.pid(), LIMIT);
        stage.awaitLine("this process goes on with the clients");
        stage.awaitLine("Handover complete");
        pooler.follow(stage.successor());
        try (var crowd = new Crowd(pooler)) {
            crowd.assertUnharmed();
        }
    }

    @Test
    void sigtermOfThePredecessorEndsBoth() {
        try (var pooler = Crowd.pooler(SERVER, DATABASE).start();
                var old = login(pooler)) {
            stage(pooler);
            try (var late = login(pooler)) {
                pooler.signal("TERM");

                assertThat(pooler.awaitExit(LIMIT)).isZero();
                assertThat(late.readUntilEnd()).hasSize(1);
                assertThat(old.readUntilEnd()).hasSize(1);
                awaitNobody(pooler);
                assertThat(pooler.log()).doesNotContain("goes on with").doesNotContain("ERROR");
                assertThat(pooler.controlSocket()).doesNotExist();
                assertThat(pooler.unixAddress().getPath()).doesNotExist();
            }
        }
    }

    // ---- one of the two stops -------------------------------------------------------------------

    /** Whoever stops may wake up again, and is killed. Two at once, for each takes its time. */
    @Test
    void theOneThatDoesNotStopGoesOnAlone() {
        try (var pooler = Crowd.pooler(SERVER, DATABASE).start();
                var old = login(pooler)) {
            var stage = new FaultStage(pooler);
            stage.close();
            stage(pooler);
            try (var late = login(pooler)) {
                pooler.signal("STOP");

                assertSurvivesAStopOfItsSuccessor();

                assertThat(old.limit(LIMIT).readUntilEnd()).hasSize(1);
                stage.awaitLine("process " + pooler.pid() + " is killed");
                assertGoesOnAlone(pooler, stage);
                assertThat(late.queryValue("SELECT 'served'")).isEqualTo("served");
            }
        }
    }

    private static void assertSurvivesAStopOfItsSuccessor() {
        POOLER.run(
                pooler -> {
                    try (var stage = new FaultStage(pooler)) {
                        stage(pooler);
                        try (var lost = login(pooler)) {
                            ChildProcess.signal(stage.successor(), "STOP");

                            assertThat(lost.limit(LIMIT).readUntilEnd()).hasSize(1);
                        }
                        stage.awaitLine("process " + stage.successor() + " is killed");
                        stage.awaitFailure("staged", "did not answer within 10000 ms");
                        stage.assertUnharmed();
                    }
                });
    }

    // ---- decisions ------------------------------------------------------------------------------

    @Test
    void transactionsOfBothSidesOutliveARollbackAndACommit() {
        POOLER.run(
                pooler -> {
                    try (var crowd = new Crowd(pooler)) {
                        stage(pooler);
                        crowd.assertUnharmed();
                        try (var late = login(pooler)) {
                            late.query("BEGIN");
                            String transaction = late.queryValue(TRANSACTION);

                            assertThat(pooler.ctl("upgrade", "--rollback")).contains("rolled back");

                            assertThat(late.queryValue(TRANSACTION)).isEqualTo(transaction);
                            stage(pooler);
                            assertThat(late.queryValue(TRANSACTION)).isEqualTo(transaction);
                            pooler.ctl("upgrade", "--commit");
                            pooler.awaitSuccessor();
                            assertThat(late.queryValue(TRANSACTION)).isEqualTo(transaction);
                            late.query("COMMIT");
                        }
                        crowd.assertUnharmed();
                    }
                });
    }

    @Test
    void anotherHandoverIsRefusedAndAReloadFollows() {
        POOLER.run(
                pooler -> {
                    try (var stage = new FaultStage(pooler)) {
                        stage(pooler);
                        String refusal =
                                "one is under way, in phase staged, to process "
                                        + stage.successor();

                        pooler.signal("USR2");
                        stage.awaitLine("Handover: not started: " + refusal);
                        try (var ctl = start(pooler, pooler.ctlCommand("upgrade"))) {
                            assertThat(ctl.awaitExit(LIMIT)).isEqualTo(1);
                            assertThat(ctl.output()).contains("not started: " + refusal);
                        }
                        shortenWait(pooler);
                        pooler.signal("HUP");
                        stage.awaitLine("Got SIGHUP: the reload follows the handover");
                        assertThat(stage.log()).doesNotContain("Reloading config");

                        pooler.ctl("upgrade", "--rollback");

                        stage.awaitLine("Config reloaded");
                        stage.assertUnharmed();
                    }
                });
    }

    @Test
    void aShutdownRollsBackFirst() {
        try (var pooler = Crowd.pooler(SERVER, DATABASE).start()) {
            stage(pooler);

            pooler.ctl("shutdown");

            assertThat(pooler.awaitExit(LIMIT)).isZero();
            awaitNobody(pooler);
            assertThat(pooler.log())
                    .containsSubsequence(
                            "The shutdown follows the handover that is under way",
                            "rolled back; came back",
                            "Shutting down gracefully");
            assertThat(pooler.controlSocket()).doesNotExist();
            assertThat(pooler.unixAddress().getPath()).doesNotExist();
        }
    }

    /** The successor is only about to come, so there is nothing to roll back yet. */
    @Test
    void aShutdownIsNotForgottenUntilItIsStaged() {
        try (var pooler = Crowd.pooler(SERVER, DATABASE).start();
                var ctl = start(pooler, pooler.ctlCommand("upgrade", "--stage"))) {
            await().atMost(LIMIT).until(() -> pooler.log().contains("Handover: started "));

            pooler.ctl("shutdown");

            assertThat(pooler.awaitExit(LIMIT)).isZero();
            awaitNobody(pooler);
            assertThat(ctl.awaitExit(LIMIT)).isEqualTo(1);
            assertThat(ctl.output()).contains("rolled back");
            assertThat(pooler.log())
                    .containsSubsequence(
                            "The shutdown follows the handover that is under way",
                            "Handover: staged",
                            "rolled back; came back",
                            "Shutting down gracefully");
        }
    }

    private static void awaitNobody(PoolerProcess pooler) {
        await().atMost(LIMIT).until(() -> Processes.of(pooler).isEmpty());
    }

    private static ChildProcess start(PoolerProcess pooler, List<String> command) {
        return ChildProcess.start(command, Map.of(), pooler.socketDirectory());
    }

    private static void stage(PoolerProcess pooler) {
        assertThat(pooler.ctl("upgrade", "--stage")).contains("staged");
    }

    /** A change of the configuration that nobody here notices. */
    private static void shortenWait(PoolerProcess pooler) {
        try {
            String text = Files.readString(pooler.configuration());
            Files.writeString(
                    pooler.configuration(),
                    text.replace("query_wait_timeout = 60000", "query_wait_timeout = 59000"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static WireClient login(PoolerProcess pooler) {
        return pooler.client().login(PostgresServer.APP, Crowd.WIDE);
    }
}

package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pgdoorman.testing.ChildProcess;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What a container runs, without a container: {@code docker/entrypoint} passes signals on, follows
 * upgrades and ends as its last process does. A shell script {@linkplain StandIn stands in} for the
 * program where the corner cases of an upgrade have to be met.
 */
@Order(1)
@ParameterizedClass(name = "{0}")
@MethodSource("ways")
class ContainerIT {
    private static final int KILLED = 128 + 9;
    private static final int TERMINATED = 128 + 15;
    private static final int INTERRUPTED = 128 + 2;

    private final Entrypoint entrypoint;

    @TempDir Path directory;

    ContainerIT(Entrypoint entrypoint) {
        this.entrypoint = entrypoint;
    }

    static List<Entrypoint> ways() {
        return Entrypoint.ways().toList();
    }

    @Nested
    class WithTheProgram {
        @Test
        void servesAndEndsBySigterm() throws Exception {
            Requirement.packagedProgram();
            PostgresServer server = PostgresServer.shared();
            String database = server.newDatabase("container");
            try (var pooler =
                            PoolerProcess.builder()
                                    .pool("container", server, database, "transaction", 1)
                                    .environment("PG_DOORMAN_PID_FILE", pidFile())
                                    .startedBy(entrypoint.command())
                                    .start();
                    var _ = killingAllBelow(pooler.pid());
                    var client = pooler.client().login(PostgresServer.APP, "container")) {
                assertThat(client.queryValue("SELECT 'served'")).isEqualTo("served");

                ChildProcess.signal(entrypoint.ownPid(pooler.pid()), "TERM");

                assertThat(pooler.awaitExit(StandIn.LIMIT)).isZero();
                assertThat(pooler.log()).contains("Got SIGTERM");
            }
        }

        @Test
        void givesAThreadDumpBySigquit() {
            Requirement.packagedProgram();
            try (var pooler =
                            PoolerProcess.builder()
                                    .environment("PG_DOORMAN_PID_FILE", pidFile())
                                    .startedBy(entrypoint.command())
                                    .start();
                    var _ = killingAllBelow(pooler.pid())) {
                ChildProcess.signal(entrypoint.ownPid(pooler.pid()), "QUIT");

                await().atMost(StandIn.LIMIT)
                        .until(() -> pooler.log().contains("Full thread dump"));
            }
        }

        @Test
        void passesOnTheExitCodeOfAConfigurationThatIsNotGood() throws Exception {
            Requirement.packagedProgram();
            Path configuration = Files.writeString(directory.resolve("bad.toml"), "[general\n");
            var command = new ArrayList<>(entrypoint.command());
            command.add(configuration.toString());
            var environment =
                    Map.of(
                            "PATH",
                            PoolerProcess.program().getParent() + ":" + System.getenv("PATH"),
                            "PG_DOORMAN_PID_FILE",
                            pidFile());

            try (var process = ChildProcess.start(command, environment, directory)) {
                assertThat(process.awaitExit(StandIn.LIMIT)).isEqualTo(78);
            }
        }

        private String pidFile() {
            return StandIn.pidFile(directory).toString();
        }

        /** Closed before the process itself, after whose end nobody would know its children. */
        private AutoCloseableQuietly killingAllBelow(long pid) {
            return () ->
                    ProcessHandle.of(pid).stream()
                            .flatMap(ProcessHandle::descendants)
                            .forEach(ProcessHandle::destroyForcibly);
        }

        interface AutoCloseableQuietly extends AutoCloseable {
            @Override
            void close();
        }
    }

    @Nested
    class Starts {
        @Test
        void theProgramWithItsArgumentsAsTheyAre() {
            try (var container = StandIn.start(entrypoint, directory, "-t", "a  b", "*")) {
                container.await("starts -t a  b *", 1);
            }
        }

        @Test
        void theProgramWithTheUsualConfiguration() {
            try (var container = StandIn.start(entrypoint, directory)) {
                container.await("starts /etc/pg_doorman/pg_doorman.toml", 1);
            }
        }

        @Test
        void theProgramWithTheConfigurationOfTheEnvironment() {
            var environment =
                    Map.of(
                            "CONFIG_FILE",
                            "/etc/other.yaml",
                            "PG_DOORMAN_PID_FILE",
                            StandIn.pidFile(directory).toString());
            try (var container = StandIn.start(entrypoint, directory, List.of(), environment)) {
                container.await("starts /etc/other.yaml", 1);
            }
        }

        @ParameterizedTest
        @ValueSource(strings = {"1\n", "999999999\n", "", "no pid\n"})
        void withoutMindingThePidOfAContainerThatWasKilled(String content) throws Exception {
            Files.writeString(StandIn.pidFile(directory), content);
            StandIn.want(directory, "fail");

            try (var container = StandIn.start(entrypoint, directory)) {
                assertThat(container.awaitExit()).isEqualTo(78);
            }
        }

        @Test
        void withAnotherPidFileWhereRunCannotBeWritten() {
            assumeTrue(entrypoint.namespace(), "mounts a file system of its own");
            var readOnlyRun =
                    List.of("sh", "-c", "mount -t tmpfs -o ro none /run && exec \"$@\"", "sh");
            var environment = Map.of("TMPDIR", directory.toString());

            try (var container = StandIn.start(entrypoint, directory, readOnlyRun, environment)) {
                container.await("serves", 1);
                assertThat(StandIn.pidFile(directory)).exists();
                assertThat(container.output())
                        .contains("/run/pg_doorman cannot be written")
                        .contains(StandIn.pidFile(directory).toString());
            }
        }

        @Test
        void notAtAllWithoutAPlaceForThePidFile() {
            var environment = Map.of("PG_DOORMAN_PID_FILE", "/proc/none/pg_doorman.pid");

            try (var container = StandIn.start(entrypoint, directory, List.of(), environment)) {
                assertThat(container.awaitExit()).isEqualTo(71);
                assertThat(container.output()).contains("/proc/none/pg_doorman.pid", "mount");
            }
        }
    }

    @Nested
    class Ends {
        @Test
        void withTheCodeOfAProgramThatDoesNotStart() {
            StandIn.want(directory, "fail");

            try (var container = StandIn.start(entrypoint, directory)) {
                assertThat(container.awaitExit()).isEqualTo(78);
            }
        }

        @Test
        void withTheCodeOfTheOnlyProcess() throws Exception {
            Files.writeString(directory.resolve("code"), "3\n");
            try (var container = StandIn.start(entrypoint, directory)) {
                container.await("serves", 1);

                container.signal("TERM");

                assertThat(container.awaitExit()).isEqualTo(3);
            }
        }

        @Test
        void withTheSignalThatKilledTheOnlyProcess() {
            try (var container = StandIn.start(entrypoint, directory)) {
                long only = container.await("serves", 1);

                container.kill(only);

                assertThat(container.awaitExit()).isEqualTo(KILLED);
            }
        }

        @Test
        void withZeroAfterTheCleanEndOfTheLastProcess() {
            try (var container = StandIn.start(entrypoint, directory)) {
                container.await("serves", 1);
                container.upgrade();

                container.signal("TERM");

                assertThat(container.awaitExit()).isZero();
            }
        }

        @Test
        void withOneWhenTheLastProcessWasKilled() {
            try (var container = StandIn.start(entrypoint, directory)) {
                container.await("serves", 1);
                long last = container.upgrade();

                container.kill(last);

                assertThat(container.awaitExit()).isEqualTo(1);
            }
        }
    }

    @Nested
    class Follows {
        @Test
        void oneSuccessorAfterTheOther() {
            try (var container = StandIn.start(entrypoint, directory, "file")) {
                container.await("serves", 1);
                container.upgrade();
                long third = container.upgrade();

                container.signal("TERM");

                assertThat(container.awaitExit()).isZero();
                assertThat(container.all("USR2")).hasSize(2).doesNotHaveDuplicates();
                assertThat(container.all("starts file")).hasSize(3);
                assertThat(container.all("TERM")).containsExactly(third);
            }
        }

        @Test
        void successorsAndLeavesNoZombies() {
            assumeTrue(entrypoint.namespace(), "orphans are children of another process");
            try (var container = StandIn.start(entrypoint, directory)) {
                long first = container.await("serves", 1);
                long second = container.upgrade();

                container.upgrade();

                await().atMost(StandIn.LIMIT)
                        .untilAsserted(
                                () -> {
                                    assertThat(container.outerPid(first)).isEmpty();
                                    assertThat(container.outerPid(second)).isEmpty();
                                });
            }
        }

        @Test
        void nobodyWhenASuccessorFails() {
            try (var container = StandIn.start(entrypoint, directory)) {
                long first = container.await("serves", 1);
                StandIn.want(directory, "fail");
                container.signal("USR2");
                container.await("goes on", 1);

                container.signal("HUP");

                assertThat(container.await("HUP", 1)).isEqualTo(first);
                assertThat(container.isAlive()).isTrue();
            }
        }

        @Test
        void thePredecessorAgainWhenThatTakesTheFileBack() {
            StandIn.want(directory, "linger");
            try (var container = StandIn.start(entrypoint, directory)) {
                long first = container.await("serves", 1);
                long second = container.upgrade();
                container.signal("HUP");
                assertThat(container.await("HUP", 1)).isEqualTo(second);

                container.kill(second);
                container.await("goes on", 1);
                container.signal("TERM");

                assertThat(container.awaitExit()).isZero();
                assertThat(container.all("TERM")).containsExactly(first);
            }
        }

        @Test
        void aSuccessorThatGoesOnAloneAfterThePredecessorWasKilled() {
            try (var container = StandIn.start(entrypoint, directory)) {
                long first = container.await("serves", 1);
                StandIn.want(directory, "hold");
                container.signal("USR2");
                container.await("starts", 2);

                container.kill(first);
                StandIn.noLonger(directory, "hold");

                container.await("serves", 2);
                container.signal("TERM");
                assertThat(container.awaitExit()).isZero();
            }
        }
    }

    @Nested
    class PassesOn {
        @ParameterizedTest
        @ValueSource(strings = {"HUP", "USR1", "QUIT"})
        void aSignalToTheOnlyProcess(String signal) {
            try (var container = StandIn.start(entrypoint, directory)) {
                long only = container.await("serves", 1);

                container.signal(signal);

                assertThat(container.await(signal, 1)).isEqualTo(only);
            }
        }

        @ParameterizedTest
        @ValueSource(strings = {"HUP", "USR1", "QUIT"})
        void aSignalToTheSuccessorOnly(String signal) {
            try (var container = StandIn.start(entrypoint, directory)) {
                container.await("serves", 1);
                long second = container.upgrade();

                container.signal(signal);

                container.await(signal, 1);
                container.signal("TERM");
                container.awaitExit();
                assertThat(container.all(signal)).containsExactly(second);
            }
        }

        @ParameterizedTest
        @ValueSource(strings = {"TERM", "INT"})
        void theEndToTheSuccessorOnly(String signal) {
            try (var container = StandIn.start(entrypoint, directory)) {
                container.await("serves", 1);
                long second = container.upgrade();

                container.signal(signal);

                assertThat(container.awaitExit()).isZero();
                assertThat(container.all(signal)).containsExactly(second);
            }
        }

        /** They would kill a program that is only starting. */
        @ParameterizedTest
        @ValueSource(strings = {"HUP", "USR1", "USR2"})
        void aSignalThatComesBeforeItServesOnceItServes(String signal) {
            StandIn.want(directory, "hold");
            try (var container = StandIn.start(entrypoint, directory)) {
                long only = container.await("starts", 1);
                container.signal(signal);
                container.awaitSignalKeptBack();

                StandIn.noLonger(directory, "hold");

                assertThat(container.await(signal, 1)).isEqualTo(only);
            }
        }

        @Test
        void theEndAtOnceBeforeItServes() {
            StandIn.want(directory, "hold");
            try (var container = StandIn.start(entrypoint, directory)) {
                container.await("starts", 1);

                container.signal("TERM");

                assertThat(container.awaitExit()).isEqualTo(TERMINATED);
            }
        }

        @Test
        void ctrlCAtOnceBeforeItServes() {
            StandIn.want(directory, "hold");
            try (var container = StandIn.start(entrypoint, directory)) {
                container.await("starts", 1);

                container.signal("INT");

                assertThat(container.awaitExit()).isEqualTo(INTERRUPTED);
            }
        }

        /** The one that serves removes the file; the other does not know that it shall end. */
        @Test
        void theEndToBothProcessesOfAnUpgrade() {
            try (var container = StandIn.start(entrypoint, directory)) {
                long first = container.await("serves", 1);
                StandIn.want(directory, "hold");
                container.signal("USR2");
                container.await("starts", 2);

                container.signal("TERM");

                assertThat(container.awaitExit()).isZero();
                assertThat(container.all("TERM")).containsExactly(first);
            }
        }

        /** It came just before the one that serves gave all away. */
        @Test
        void theEndToTheHeirOfTheOneThatGotIt() {
            StandIn.want(directory, "deaf");
            try (var container = StandIn.start(entrypoint, directory)) {
                long first = container.await("serves", 1);
                container.signal("TERM");
                container.await("is deaf to TERM", 1);
                StandIn.noLonger(directory, "deaf");

                ChildProcess.signal(container.outerPid(first).orElseThrow(), "USR2");

                long second = container.await("serves", 2);
                assertThat(container.awaitExit()).isZero();
                assertThat(container.all("TERM")).containsExactly(second);
            }
        }

        /** The predecessor does that, and a second one would end transactions. */
        @Test
        void aGracefulStopToTheHeirNotASecondTime() {
            StandIn.want(directory, "deaf");
            try (var container = StandIn.start(entrypoint, directory)) {
                container.await("serves", 1);
                container.signal("INT");
                container.await("is deaf to INT", 1);
                StandIn.noLonger(directory, "deaf");
                long second = container.upgrade();

                container.signal("HUP");
                assertThat(container.await("HUP", 1)).isEqualTo(second);
                container.signal("TERM");

                assertThat(container.awaitExit()).isZero();
                assertThat(container.all("INT")).isEmpty();
            }
        }
    }
}

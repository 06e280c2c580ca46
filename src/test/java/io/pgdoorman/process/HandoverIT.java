package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgdoorman.testing.ChildProcess;
import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.WireClient;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** What an operator does to replace the running program, and what clients see of it: nothing. */
@Order(1)
class HandoverIT {
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final String DATABASE = SERVER.newDatabase("handover");
    private static final Duration LIMIT = Duration.ofSeconds(40);

    @BeforeAll
    static void needsTheProgram() {
        Requirement.packagedProgram();
    }

    @Test
    void clientsInEveryStateGoOnWithTheSameServers() {
        try (var pooler = builder().start();
                var silent = login(pooler, "tx");
                var open = login(pooler, "tx");
                var running = login(pooler, "tx");
                var session = login(pooler, "session");
                var unix = WireClient.connect(pooler.unixAddress())) {
            unix.login(PostgresServer.APP, "tx");
            open.query("BEGIN");
            String openPid = open.queryValue("SELECT pg_backend_pid()");
            session.query("CREATE TEMP TABLE t AS SELECT 42 AS a");
            session.query("PREPARE p AS SELECT a FROM t");
            String sessionPid = session.queryValue("SELECT pg_backend_pid()");
            running.send(Frontend.query("SELECT pg_sleep(4), 'slept'"));
            long before = pooler.pid();

            pooler.handOver();

            assertThat(pooler.pid()).isNotEqualTo(before);
            assertThat(running.readUntilReady().toString()).contains("slept");
            assertThat(open.queryValue("SELECT pg_backend_pid()")).isEqualTo(openPid);
            open.query("COMMIT");
            assertThat(session.queryValue("EXECUTE p")).isEqualTo("42");
            assertThat(session.queryValue("SELECT pg_backend_pid()")).isEqualTo(sessionPid);
            assertThat(silent.queryValue("SELECT 'silent'")).isEqualTo("silent");
            assertThat(unix.queryValue("SELECT 'unix'")).isEqualTo("unix");
            try (var late = login(pooler, "tx")) {
                assertThat(late.queryValue("SELECT 'new'")).isEqualTo("new");
            }
        }
    }

    @Test
    void noServerConnectionIsMadeForIt() {
        try (var pooler = builder().start();
                var client = login(pooler, "tx")) {
            String pid = client.queryValue("SELECT pg_backend_pid()");
            int servers = SERVER.sessions(DATABASE);

            pooler.handOver();

            assertThat(SERVER.sessions(DATABASE)).isEqualTo(servers);
            assertThat(client.queryValue("SELECT pg_backend_pid()")).isEqualTo(pid);
        }
    }

    /** What is compiled once more there must not take the cores from clients that have moved. */
    @Test
    void theOptimizingCompilerOfASuccessorStandsBack() {
        try (var pooler = builder().start()) {
            Map<String, Set<Integer>> before = Processes.threadPriorities(pooler.pid());

            pooler.handOver();

            Map<String, Set<Integer>> after = Processes.threadPriorities(pooler.pid());
            int usual = before.get("C2 CompilerThre").iterator().next();
            assertThat(after.remove("C2 CompilerThre")).containsExactly(usual + 10);
            assertThat(after.values())
                    .allSatisfy(priorities -> assertThat(priorities).containsExactly(usual));
        }
    }

    @Test
    void waitingClientsKeepTheirPlaceAndTheirDeadline() {
        try (var pooler = builder().start();
                var holder = login(pooler, "one");
                var first = login(pooler, "one");
                var second = login(pooler, "one")) {
            holder.query("BEGIN");
            first.send(Frontend.query("SELECT 'first', txid_current()"));
            await().atMost(LIMIT).until(() -> waiting(pooler, "one") == 1);
            second.send(Frontend.query("SELECT 'second', txid_current()"));
            await().atMost(LIMIT).until(() -> waiting(pooler, "one") == 2);

            pooler.handOver();
            holder.query("COMMIT");

            assertThat(first.readUntilReady().toString()).contains("first");
            assertThat(second.readUntilReady().toString()).contains("second");
        }
    }

    @Test
    void tenInARow() {
        try (var pooler = builder().start();
                var client = login(pooler, "session")) {
            client.query("CREATE TEMP TABLE t (a int)");
            for (int generation = 1; generation <= 10; generation++) {
                client.query("INSERT INTO t VALUES (1)");

                pooler.handOver();

                assertThat(client.queryValue("SELECT count(*) FROM t"))
                        .isEqualTo(Integer.toString(generation));
            }
        }
    }

    /** Keys are those of the process before; requests land in the new one. */
    @Test
    void cancelKeysStayValid() throws SQLException {
        try (var pooler = builder().start();
                var connection = pooler.connect(PostgresServer.APP, "tx");
                var statement = connection.createStatement()) {
            statement.setQueryTimeout(1); // the driver sends a cancel request then

            pooler.handOver();

            assertThatThrownBy(() -> statement.execute("SELECT pg_sleep(30)"))
                    .isInstanceOfSatisfying(
                            SQLException.class,
                            error -> assertThat(error.getSQLState()).isEqualTo("57014"));
        }
    }

    /** The file of the configuration is what the successor reads. */
    @Test
    void aChangedConfigurationCountsForTheSuccessor() throws IOException {
        try (var pooler = builder().start();
                var client = login(pooler, "tx")) {
            client.query("SELECT 1");
            String text = Files.readString(pooler.configuration());
            Files.writeString(
                    pooler.configuration(),
                    text.replace("worker_threads = 2", "worker_threads = 1")
                            + "\n[pools.added]\n"
                            + PoolerProcess.Builder.serverSettings(SERVER, DATABASE, "transaction")
                            + "[[pools.added.users]]\n"
                            + PoolerProcess.Builder.user(PostgresServer.APP, 1));

            pooler.handOver();

            assertThat(pooler.log()).contains("on 1 threads");
            try (var late = login(pooler, "added")) {
                assertThat(late.queryValue("SELECT 'added'")).isEqualTo("added");
            }
            assertThat(client.queryValue("SELECT 'old'")).isEqualTo("old");
        }
    }

    /** From one transport to the other and back, with bytes in flight. */
    @Test
    void theTransportMayChange() throws IOException {
        try (var pooler = builder().general("transport", "\"epoll\"").start();
                var client = login(pooler, "session");
                var reader = login(pooler, "tx")) {
            client.query("CREATE TEMP TABLE t AS SELECT 1 AS a");
            reader.send(Frontend.query("SELECT repeat('x', 1000) FROM generate_series(1, 20000)"));
            for (String next : List.of("io_uring", "epoll")) {
                String text = Files.readString(pooler.configuration());
                Files.writeString(
                        pooler.configuration(),
                        text.replaceFirst("transport = \"\\w+\"", "transport = \"" + next + "\""));

                pooler.handOver();

                assertThat(client.queryValue("SELECT a FROM t")).isEqualTo("1");
            }
            assertThat(reader.readUntilReady()).hasSize(20_000 + 3);
        }
    }

    @Test
    void clientsOfARemovedPoolAreToldAndTheOthersGoOn() throws IOException {
        try (var pooler = builder().start();
                var gone = login(pooler, "one");
                var stays = login(pooler, "tx")) {
            String text = Files.readString(pooler.configuration());
            Files.writeString(pooler.configuration(), text.replace("[pools.one", "[pools.other"));
            Files.writeString(
                    pooler.configuration(),
                    Files.readString(pooler.configuration())
                            .replace("[[pools.one.users]]", "[[pools.other.users]]"));

            pooler.handOver();

            assertThat(gone.readUntilEnd().toString()).contains("57P01");
            assertThat(stays.queryValue("SELECT 'stays'")).isEqualTo("stays");
        }
    }

    @Test
    void somebodyElseMayStartTheSuccessor() {
        try (var pooler = builder().start();
                var client = login(pooler, "session")) {
            client.query("CREATE TEMP TABLE t AS SELECT 1 AS a");

            try (var successor =
                    ChildProcess.start(
                            List.of(
                                    PoolerProcess.program().toString(),
                                    pooler.configuration().toString(),
                                    "--takeover"),
                            Map.of(),
                            pooler.socketDirectory())) {
                assertThat(pooler.awaitExit(LIMIT)).isZero();
                await().atMost(LIMIT).until(() -> successor.output().contains("Handover complete"));

                assertThat(client.queryValue("SELECT a FROM t")).isEqualTo("1");
            }
        }
    }

    @Test
    void takingOverFromNobodyFailsAndSaysWhy() {
        try (var pooler = builder().start()) {
            pooler.signal("TERM");
            pooler.awaitExit(LIMIT);

            try (var successor =
                    ChildProcess.start(
                            List.of(
                                    PoolerProcess.program().toString(),
                                    pooler.configuration().toString(),
                                    "--takeover"),
                            Map.of(),
                            pooler.socketDirectory())) {
                assertThat(successor.awaitExit(LIMIT)).isEqualTo(1);
                assertThat(successor.output()).contains("upgrade.sock");
            }
        }
    }

    @Test
    void aStagedHandoverServesNewClientsAndCommits() {
        try (var pooler = builder().start();
                var old = login(pooler, "session")) {
            String pid = old.queryValue("SELECT pg_backend_pid()");

            assertThat(pooler.ctl("upgrade", "--stage")).contains("staged");
            assertThat(pooler.ctl("--json", "status")).contains("\"phase\":\"staged\"");
            try (var late = login(pooler, "tx")) {
                assertThat(late.queryValue("SELECT 'late'")).isEqualTo("late");
                assertThat(old.queryValue("SELECT pg_backend_pid()")).isEqualTo(pid);

                assertThat(pooler.ctl("upgrade", "--commit")).contains("done");
                pooler.awaitSuccessor();

                assertThat(late.queryValue("SELECT 'late'")).isEqualTo("late");
                assertThat(old.queryValue("SELECT pg_backend_pid()")).isEqualTo(pid);
            }
        }
    }

    @Test
    void aStagedHandoverRollsBackWithTheSuccessorsClients() {
        try (var pooler = builder().start();
                var old = login(pooler, "tx")) {
            pooler.ctl("upgrade", "--stage");
            try (var late = login(pooler, "session")) {
                late.query("CREATE TEMP TABLE t AS SELECT 7 AS a");

                assertThat(pooler.ctl("upgrade", "--rollback")).contains("rolled back");

                assertThat(late.queryValue("SELECT a FROM t")).isEqualTo("7");
                assertThat(old.queryValue("SELECT 'old'")).isEqualTo("old");
                pooler.handOver();
                assertThat(late.queryValue("SELECT a FROM t")).isEqualTo("7");
            }
        }
    }

    /** A pool of one server: whoever needs it gets it, in whichever process. */
    @Test
    void limitsHoldForBothProcessesWhileStaged() {
        try (var pooler = builder().start();
                var old = login(pooler, "one")) {
            old.query("SELECT 1");
            pooler.ctl("upgrade", "--stage");
            try (var late = login(pooler, "one")) {
                for (int round = 0; round < 3; round++) {
                    late.query("BEGIN");
                    assertThat(late.queryValue("SELECT 'late'")).isEqualTo("late");
                    old.send(Frontend.query("SELECT 'old'"));
                    late.query("COMMIT");
                    assertThat(old.readUntilReady().toString()).contains("old");
                    assertThat(SERVER.sessions(DATABASE)).isEqualTo(1);
                }
                pooler.ctl("upgrade", "--commit");
                pooler.awaitSuccessor();
                assertThat(late.queryValue("SELECT 'late'")).isEqualTo("late");
            }
        }
    }

    /** In place, as by a copy over it; by rename, as package managers do; and gone altogether. */
    @ParameterizedTest
    @ValueSource(strings = {"overwritten", "renamed", "deleted"})
    void theRunningProgramDoesNotCareForItsFiles(String how) throws IOException {
        Path home = Files.createTempDirectory("pg_doorman-installation");
        Path image = PoolerProcess.program().getParent().getParent();
        Path installed = home.resolve("pg_doorman");
        copy(image, installed);
        try (var pooler = builder().program(installed.resolve("bin/pg_doorman")).start();
                var client = login(pooler, "session")) {
            client.query("CREATE TEMP TABLE t AS SELECT 1 AS a");
            switch (how) {
                case "overwritten" -> {
                    scramble(installed.resolve("lib"));
                    assertThat(client.queryValue("SELECT a FROM t")).isEqualTo("1");
                    ChildProcess.run(
                            List.of(
                                    "/bin/sh",
                                    "-c",
                                    "cp -p '%s'/lib/*.* '%s'/lib/".formatted(image, installed)));
                }
                case "renamed" -> {
                    Files.move(installed, home.resolve("old"));
                    copy(image, installed);
                    delete(home.resolve("old"));
                }
                default -> {
                    delete(installed);
                    assertThat(client.queryValue("SELECT a FROM t")).isEqualTo("1");
                    copy(image, installed);
                }
            }

            pooler.handOver();

            assertThat(client.queryValue("SELECT a FROM t")).isEqualTo("1");
        } finally {
            delete(home);
        }
    }

    @Test
    void statusTellsOfTheLastHandover() {
        try (var pooler = builder().start();
                var client = login(pooler, "tx")) {
            client.query("SELECT 1");

            pooler.handOver();

            assertThat(pooler.ctl("status")).contains("1 clients", Long.toString(pooler.pid()));
            assertThat(pooler.ctl("--json", "status"))
                    .contains("\"phase\":\"none\"", "\"clients\":1", "\"longest_pause_us\":");
        }
    }

    private static PoolerProcess.Builder builder() {
        return PoolerProcess.builder()
                .general("query_wait_timeout", "\"60s\"")
                .pool("tx", SERVER, DATABASE, "transaction", 3)
                .pool("session", SERVER, DATABASE, "session", 3)
                .pool("one", SERVER, DATABASE, "transaction", 1);
    }

    private static WireClient login(PoolerProcess pooler, String pool) {
        return pooler.client().login(PostgresServer.APP, pool);
    }

    /** As SIGUSR1 tells it in the log. */
    private static int waiting(PoolerProcess pooler, String pool) {
        int from = pooler.log().length();
        pooler.signal("USR1");
        await().atMost(LIMIT).until(() -> pooler.log().substring(from).contains("threads: {"));
        return pooler.log()
                .substring(from)
                .lines()
                .filter(line -> line.contains("pool " + PostgresServer.APP + "@" + pool + ":"))
                .map(line -> line.replaceAll(".*, (\\d+) clients waiting.*", "$1"))
                .mapToInt(Integer::parseInt)
                .findFirst()
                .orElse(0);
    }

    private static void scramble(Path library) throws IOException {
        List<Path> files = new ArrayList<>();
        try (Stream<Path> all = Files.list(library)) {
            all.filter(Files::isRegularFile).forEach(files::add);
        }
        for (Path file : files) {
            Files.write(file, new byte[4096]); // the same file, other bytes, and shorter
        }
    }

    private static void copy(Path from, Path to) {
        ChildProcess.run(
                List.of(
                        "/bin/sh",
                        "-c",
                        ("mkdir -p '%2$s/lib' && cp -rp '%1$s/bin' '%2$s/' &&"
                                        + " cp -p '%1$s'/lib/*.* '%2$s/lib/'")
                                .formatted(from, to)));
    }

    private static void delete(Path tree) {
        ChildProcess.run(List.of("rm", "-rf", tree.toString()));
    }
}

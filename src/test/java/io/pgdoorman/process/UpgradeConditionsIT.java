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
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What an upgrade finds on the machine is not as it should be: either it does not matter, or the
 * running process says what is wrong, goes on, and can be replaced once that is mended.
 */
class UpgradeConditionsIT {
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final String DATABASE = SERVER.newDatabase("conditions");
    private static final Duration LIMIT = Duration.ofSeconds(40);
    private static final String POOL = "app";

    @BeforeAll
    static void needsTheProgram() {
        Requirement.packagedProgram();
    }

    // ---- limits ---------------------------------------------------------------------------------

    /** One process has room for the clients and servers; two copies of all would not fit. */
    @Test
    void fewDescriptorsAreEnough() throws Exception {
        int clients = 80;
        var stop = new AtomicBoolean();
        try (var pooler =
                        limited("-n 200").pool(POOL, SERVER, DATABASE, "transaction", 20).start();
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Integer>> all = new ArrayList<>();
            for (int i = 0; i < clients; i++) {
                WireClient client = login(pooler);
                all.add(threads.submit(() -> use(client, stop)));
            }
            try {
                pooler.handOver();
                pooler.handOver();
            } finally {
                stop.set(true);
            }

            for (Future<Integer> client : all) {
                assertThat(client.get()).isPositive();
            }
            assertThat(pooler.log()).doesNotContain("ERROR").doesNotContain("WARN");
        }
    }

    private static int use(WireClient client, AtomicBoolean stop) {
        int queries = 0;
        try (client) {
            while (!stop.get()) {
                queries++;
                String value = Integer.toString(queries);
                assertThat(client.queryValue("SELECT " + value)).isEqualTo(value);
            }
        }
        return queries;
    }

    // ---- the configuration ----------------------------------------------------------------------

    @Test
    void aBrokenConfigurationIsNamedWithItsLine() throws IOException {
        try (var pooler = builder().start();
                var client = inTransaction(pooler)) {
            String good = Files.readString(pooler.configuration());
            Files.writeString(pooler.configuration(), "[general]\nport = nonsense\n");

            pooler.signal("USR2");

            awaitFailure(pooler, "validate", pooler.configuration() + ":2");
            assertGoesOn(pooler, client);
            Files.writeString(pooler.configuration(), good);
            assertReplaceable(pooler, client);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aConfigurationThatCannotBeReadIsNamed(boolean directory) throws IOException {
        try (var pooler = builder().start();
                var client = inTransaction(pooler)) {
            String good = Files.readString(pooler.configuration());
            Files.delete(pooler.configuration());
            if (directory) {
                Files.createDirectory(pooler.configuration());
            }

            pooler.signal("USR2");

            awaitFailure(pooler, "validate", pooler.configuration().toString());
            assertGoesOn(pooler, client);
            Files.deleteIfExists(pooler.configuration());
            Files.writeString(pooler.configuration(), good);
            assertReplaceable(pooler, client);
        }
    }

    /** The port stays, so that the address can be bound only after the predecessor's. */
    @Test
    void anAddressOfAnotherMachineIsFoundOutInTime() throws IOException {
        try (var pooler = builder().start();
                var client = inTransaction(pooler)) {
            replace(pooler, "host = \"127.0.0.1\"", "host = \"192.0.2.1\"");

            pooler.signal("USR2");

            awaitFailure(pooler, "listeners", "general.host/port");
            assertGoesOn(pooler, client);
            replace(pooler, "host = \"192.0.2.1\"", "host = \"127.0.0.1\"");
            assertReplaceable(pooler, client);
        }
    }

    @Test
    void aPortInUseIsFoundOutInTime() throws IOException {
        try (var pooler = builder().start();
                var client = inTransaction(pooler)) {
            String before = "port = " + pooler.port();
            try (var taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
                String after = "port = " + taken.getLocalPort();
                replace(pooler, before, after);

                pooler.signal("USR2");

                awaitFailure(pooler, "listeners", "general.host/port");
                assertGoesOn(pooler, client);
                replace(pooler, after, before);
            }
            assertReplaceable(pooler, client);
        }
    }

    // ---- the program ----------------------------------------------------------------------------

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aLauncherThatCannotBeRunIsNamed(boolean missing, @TempDir Path home) throws IOException {
        Path launcher = Files.createSymbolicLink(home.resolve("bin"), PoolerProcess.program());
        try (var pooler = builder().program(launcher).start();
                var client = inTransaction(pooler)) {
            Files.delete(launcher);
            if (!missing) {
                Files.copy(PoolerProcess.program(), launcher);
                assertThat(launcher.toFile().setExecutable(false, false)).isTrue();
            }

            pooler.signal("USR2");

            awaitFailure(pooler, "validate", "cannot start " + launcher);
            assertGoesOn(pooler, client);
            Files.deleteIfExists(launcher);
            Files.createSymbolicLink(launcher, PoolerProcess.program());
            assertReplaceable(pooler, client);
        } finally {
            Files.deleteIfExists(launcher);
        }
    }

    // ---- temporary files ------------------------------------------------------------------------

    enum Temporary {
        MISSING,
        A_FILE
    }

    @ParameterizedTest
    @EnumSource
    void noDirectoryForCopiesIsNeeded(Temporary kind, @TempDir Path home) throws IOException {
        Path directory = Files.createDirectory(home.resolve("tmp"));
        try (var pooler =
                        builder()
                                .environment("TMPDIR", directory.toString())
                                .environment(
                                        "PG_DOORMAN_JAVA_OPTS", "-Djava.io.tmpdir=" + directory)
                                .start();
                var client = inTransaction(pooler)) {
            await().atMost(LIMIT).until(() -> isEmpty(directory));
            Files.delete(directory);
            if (kind == Temporary.A_FILE) {
                Files.createFile(directory);
            }

            pooler.handOver();

            assertThat(pooler.log().contains("warm-up not completed"))
                    .as("Netty makes one that is missing")
                    .isEqualTo(kind == Temporary.A_FILE);
            assertGoesOn(pooler, client);
        }
    }

    /** As on a disk that is nearly full: the largest file of the program cannot be copied. */
    @Test
    void noRoomForCopiesIsNeeded(@TempDir Path home) {
        try (var pooler =
                        limited("-f 4000")
                                .pool(POOL, SERVER, DATABASE, "transaction", 2)
                                .environment("TMPDIR", home.toString())
                                .start();
                var client = inTransaction(pooler)) {
            pooler.handOver();

            assertThat(home).isEmptyDirectory();
            assertGoesOn(pooler, client);
        }
    }

    /** A message that would fill the heap on its way: its client stays, and so does everybody. */
    @Test
    void aHeapWithoutRoomForWhatAClientSendsHarmsNobody() {
        byte[] parse = Frontend.parse("", "SELECT 'sent' /* " + "x".repeat(14 << 20) + " */");
        int end = parse.length - 10;
        try (var pooler = builder().environment("PG_DOORMAN_HEAP", "64m").start();
                var client = inTransaction(pooler);
                var sender = login(pooler)) {
            sender.send(Arrays.copyOf(parse, end));

            pooler.signal("USR2");

            await().atMost(LIMIT)
                    .untilAsserted(
                            () -> assertThat(pooler.log()).contains("Handover: rolled back"));
            assertThat(pooler.log()).contains("PG_DOORMAN_HEAP").doesNotContain("OutOfMemory");
            assertGoesOn(pooler, client);
            sender.send(
                    Arrays.copyOfRange(parse, end, parse.length),
                    Frontend.bind("", ""),
                    Frontend.execute("", 0),
                    Frontend.sync());
            assertThat(sender.readUntilReady())
                    .extracting(Message::type)
                    .containsExactly('1', '2', 'D', 'C', 'Z');
            assertGoesOn(pooler, client);
        }
    }

    /** A process that was killed while it started leaves its copies; the next one removes them. */
    @Test
    void abandonedCopiesAreRemoved(@TempDir Path home) throws IOException {
        Path abandoned = copyOf(home, "pg_doorman-lib.aaaaaa", Duration.ofMinutes(11));
        Path starting = copyOf(home, "pg_doorman-lib.bbbbbb", Duration.ofMinutes(9));
        Path another = copyOf(home, "pg_doorman-other", Duration.ofMinutes(11));
        Path target = copyOf(home, "target", Duration.ofMinutes(11));
        Path link = Files.createSymbolicLink(home.resolve("pg_doorman-lib.cccccc"), target);

        try (var pooler = builder().environment("TMPDIR", home.toString()).start();
                var client = inTransaction(pooler)) {
            await().atMost(LIMIT).untilAsserted(() -> assertThat(abandoned).doesNotExist());
            assertThat(starting).isNotEmptyDirectory();
            assertThat(another).isNotEmptyDirectory();
            assertThat(link).isNotEmptyDirectory();
            assertGoesOn(pooler, client);
        }
    }

    private static Path copyOf(Path home, String name, Duration age) throws IOException {
        Path directory = Files.createDirectory(home.resolve(name));
        Files.createFile(directory.resolve("pg_doorman.jar"));
        return Files.setLastModifiedTime(directory, FileTime.from(Instant.now().minus(age)));
    }

    private static boolean isEmpty(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            return files.findAny().isEmpty();
        }
    }

    // ---------------------------------------------------------------------------------------------

    private static PoolerProcess.Builder builder() {
        return PoolerProcess.builder().pool(POOL, SERVER, DATABASE, "transaction", 2);
    }

    /** A process, and successors, with a limit of {@code ulimit}. */
    private static PoolerProcess.Builder limited(String limit) {
        String start = "ulimit " + limit + " && exec pg_doorman \"$@\"";
        return PoolerProcess.builder().startedBy(List.of("/bin/sh", "-c", start, "sh"));
    }

    private static WireClient login(PoolerProcess pooler) {
        return pooler.client().login(PostgresServer.APP, POOL);
    }

    private static WireClient inTransaction(PoolerProcess pooler) {
        WireClient client = login(pooler);
        client.query("BEGIN");
        client.query("CREATE TEMP TABLE t ON COMMIT DROP AS SELECT 1 AS a");
        return client;
    }

    private static void replace(PoolerProcess pooler, String old, String text) throws IOException {
        String before = Files.readString(pooler.configuration());
        assertThat(before).contains(old);
        Files.writeString(pooler.configuration(), before.replace(old, text));
    }

    private static void awaitFailure(PoolerProcess pooler, String phase, String reason) {
        await().atMost(LIMIT).until(() -> pooler.log().contains("This process goes on serving."));
        String line = "Handover: FAILED in phase " + phase + ": ";
        assertThat(pooler.log()).containsSubsequence(line, reason, "This process goes on serving.");
    }

    private static void assertGoesOn(PoolerProcess pooler, WireClient client) {
        assertThat(client.queryValue("SELECT a FROM t")).isEqualTo("1");
        try (var other = login(pooler)) {
            assertThat(other.queryValue("SELECT 'served'")).isEqualTo("served");
        }
        await().atMost(LIMIT)
                .untilAsserted(
                        () -> assertThat(Processes.of(pooler)).containsExactly(pooler.pid()));
    }

    private static void assertReplaceable(PoolerProcess pooler, WireClient client) {
        pooler.handOver();

        assertGoesOn(pooler, client);
    }
}

package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.awaitility.Awaitility.await;

import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.WireClient;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * Whatever a client sends or leaves unsent: the process lives on, no other session notices, and no
 * server stays behind.
 */
class HostileClientIT {
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final String DATABASE = SERVER.newDatabase("hostile");
    private static final int POOL_SIZE = 2;
    private static final Duration LOGIN_LIMIT = Duration.ofSeconds(2);
    private static final Duration LIMIT = Duration.ofSeconds(10);

    /** Loopback sockets grow to some megabytes on either side. */
    private static final long MORE_THAN_SOCKETS_HOLD = 64L << 20;

    private static final Duration NOW = Duration.ofMillis(1);
    private static PoolerProcess pooler;

    private Bystander bystander;

    @BeforeAll
    static void start() {
        Requirement.packagedProgram();
        pooler = configuration().start();
    }

    private static PoolerProcess.Builder configuration() {
        return PoolerProcess.builder()
                .general("login_timeout", Long.toString(LOGIN_LIMIT.toMillis()))
                .general("query_wait_timeout", "\"5s\"")
                .general("max_connections", "300")
                .general("max_memory_usage", "\"40MB\"")
                .pool("attacked", SERVER, DATABASE, "transaction", POOL_SIZE)
                .pool("other", SERVER, DATABASE, "transaction", 1);
    }

    @AfterAll
    static void stop() {
        if (pooler != null) {
            pooler.close();
        }
    }

    @BeforeEach
    void login() {
        bystander = new Bystander(pooler, "other");
    }

    @AfterEach
    void nobodyElseNoticed() {
        boolean unharmed = false;
        try {
            assertUnharmed();
            unharmed = true;
        } finally {
            bystander.close();
            if (!unharmed) {
                pooler.close();
                pooler = configuration().start();
            }
        }
    }

    /** Who waits for an answer to its login is not read: what it sends stays in its socket. */
    @Test
    void whoSendsWhileItWaitsFillsNoMemory() throws IOException {
        try (var silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                var own =
                        configuration()
                                .pool(
                                        "silent",
                                        "server_host = \"127.0.0.1\"\nserver_port = %d\n"
                                                        .formatted(silent.getLocalPort())
                                                + "pool_mode = \"transaction\"",
                                        PoolerProcess.Builder.user(PostgresServer.APP, 1))
                                .start();
                var socket = SocketChannel.open(own.address())) {
            socket.write(
                    ByteBuffer.wrap(
                            Frontend.startup(
                                    Frontend.PROTOCOL_3_0,
                                    Map.of("user", PostgresServer.APP, "database", "silent"))));
            socket.configureBlocking(false);
            ByteBuffer bytes = ByteBuffer.allocateDirect(1 << 20);
            long sent = 0;
            long end = System.nanoTime() + LOGIN_LIMIT.toNanos() / 2;
            try {
                while (System.nanoTime() - end < 0 && sent < MORE_THAN_SOCKETS_HOLD) {
                    int count = socket.write(bytes.clear());
                    sent += count;
                    if (count == 0) {
                        Thread.onSpinWait();
                    }
                }
            } catch (IOException e) {
                fail("closed after %d bytes, before its time: %s".formatted(sent, e));
            }

            assertThat(sent).isLessThan(MORE_THAN_SOCKETS_HOLD);
            assertThat(own.log()).doesNotContain("OutOfMemory");
        }
    }

    private void assertUnharmed() {
        try (var next = login("attacked")) {
            assertThat(bystander.works()).isTrue();
            assertThat(next.queryValue("SELECT 'fine'")).isEqualTo("fine");
        }
        assertThat(pooler.isAlive()).isTrue();
        await("servers in use end")
                .atMost(LIMIT)
                .untilAsserted(() -> assertThat(busyServers()).isZero());
        assertThat(SERVER.sessions(DATABASE)).isLessThanOrEqualTo(POOL_SIZE + 1);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void survivesRandomBytesBeforeTheLogin(long seed) {
        var random = new Random(seed);
        for (int i = 0; i < 40; i++) {
            try (var client = pooler.client()) {
                client.send(bytes(random, random.nextInt(1, 600)));
                assertThat(bystander.works()).isTrue();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14, 15, 16, 17, 18})
    void survivesRandomBytesAfterTheLogin(long seed) {
        var random = new Random(seed);
        for (int i = 0; i < 25; i++) {
            try (var client = login("attacked")) {
                client.send(bytes(random, random.nextInt(1, 600)));
            }
            assertThat(bystander.works()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {21, 22, 23, 24, 25, 26, 27, 28})
    void survivesWellFramedNonsense(long seed) {
        var random = new Random(seed);
        String types = "QPBDECSHFdcfpX";
        for (int i = 0; i < 25; i++) {
            try (var client = login("attacked")) {
                for (int n = 0; n < 10; n++) {
                    char type = types.charAt(random.nextInt(types.length()));
                    client.send(Frontend.message(type, bytes(random, random.nextInt(40))));
                }
            }
            assertThat(bystander.works()).isTrue();
        }
    }

    @Test
    void closesAClientThatNeverSendsAStartupPacket() {
        try (var silent = pooler.client().limit(LOGIN_LIMIT.plusSeconds(5))) {
            List<Message> answer = silent.readUntilEnd();

            assertThat(answer.getLast()).isEqualTo(Message.END);
        }
    }

    @Test
    void closesAClientThatStopsInItsStartupPacket() {
        try (var slow = pooler.client().limit(LOGIN_LIMIT.plusSeconds(5))) {
            slow.send(new byte[] {0, 0, 0, 40, 0, 3, 0});

            List<Message> answer = slow.readUntilEnd();

            assertThat(answer.getLast()).isEqualTo(Message.END);
        }
    }

    @Test
    void closesAClientThatStopsAfterItsSslRequest() {
        try (var slow = pooler.client().limit(LOGIN_LIMIT.plusSeconds(5))) {
            slow.send(Frontend.sslRequest());
            assertThat(slow.readByte()).isEqualTo('N');

            List<Message> answer = slow.readUntilEnd();

            assertThat(answer.getLast()).isEqualTo(Message.END);
        }
    }

    @Test
    void keepsServingOthersWhileClientsReadNothing() {
        var readers = new ArrayList<WireClient>();
        try {
            for (int i = 0; i < POOL_SIZE; i++) {
                var reader = WireClient.connect(pooler.address(), 4096).reading(false);
                readers.add(reader);
                reader.login(PostgresServer.APP, "attacked");
                reader.send(Frontend.query("SELECT repeat('x', 30000000)"));
            }
            for (int i = 0; i < 20; i++) {
                assertThat(bystander.works()).isTrue();
            }
        } finally {
            readers.forEach(WireClient::close);
        }
    }

    @Test
    void boundsWhatAClientMaySendWithoutReading() {
        byte[] queries =
                Frontend.concat(
                        java.util.Collections.nCopies(
                                1000,
                                Frontend.query(
                                        "SELECT repeat('x', 10000) /*" + " ".repeat(1000) + "*/")));
        try (var writer = WireClient.connect(pooler.address(), 4096)) {
            writer.login(PostgresServer.APP, "attacked");
            long taken = 0;
            long before = residentBytes();
            for (int i = 0; i < 200; i++) {
                long more = writer.sendUntilBlocked(queries, Duration.ofMillis(200));
                taken += more;
                if (more < queries.length) {
                    break;
                }
            }

            assertThat(bystander.works()).isTrue();
            assertThat(taken).as("bytes taken").isLessThan(200L * queries.length);
            assertThat(residentBytes() - before).as("growth").isLessThan(100 << 20);
        }
    }

    @Test
    void boundsABatchWithoutSync() {
        byte[] batch =
                Frontend.concat(
                        java.util.Collections.nCopies(
                                100, Frontend.parse("", "SELECT '" + "x".repeat(100_000) + "'")));
        try (var writer = login("attacked")) {
            for (int i = 0; i < 40; i++) {
                if (writer.sendUntilBlocked(batch, Duration.ofMillis(200)) < batch.length) {
                    break;
                }
            }

            assertThat(bystander.works()).isTrue();
            assertThat(pooler.isAlive()).isTrue();
        }
    }

    /**
     * A client decides how many statements it names, and how long they are; not how much heap there
     * is.
     */
    @Tag("large-state")
    @ParameterizedTest
    @ValueSource(ints = {200, 20_000, 4_000_000})
    void boundsNamedStatements(int length) {
        String text = "SELECT '" + "x".repeat(length) + "'";
        try (var writer = login("attacked")) {
            int sent = 0;
            Message answer;
            do {
                var batch = new ByteArrayOutputStream();
                int count = Math.max(1, 400_000 / length);
                for (int i = 0; i < count; i++) {
                    batch.writeBytes(Frontend.parse("s" + sent, text + " AS c" + sent));
                    sent++;
                }
                batch.writeBytes(Frontend.sync());
                writer.send(batch.toByteArray());
                answer = writer.read();
                while (answer.type() == '1') {
                    answer = writer.read();
                }
            } while (answer.type() == 'Z' && sent < 600_000);

            assertThat(answer.sqlState()).as("after %d statements", sent).isEqualTo("53200");
            assertThat(bystander.works()).isTrue();
        }
        try (var next = login("attacked")) {
            next.send(Frontend.parse("mine", text), Frontend.sync());
            assertThat(next.read().type()).as("the memory is free again").isEqualTo('1');
        }
        assertThat(pooler.log()).doesNotContain("OutOfMemory");
    }

    /** Bulk inserts look like that: one long text without a name, then silence. */
    @Tag("large-state")
    @Test
    void boundsUnnamedStatementsOfIdleClients() {
        String text = "SELECT 1 /*" + "x".repeat(8 << 20) + "*/";
        List<WireClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 60; i++) {
                WireClient client = login("attacked");
                clients.add(client);
                client.send(
                        Frontend.parse("", text),
                        Frontend.bind("", ""),
                        Frontend.execute("", 0),
                        Frontend.sync());

                assertThat(client.readUntilReady())
                        .as("client %d", i)
                        .extracting(Message::type)
                        .containsExactly('1', '2', 'D', 'C', 'Z');
            }

            assertThat(bystander.works()).isTrue();
            assertThat(pooler.log()).doesNotContain("OutOfMemory");
        } finally {
            clients.forEach(WireClient::close);
        }
    }

    @Test
    void boundsUnfinishedStatements() {
        byte[] most = Frontend.concat(Frontend.header('P', 4 << 20), new byte[(4 << 20) - 100_000]);
        List<WireClient> writers = new ArrayList<>();
        try {
            for (int i = 0; i < 16; i++) {
                WireClient writer = login("attacked");
                writers.add(writer);
                writer.sendUntilBlocked(most, LIMIT);
            }

            assertThat(bystander.works()).isTrue();
            // Which of them fit is up to the loops, how many is not.
            Set<WireClient> refused = new HashSet<>();
            await().atMost(LIMIT)
                    .until(
                            () -> {
                                writers.stream()
                                        .filter(one -> !one.isSilentFor(NOW))
                                        .forEach(refused::add);
                                return refused.size() >= 6;
                            });
            for (WireClient writer : refused) {
                Message answer = writer.read();
                assertThat(answer.sqlState()).isEqualTo("53200");
                assertThat(answer.field('M')).contains("Server is temporarily out of memory");
            }
            assertThat(pooler.log()).doesNotContain("OutOfMemory").doesNotContain("OutOfDirect");
        } finally {
            writers.forEach(WireClient::close);
        }
    }

    @Test
    void boundsAMessageThatClaimsToBeHuge() {
        try (var writer = login("attacked")) {
            long before = residentBytes();
            writer.send(Frontend.header('Q', 1 << 30));
            byte[] megabyte = new byte[1 << 20];
            for (int i = 0; i < 200; i++) {
                if (writer.sendUntilBlocked(megabyte, Duration.ofMillis(200)) < megabyte.length) {
                    break;
                }
            }

            assertThat(bystander.works()).isTrue();
            assertThat(residentBytes() - before).as("growth").isLessThan(100 << 20);
        }
    }

    @Test
    void servesOthersDuringAFloodOfConnections() {
        var flood = new ArrayList<WireClient>();
        try {
            for (int i = 0; i < 250; i++) {
                flood.add(pooler.client());
            }
            assertThat(bystander.works()).isTrue();
        } finally {
            flood.forEach(WireClient::reset);
        }
    }

    @Test
    void servesOthersDuringAFloodOfLogins() {
        for (int i = 0; i < 300; i++) {
            var client = login("attacked");
            if (i % 3 == 0) {
                client.reset();
            } else if (i % 3 == 1) {
                client.close();
            } else {
                client.send(Frontend.terminate());
                client.close();
            }
        }
        assertThat(bystander.works()).isTrue();
    }

    @Test
    void refusesConnectionsAboveTheLimitWithAnError() {
        var flood = new ArrayList<WireClient>();
        try {
            for (int i = 0; i < 299; i++) {
                flood.add(login("attacked"));
            }
            try (var tooMany = pooler.client()) {
                Message refusal = tooMany.tryLogin(PostgresServer.APP, "", "attacked").getLast();

                assertThat(refusal.sqlState()).isEqualTo("53300");
            }
            assertThat(bystander.works()).isTrue();
        } finally {
            flood.forEach(WireClient::close);
        }
    }

    @Test
    void ignoresAFloodOfCancelRequests() {
        var random = new Random(5);
        try (var worker = login("attacked")) {
            worker.send(Frontend.query("SELECT 'untouched', pg_sleep(1)"));
            for (int i = 0; i < 300; i++) {
                try (var cancel = pooler.client()) {
                    int processId =
                            i % 2 == 0 ? worker.processId() : random.nextInt(Integer.MAX_VALUE);
                    cancel.send(Frontend.cancelRequest(processId, bytes(random, 4)));
                    assertThat(cancel.readUntilEnd()).containsExactly(Message.END);
                }
            }

            List<Message> answer = worker.readUntilReady();

            assertThat(answer).extracting(Message::type).containsExactly('T', 'D', 'C', 'Z');
        }
    }

    @Test
    void ignoresTheKeyOfAClientThatHasGone() {
        int processId;
        byte[] secret;
        try (var gone = login("attacked")) {
            processId = gone.processId();
            secret = gone.secret();
            gone.query("SELECT 1");
        }
        try (var worker = login("attacked")) {
            worker.send(Frontend.query("SELECT pg_sleep(0.5)"));
            try (var cancel = pooler.client()) {
                cancel.send(Frontend.cancelRequest(processId, secret)).readUntilEnd();
            }

            List<Message> answer = worker.readUntilReady();

            assertThat(answer).extracting(Message::type).containsExactly('T', 'D', 'C', 'Z');
        }
    }

    @Test
    void answersAHalfClosedClientAndLetsItGo() {
        try (var client = login("attacked")) {
            client.send(Frontend.query("SELECT pg_sleep(0.2), 'late'")).halfClose();

            List<Message> answer = client.readUntilEnd();

            assertThat(answer).extracting(Message::type).containsExactly('T', 'D', 'C', 'Z', '\0');
        }
    }

    private static WireClient login(String pool) {
        return pooler.client().login(PostgresServer.APP, pool);
    }

    private static byte[] bytes(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private static int busyServers() {
        return Integer.parseInt(
                SERVER.queryValue(
                        "postgres",
                        "SELECT count(*) FROM pg_stat_activity WHERE usename = '"
                                + PostgresServer.APP
                                + "' AND state <> 'idle' AND datname = '"
                                + DATABASE
                                + "'"));
    }

    private static long residentBytes() {
        return ProcessMemory.residentBytes(pooler.pid());
    }
}

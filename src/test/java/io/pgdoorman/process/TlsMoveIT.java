package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgdoorman.handover.FakePeer;
import io.pgdoorman.testing.Certificates;
import io.pgdoorman.testing.Deadline;
import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.Gate;
import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.Scram;
import io.pgdoorman.testing.TlsTunnel;
import io.pgdoorman.testing.WireClient;
import io.pgdoorman.tls.RecordsTunnel;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;

/** Connections with TLS, on both sides, while the process is replaced. */
@Order(1)
class TlsMoveIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final List<String> EC_SUITES =
            List.of(
                    "TLS_AES_128_GCM_SHA256",
                    "TLS_AES_256_GCM_SHA384",
                    "TLS_CHACHA20_POLY1305_SHA256",
                    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256");
    private static final List<String> RSA_SUITES =
            List.of(
                    "TLS_AES_256_GCM_SHA384",
                    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");

    @TempDir static Path home;

    private static PostgresServer server;
    private static String database;
    private static PoolerProcess pooler;
    private static Path certificate;
    private static Path key;

    /** JSSE in the place of PostgreSQL, which stands behind it; one for each of EC_SUITES. */
    private static final List<TlsTunnel> BETWEEN = new ArrayList<>();

    private final List<AutoCloseable> open = new ArrayList<>();

    @BeforeAll
    static void start() {
        Requirement.packagedProgram();
        server =
                PostgresServer.builder()
                        .tls()
                        .hba(
                                "local all all trust\nhostssl all all all trust\nhost all postgres all trust\n")
                        .start();
        database = server.newDatabase("tls_move");
        certificate = Certificates.copy("server.crt", home);
        key = Certificates.copy("server.key", home);
        Path shown = Certificates.copy("server-elsewhere.crt", home);
        Path keyOfShown = Certificates.copy("server-elsewhere.key", home);
        PoolerProcess.Builder builder = builder();
        for (String suite : EC_SUITES) {
            TlsTunnel tunnel = TlsTunnel.impostor(server.address(), shown, keyOfShown, suite);
            BETWEEN.add(tunnel);
            through(builder, "through" + BETWEEN.size(), tunnel);
        }
        pooler = builder.start();
    }

    private static void through(PoolerProcess.Builder builder, String name, TlsTunnel tunnel) {
        builder.pool(
                name,
                """
                server_host = "127.0.0.1"
                server_port = %d
                server_database = "%s"
                pool_mode = "transaction"
                server_tls_mode = "require"
                """
                        .formatted(tunnel.address().getPort(), database),
                PoolerProcess.Builder.user(PostgresServer.APP, 1));
    }

    private static PoolerProcess.Builder builder() {
        return PoolerProcess.builder()
                .general("tls_certificate", "\"" + certificate + "\"")
                .general("tls_private_key", "\"" + key + "\"")
                .general("server_tls_mode", "\"verify-full\"")
                .general("server_tls_ca_cert", "\"" + Certificates.copy("ca.crt", home) + "\"")
                .hba(
                        "local all all trust\nhost pgdoorman all all scram-sha-256\nhost all all all trust")
                .pool("moved", server, database, "transaction", 12)
                .pool("session", server, database, "session", 12);
    }

    @AfterAll
    static void stop() {
        if (pooler != null) {
            pooler.close();
        }
        BETWEEN.forEach(TlsTunnel::close);
        if (server != null) {
            server.close();
        }
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : open) {
            one.close();
        }
    }

    private <T extends AutoCloseable> T opened(T one) {
        open.add(one);
        return one;
    }

    private WireClient client(String suite, String pool) {
        TlsTunnel tunnel = opened(TlsTunnel.to(pooler.address(), suite));
        return opened(WireClient.connect(tunnel.address()))
                .limit(LIMIT)
                .login(PostgresServer.APP, pool);
    }

    private static String pid(WireClient client) {
        return client.queryValue("SELECT pg_backend_pid()");
    }

    /**
     * Suites of both versions, two moves, and another certificate from the first move on. Towards
     * the server it is the same suite, and JSSE, which sends tickets of sessions besides.
     */
    @Test
    void clientsAndServersOfEachSuiteGoOn() throws IOException {
        List<WireClient> clients = new ArrayList<>();
        List<String> pids = new ArrayList<>();
        for (String suite : EC_SUITES) {
            WireClient client = client(suite, "through" + (clients.size() + 1));
            client.query("BEGIN");
            client.query("SET LOCAL my.suite = '" + suite + "'");
            pids.add(pid(client));
            clients.add(client);
        }
        for (String name : List.of("server-rsa.crt", "server-rsa.key")) {
            Path to = name.endsWith(".crt") ? certificate : key;
            Files.copy(Certificates.copy(name, home), to, StandardCopyOption.REPLACE_EXISTING);
        }

        pooler.handOver();
        for (String suite : RSA_SUITES) {
            WireClient client = client(suite, "session");
            client.query("SET my.suite = '" + suite + "'");
            pids.add(pid(client));
            clients.add(client);
        }
        assertGoOn(clients, pids);
        pooler.handOver();
        assertGoOn(clients, pids);

        List<String> suites = new ArrayList<>(EC_SUITES);
        suites.addAll(RSA_SUITES);
        for (int i = 0; i < clients.size(); i++) {
            assertThat(clients.get(i).queryValue("SHOW my.suite")).isEqualTo(suites.get(i));
        }
    }

    /** The client changes its key and asks for the pooler's next one, whoever the pooler is. */
    @Test
    void keysChangeBeforeAndAfterAMove() {
        RecordsTunnel tunnel = opened(RecordsTunnel.to(pooler.address()));
        WireClient client = opened(WireClient.connect(tunnel.address())).limit(LIMIT);
        client.login(PostgresServer.APP, "moved").query("BEGIN");
        String pid = pid(client);
        tunnel.updateKey(true);
        assertGoOn(List.of(client), List.of(pid));
        tunnel.updateKey(false);

        pooler.handOver();

        assertGoOn(List.of(client), List.of(pid));
        assertThat(tunnel.updatesOfServer()).isEqualTo(1);
        tunnel.updateKey(false);
        tunnel.updateKey(true);
        assertGoOn(List.of(client), List.of(pid));
        assertThat(tunnel.updatesOfServer()).isEqualTo(2);
        client.query("COMMIT");
    }

    /** The successor has their state, and ends; both peers count their records strictly. */
    @Test
    void connectionsThatComeBackGoOnWhereTheyWere() {
        RecordsTunnel tunnel = opened(RecordsTunnel.to(pooler.address()));
        WireClient client = opened(WireClient.connect(tunnel.address())).limit(LIMIT);
        client.login(PostgresServer.APP, "moved").query("BEGIN");
        String pid = pid(client);
        tunnel.updateKey(true);
        FakePeer fake = opened(FakePeer.start().connect(pooler.controlSocket()));
        fake.hello().expect("HELLO");
        fake.expect("LISTENERS");
        fake.send("LISTENING").expect("STATE");
        int descriptors = fake.send("READY").expect("BATCH").descriptors();

        fake.hangUp();

        assertThat(descriptors).as("a client and a server at least").isGreaterThanOrEqualTo(2);
        assertGoOn(List.of(client), List.of(pid));
        pooler.logWith("Handover: FAILED in phase sessions", "This process goes on serving.");
        client.query("COMMIT");
    }

    private static void assertGoOn(List<WireClient> clients, List<String> pids) {
        String large = "x".repeat(200_000);
        for (int i = 0; i < clients.size(); i++) {
            assertThat(pid(clients.get(i))).isEqualTo(pids.get(i));
            assertThat(clients.get(i).queryValue("SELECT '" + large + "'")).isEqualTo(large);
            assertThat(
                            clients.get(i)
                                    .queryValue(
                                            "SELECT ssl FROM pg_stat_ssl WHERE pid ="
                                                    + " pg_backend_pid()"))
                    .isEqualTo("t");
        }
    }

    /** The client's record arrives in two processes: header here, the rest there. */
    @Test
    void aRecordOfTheClientIsCutAtEachPlace() throws Exception {
        Gate gate = opened(new Gate(pooler.address()));
        TlsTunnel tunnel = opened(TlsTunnel.to(gate.address(), "TLS_AES_128_GCM_SHA256"));
        WireClient client =
                opened(WireClient.connect(tunnel.address()))
                        .limit(LIMIT)
                        .login(PostgresServer.APP, "moved");
        for (int bytes : new int[] {3, 5, 40}) {
            gate.allow(bytes);
            client.send(Frontend.query("SELECT 'cut after " + bytes + "'"));
            gate.awaitHeld(Deadline.in(LIMIT));

            pooler.handOver();
            gate.open();

            assertThat(client.readUntilReady())
                    .filteredOn(message -> message.type() == 'D')
                    .singleElement()
                    .satisfies(row -> assertThat(row.columns()[0]).isEqualTo("cut after " + bytes));
        }
    }

    /** The client does not read: the process has encrypted bytes that are not written. */
    @Test
    void aResultIsContinuedInTheMiddle() {
        WireClient client = client("TLS_AES_256_GCM_SHA384", "moved");
        client.reading(false);
        client.send(
                Frontend.query(
                        "SELECT i || repeat('x', 1000) FROM generate_series(1, 60000) AS i"));
        await().atMost(LIMIT)
                .until(
                        () ->
                                server.queryValue(
                                                database,
                                                "SELECT count(*) FROM pg_stat_activity WHERE"
                                                        + " wait_event = 'ClientWrite'")
                                        .equals("1"));

        pooler.handOver();
        client.reading(true);

        List<Message> answer = client.readUntilReady();
        assertThat(answer).hasSize(60_003);
        for (int i = 1; i <= 60_000; i++) {
            assertThat(answer.get(i).columns()[0]).startsWith(i + "x").hasSize(1_000 + digits(i));
        }
    }

    private static int digits(int number) {
        return Integer.toString(number).length();
    }

    @Test
    void aCopyGoesOn() {
        WireClient client = client("TLS_CHACHA20_POLY1305_SHA256", "moved");
        server.execute(
                database,
                "CREATE TABLE copied (line text)",
                "GRANT ALL ON copied TO " + PostgresServer.APP);
        client.send(Frontend.query("COPY copied FROM STDIN"));
        assertThat(client.read().type()).isEqualTo('G');
        String line = "y".repeat(500) + "\n";
        byte[] lines = line.repeat(1_000).getBytes(StandardCharsets.US_ASCII);
        client.send(Frontend.copyData(lines));

        pooler.handOver();
        client.send(Frontend.copyData(lines), Frontend.copyDone());

        assertThat(client.readUntilReady().getFirst().type()).isEqualTo('C');
        assertThat(client.queryValue("SELECT count(*) || ' ' || sum(length(line)) FROM copied"))
                .isEqualTo("2000 1000000");
    }

    @Test
    void driversNoticeNothing() throws SQLException {
        String url =
                "jdbc:postgresql://localhost:%d/moved?user=app&sslmode=require"
                        .formatted(pooler.port());
        try (Connection connection = DriverManager.getConnection(url);
                var statement = connection.prepareStatement("SELECT ?::int")) {
            for (int i = 0; i < 12; i++) {
                if (i % 4 == 3) {
                    pooler.handOver();
                }
                statement.setInt(1, i);
                try (ResultSet rows = statement.executeQuery()) {
                    assertThat(rows.next()).isTrue();
                    assertThat(rows.getInt(1)).isEqualTo(i);
                }
            }
        }
    }

    /** One has sent nothing of its handshake, one a part of its first message. */
    @Test
    void handshakesBeginAgainThere() throws Exception {
        WireClient silent = opened(pooler.client()).limit(LIMIT);
        silent.send(Frontend.sslRequest());
        assertThat(silent.readByte()).isEqualTo('S');
        Gate gate = opened(new Gate(pooler.address()));
        TlsTunnel tunnel = opened(TlsTunnel.to(gate.address()));
        gate.allow(Frontend.sslRequest().length + 100);
        WireClient slow = opened(WireClient.connect(tunnel.address())).limit(LIMIT);
        gate.awaitHeld(Deadline.in(LIMIT));

        pooler.handOver();
        gate.open();

        slow.login(PostgresServer.APP, "moved");
        assertThat(slow.queryValue("SELECT 'in time'")).isEqualTo("in time");
        silent.send(new byte[] {0x15, 3, 1, 0, 2, 2, 40});
        await().atMost(LIMIT).until(() -> pooler.log().contains("TLS negotiation failed"));
    }

    /** A handshake that has been answered cannot move, and nobody waits for it long. */
    @Test
    void aHandshakeThatDoesNotEndKeepsNobodyWaiting() throws Exception {
        WireClient other = client("TLS_AES_128_GCM_SHA256", "moved");
        WireClient stuck = opened(pooler.client()).limit(LIMIT);
        stuck.send(Frontend.sslRequest());
        assertThat(stuck.readByte()).isEqualTo('S');
        stuck.send(clientHello());
        assertThat(stuck.readByte()).isEqualTo(0x16);

        pooler.handOver();

        assertThat(pooler.log()).contains("it was not over when the process was replaced");
        assertThat(other.queryValue("SELECT 'there'")).isEqualTo("there");
    }

    /** They wait for their turn, and begin again there: nobody's hello is lost. */
    @Test
    void handshakesThatWaitForTheirTurnGetItThere() throws Exception {
        try (PoolerProcess limited =
                builder().general("tls_rate_limit_per_second", "100").withoutRehearsal().start()) {
            List<WireClient> waiting = new ArrayList<>();
            for (int i = 0; i < 400; i++) {
                WireClient client = opened(limited.client()).limit(LIMIT);
                client.send(Frontend.sslRequest());
                assertThat(client.readByte()).isEqualTo('S');
                waiting.add(client);
            }
            byte[] hello = clientHello();
            limited.signal("USR2");
            await().atMost(LIMIT)
                    .until(() -> limited.log().contains("configuration validation successful"));

            waiting.forEach(client -> client.send(hello));

            for (WireClient client : waiting) {
                assertThat(client.readByte()).isEqualTo(0x16);
            }
            limited.awaitSuccessor();
            assertThat(limited.log())
                    .as("some of them have moved")
                    .containsPattern("Handover complete: .* [1-9][0-9]* logging in");
        }
    }

    private static byte[] clientHello() throws Exception {
        SSLEngine engine = SSLContext.getDefault().createSSLEngine();
        engine.setUseClientMode(true);
        ByteBuffer hello = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        engine.wrap(ByteBuffer.allocate(0), hello);
        return java.util.Arrays.copyOf(hello.array(), hello.position());
    }

    private byte[] exported(String suite) {
        TlsTunnel tunnel = opened(TlsTunnel.to(pooler.address(), suite));
        opened(WireClient.connect(tunnel.address())).login(PostgresServer.APP, "moved");
        return tunnel.exported();
    }

    /** RFC 9266, as JSSE knows it at the client's end. */
    @ParameterizedTest
    @CsvSource({
        "TLS_AES_128_GCM_SHA256, false",
        "TLS_AES_256_GCM_SHA384, true",
        "TLS_CHACHA20_POLY1305_SHA256, false"
    })
    void aLoginMayBeTiedToItsConnection(String suite, boolean moves) {
        TlsTunnel tunnel = opened(TlsTunnel.to(pooler.address(), suite));
        WireClient client = asksForScram(tunnel);
        var scram = Scram.bound(PoolerProcess.ADMIN_PASSWORD, "tls-exporter", tunnel.exported());
        client.send(Frontend.saslInitialResponse("SCRAM-SHA-256-PLUS", scram.clientFirst()));
        String challenge = text(client.read());

        if (moves) {
            pooler.handOver();
        }

        client.send(Frontend.saslResponse(scram.clientFinal(challenge)));
        assertThat(client.readUntilReady()).extracting(Message::type).endsWith('Z');
    }

    @Test
    void aLoginTiedToAnotherConnectionIsRefused() {
        String suite = EC_SUITES.getFirst();
        byte[] other = exported(suite);
        TlsTunnel tunnel = opened(TlsTunnel.to(pooler.address(), suite));
        WireClient client = asksForScram(tunnel);
        var scram = Scram.bound(PoolerProcess.ADMIN_PASSWORD, "tls-exporter", other);
        client.send(Frontend.saslInitialResponse("SCRAM-SHA-256-PLUS", scram.clientFirst()));

        client.send(Frontend.saslResponse(scram.clientFinal(text(client.read()))));

        assertThat(client.readUntilEnd().getFirst().field('M'))
                .isEqualTo("SCRAM channel binding check failed");
    }

    /** There is nothing to tie it to: TLS 1.2 does not say whether its secret is bound itself. */
    @Test
    void aConnectionOfTls12ExportsNothing() throws IOException {
        // Which key the pooler has depends on the tests before.
        String kind = Files.readString(certificate).equals(rsaCertificate()) ? "RSA" : "ECDSA";
        String suite = "TLS_ECDHE_%s_WITH_AES_128_GCM_SHA256".formatted(kind);
        TlsTunnel tunnel = opened(TlsTunnel.to(pooler.address(), suite));
        WireClient client = asksForScram(tunnel);
        var scram = Scram.bound(PoolerProcess.ADMIN_PASSWORD, "tls-exporter", new byte[32]);

        client.send(Frontend.saslInitialResponse("SCRAM-SHA-256-PLUS", scram.clientFirst()));

        assertThat(client.readUntilEnd().getFirst().field('M'))
                .isEqualTo("unsupported SCRAM channel-binding type \"tls-exporter\"");
    }

    private static String rsaCertificate() throws IOException {
        return Files.readString(Certificates.copy("server-rsa.crt", home));
    }

    private WireClient asksForScram(TlsTunnel tunnel) {
        WireClient client = opened(WireClient.connect(tunnel.address())).limit(LIMIT);
        client.send(
                Frontend.startup(
                        Frontend.PROTOCOL_3_0,
                        java.util.Map.of("user", PoolerProcess.ADMIN, "database", "pgdoorman")));
        assertThat(text(client.read())).startsWith("SCRAM-SHA-256-PLUS");
        return client;
    }

    /** What follows the kind of an authentication request. */
    private static String text(Message request) {
        assertThat(request.type()).isEqualTo('R');
        return new String(request.body(), 4, request.body().length - 4, StandardCharsets.UTF_8);
    }

    @Test
    void consolesAndLoginsMoveToo() {
        TlsTunnel tunnel = opened(TlsTunnel.to(pooler.address()));
        WireClient console = opened(WireClient.connect(tunnel.address())).limit(LIMIT);
        console.tryLogin(PoolerProcess.ADMIN, PoolerProcess.ADMIN_PASSWORD, "pgdoorman");
        WireClient login = opened(WireClient.connect(tunnel.address())).limit(LIMIT);
        byte[] startup =
                Frontend.startup(
                        Frontend.PROTOCOL_3_0,
                        java.util.Map.of("user", PostgresServer.APP, "database", "moved"));
        login.send(java.util.Arrays.copyOf(startup, 10));
        assertThat(login.isSilentFor(Duration.ofMillis(100))).isTrue();

        pooler.handOver();

        login.send(java.util.Arrays.copyOfRange(startup, 10, startup.length));
        assertThat(login.readUntilReady()).isNotEmpty();
        assertThat(login.queryValue("SELECT 1")).isEqualTo("1");
        assertThat(console.query("SHOW VERSION").getLast().type()).isEqualTo('Z');
    }
}

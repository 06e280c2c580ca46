package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgdoorman.testing.Certificates;
import io.pgdoorman.testing.ChildProcess;
import io.pgdoorman.testing.ClientHellos;
import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.Message;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;
import io.pgdoorman.testing.TlsTunnel;
import io.pgdoorman.testing.WireClient;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** TLS between clients and the pooler. */
class TlsIT {
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final String DATABASE = SERVER.newDatabase("tls");
    private static final Duration LIMIT = Duration.ofSeconds(10);

    @TempDir static Path home;

    private static Path certificate;
    private static Path key;

    /** {@code tls_mode = "allow"}. */
    private static PoolerProcess pooler;

    @BeforeAll
    static void start() {
        Requirement.packagedProgram();
        certificate = Certificates.copy("server.crt", home);
        key = Certificates.copy("server.key", home);
        pooler = builder().start();
    }

    @AfterAll
    static void stop() {
        if (pooler != null) {
            pooler.close();
        }
    }

    private static PoolerProcess.Builder builder() {
        return PoolerProcess.builder()
                .general("tls_certificate", quoted(certificate))
                .general("tls_private_key", quoted(key))
                .general("login_timeout", "\"3s\"")
                .pool("secure", SERVER, DATABASE, "transaction", 2);
    }

    private static String quoted(Path path) {
        return "\"" + path + "\"";
    }

    private static WireClient client(TlsTunnel tunnel) {
        return WireClient.connect(tunnel.address()).limit(LIMIT);
    }

    private static void works(TlsTunnel tunnel) {
        try (WireClient client = client(tunnel).login(PostgresServer.APP, "secure")) {
            assertThat(client.queryValue("SELECT 'encrypted'")).isEqualTo("encrypted");
        }
    }

    private static void bystanderWorks() {
        try (WireClient plain = pooler.client().login(PostgresServer.APP, "secure")) {
            assertThat(plain.queryValue("SELECT 1")).isEqualTo("1");
        }
    }

    // ---- who may come in -----------------------------------------------------------------------

    @Test
    void takesBothKindsOfClients() {
        try (TlsTunnel tunnel = TlsTunnel.to(pooler.address())) {
            works(tunnel);
        }
        bystanderWorks();
        pooler.logWith("(tls)", "(plain)");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "TLS_AES_128_GCM_SHA256",
                "TLS_AES_256_GCM_SHA384",
                "TLS_CHACHA20_POLY1305_SHA256",
                "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
            })
    void speaksEachSuite(String suite) {
        try (TlsTunnel tunnel = TlsTunnel.to(pooler.address(), suite);
                WireClient client = client(tunnel).login(PostgresServer.APP, "secure")) {
            assertThat(
                            client.queryValue(
                                    "SELECT count(*) || ' ' || sum(length(x)) FROM (SELECT"
                                            + " repeat('x', 1000) AS x FROM generate_series(1,"
                                            + " 3000)) AS t"))
                    .isEqualTo("3000 3000000");
            assertThat(client.query("SELECT repeat('y', 1000) FROM generate_series(1, 3000)"))
                    .hasSize(3_003);
            String large = "z".repeat(300_000);
            assertThat(client.queryValue("SELECT '" + large + "'")).isEqualTo(large);
        }
    }

    @Test
    void takesClientsThatBeginWithTls() {
        try (TlsTunnel tunnel = TlsTunnel.direct(pooler.address())) {
            works(tunnel);
        }
    }

    @Test
    void libpqVerifiesTheServer() {
        Requirement.program("psql");
        Path authority = Certificates.copy("ca.crt", home);
        String line =
                "host=localhost port=%d user=app dbname=secure sslmode=verify-full sslrootcert=%s"
                        .formatted(pooler.port(), authority);

        assertThat(ChildProcess.run(List.of("psql", line, "-AtXc", "SELECT 'checked'")))
                .contains("checked");
    }

    @Test
    void pgjdbcVerifiesTheServer() throws SQLException {
        Path authority = Certificates.copy("ca.crt", home);
        String url =
                "jdbc:postgresql://localhost:%d/secure?user=app&sslmode=verify-full&sslrootcert=%s"
                        .formatted(pooler.port(), authority);
        try (Connection connection = DriverManager.getConnection(url);
                var statement = connection.createStatement();
                var rows = statement.executeQuery("SELECT 7")) {
            assertThat(rows.next()).isTrue();
            assertThat(rows.getInt(1)).isEqualTo(7);
        }
        Path other = Certificates.copy("other-ca.crt", home);
        assertThatThrownBy(
                        () ->
                                DriverManager.getConnection(
                                        url.replace(authority.toString(), other.toString())))
                .isInstanceOf(SQLException.class);
        await().atMost(LIMIT).until(() -> pooler.log().contains("TLS negotiation failed"));
    }

    /** As pgjdbc cancels: on a connection without TLS, whatever that of the session has. */
    @Test
    void aPlainCancelRequestReachesAClientWithTls() throws Exception {
        String url =
                "jdbc:postgresql://localhost:%d/secure?user=app&sslmode=require"
                        .formatted(pooler.port());
        try (Connection connection = DriverManager.getConnection(url);
                var statement = connection.createStatement()) {
            Thread canceller =
                    Thread.ofVirtual()
                            .start(
                                    () -> {
                                        awaitSleeping();
                                        try {
                                            statement.cancel();
                                        } catch (SQLException e) {
                                            throw new IllegalStateException(e);
                                        }
                                    });

            assertThatThrownBy(() -> statement.execute("SELECT pg_sleep(60)"))
                    .hasMessageContaining("canceling statement due to user request");
            canceller.join();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void takesACancelRequestInsideTls(boolean direct) {
        try (TlsTunnel tunnel =
                        direct
                                ? TlsTunnel.direct(pooler.address())
                                : TlsTunnel.to(pooler.address());
                WireClient client = client(tunnel).login(PostgresServer.APP, "secure");
                WireClient canceller = client(tunnel)) {
            client.send(Frontend.query("SELECT pg_sleep(60)"));
            awaitSleeping();

            canceller.send(Frontend.cancelRequest(client.processId(), client.secret()));

            assertThat(client.readUntilReady())
                    .filteredOn(message -> message.type() == 'E')
                    .singleElement()
                    .satisfies(error -> assertThat(error.sqlState()).isEqualTo("57014"));
            assertThat(canceller.readByte()).isEqualTo(-1);
        }
    }

    private static void awaitSleeping() {
        String sql =
                "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND"
                        + " state = 'active' AND datname = current_database()";
        await().atMost(LIMIT).until(() -> !SERVER.queryValue(DATABASE, sql).equals("0"));
    }

    @Test
    void requireRefusesPlainClientsAndTakesTheirCancelRequests() {
        try (PoolerProcess strict = builder().general("tls_mode", "\"require\"").start()) {
            try (WireClient plain = strict.client()) {
                Message answer = plain.tryLogin(PostgresServer.APP, "", "secure").getLast();
                assertThat(answer.sqlState()).isEqualTo("28000");
                assertThat(answer.field('M'))
                        .isEqualTo("Connection without SSL is not allowed by tls_mode.");
            }
            try (WireClient local = WireClient.connect(strict.unixAddress())) {
                local.login(PostgresServer.APP, "secure");
            }
            try (TlsTunnel tunnel = TlsTunnel.to(strict.address());
                    WireClient client = client(tunnel).login(PostgresServer.APP, "secure")) {
                client.send(Frontend.query("SELECT pg_sleep(60)"));
                awaitSleeping();
                try (WireClient plain = strict.client()) {
                    plain.send(Frontend.cancelRequest(client.processId(), client.secret()));
                }
                assertThat(client.readUntilReady())
                        .filteredOn(message -> message.type() == 'E')
                        .singleElement()
                        .satisfies(error -> assertThat(error.sqlState()).isEqualTo("57014"));
            }
        }
    }

    @Test
    void verifyFullAsksForACertificateOfItsAuthority() {
        Path authority = Certificates.copy("ca.crt", home);
        try (PoolerProcess strict =
                builder()
                        .general("tls_mode", "\"verify-full\"")
                        .general("tls_ca_cert", quoted(authority))
                        .start()) {
            try (TlsTunnel tunnel =
                    TlsTunnel.to(
                            strict.address(),
                            Certificates.copy("client.crt", home),
                            Certificates.copy("client.key", home))) {
                works(tunnel);
            }
            try (TlsTunnel tunnel = TlsTunnel.to(strict.address());
                    WireClient client = client(tunnel)) {
                assertThat(client.tryLogin(PostgresServer.APP, "", "secure").getLast().isEnd())
                        .isTrue();
            }
            try (TlsTunnel tunnel =
                            TlsTunnel.to(
                                    strict.address(),
                                    Certificates.copy("server-other.crt", home),
                                    Certificates.copy("server-other.key", home));
                    WireClient client = client(tunnel)) {
                assertThat(client.tryLogin(PostgresServer.APP, "", "secure").getLast().isEnd())
                        .isTrue();
            }
            await().atMost(LIMIT)
                    .until(() -> strict.log().split("TLS negotiation failed", -1).length == 3);
        }
    }

    /** All that an operator may want of the certificates, in one process. */
    @Test
    void showsTheCertificateOfANameAndRefusesRevokedOnes() {
        Requirement.program("psql");
        Path named = Certificates.copy("named.crt", home);
        String further =
                "[{certificate = %s, private_key = %s}]"
                        .formatted(quoted(named), quoted(Certificates.copy("named.key", home)));
        try (PoolerProcess strict =
                PoolerProcess.builder()
                        .general("tls_certificate", quoted(certificate))
                        .general(
                                "tls_private_key",
                                quoted(Certificates.copy("server-secret.key", home)))
                        .general("tls_passphrase_command", "\"echo mouse trap\"")
                        .general("tls_certificates", further)
                        .general("tls_mode", "\"verify-ca\"")
                        .general("tls_ca_cert", quoted(Certificates.copy("revoking-ca.crt", home)))
                        .general("tls_crl", quoted(Certificates.copy("revoking-ca.crl", home)))
                        .general("tls_min_version", "\"TLSv1.3\"")
                        .general("tls_rate_limit_per_second", "100")
                        .pool("secure", SERVER, DATABASE, "transaction", 2)
                        .start()) {
            assertThat(psql(strict, "one.example.org", named, "good")).contains("checked");
            assertThat(psql(strict, "a.wild.example.org", named, "good")).contains("checked");
            assertThat(psql(strict, "localhost", Certificates.copy("ca.crt", home), "good"))
                    .contains("checked");
            try (TlsTunnel tunnel =
                            TlsTunnel.to(
                                    strict.address(),
                                    Certificates.copy("good.crt", home),
                                    Certificates.copy("good.key", home));
                    WireClient client = client(tunnel).login(PostgresServer.APP, "secure");
                    WireClient console = client(tunnel)) {
                console.tryLogin(PoolerProcess.ADMIN, PoolerProcess.ADMIN_PASSWORD, "pgdoorman");
                assertThat(console.query("SHOW CLIENTS"))
                        .filteredOn(message -> message.type() == 'D')
                        .filteredOn(row -> row.columns()[0].equals("#c" + client.processId()))
                        .singleElement()
                        .satisfies(
                                row ->
                                        assertThat(row.columns())
                                                .endsWith("TLSv1.3", "", "CN=good"));
            }

            try (TlsTunnel tunnel =
                            TlsTunnel.to(
                                    strict.address(),
                                    Certificates.copy("revoked.crt", home),
                                    Certificates.copy("revoked.key", home));
                    WireClient client = client(tunnel)) {
                assertThat(client.tryLogin(PostgresServer.APP, "", "secure").getLast().isEnd())
                        .isTrue();
            }

            await().atMost(LIMIT)
                    .until(
                            () ->
                                    strict.log()
                                            .contains(
                                                    "TLS negotiation failed: the certificate"
                                                            + " CN=revoked, issued by"
                                                            + " CN=pg_doorman test revoking-ca,"
                                                            + " serial number"));
            assertThat(strict.log()).doesNotContain("mouse");
        }
    }

    private static String psql(PoolerProcess to, String host, Path authority, String own) {
        String line =
                "host=%s hostaddr=127.0.0.1 port=%d user=app dbname=secure sslmode=verify-full sslrootcert=%s sslcert=%s sslkey=%s"
                        .formatted(
                                host,
                                to.port(),
                                authority,
                                Certificates.copy(own + ".crt", home),
                                Certificates.copy(own + ".key", home));
        return ChildProcess.run(List.of("psql", line, "-AtXc", "SELECT 'checked'"));
    }

    @Test
    void aUnixSocketHasNoTls() {
        try (WireClient local = WireClient.connect(pooler.unixAddress())) {
            local.send(Frontend.sslRequest());

            assertThat(local.readByte()).isEqualTo('N');
        }
    }

    @Test
    void theConsoleTellsWhoIsEncrypted() {
        try (TlsTunnel tunnel = TlsTunnel.to(pooler.address());
                WireClient secure = client(tunnel).login(PostgresServer.APP, "secure");
                WireClient plain = pooler.client().login(PostgresServer.APP, "secure");
                WireClient console = client(tunnel)) {
            console.tryLogin(PoolerProcess.ADMIN, PoolerProcess.ADMIN_PASSWORD, "pgdoorman");

            assertThat(console.query("SHOW CLIENTS"))
                    .filteredOn(message -> message.type() == 'D')
                    .filteredOn(
                            row ->
                                    row.columns()[0].equals("#c" + secure.processId())
                                            || row.columns()[0].equals("#c" + plain.processId()))
                    .extracting(row -> row.columns()[5])
                    .containsExactlyInAnyOrder("true", "false");
            String[] counts = console.query("SHOW CONNECTIONS").get(1).columns();
            assertThat(Integer.parseInt(counts[2])).isPositive();
        }
    }

    @Test
    void theTestOfAConfigurationReadsTheFiles() throws IOException {
        Path file =
                PoolerProcess.builder()
                        .general("tls_certificate", quoted(Certificates.copy("client.crt", home)))
                        .general("tls_private_key", quoted(key))
                        .pool("secure", SERVER, DATABASE, "transaction", 2)
                        .write(Files.createDirectories(home.resolve("tested")), 1);
        try (ChildProcess child =
                ChildProcess.start(
                        List.of(PoolerProcess.program().toString(), "-t", file.toString()),
                        java.util.Map.of(),
                        home)) {
            assertThat(child.awaitExit(Duration.ofSeconds(30))).isEqualTo(78);
            assertThat(child.output()).contains("is not the key of the certificate in");
        }
        assertThat(
                        ChildProcess.run(
                                        List.of(
                                                PoolerProcess.program().toString(),
                                                "-t",
                                                pooler.configuration().toString()))
                                .lines())
                .hasSize(2)
                .allMatch(line -> line.startsWith("pg_doorman: "));
    }

    // ---- hostile -------------------------------------------------------------------------------

    /** The class of CVE-2021-23214: what stands behind the request is not the client's. */
    @Test
    void refusesWhatComesUnencryptedBehindTheRequest() {
        try (WireClient client = pooler.client()) {
            client.send(
                    Frontend.concat(
                            Frontend.sslRequest(),
                            Frontend.startup(
                                    Frontend.PROTOCOL_3_0,
                                    java.util.Map.of(
                                            "user", PostgresServer.APP, "database", "secure"))));

            Message answer = client.read();
            assertThat(answer.sqlState()).isEqualTo("08P01");
            assertThat(answer.field('M')).contains("unencrypted data after SSL request");
        }
        bystanderWorks();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "plain startup      | 0000003300030000757365720061707000646174616261736500736563757265000000",
                "an old client hello| 8046010301002d",
                "TLS 1.0            | 16030100310100002d0301000000000000000000000000000000000000000000000000000000000000000000000002c0140100000200ff",
                "half a hello       | 160301020001",
                "a long record      | 1603014801",
                "an alert           | 15030300020228",
                "application data   | 1703030010000102030405060708090a0b0c0d0e0f"
            })
    void badHandshakesEndAndNothingElse(String kind, String hex) {
        try (WireClient client = pooler.client().limit(LIMIT)) {
            client.send(Frontend.sslRequest());
            assertThat(client.readByte()).isEqualTo('S');
            client.send(java.util.HexFormat.of().parseHex(hex));

            // An alert, or the end, at the latest with login_timeout.
            await().alias(kind).atMost(LIMIT).until(() -> isClosed(client));
        }
        bystanderWorks();
    }

    private static boolean isClosed(WireClient client) {
        try {
            while (client.readByte() >= 0) {
                // what BoringSSL still says
            }
            return true;
        } catch (IllegalStateException e) {
            return true;
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void survivesRandomHandshakes(long seed) {
        var random = new Random(seed);
        byte[] hello = new byte[600];
        for (int i = 0; i < 40; i++) {
            random.nextBytes(hello);
            hello[0] = 0x16;
            hello[1] = 3;
            hello[2] = (byte) random.nextInt(5);
            hello[3] = 2;
            hello[4] = 0x53;
            hello[5] = (byte) random.nextInt(3);
            try (WireClient client = pooler.client()) {
                if (random.nextBoolean()) {
                    client.send(Frontend.sslRequest());
                    assertThat(client.readByte()).isEqualTo('S');
                }
                client.send(java.util.Arrays.copyOf(hello, 1 + random.nextInt(600)));
            }
        }
        bystanderWorks();
        assertThat(pooler.isAlive()).isTrue();
        assertThat(pooler.log()).doesNotContain("unexpected failure").doesNotContain("LEAK");
    }

    /** Each on a connection of its own, all at once; some are good enough to be answered. */
    @Test
    void survivesHellosThatWereGoodOnce() {
        var random = new Random(20260401);
        List<WireClient> clients = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            WireClient client = pooler.client().limit(LIMIT);
            client.send(Frontend.sslRequest());
            clients.add(client);
        }

        for (WireClient client : clients) {
            byte[] good = ClientHellos.of(random.nextBoolean() ? "TLSv1.3" : "TLSv1.2");
            assertThat(client.readByte()).isEqualTo('S');
            client.send(ClientHellos.mutated(good, random)).halfClose();
        }

        for (WireClient client : clients) {
            while (client.readByte() >= 0) {
                // what BoringSSL still says
            }
            client.close();
        }
        try (TlsTunnel tunnel = TlsTunnel.to(pooler.address())) {
            works(tunnel);
        }
        assertThat(pooler.log()).doesNotContain("unexpected failure").doesNotContain("LEAK");
    }

    @Test
    void aDirectConnectionNeedsItsProtocol() {
        try (TlsTunnel tunnel = TlsTunnel.directWithoutProtocol(pooler.address());
                WireClient client = client(tunnel)) {
            assertThat(client.tryLogin(PostgresServer.APP, "", "secure").getLast().isEnd())
                    .isTrue();
        }
        await().atMost(LIMIT).until(() -> pooler.log().contains("without ALPN"));
    }

    // ---- reload --------------------------------------------------------------------------------

    @Test
    void aReloadTakesTheNewCertificateAndLeavesConnectionsAlone() throws IOException {
        Path own = Files.createDirectories(home.resolve("reloaded"));
        Path crt = Certificates.copy("server.crt", own);
        Path pem = Certificates.copy("server.key", own);
        try (PoolerProcess changing =
                        PoolerProcess.builder()
                                .general("tls_certificate", quoted(crt))
                                .general("tls_private_key", quoted(pem))
                                .pool("secure", SERVER, DATABASE, "transaction", 2)
                                .start();
                TlsTunnel tunnel = TlsTunnel.to(changing.address());
                WireClient old = client(tunnel).login(PostgresServer.APP, "secure")) {
            assertThat(tunnel.shown().getPublicKey().getAlgorithm()).isEqualTo("EC");
            Files.copy(
                    Certificates.copy("server-rsa.crt", own),
                    crt,
                    java.nio.file.StandardCopyOption.REPLACE_EXISTING);
            changing.signal("HUP");
            changing.logWith("Config reload rejected", "is not the key of the certificate in");
            works(tunnel);

            Files.copy(
                    Certificates.copy("server-rsa.key", own),
                    pem,
                    java.nio.file.StandardCopyOption.REPLACE_EXISTING);
            changing.signal("HUP");
            await().atMost(LIMIT).until(() -> changing.log().contains("TLS towards clients"));
            works(tunnel);
            assertThat(tunnel.shown().getPublicKey().getAlgorithm()).isEqualTo("RSA");
            assertThat(old.queryValue("SELECT 'still here'")).isEqualTo("still here");

            changing.signal("HUP");
            await().atMost(LIMIT).until(() -> changing.log().contains("Config unchanged"));
        }
    }

    @Test
    void aStartWithAWrongFileSaysWhich() throws IOException {
        Path file =
                PoolerProcess.builder()
                        .general("tls_certificate", quoted(home.resolve("missing.crt")))
                        .general("tls_private_key", quoted(key))
                        .pool("secure", SERVER, DATABASE, "transaction", 2)
                        .write(Files.createDirectories(home.resolve("wrong")), 1);
        try (ChildProcess child =
                ChildProcess.start(
                        List.of(PoolerProcess.program().toString(), file.toString()),
                        java.util.Map.of(),
                        home)) {
            assertThat(child.awaitExit(Duration.ofSeconds(30))).isEqualTo(78);
            assertThat(child.output()).contains("missing.crt: there is no such file");
        }
    }
}

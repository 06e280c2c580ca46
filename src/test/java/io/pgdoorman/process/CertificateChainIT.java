package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgdoorman.testing.Certificates;
import io.pgdoorman.testing.ChildProcess;
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
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;

/**
 * Between the certificates of both sides and the authority that is known stands another one, which
 * each side has to show.
 */
class CertificateChainIT {
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final String DATABASE = SERVER.newDatabase("chain");
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final String FAILED = "TLS negotiation failed";

    @TempDir static Path home;

    private static PoolerProcess pooler;

    @BeforeAll
    static void start() {
        Requirement.packagedProgram();
        pooler =
                PoolerProcess.builder()
                        .general("tls_certificate", file("path-server.crt"))
                        .general("tls_private_key", file("path-server.key"))
                        .general("tls_ca_cert", file("path-root.crt"))
                        .pool("chained", SERVER, DATABASE, "transaction", 2)
                        .start();
    }

    @AfterAll
    static void stop() {
        if (pooler != null) {
            pooler.close();
        }
    }

    private static String file(String name) {
        return "\"" + Certificates.copy(name, home) + "\"";
    }

    private static TlsTunnel tunnel(String certificate) {
        return TlsTunnel.to(
                pooler.address(),
                Certificates.copy(certificate + ".crt", home),
                Certificates.copy("path-client.key", home));
    }

    private static String url(String authority) {
        return "jdbc:postgresql://localhost:%d/chained?user=app&sslmode=verify-full&sslrootcert=%s"
                .formatted(pooler.port(), Certificates.copy(authority, home));
    }

    @Test
    void aClientThatKnowsTheRootAloneVerifiesTheServer() throws SQLException {
        try (var connection = DriverManager.getConnection(url("path-root.crt"));
                var statement = connection.createStatement();
                var rows = statement.executeQuery("SELECT 7")) {
            assertThat(rows.next()).isTrue();
            assertThat(rows.getInt(1)).isEqualTo(7);
        }
    }

    @Test
    void libpqAndThePoolerVerifyEachOther() {
        Requirement.program("psql");
        String line =
                "host=localhost port=%d user=app dbname=chained sslmode=verify-full sslrootcert=%s sslcert=%s sslkey=%s"
                        .formatted(
                                pooler.port(),
                                Certificates.copy("path-root.crt", home),
                                Certificates.copy("path-client.crt", home),
                                Certificates.copy("path-client.key", home));

        assertThat(ChildProcess.run(List.of("psql", line, "-AtXc", "SELECT 'checked'")))
                .contains("checked");
    }

    @Test
    void whoShowsTheAuthorityBetweenIsKnown() {
        try (TlsTunnel tunnel = tunnel("path-client");
                WireClient client = WireClient.connect(tunnel.address()).limit(LIMIT);
                WireClient console = pooler.client().limit(LIMIT)) {
            client.login(PostgresServer.APP, "chained");
            console.tryLogin(PoolerProcess.ADMIN, PoolerProcess.ADMIN_PASSWORD, "pgdoorman");

            assertThat(console.query("SHOW CLIENTS"))
                    .filteredOn(message -> message.type() == 'D')
                    .filteredOn(row -> row.columns()[0].equals("#c" + client.processId()))
                    .singleElement()
                    .satisfies(row -> assertThat(row.columns()).contains("CN=app,O=tests"));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "path-client-alone",
                "path-client-expired",
                "path-client-early",
                "path-client-unknown"
            })
    void whoseCertificateIsNotGoodIsRefusedWithAReason(String certificate) {
        int before = refusals();
        try (TlsTunnel tunnel = tunnel(certificate);
                WireClient client = WireClient.connect(tunnel.address()).limit(LIMIT)) {

            assertThat(client.tryLogin(PostgresServer.APP, "", "chained").getLast().isEnd())
                    .isTrue();
        }

        await().atMost(LIMIT).until(() -> refusals() > before);
        assertThat(pooler.log().lines().filter(line -> line.contains(FAILED)).toList().getLast())
                .containsPattern(FAILED + ": .+");
        try (WireClient bystander = pooler.client().login(PostgresServer.APP, "chained")) {
            assertThat(bystander.queryValue("SELECT 1")).isEqualTo("1");
        }
    }

    private static int refusals() {
        return pooler.log().split(FAILED, -1).length;
    }
}

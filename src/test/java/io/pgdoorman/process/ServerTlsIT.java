package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgdoorman.testing.Certificates;
import io.pgdoorman.testing.Frontend;
import io.pgdoorman.testing.Gate;
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

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;

/** TLS between the pooler and PostgreSQL; the modes mean what libpq's sslmode means. */
class ServerTlsIT {
    private static final Duration LIMIT = Duration.ofSeconds(15);
    private static final String ENCRYPTED =
            "SELECT ssl || ' ' || coalesce(client_dn, '') FROM pg_stat_ssl WHERE pid ="
                    + " pg_backend_pid()";
    private static final String PID = "SELECT pg_backend_pid()";

    /** Its certificate is for localhost; {@code app} comes by TLS only, {@code plain} without. */
    private static PostgresServer secure;

    private static final PostgresServer PLAIN = PostgresServer.shared();
    private static String database;

    @TempDir static Path home;

    private static PoolerProcess pooler;
    private static TlsTunnel impostor;

    /** Between the pools whose name says so and {@link #secure}. */
    private static Gate relay;

    private static Path replaced;

    @BeforeAll
    static void start() throws IOException {
        Requirement.packagedProgram();
        secure =
                PostgresServer.builder()
                        .tls()
                        .hba(
                                """
                                local all all trust
                                host all postgres all trust
                                hostssl all certified all cert map=tests
                                hostssl all app all trust
                                hostssl all bound all scram-sha-256
                                hostnossl all plain all trust
                                hostssl all unsafe all reject
                                hostnossl all unsafe all trust
                                """)
                        .start();
        database = secure.newDatabase("server_tls");
        secure.execute("postgres", "CREATE ROLE plain LOGIN", "CREATE ROLE certified LOGIN");
        secure.execute("postgres", "CREATE ROLE unsafe LOGIN");
        secure.execute("postgres", "CREATE ROLE bound LOGIN PASSWORD 'sesame'");
        secure.identMap("tests app certified\ntests ed25519 certified");
        PoolerProcess.Builder builder =
                PoolerProcess.builder().general("query_wait_timeout", "\"5s\"");
        for (String mode : new String[] {"disable", "allow", "prefer", "require"}) {
            pool(builder, mode, secure, "localhost", mode, "");
            pool(builder, mode + "-plain", PLAIN, "localhost", mode, "");
        }
        String ca = key("server_tls_ca_cert", "ca.crt");
        String otherCa = key("server_tls_ca_cert", "other-ca.crt");
        pool(builder, "verify-ca", secure, "127.0.0.1", "verify-ca", ca);
        pool(builder, "verify-ca-other", secure, "localhost", "verify-ca", otherCa);
        pool(builder, "verify-full", secure, "localhost", "verify-full", ca);
        pool(
                builder,
                "direct",
                secure,
                "localhost",
                "verify-full",
                ca + "server_tls_negotiation = \"direct\"\n");
        pool(builder, "verify-full-address", secure, "127.0.0.1", "verify-full", ca);
        pool(
                builder,
                "certificate",
                secure,
                "localhost",
                "verify-full",
                ca
                        + key("server_tls_certificate", "client.crt")
                        + key("server_tls_private_key", "client.key"));
        pool(
                builder,
                "certificate-ed25519",
                secure,
                "localhost",
                "verify-full",
                ca
                        + key("server_tls_certificate", "ed25519.crt")
                        + key("server_tls_private_key", "ed25519.key"));
        pool(builder, "require-other", secure, "localhost", "require", otherCa);
        impostor =
                TlsTunnel.impostor(
                        secure.address(),
                        Certificates.copy("server-elsewhere.crt", home),
                        Certificates.copy("server-elsewhere.key", home));
        bound(builder, "bound", secure.port());
        bound(builder, "impostor", impostor.address().getPort());
        String own =
                ca
                        + key("server_tls_certificate", "client.crt")
                        + key("server_tls_private_key", "client.key");
        lookup(builder, "lookup", own);
        lookup(builder, "lookup-other", own.replace(ca, otherCa));
        relay = new Gate(secure.address());
        relayed(builder, "relayed", "app", "verify-full", ca);
        relayed(
                builder,
                "relayed-direct",
                "app",
                "verify-full",
                ca + "server_tls_negotiation = \"direct\"\n");
        relayed(builder, "relayed-plain", "plain", "disable", "");
        replaced = Certificates.copy("ca.crt", Files.createDirectory(home.resolve("replaced")));
        pool(
                builder,
                "reloaded",
                secure,
                "localhost",
                "verify-full",
                "server_tls_ca_cert = \"%s\"%n".formatted(replaced));
        pooler = builder.start();
    }

    private static void relayed(
            PoolerProcess.Builder builder, String name, String user, String mode, String tls) {
        builder.pool(
                name,
                """
                server_host = "127.0.0.1"
                server_port = %d
                server_database = "%s"
                server_tls_mode = "%s"
                %s
                """
                        .formatted(relay.address().getPort(), database, mode, tls),
                PoolerProcess.Builder.user(user, 2));
    }

    /** The role of the look-up comes by a certificate alone. */
    private static void lookup(PoolerProcess.Builder builder, String name, String tls) {
        builder.append(
                """
                [pools.%s]
                server_host = "localhost"
                server_port = %d
                server_database = "%s"
                server_tls_mode = "verify-full"
                %s
                [pools.%s.auth_query]
                query = "SELECT 'md5' || md5('x' || $1)"
                user = "certified"
                database = "%s"
                server_user = "app"
                """
                        .formatted(name, secure.port(), database, tls, name, database));
    }

    @Test
    void usersAreLookedUpOverTlsAsThePoolSays() {
        assertThat(encrypted("lookup", "anybody")).startsWith("true");
        assertThat(encrypted("lookup-other", "anybody")).startsWith("58000");
    }

    private static void bound(PoolerProcess.Builder builder, String name, int port) {
        builder.pool(
                name,
                """
                server_host = "127.0.0.1"
                server_port = %d
                server_database = "%s"
                server_tls_mode = "require"
                """
                        .formatted(port, database),
                PoolerProcess.Builder.user("app", 2)
                        + "server_username = \"bound\"\nserver_password = \"sesame\"\n");
    }

    /** Nobody checks a certificate here, and yet the login cannot be passed on. */
    @Test
    void aLoginByScramIsBoundToTheCertificateOfPostgreSql() {
        assertThat(encrypted("bound", "app")).isEqualTo("true");
        assertThat(encrypted("impostor", "app")).contains("SCRAM channel binding check failed");
        assertThat(impostor.shown()).isNotNull();
    }

    private static String key(String name, String file) {
        return "%s = \"%s\"%n".formatted(name, Certificates.copy(file, home));
    }

    private static void pool(
            PoolerProcess.Builder builder,
            String name,
            PostgresServer server,
            String host,
            String mode,
            String settings) {
        String text =
                PoolerProcess.Builder.serverSettings(
                                server, server == secure ? database : "postgres", "transaction")
                        .replace(
                                "server_host = \"" + server.host() + "\"",
                                "server_host = \"" + host + "\"");
        builder.pool(
                name,
                text + "server_tls_mode = \"" + mode + "\"\n" + settings,
                PoolerProcess.Builder.user("app", 2),
                PoolerProcess.Builder.user("plain", 2),
                PoolerProcess.Builder.user("unsafe", 2),
                PoolerProcess.Builder.user("certified", 2));
    }

    @AfterAll
    static void stop() {
        if (pooler != null) {
            pooler.close();
        }
        if (impostor != null) {
            impostor.close();
        }
        if (relay != null) {
            relay.close();
        }
        if (secure != null) {
            secure.close();
        }
    }

    private static String encrypted(String pool, String user) {
        try (WireClient client = pooler.client().limit(LIMIT)) {
            Message last = client.tryLogin(user, "", pool).getLast();
            if (last.type() == 'Z') { // perhaps without a server, if it was known what one reports
                last =
                        client.query(ENCRYPTED).stream()
                                .filter(one -> one.type() == 'D' || one.type() == 'E')
                                .findFirst()
                                .orElseThrow();
            }
            return last.type() == 'D'
                    ? last.columns()[0].strip()
                    : last.sqlState() + " " + last.field('M');
        }
    }

    @ParameterizedTest
    @CsvSource({
        "disable, plain, false",
        "allow, plain, false",
        "allow, app, true",
        "prefer, app, true",
        "prefer, plain, false",
        "prefer, unsafe, false",
        "require, app, true",
        "verify-ca, app, true",
        "verify-full, app, true",
        "verify-full-address, app, true",
        "direct, app, true",
        "disable-plain, app, false",
        "allow-plain, app, false",
        "prefer-plain, app, false"
    })
    void encryptsAsTheModeSays(String pool, String user, String expected) {
        assertThat(encrypted(pool, user)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "disable         | app   | no pg_hba.conf entry",
                "require         | plain | no pg_hba.conf entry",
                "require         | unsafe | pg_hba.conf rejects connection",
                "require-plain   | app   | does not support TLS, which server_tls_mode requires",
                "require-other   | app   | is of no authority in server_tls_ca_cert",
                "verify-ca-other | app   | TLS negotiation failed: the certificate CN=localhost, issued by CN=pg_doorman test ca, is of no authority in server_tls_ca_cert",
            })
    void saysWhyNoServerIsToBeHad(String pool, String user, String message) {
        assertThat(encrypted(pool, user)).contains(message);
    }

    @Test
    void showsItsCertificate() {
        assertThat(encrypted("certificate-ed25519", "certified")).isEqualTo("true /CN=ed25519");
        assertThat(encrypted("certificate", "certified")).isEqualTo("true /O=tests/CN=app");
    }

    /** The connection of a cancel request, as what stands before PostgreSQL sees it. */
    @ParameterizedTest
    @CsvSource({
        "relayed, app, 0000000804d2162f1603.*",
        "relayed-direct, app, 1603.*",
        "relayed-plain, plain, 000000..04d2162e.*"
    })
    void cancelsOnAConnectionOfTheSameKind(String pool, String user, String beginning) {
        try (WireClient client = pooler.client().limit(LIMIT).login(user, pool);
                WireClient other = pooler.client()) {
            client.send(Frontend.query("SELECT pg_sleep(60)"));
            awaitSleeping();
            int before = relay.beginnings().size();

            other.send(Frontend.cancelRequest(client.processId(), client.secret()));

            assertThat(client.readUntilReady())
                    .filteredOn(message -> message.type() == 'E')
                    .singleElement()
                    .satisfies(error -> assertThat(error.sqlState()).isEqualTo("57014"));
            List<byte[]> opened = relay.beginnings();
            assertThat(opened.subList(before, opened.size()))
                    .singleElement()
                    .satisfies(
                            bytes ->
                                    assertThat(HexFormat.of().formatHex(bytes)).matches(beginning));
        }
    }

    private static void awaitSleeping() {
        String sql =
                "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND"
                        + " state = 'active'";
        await().atMost(LIMIT).until(() -> secure.queryValue(database, sql).equals("1"));
    }

    /** There is one server, in a transaction, so that the other client needs a new one. */
    @Test
    void aReloadTakesTheNewAuthorityForNewServersAndLeavesOldOnesAlone() {
        try (WireClient old = pooler.client().limit(LIMIT).login(PostgresServer.APP, "reloaded");
                WireClient other =
                        pooler.client().limit(LIMIT).login(PostgresServer.APP, "reloaded")) {
            old.query("BEGIN");
            String pid = old.queryValue(PID);

            replaceAuthority("other-ca.crt");
            int before = refusals();
            other.send(Frontend.query(PID));
            await().atMost(LIMIT).until(() -> refusals() > before);
            old.query("COMMIT");

            assertThat(other.readUntilReady())
                    .filteredOn(message -> message.type() == 'D')
                    .singleElement()
                    .satisfies(row -> assertThat(row.columns()).containsExactly(pid));
            old.query("BEGIN");
            assertThat(old.queryValue(PID)).isEqualTo(pid);

            replaceAuthority("ca.crt");

            assertThat(other.queryValue(PID)).isNotEqualTo(pid);
            old.query("COMMIT");
        }
    }

    private static int refusals() {
        return pooler.log().split("TLS negotiation failed", -1).length;
    }

    private static void replaceAuthority(String name) {
        try {
            Files.copy(
                    Certificates.copy(name, home), replaced, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        int before = reloads();
        pooler.signal("HUP");
        await().atMost(LIMIT).until(() -> reloads() > before);
    }

    private static int reloads() {
        return pooler.log().split("Config reloaded", -1).length;
    }

    /** New certificates of PostgreSQL count for new servers; a wrong one stops them. */
    @Test
    void anImpostorIsFound() {
        try {
            secure.certificate("server-elsewhere");
            awaitAnswer("verify-full", "is for db.example.com, not for localhost");
            awaitAnswer("verify-ca", "true");
            secure.certificate("server-expired");
            awaitAnswer("verify-ca", "expired at 2021-01-01T00:00:00Z");
        } finally {
            secure.certificate("server");
            for (String pool : List.of("verify-full", "verify-full-address", "verify-ca")) {
                awaitAnswer(pool, "true");
            }
        }
    }

    private static void awaitAnswer(String pool, String part) {
        await().atMost(LIMIT)
                .until(
                        () -> {
                            secure.execute(
                                    "postgres",
                                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
                                            + " usename = 'app'");
                            return encrypted(pool, "app").contains(part);
                        });
    }
}

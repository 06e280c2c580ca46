package io.pgdoorman.migrate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.pgdoorman.config.Config;
import io.pgdoorman.config.HbaMethod;
import io.pgdoorman.config.HbaRule;
import io.pgdoorman.config.PoolConfig;
import io.pgdoorman.config.PoolMode;
import io.pgdoorman.config.Secret;
import io.pgdoorman.config.UserConfig;
import io.pgdoorman.migrate.BouncerFiles.Imported;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

class PgBouncerImportTest {
    private static final String MD5 = "md50123456789abcdef0123456789abcdef";
    private static final String SCRAM =
            "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$"
                    + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:"
                    + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    @TempDir private Path directory;
    private BouncerFiles files;

    @BeforeEach
    void writeUsers() {
        files = new BouncerFiles(directory);
        files.write(
                "userlist.txt",
                """
                ; users
                "alice" "it says ""hi""\" ""
                "bob" "%s"
                "carol" "%s"
                """
                        .formatted(MD5, SCRAM));
    }

    @ParameterizedTest
    @EnumSource
    void aUsualConfigurationLoadsInBothFormats(ConfigFormat format) throws Exception {
        Imported imported =
                files.importIni(
                        """
                        ;; a comment
                        [databases]
                        app = host=db1 port=5433 dbname=app_prod pool_size=30 timezone='Europe/Berlin'
                        "Odd ""name"".x" = host=/run/postgresql pool_mode=session max_db_connections=7

                        [users]
                        bob = pool_mode=session pool_size=5

                        [pgbouncer]
                        listen_addr = *
                        listen_port = 6543
                        unix_socket_dir = /run/pgbouncer
                        unix_socket_mode = 0770
                        auth_type = scram-sha-256
                        auth_file = userlist.txt
                        admin_users = alice
                        pool_mode = transaction
                        max_client_conn = 1000
                        default_pool_size = 10
                        server_lifetime = 600.5
                        max_prepared_statements = 50
                        tcp_keepidle = 30
                        tcp_user_timeout = 1500
                        server_reset_query = DISCARD ALL
                        """,
                        format);

        Config config = imported.config();
        assertThat(imported.findings()).isEmpty();
        assertThat(config.general().listen().host()).isEqualTo("0.0.0.0");
        assertThat(config.general().listen().port()).isEqualTo(6543);
        assertThat(config.general().listen().maxConnections()).isEqualTo(1000);
        assertThat(config.general().listen().unixSocketMode()).isEqualTo(0770);
        assertThat(config.general().admin().username()).isEqualTo("alice");
        assertThat(config.general().admin().password()).isEqualTo(Secret.of("it says \"hi\""));
        assertThat(config.general().tcp().keepalivesIdle()).isEqualTo(Duration.ofSeconds(30));
        assertThat(config.general().tcp().userTimeout()).isEqualTo(Duration.ofSeconds(2));
        assertThat(config.general().hba().rules())
                .extracting(HbaRule::method)
                .containsOnly(HbaMethod.SCRAM_SHA_256);
        assertThat(config.pools().keySet()).containsExactly("app", "Odd \"name\".x");
        PoolConfig app = config.pool("app").orElseThrow();
        assertThat(app.serverHost()).isEqualTo("db1");
        assertThat(app.serverPort()).isEqualTo(5433);
        assertThat(app.serverDatabase()).isEqualTo("app_prod");
        assertThat(app.poolMode()).isEqualTo(PoolMode.TRANSACTION);
        assertThat(app.serverLifetime()).isEqualTo(Duration.ofMillis(600_500));
        assertThat(app.startupParameters()).containsEntry("TimeZone", "Europe/Berlin");
        assertThat(app.users())
                .extracting(UserConfig::username, UserConfig::poolSize, UserConfig::poolMode)
                .containsExactly(
                        tuple("alice", 30, PoolMode.TRANSACTION),
                        tuple("bob", 5, PoolMode.SESSION),
                        tuple("carol", 30, PoolMode.TRANSACTION));
        assertThat(app.users())
                .extracting(UserConfig::password)
                .containsExactly(Secret.of("it says \"hi\""), Secret.of(MD5), Secret.of(SCRAM));
        PoolConfig odd = config.pool("Odd \"name\".x").orElseThrow();
        assertThat(odd.poolMode()).isEqualTo(PoolMode.SESSION);
        assertThat(odd.users()).extracting(UserConfig::poolSize).containsExactly(7, 5, 7);
    }

    @Test
    void writesTheDefaultsOfPgBouncerThatDiffer() throws Exception {
        Imported imported =
                files.importIni(
                        """
                        [databases]
                        app =
                        [pgbouncer]
                        listen_addr = localhost
                        auth_file = userlist.txt
                        """);

        Config config = imported.config();
        PoolConfig app = config.pool("app").orElseThrow();
        assertThat(imported.findings()).isEmpty();
        assertThat(config.general().listen().port()).isEqualTo(6432);
        assertThat(config.general().listen().maxConnections()).isEqualTo(100);
        assertThat(config.general().listen().unixSocketDir()).contains(Path.of("/tmp"));
        assertThat(config.general().listen().unixSocketMode()).isEqualTo(0777);
        assertThat(config.general().logging().logClientConnections()).isTrue();
        assertThat(app.serverHost()).isEqualTo("/tmp");
        assertThat(app.poolMode()).isEqualTo(PoolMode.SESSION);
        assertThat(app.queryWaitTimeout()).isEqualTo(Duration.ofMinutes(2));
        assertThat(app.connectTimeout()).isEqualTo(Duration.ofSeconds(15));
        assertThat(app.serverLifetime()).isEqualTo(Duration.ofHours(1));
        assertThat(app.users()).extracting(UserConfig::poolSize).containsOnly(20);
        assertThat(imported.result().text())
                .contains("max_connections = 100 # PgBouncer's default of max_client_conn");
    }

    @Test
    void clientsOfOneRoleShareAsManyServersAsItHad() throws Exception {
        Imported imported =
                files.importIni(
                        """
                        [databases]
                        app = host=db user=svc password='it''s' reserve_pool=3
                        [users]
                        svc = pool_size=8
                        [pgbouncer]
                        listen_addr = localhost
                        auth_file = userlist.txt
                        """);

        PoolConfig app = imported.config().pool("app").orElseThrow();
        assertThat(imported.findings()).isEmpty();
        assertThat(app.coordinator().maxDbConnections()).isEqualTo(8);
        assertThat(app.coordinator().reservePoolSize()).isEqualTo(3);
        assertThat(app.users())
                .allSatisfy(
                        user -> {
                            assertThat(user.poolSize()).isEqualTo(8);
                            assertThat(user.serverUsername()).isEqualTo("svc");
                            assertThat(user.serverPassword()).contains(Secret.of("it's"));
                        });
    }

    @Test
    void reportsARoleOfWhichOnlyAHashIsKnown() throws Exception {
        Imported imported =
                files.importIni(
                        """
                        [databases]
                        app = host=db user=carol
                        [pgbouncer]
                        listen_addr = localhost
                        auth_file = userlist.txt
                        """);

        assertThat(imported.findings())
                .singleElement()
                .asString()
                .contains("pgbouncer.ini:2: app: user carol", "server_password");
        assertThat(imported.config().pool("app").orElseThrow().users())
                .extracting(UserConfig::serverUsername)
                .containsOnly("carol");
    }

    @Test
    void aQueryForUsersBecomesATableOfThePool() throws Exception {
        Imported imported =
                files.importIni(
                        """
                        [databases]
                        app = host=db auth_user=alice dbname=app_prod
                        [pgbouncer]
                        listen_addr = localhost
                        auth_file = userlist.txt
                        auth_query = SELECT * FROM find_user($1)
                        """);

        var lookup = imported.config().pool("app").orElseThrow().authQuery().orElseThrow();
        assertThat(lookup.query()).isEqualTo("SELECT * FROM find_user($1)");
        assertThat(lookup.user()).isEqualTo("alice");
        assertThat(imported.findings())
                .singleElement()
                .asString()
                .contains("pgbouncer.ini:6", "auth_query", "AS passwd");
    }

    @Test
    void listsWhatHasNoCounterpartWithItsPlace() throws Exception {
        Imported imported =
                files.importIni(
                        """
                        [databases]
                        * = host=db
                        app = host=db1,db2 connect_query='SELECT 1' surprise=1
                        [users]
                        nobody = pool_size=1
                        alice = max_user_connections=3
                        [peers]
                        1 = host=/tmp
                        [extras]
                        a = b
                        [pgbouncer]
                        listen_addr = localhost, 10.0.0.1
                        auth_file = userlist.txt
                        admin_users = bob, alice
                        pool_mode = statement
                        reserve_pool_size = 5
                        query_timeout = 30
                        verbose = 0
                        stats_period = 10s
                        ignore_startup_parameters = extra_float_digits
                        no_such_thing = 1
                        max_client_conn = many
                        min_pool_size = 2
                        """);

        assertThat(imported.findings())
                .extracting(text -> text.replaceFirst("^.*pgbouncer.ini:", ""))
                .satisfiesExactly(
                        t -> assertThat(t).startsWith("2: *: ").contains("generate"),
                        t -> assertThat(t).startsWith("3: app: connect_query: "),
                        t -> assertThat(t).startsWith("3: app: surprise: "),
                        t -> assertThat(t).startsWith("3: app: host: "),
                        t -> assertThat(t).startsWith("5: nobody: is not in auth_file"),
                        t -> assertThat(t).startsWith("6: alice: max_user_connections: "),
                        t -> assertThat(t).startsWith("8: [peers] 1: "),
                        t -> assertThat(t).startsWith("10: [extras]: "),
                        t -> assertThat(t).startsWith("12: listen_addr: "),
                        t -> assertThat(t).startsWith("14: admin_users: ").contains("one user"),
                        t -> assertThat(t).startsWith("14: admin_users: ").contains("random"),
                        t -> assertThat(t).startsWith("15: pool_mode: ").contains("statement"),
                        t -> assertThat(t).startsWith("16: app: reserve_pool_size 5: "),
                        t ->
                                assertThat(t)
                                        .startsWith("17: query_timeout: ")
                                        .contains("statement_t"),
                        t -> assertThat(t).startsWith("19: stats_period: "),
                        t -> assertThat(t).startsWith("20: ignore_startup_parameters: "),
                        t -> assertThat(t).startsWith("21: no_such_thing: "),
                        t -> assertThat(t).startsWith("22: max_client_conn: is not a number"),
                        t -> assertThat(t).startsWith("23: app: min_pool_size: "));
        assertThat(imported.config().pools().keySet()).containsExactly("app");
        assertThat(imported.result().text()).contains("# What has no counterpart", "no_such_thing");
    }

    @ParameterizedTest
    @CsvSource({
        "client_login_timeout, login_timeout, 86400000",
        "query_wait_timeout, query_wait_timeout, 86400000",
        "server_lifetime, server_lifetime, 1000",
        "server_check_delay, server_idle_check_timeout, 1",
    })
    void aZeroThatMeansSomethingElseIsReported(String name, String key, String millis)
            throws Exception {
        Imported imported =
                files.importIni(
                        """
                        [databases]
                        app = host=db
                        [pgbouncer]
                        listen_addr = localhost
                        auth_file = userlist.txt
                        %s = 0
                        """
                                .formatted(name));

        assertThat(imported.findings()).singleElement().asString().contains(":6: " + name);
        assertThat(imported.config().settings())
                .filteredOn(setting -> setting.name().equals("general." + key))
                .singleElement()
                .satisfies(setting -> assertThat(setting.value()).isEqualTo(millis));
    }

    @Test
    void tlsSettingsKeepTheirMeaning() throws Exception {
        Imported imported =
                files.importIni(
                        """
                        [databases]
                        app = host=db
                        [pgbouncer]
                        listen_addr = localhost
                        auth_file = userlist.txt
                        client_tls_sslmode = verify-ca
                        client_tls_key_file = /k
                        client_tls_cert_file = /c
                        client_tls_ca_file = /a
                        client_tls_ciphers = fast
                        server_tls_sslmode = verify-full
                        server_tls_ca_file = /s
                        """);

        assertThat(imported.findings()).singleElement().asString().contains("client_tls_ciphers");
        assertThat(imported.config().settings())
                .extracting(s -> s.name() + "=" + s.value())
                .contains(
                        "general.tls_mode=verify-full",
                        "general.tls_ca_cert=/a",
                        "general.server_tls_mode=verify-full",
                        "general.server_tls_ca_cert=/s");
    }

    @Test
    void aSecretThatNobodyCanProveLeavesItsUserOut() throws Exception {
        files.write(
                "userlist.txt",
                """
                "alice" "md5 is my favourite"
                "bob" "jwt-pkey-fpath:/etc/passwd"
                not quoted
                "" "nobody"
                "unclosed" "secret
                "carol" ""
                """);

        Imported imported =
                files.importIni(
                        """
                        [databases]
                        app = host=db
                        [pgbouncer]
                        listen_addr = localhost
                        auth_file = userlist.txt
                        """);

        assertThat(imported.config().pool("app").orElseThrow().users())
                .extracting(UserConfig::username)
                .containsExactly("carol");
        assertThat(imported.findings())
                .hasSize(5)
                .allSatisfy(
                        text ->
                                assertThat(text)
                                        .doesNotContain("favourite", "/etc/passwd", "unclosed"));
    }

    @Test
    void saysThatNobodyIsKnown() throws Exception {
        Imported imported =
                files.importIni(
                        "[databases]\napp = host=db\n[pgbouncer]\nlisten_addr = localhost\n");

        assertThat(imported.findings()).singleElement().asString().contains("--userlist");
        assertThat(imported.config().pool("app").orElseThrow().users()).isEmpty();
    }

    @Test
    void aLocalUserListAndOtherRulesMayBeGiven() throws Exception {
        Path ini = files.write("pgbouncer.ini", "[databases]\napp = host=db\n[pgbouncer]\n");
        Path users = files.write("other.txt", "\"dave\" \"x\"\n");
        Path hba = files.write("other.conf", "local all all peer\n");
        var source = new PgBouncerImport.Source(ini, Optional.of(users), Optional.of(hba));

        PgBouncerImport.Result result = PgBouncerImport.run(source, ConfigFormat.TOML, false);

        assertThat(result.text())
                .contains("username = \"dave\"", "pg_hba = '''\nlocal all all reject\n'''")
                .doesNotContain("#");
    }

    @ParameterizedTest
    @EnumSource
    void namesCannotBreakOutOfTheFile(ConfigFormat format) throws Exception {
        files.write("users.txt", "\"a\\\"\"]\u0085x\" \"p'''w\\\"\"\"\u001b\"\n");

        Imported imported =
                files.importIni(
                        """
                        [databases]
                        "x""] # \u001b[31m" = host=db application_name='a}, b = {' what\u2029ever=1
                        [pgbouncer]
                        listen_addr = localhost
                        auth_file = users.txt
                        admin_users = , bob
                        """,
                        format);

        assertThat(imported.config().pools().keySet()).containsExactly("x\"] # \u001b[31m");
        assertThat(imported.config().pools().values().iterator().next().users())
                .extracting(UserConfig::username)
                .containsExactly("a\\\"]\u0085x");
        assertThat(imported.findings())
                .isNotEmpty()
                .allSatisfy(text -> assertThat(text).doesNotContain("\u001b", "\u2029"));
        assertThat(imported.config().pools().values().iterator().next().startupParameters())
                .containsAllEntriesOf(Map.of("application_name", "a}, b = {"));
    }
}

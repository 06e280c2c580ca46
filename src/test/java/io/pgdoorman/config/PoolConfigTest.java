package io.pgdoorman.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

class PoolConfigTest {
    private static final ServerTlsConfig PLAIN =
            new ServerTlsConfig(
                    ServerTlsMode.ALLOW,
                    ServerTlsNegotiation.POSTGRES,
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty());

    @Test
    void hasDefaults() {
        PoolConfig pool = Configs.pool("");

        assertThat(pool)
                .isEqualTo(
                        new PoolConfig(
                                "app",
                                "127.0.0.1",
                                5432,
                                "app",
                                PoolMode.TRANSACTION,
                                Duration.ofSeconds(3),
                                Duration.ofSeconds(5),
                                Duration.ofMinutes(10),
                                Duration.ofMinutes(20),
                                Duration.ofSeconds(60),
                                Duration.ofSeconds(1),
                                false,
                                true,
                                SessionState.IGNORE,
                                false,
                                false,
                                "pg_doorman",
                                false,
                                Map.of("application_name", "pg_doorman"),
                                new PoolConfig.Scaling(4, 20, 10, 2),
                                new PoolConfig.Coordinator(
                                        0, Duration.ofSeconds(30), 0, Duration.ofSeconds(3), 0),
                                new PoolConfig.Prepared(true, 8192, 8192, 0),
                                PLAIN,
                                Optional.empty(),
                                Optional.empty(),
                                List.of()));
        assertThat(pool.serverIsUnixSocket()).isFalse();
        assertThat(pool.coordinator().enabled()).isFalse();
    }

    @Test
    void readsEveryKey() {
        PoolConfig pool =
                Configs.pool(
"""
                        server_host = "/run/postgresql"
                        server_port = 5433
                        server_database = "real"
                        pool_mode = "Session"
                        connect_timeout = 1000
                        idle_timeout = "2s"
                        server_lifetime = "3s"
                        cleanup_server_connections = false
                        session_state = "pin"
                        session_state_notice = true
                        log_client_parameter_status_changes = true
                        application_name = "me"
                        prepared_statements_cache_size = 10
                        server_prepared_statements_cache_size = 11
                        scaling_warm_pool_ratio = 12
                        scaling_fast_retries = 13
                        max_db_connections = 14
                        min_connection_lifetime = "1s"
                        reserve_pool_size = 2
                        reserve_pool_timeout = "4s"
                        min_guaranteed_pool_size = 1
                        patroni_api_urls = ["https://a:1"]
                        fallback_cooldown = "5s"
                        patroni_api_timeout = "6s"
                        fallback_connect_timeout = "7s"
                        fallback_lifetime = "4s"
                        server_tls_mode = "Verify-CA"
                        server_tls_ca_cert = "ca"
                        server_tls_certificate = "c"
                        server_tls_private_key = "k"
server_tls_crl = "crl"
server_tls_passphrase_command = "cat pass"
                        startup_parameters = {datestyle = "ISO", STATEMENT_TIMEOUT = "5s"}
                        auth_query = {query = "q $1", user = "u"}
                        users = [{username = "a", password = ""}]
                        """);

        assertThat(pool)
                .isEqualTo(
                        new PoolConfig(
                                "app",
                                "/run/postgresql",
                                5433,
                                "real",
                                PoolMode.SESSION,
                                Duration.ofSeconds(1),
                                Duration.ofSeconds(5),
                                Duration.ofSeconds(2),
                                Duration.ofSeconds(3),
                                Duration.ofSeconds(60),
                                Duration.ofSeconds(1),
                                false,
                                false,
                                SessionState.PIN,
                                true,
                                true,
                                "me",
                                false,
                                Map.of(
                                        "application_name", "me",
                                        "DateStyle", "ISO",
                                        "statement_timeout", "5s"),
                                new PoolConfig.Scaling(4, 12, 13, 2),
                                new PoolConfig.Coordinator(
                                        14, Duration.ofSeconds(1), 2, Duration.ofSeconds(4), 1),
                                new PoolConfig.Prepared(true, 10, 11, 0),
                                new ServerTlsConfig(
                                        ServerTlsMode.VERIFY_CA,
                                        ServerTlsNegotiation.POSTGRES,
                                        Optional.of(Path.of("ca")),
                                        Optional.of(Path.of("c")),
                                        Optional.of(Path.of("k")),
                                        Optional.of(Path.of("crl")),
                                        Optional.of(Secret.of("cat pass"))),
                                Optional.of(
                                        new FallbackConfig(
                                                List.of(URI.create("https://a:1")),
                                                Duration.ofSeconds(5),
                                                Duration.ofSeconds(6),
                                                Duration.ofSeconds(7),
                                                Duration.ofSeconds(4))),
                                pool.authQuery(),
                                pool.users()));
        assertThat(pool.authQuery()).isPresent();
        assertThat(pool.users()).hasSize(1);
        assertThat(pool.serverIsUnixSocket()).isTrue();
        assertThat(pool.coordinator().enabled()).isTrue();
    }

    @Test
    void inheritsFromGeneralWhatItDoesNotSet() {
        PoolConfig pool =
                Configs.general(
"""
                                connect_timeout = "1s"
                                query_wait_timeout = "2s"
                                idle_timeout = "3s"
                                server_lifetime = "4s"
                                server_idle_check_timeout = "5s"
                                server_login_retry = "6s"
                                server_round_robin = true
                                max_concurrent_creates = 7
                                scaling_warm_pool_ratio = 8
                                scaling_fast_retries = 9
                                scaling_max_parallel_creates = 10
                                prepared_statements_cache_size = 11
                                server_prepared_statements_cache_size = 12
                                client_anonymous_prepared_cache_size = 13
                                patroni_api_urls = ["http://a"]
                                fallback_cooldown = "14s"
                                patroni_api_timeout = "15s"
                                fallback_connect_timeout = "16s"
                                fallback_lifetime = "13s"
                                server_tls_mode = "verify-full"
                                server_tls_ca_cert = "ca"
                                server_tls_certificate = "c"
                                server_tls_private_key = "k"
server_tls_crl = "crl"
server_tls_passphrase_command = "cat pass"
                                startup_parameters = {work_mem = "4MB", application_name = "g"}
                                """)
                        .pools()
                        .get("app");

        assertThat(pool)
                .isEqualTo(
                        new PoolConfig(
                                "app",
                                "127.0.0.1",
                                5432,
                                "app",
                                PoolMode.TRANSACTION,
                                Duration.ofSeconds(1),
                                Duration.ofSeconds(2),
                                Duration.ofSeconds(3),
                                Duration.ofSeconds(4),
                                Duration.ofSeconds(5),
                                Duration.ofSeconds(6),
                                true,
                                true,
                                SessionState.IGNORE,
                                false,
                                false,
                                "g",
                                true,
                                Map.of("application_name", "g", "work_mem", "4MB"),
                                new PoolConfig.Scaling(7, 8, 9, 10),
                                new PoolConfig.Coordinator(
                                        0, Duration.ofSeconds(30), 0, Duration.ofSeconds(3), 0),
                                new PoolConfig.Prepared(true, 11, 12, 0),
                                new ServerTlsConfig(
                                        ServerTlsMode.VERIFY_FULL,
                                        ServerTlsNegotiation.POSTGRES,
                                        Optional.of(Path.of("ca")),
                                        Optional.of(Path.of("c")),
                                        Optional.of(Path.of("k")),
                                        Optional.of(Path.of("crl")),
                                        Optional.of(Secret.of("cat pass"))),
                                Optional.of(
                                        new FallbackConfig(
                                                List.of(URI.create("http://a")),
                                                Duration.ofSeconds(14),
                                                Duration.ofSeconds(15),
                                                Duration.ofSeconds(16),
                                                Duration.ofSeconds(13))),
                                Optional.empty(),
                                List.of()));
    }

    @Test
    void itsStartupParametersCountMoreThanThoseOfGeneral() {
        var text =
                Configs.withGeneral("startup_parameters = {work_mem = \"4MB\", timezone = \"UTC\"}")
                        + "startup_parameters = {WORK_MEM = \"8MB\"}";

        assertThat(Configs.toml(text).pools().get("app").startupParameters())
                .containsExactlyInAnyOrderEntriesOf(
                        Map.of(
                                "application_name", "pg_doorman",
                                "work_mem", "8MB",
                                "TimeZone", "UTC"));
    }

    @Test
    void withoutPreparedStatementsServersKeepNone() {
        var pool = Configs.general("prepared_statements = false").pools().get("app");

        assertThat(pool.prepared().enabled()).isFalse();
        assertThat(pool.prepared().serverCacheSize()).isZero();
    }

    @Test
    void namesMayHaveDotsAndBlanks() {
        var text = Configs.MINIMAL + "[pools.\"my db.x\"]\nserver_port = 0\n";

        assertThat(Configs.problems(text))
                .containsExactly(
                        "ERROR test.toml:7: pools.\"my db.x\".server_port: must be an integer from 1"
                                + " to 65535, is 0");
    }
}

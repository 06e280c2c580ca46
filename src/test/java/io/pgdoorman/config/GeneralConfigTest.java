package io.pgdoorman.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

class GeneralConfigTest {
    @Test
    void hasDefaults() {
        GeneralConfig general = Configs.general("").general();

        assertThat(general)
                .isEqualTo(
                        new GeneralConfig(
                                new GeneralConfig.Listen(
                                        "0.0.0.0",
                                        5432,
                                        8192,
                                        8192,
                                        Duration.ofSeconds(60),
                                        Duration.ofSeconds(2),
                                        Optional.empty(),
                                        0600,
                                        1 << 20),
                                new GeneralConfig.Tcp(
                                        Duration.ofSeconds(5),
                                        Duration.ofSeconds(5),
                                        5,
                                        Duration.ZERO,
                                        true,
                                        Duration.ofSeconds(60),
                                        0),
                                new GeneralConfig.Tls(
                                        TlsMode.ALLOW,
                                        Optional.empty(),
                                        Optional.empty(),
                                        Optional.empty(),
                                        Optional.empty(),
                                        Optional.empty(),
                                        List.of(),
                                        TlsVersion.TLSV1_2,
                                        List.of(TlsCipherSuite.values()),
                                        0),
                                HbaRules.ALLOW_ALL,
                                new GeneralConfig.Admin(
                                        "admin", Secret.of("top-secret"), List.of(), List.of()),
                                new GeneralConfig.Memory(256L << 20, Duration.ofSeconds(15), ";"),
                                new GeneralConfig.Housekeeping(Duration.ofSeconds(30), 3),
                                new GeneralConfig.QueryInterner(
                                        Duration.ofSeconds(60), Duration.ofSeconds(60)),
                                new GeneralConfig.Logging(
                                        true,
                                        true,
                                        Duration.ofMillis(500),
                                        Duration.ZERO,
                                        false,
                                        Optional.empty(),
                                        Optional.empty()),
                                new GeneralConfig.Process(
                                        Runtime.getRuntime().availableProcessors(),
                                        false,
                                        Transport.EPOLL,
                                        Duration.ofSeconds(10),
                                        Path.of("/tmp/pg_doorman.pid"),
                                        Optional.empty())));
    }

    @Test
    void readsEveryKey() {
        var text =
                """
                [general]
                host = "::1"
                port = 6432
                backlog = 100
                max_connections = 10
                login_timeout = "7s"
                failed_login_delay = "8s"
                unix_socket_dir = "/run/d"
                unix_socket_mode = "0o660"
                unix_socket_buffer_size = "64KB"
                transport = "io_uring"
                tcp_keepalives_idle = 11
                tcp_keepalives_interval = "12s"
                tcp_keepalives_count = 13
                tcp_so_linger = 14
                tcp_no_delay = false
                tcp_user_timeout = 15
                tcp_socket_buffer_size = "1MB"
                tls_mode = "verify-full"
                tls_certificate = "c.pem"
                tls_private_key = "k.pem"
                tls_ca_cert = "ca.pem"
                tls_crl = "crl.pem"
                tls_passphrase_command = "cat pass"
                tls_min_version = "TLSv1.3"
                tls_cipher_suites = ["ECDHE-RSA-AES256-GCM-SHA384"]
                tls_certificates = [{certificate = "d.pem", private_key = "l.pem"}]
                tls_rate_limit_per_second = 200
                hba = ["10.0.0.0/8"]
                admin_username = "root"
                admin_password = "pw"
                max_memory_usage = "1GB"
                message_size_to_be_stream = "2MB"
                proxy_copy_data_timeout = "16s"
                pooler_check_query = "select 1"
                retain_connections_time = "17s"
                retain_connections_max = 18
                query_interner_gc_interval_seconds = 19
                query_interner_anon_idle_ttl_seconds = 0
                log_client_connections = false
                log_client_disconnections = false
                log_slow_checkouts = "20s"
                log_slow_queries = "21s"
                audit_log = true
                syslog_prog_name = "d"
                syslog_socket = "d.sock"
                worker_threads = 3
                worker_cpu_affinity_pinning = true
                worker_stack_size = "8MB"
                max_blocking_threads = 4
                tokio_global_queue_interval = 5
                tokio_event_interval = 6
                shutdown_timeout = "20s"
                daemon_pid_file = "p.pid"
                upgrade_socket = "u.sock"

                [pools]
                """;

        GeneralConfig general = Configs.toml(text).general();

        assertThat(general)
                .isEqualTo(
                        new GeneralConfig(
                                new GeneralConfig.Listen(
                                        "::1",
                                        6432,
                                        100,
                                        10,
                                        Duration.ofSeconds(7),
                                        Duration.ofSeconds(8),
                                        Optional.of(Path.of("/run/d")),
                                        0660,
                                        64 << 10),
                                new GeneralConfig.Tcp(
                                        Duration.ofSeconds(11),
                                        Duration.ofSeconds(12),
                                        13,
                                        Duration.ofSeconds(14),
                                        false,
                                        Duration.ofSeconds(15),
                                        1 << 20),
                                new GeneralConfig.Tls(
                                        TlsMode.VERIFY_FULL,
                                        Optional.of(Path.of("c.pem")),
                                        Optional.of(Path.of("k.pem")),
                                        Optional.of(Path.of("ca.pem")),
                                        Optional.of(Path.of("crl.pem")),
                                        Optional.of(Secret.of("cat pass")),
                                        List.of(
                                                new TlsCertificateConfig(
                                                        Path.of("d.pem"), Path.of("l.pem"))),
                                        TlsVersion.TLSV1_3,
                                        List.of(
                                                TlsCipherSuite
                                                        .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384),
                                        200),
                                general.hba(),
                                new GeneralConfig.Admin(
                                        "root", Secret.of("pw"), List.of(), List.of()),
                                new GeneralConfig.Memory(
                                        1L << 30, Duration.ofSeconds(16), "select 1"),
                                new GeneralConfig.Housekeeping(Duration.ofSeconds(17), 18),
                                new GeneralConfig.QueryInterner(
                                        Duration.ofSeconds(19), Duration.ZERO),
                                new GeneralConfig.Logging(
                                        false,
                                        false,
                                        Duration.ofSeconds(20),
                                        Duration.ofSeconds(21),
                                        true,
                                        Optional.of("d"),
                                        Optional.of(Path.of("d.sock"))),
                                new GeneralConfig.Process(
                                        3,
                                        true,
                                        Transport.IO_URING,
                                        Duration.ofSeconds(20),
                                        Path.of("p.pid"),
                                        Optional.of(Path.of("u.sock")))));
        assertThat(general.hba().rules())
                .extracting(HbaRule::text)
                .containsExactly("local all all", "host all all 10.0.0.0/8");
    }

    @Test
    void theListOfNetworksAdmitsThoseAndUnixSockets() {
        HbaRules hba = Configs.general("hba = [\"10.0.0.0/8\"]").general().hba();

        assertThat(hba.firstMatch(tcp("10.1.2.3"), ""))
                .map(HbaRule::method)
                .hasValue(HbaMethod.BY_SECRET);
        assertThat(hba.firstMatch(tcp("11.1.2.3"), "")).isEmpty();
        assertThat(hba.firstMatch(new HbaRequest(true, false, "d", "u", null), "")).isPresent();
    }

    @Test
    void rulesMayStandInEitherKeyAndShape() {
        var rules = "host all all 10.0.0.1 trust";
        for (String key :
                new String[] {
                    "pg_hba = \"%s\"",
                    "pg_hba = {content = \"%s\"}",
                    "pg_hba.content = \"%s\"",
                    "pg_hba = {content = \"%s\", path = \"not-read\"}",
                    "hba = \"%s\""
                }) {
            HbaRules hba = Configs.general(key.formatted(rules)).general().hba();

            assertThat(hba.rules()).extracting(HbaRule::text).as(key).containsExactly(rules);
        }
    }

    private static HbaRequest tcp(String peer) {
        return new HbaRequest(false, false, "d", "u", InetAddress.ofLiteral(peer));
    }
}

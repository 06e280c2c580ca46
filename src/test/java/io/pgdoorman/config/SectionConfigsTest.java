package io.pgdoorman.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Defaults and every key of the optional sections. */
class SectionConfigsTest {
    @Test
    void authQueryHasDefaults() {
        PoolConfig pool = Configs.pool("auth_query = {query = \"q\", user = \"u\"}");

        assertThat(pool.authQuery())
                .hasValue(
                        new AuthQueryConfig(
                                "q",
                                "u",
                                Secret.of(""),
                                Optional.empty(),
                                "app",
                                2,
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                40,
                                0,
                                Duration.ofHours(1),
                                Duration.ofSeconds(30),
                                Duration.ofSeconds(1),
                                Duration.ofSeconds(90)));
    }

    @Test
    void authQueryReadsEveryKey() {
        PoolConfig pool =
                Configs.pool(
                        """
                        [pools.app.auth_query]
                        query = "q $1"
                        user = "u"
                        password = "p"
                        database = "d"
                        workers = 3
                        server_user = "su"
                        server_password = "sp"
                        pool_size = 4
                        min_pool_size = 1
                        cache_ttl = "5s"
                        cache_failure_ttl = "6s"
                        min_interval = 7
                        unused_pool_timeout = "8s"
                        """);

        assertThat(pool.authQuery())
                .hasValue(
                        new AuthQueryConfig(
                                "q $1",
                                "u",
                                Secret.of("p"),
                                Optional.empty(),
                                "d",
                                3,
                                Optional.of("su"),
                                Optional.of(Secret.of("sp")),
                                Optional.empty(),
                                4,
                                1,
                                Duration.ofSeconds(5),
                                Duration.ofSeconds(6),
                                Duration.ofMillis(7),
                                Duration.ofSeconds(8)));
    }

    @Test
    void authQueryReadsWhereItsPasswordsAre() {
        PoolConfig pool =
                Configs.pool(
                        """
                        [pools.app.auth_query]
                        query = "q $1"
                        user = "u"
                        passfile = "/a"
                        server_user = "su"
                        server_password_file = "/b"
                        """);

        AuthQueryConfig config = pool.authQuery().orElseThrow();
        assertThat(config.passwordFrom()).hasValue(new PasswordFrom.PassFile(Path.of("/a")));
        assertThat(config.serverPasswordFrom()).hasValue(new PasswordFrom.File(Path.of("/b")));
    }

    @Test
    void webHasDefaults() {
        Config config = Configs.toml(Configs.MINIMAL + "[web]\n");

        assertThat(config.web())
                .hasValue(
                        new WebConfig(
                                false,
                                "0.0.0.0",
                                9127,
                                false,
                                false,
                                false,
                                8192,
                                new WebConfig.Sso(
                                        false,
                                        Optional.empty(),
                                        Optional.empty(),
                                        List.of(),
                                        List.of("*"),
                                        "groups",
                                        List.of(),
                                        false),
                                List.of()));
    }

    @Test
    void webReadsEveryKey() {
        Config config =
                Configs.toml(
                        Configs.MINIMAL
                                + """
                                [web]
                                enabled = true
                                host = "[::1]"
                                port = 0
                                metrics_auth = true
                                ui = true
                                ui_anonymous = true
                                log_tap_max_entries = 1
                                trusted_proxies = ["10.1.2.3/8", "fd00::/8"]
                                sso_enabled = true
                                sso_proxy_url = "https://x"
                                sso_public_key_file = "k"
                                sso_audience = ["a"]
                                sso_allowed_users = ["b"]
                                sso_groups_claim = "g"
                                sso_admin_groups = ["h"]
                                sso_require_https = true
                                """);

        assertThat(config.web())
                .hasValue(
                        new WebConfig(
                                true,
                                "::1",
                                0,
                                true,
                                true,
                                true,
                                1,
                                new WebConfig.Sso(
                                        true,
                                        Optional.of("https://x"),
                                        Optional.of(Path.of("k")),
                                        List.of("a"),
                                        List.of("b"),
                                        "g",
                                        List.of("h"),
                                        true),
                                List.of(
                                        new Cidr(InetAddress.ofLiteral("10.0.0.0"), 8),
                                        new Cidr(InetAddress.ofLiteral("fd00::"), 8))));
    }

    @Test
    void talosReadsEveryKeyAtTheTopAndInGeneral() {
        var keys = "keys = [\"a.pem\"]\ndatabases = [\"d\"]\n";
        var expected = new TalosConfig(List.of(Path.of("a.pem")), List.of("d"));

        assertThat(Configs.toml(Configs.MINIMAL + "[talos]\n" + keys).talos()).hasValue(expected);
        assertThat(Configs.toml(Configs.MINIMAL + "[general.talos]\n" + keys).talos())
                .hasValue(expected);
    }

    @Test
    void talosHasNoDefaults() {
        assertThat(Configs.problems(Configs.MINIMAL + "[talos]\n"))
                .containsExactly(
                        "ERROR test.toml:6: talos.keys: missing, is required",
                        "ERROR test.toml:6: talos.databases: missing, is required");
    }
}

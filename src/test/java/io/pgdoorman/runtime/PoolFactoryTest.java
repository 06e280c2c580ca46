package io.pgdoorman.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.auth.StoredSecret;
import io.pgdoorman.backend.ParameterSet;
import io.pgdoorman.backend.ServerConnector;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.pool.PoolSettings;
import io.pgdoorman.session.ClientDirectory;
import io.pgdoorman.wire.Bytes;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.Map;
import java.util.Objects;

/** What the pools make of a configuration. */
class PoolFactoryTest {
    private static ClientDirectory.Account account(String text) {
        return ConfiguredPools.of(text).find("shop", "alice").orElseThrow();
    }

    private static PoolSettings settings(String text) {
        return account(text).pool().settings();
    }

    private static ServerConnector connector(String text) {
        return (ServerConnector) account(text).pool().source();
    }

    @Test
    void takesOverEverySettingOfAPool() {
        PoolSettings settings =
                settings(
                        """
                        query_wait_timeout = "1s"
                        server_idle_check_timeout = "4s"
                        server_login_retry = "6s"
                        server_round_robin = true
                        [pools.shop]
                        pool_mode = "session"
                        idle_timeout = "2s"
                        server_lifetime = "3s"
                        connect_timeout = "5s"
                        cleanup_server_connections = false
                        [[pools.shop.users]]
                        username = "alice"
                        password = "sesame"
                        pool_size = 7
                        min_pool_size = 2
                        """);

        assertThat(settings.sessionMode()).isTrue();
        assertThat(settings.queryWaitNanos()).isEqualTo(Duration.ofSeconds(1).toNanos());
        assertThat(settings.idleNanos()).isEqualTo(Duration.ofSeconds(2).toNanos());
        assertThat(settings.lifetimeNanos()).isEqualTo(Duration.ofSeconds(3).toNanos());
        assertThat(settings.idleCheckNanos()).isEqualTo(Duration.ofSeconds(4).toNanos());
        assertThat(settings.choreNanos()).isEqualTo(Duration.ofSeconds(5).toNanos());
        assertThat(settings.loginRetryNanos()).isEqualTo(Duration.ofSeconds(6).toNanos());
        assertThat(settings.roundRobin()).isTrue();
        assertThat(settings.cleanup()).isFalse();
        assertThat(settings.size()).isEqualTo(7);
        assertThat(settings.minSize()).isEqualTo(2);
        assertThat(settings.coordinated()).isFalse();
    }

    @Test
    void prefersTheSettingsOfAUserToThoseOfItsPool() {
        PoolSettings settings =
                settings(
                        """
                        [pools.shop]
                        pool_mode = "session"
                        server_lifetime = "3s"
                        [[pools.shop.users]]
                        username = "alice"
                        password = "sesame"
                        pool_size = 1
                        pool_mode = "transaction"
                        server_lifetime = "9s"
                        """);

        assertThat(settings.sessionMode()).isFalse();
        assertThat(settings.lifetimeNanos()).isEqualTo(Duration.ofSeconds(9).toNanos());
    }

    @Test
    void letsAtLeastOneServerBeMadeWithoutWaiting() {
        PoolSettings settings =
                settings(
                        """
                        [pools.shop]
                        [[pools.shop.users]]
                        username = "alice"
                        password = "sesame"
                        pool_size = 1
                        """);

        assertThat(settings.warmSize()).isEqualTo(1);
        assertThat(settings.maxCreates()).isPositive();
    }

    @Test
    void givesAllUsersOfALimitedDatabaseOneLimit() {
        Pools pools =
                ConfiguredPools.of(
                        """
                        [pools.shop]
                        max_db_connections = 5
                        [[pools.shop.users]]
                        username = "alice"
                        password = "sesame"
                        pool_size = 4
                        [[pools.shop.users]]
                        username = "bob"
                        password = "sesame"
                        pool_size = 4
                        """);

        assertThat(pools.all()).hasSize(2).allMatch(pool -> pool.settings().coordinated());
        assertThat(pools.all()).extracting(Pool::name).contains("alice@shop", "bob@shop");
    }

    @Test
    void knowsWhoMayUseWhichDatabase() {
        Pools pools =
                ConfiguredPools.of(
                        """
                        [pools.shop]
                        [[pools.shop.users]]
                        username = "alice"
                        password = "sesame"
                        pool_size = 4
                        [pools.other]
                        """);

        assertThat(pools.hasDatabase("shop")).isTrue();
        assertThat(pools.hasDatabase("other")).isTrue();
        assertThat(pools.hasDatabase("nowhere")).isFalse();
        assertThat(pools.find("shop", "alice")).isPresent();
        assertThat(pools.find("other", "alice")).isEmpty();
        assertThat(pools.find("shop", "bob")).isEmpty();
    }

    @Test
    void logsInAsTheClientUnlessToldOtherwise() {
        ClientDirectory.Account account =
                account(
                        """
                        [pools.shop]
                        [[pools.shop.users]]
                        username = "alice"
                        password = "sesame"
                        pool_size = 1
                        """);

        assertThat(account.passThrough()).isTrue();
        assertThat(account.secret()).isEqualTo(new StoredSecret.Plain(Bytes.ofText("sesame")));
    }

    @Test
    void logsInAsTheRoleOfTheServer() {
        String text =
                """
                [pools.shop]
                server_host = "db.example.org"
                server_port = 6543
                server_database = "real"
                [[pools.shop.users]]
                username = "alice"
                password = "sesame"
                pool_size = 1
                server_username = "role"
                server_password = "open"
                """;

        ServerConnector connector = connector(text);

        assertThat(account(text).passThrough()).isFalse();
        assertThat(connector.target().user()).isEqualTo("role");
        assertThat(connector.target().database()).isEqualTo("real");
        assertThat(connector.target().pool()).isEqualTo("alice@shop");
        assertThat(connector.endpoint()).isEqualTo("db.example.org:6543");
        assertThat(connector.target().toString()).doesNotContain("open");
    }

    @Test
    void putsTheOperatorsStartupParametersOnTopOfAClients() {
        ServerConnector connector =
                connector(
                        """
                        [pools.shop]
                        [pools.shop.startup_parameters]
                        TimeZone = "UTC"
                        work_mem = "8MB"
                        [[pools.shop.users]]
                        username = "alice"
                        password = "sesame"
                        pool_size = 1
                        """);

        ParameterSet profile =
                connector.profileOf(ParameterSet.of(Map.of("timezone", "CET", "DateStyle", "ISO")));

        assertThat(profile.get("TimeZone")).isEqualTo("UTC");
        assertThat(profile.get("work_mem")).isEqualTo("8MB");
        assertThat(profile.get("DateStyle")).isEqualTo("ISO");
        assertThat(profile.get("application_name")).isNull();
        assertThat(Objects.requireNonNull(connector.defaultProfile().get("work_mem")))
                .isEqualTo("8MB");
    }
}

package io.pgdoorman.migrate;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.config.Config;
import io.pgdoorman.config.ConfigLoader;
import io.pgdoorman.config.PoolConfig;
import io.pgdoorman.config.PoolMode;
import io.pgdoorman.config.Secret;
import io.pgdoorman.config.UserConfig;
import io.pgdoorman.migrate.Cluster.Database;
import io.pgdoorman.migrate.Cluster.Role;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

class ClusterDraftTest {
    private static final Optional<Secret> MD5 =
            Optional.of(Secret.of("md50123456789abcdef0123456789abcdef"));

    @ParameterizedTest
    @EnumSource
    void databasesShareWhatPostgresCanTake(ConfigFormat format) {
        Cluster cluster =
                cluster(
                        100,
                        List.of(new Database("a.b", -1), new Database("c", 10)),
                        List.of(role("u"), new Role("v", MD5, false, 4, false)),
                        Map.of("a.b", Set.of("u", "v"), "c", Set.of("u")));

        Config config = load(text(cluster, format, 40), format);

        PoolConfig first = config.pool("a.b").orElseThrow();
        PoolConfig second = config.pool("c").orElseThrow();
        assertThat(first.serverHost()).isEqualTo("db");
        assertThat(first.poolMode()).isEqualTo(PoolMode.TRANSACTION);
        assertThat(first.coordinator().maxDbConnections()).isEqualTo(48);
        assertThat(first.users()).extracting(UserConfig::poolSize).containsExactly(40, 4);
        assertThat(second.coordinator().maxDbConnections()).isEqualTo(10);
        assertThat(second.users())
                .singleElement()
                .satisfies(
                        user -> {
                            assertThat(user.username()).isEqualTo("u");
                            assertThat(user.password()).isEqualTo(MD5.get());
                            assertThat(user.poolSize()).isEqualTo(10);
                        });
    }

    @Test
    void saysWhoIsLeftOutAndWhy() {
        Cluster cluster =
                cluster(
                        100,
                        List.of(new Database("d", -1), new Database("pgbouncer", -1)),
                        List.of(
                                role("good"),
                                new Role("peer\nuser", Optional.empty(), false, -1, false),
                                new Role("old", MD5, false, -1, true),
                                new Role("none", MD5, false, 0, false),
                                new Role("odd", Optional.of(Secret.of("x")), false, -1, false)),
                        Map.of("d", Set.of("good", "old", "none", "odd")));

        String text = text(cluster, ConfigFormat.TOML, 40);

        assertThat(text)
                .contains(
                        "# - peer?user: has no password",
                        "# - old: its password has expired",
                        "# - none: has a connection limit of 0",
                        "# - odd: its stored secret is neither",
                        ": pgbouncer\n");
        assertThat(load(text, ConfigFormat.TOML).pool("d").orElseThrow().users())
                .extracting(UserConfig::username)
                .containsExactly("good");
    }

    @Test
    void listsTheRolesWhenTheirSecretsCannotBeRead() {
        var cluster =
                new Cluster(
                        "18",
                        100,
                        3,
                        List.of(new Database("d", -1)),
                        List.of(new Role("u", Optional.empty(), false, -1, false)),
                        false,
                        Map.of("d", Set.of("u")));

        String text = text(cluster, ConfigFormat.YAML, 40);

        assertThat(text).contains("may not read pg_authid", "# u\n");
        assertThat(load(text, ConfigFormat.YAML).pool("d").orElseThrow().users()).isEmpty();
    }

    @Test
    void moreDatabasesThanConnectionsGetOneEach() {
        Cluster cluster =
                cluster(
                        5,
                        List.of(
                                new Database("a", -1),
                                new Database("b", -1),
                                new Database("c", -1)),
                        List.of(role("u")),
                        Map.of("a", Set.of("u")));

        String text = text(cluster, ConfigFormat.TOML, 40);

        assertThat(text).contains("more databases than connections");
        assertThat(load(text, ConfigFormat.TOML).pools().values())
                .extracting(pool -> pool.coordinator().maxDbConnections())
                .containsOnly(1);
    }

    @Test
    void anEmptyClusterMakesAFileWithoutPools() {
        Cluster cluster = cluster(100, List.of(), List.of(), Map.of());

        for (ConfigFormat format : ConfigFormat.values()) {
            assertThat(load(text(cluster, format, 40), format).pools()).isEmpty();
        }
    }

    private static Cluster cluster(
            int connections,
            List<Database> databases,
            List<Role> roles,
            Map<String, Set<String>> admitted) {
        return new Cluster("18", connections, 3, databases, roles, true, admitted);
    }

    private static Role role(String name) {
        return new Role(name, MD5, false, -1, false);
    }

    private static String text(Cluster cluster, ConfigFormat format, int poolSize) {
        var options =
                new GenerateOptions(
                        "db",
                        5432,
                        "postgres",
                        "postgres",
                        false,
                        poolSize,
                        false,
                        Optional.empty(),
                        format,
                        true);
        return ConfigWriter.write(ClusterDraft.of(cluster, options), format, true);
    }

    private static Config load(String text, ConfigFormat format) {
        var result = ConfigLoader.parse(text, format.exampleName()).withWarningsAsErrors();
        return result.config().orElseThrow(() -> new AssertionError(result.problems() + text));
    }
}

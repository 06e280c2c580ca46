package io.pgdoorman.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.Map;

/** Values of the console over those of the files. */
class OverridesTest {
    private static final String TEXT =
            """
            [general]
            idle_timeout = "2s"
            admin_password = "secret"
            admin_username = "admin"
            [pools.app]
            server_host = "localhost"
            pool_mode = "transaction"
            [pools.app.users.0]
            username = "alice"
            password = "a"
            pool_size = 5
            """;

    private static LoadResult load(String name, String value) {
        return ConfigLoader.parse(TEXT, "a.toml", Map.of(name, value));
    }

    private static Setting setting(LoadResult loaded, String name) {
        return loaded.config().orElseThrow().settings().stream()
                .filter(setting -> setting.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "general.idle_timeout | 5s | 5000",
                "general.idle_timeout | '5s' | 5000",
                "general.idle_timeout | \"5s\" | 5000",
                "general.idle_timeout | 5000 | 5000",
                "general.log_client_connections | false | false",
                "general.pooler_check_query | 1 | 1",
                "general.pooler_check_query | a \" b | a \" b",
                "general.admin_users | [\"a\", \"b\"] | a,b",
                "pools.app.pool_mode | session | session",
                "pools.app.users.0.pool_size | 7 | 7",
                "pools.app.startup_parameters | {work_mem = \"1MB\"} | {work_mem = \"1MB\"}",
            })
    void countInsteadOfTheFile(String name, String value, String shown) {
        LoadResult loaded = load(name, value);

        assertThat(loaded.problems()).isEmpty();
        assertThat(setting(loaded, name))
                .returns(shown, Setting::value)
                .returns("SET on the console", Setting::source)
                .returns(true, Setting::isOverride);
    }

    @Test
    void inheritAsIfTheyWereInTheFile() {
        LoadResult loaded = load("general.idle_timeout", "5s");

        assertThat(setting(loaded, "pools.app.idle_timeout"))
                .returns("5000", Setting::value)
                .returns("general.idle_timeout, SET on the console", Setting::source)
                .returns(false, Setting::isOverride);
    }

    @Test
    void withoutThemTheFileAndItsLineAreNamed() {
        LoadResult loaded = ConfigLoader.parse(TEXT, "a.toml");

        assertThat(setting(loaded, "general.idle_timeout").source()).isEqualTo("a.toml:2");
        assertThat(setting(loaded, "pools.app.users.0.pool_size").source()).isEqualTo("a.toml:11");
        assertThat(setting(loaded, "general.port").source()).isEqualTo("default");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "general.idle_timeout | soon",
                "general.log_client_connections | 7",
                "pools.app.pool_mode | lazy",
                "pools.app.users.0.pool_size | -1",
            })
    void areCheckedAsThoseOfAFile(String name, String value) {
        LoadResult loaded = load(name, value);

        assertThat(loaded.config()).isEmpty();
        assertThat(loaded.problems())
                .extracting(Problem::text)
                .singleElement()
                .asString()
                .startsWith("SET on the console: " + name);
    }

    /** A value of several lines is text, whatever it may be in a file. */
    @Test
    void aValueCannotBringAnother() {
        LoadResult loaded = load("pools.app.users.0.pool_size", "9\nvalue2 = 1");

        assertThat(loaded.config()).isEmpty();
    }

    @Test
    void aSecretIsNotShown() {
        LoadResult loaded = load("general.admin_password", "hunter2");

        assertThat(loaded.config().orElseThrow().general().admin().password().reveal())
                .isEqualTo("hunter2");
        assertThat(setting(loaded, "general.admin_password").value()).isEqualTo("***");
    }

    @Test
    void oneOfAPoolThatIsGoneIsToldAndChangesNothing() {
        LoadResult loaded = load("pools.gone.pool_mode", "session");

        assertThat(loaded.problems())
                .extracting(Problem::severity)
                .containsExactly(Problem.Severity.WARNING);
        assertThat(loaded.config()).isEqualTo(ConfigLoader.parse(TEXT, "a.toml").config());
    }

    @Test
    void anotherLineOfTheFileIsNoOtherConfiguration() {
        LoadResult moved = ConfigLoader.parse("\n\n" + TEXT, "a.toml");

        assertThat(moved.config()).isEqualTo(ConfigLoader.parse(TEXT, "a.toml").config());
    }
}

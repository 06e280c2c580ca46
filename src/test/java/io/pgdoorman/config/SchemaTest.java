package io.pgdoorman.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** The table of keys agrees with itself. */
class SchemaTest {
    static Stream<Section> sections() {
        return Schema.SECTIONS.stream();
    }

    static Stream<Key<?>> keys() {
        return Schema.SECTIONS.stream().flatMap(Section::keys);
    }

    @ParameterizedTest
    @MethodSource("sections")
    void aSectionHasEachNameOnce(Section section) {
        assertThat(section.names()).doesNotHaveDuplicates();
        assertThat(section.removed().keySet()).noneMatch(section.names()::contains);
    }

    @ParameterizedTest
    @MethodSource("keys")
    <T> void aDefaultIsReadAsItIsWritten(Key<T> key) {
        key.defaultValue()
                .filter(value -> !(value instanceof Secret))
                .ifPresent(
                        value ->
                                assertThat(read(key, key.type().toml(value)))
                                        .as(key.name())
                                        .isEqualTo(value));
    }

    @ParameterizedTest
    @MethodSource("keys")
    <T> void anExampleIsGood(Key<T> key) {
        if (!key.example().isEmpty()) {
            assertThat(read(key, key.example())).isNotNull();
        }
        boolean known = key.defaultValue().isPresent() || key.inherits().isPresent();
        assertThat(known || !key.example().isEmpty()).as("has something to show").isTrue();
    }

    @ParameterizedTest
    @MethodSource("keys")
    void aTextIsASentence(Key<?> key) {
        assertThat(key.doc()).matches("(?s)[A-Z`].*\\.");
    }

    @Test
    void theNearestKeyIsFoundWhereOneIsNear() {
        List<String> names = Schema.GENERAL.names();

        assertThat(KeyPath.nearest("conect_timeout", names)).hasValue("connect_timeout");
        assertThat(KeyPath.nearest("worker_thread", names)).hasValue("worker_threads");
        assertThat(KeyPath.nearest("Port", names)).hasValue("port");
        assertThat(KeyPath.nearest("zzzzzzzz", names)).isEmpty();
        assertThat(KeyPath.nearest("", List.of())).isEmpty();
    }

    @Test
    void settingsListEveryKeyOfEverySectionOnce() {
        Config config =
                Configs.toml(
                        Configs.MINIMAL.replace(
                                        "[general]",
                                        """
                                        [general]
                                        tls_certificate = "c"
                                        tls_private_key = "k"
                                        tls_certificates = [{certificate = "d", private_key = "l"}]
                                        """)
                                + """
                                auth_query = {query = "q", user = "u"}
                                users = [{username = "u", password = "x"}]
                                [web]
                                [talos]
                                keys = []
                                databases = []
                                """);

        assertThat(config.settings()).extracting(Setting::name).doesNotHaveDuplicates();
        long included = Schema.INCLUDE.keys().count();
        assertThat(config.settings()).hasSize(Math.toIntExact(keys().count() - included));
    }

    @Test
    void aSettingTellsItsValueDefaultAndOrigin() {
        Config config = Configs.general("idle_timeout = \"2s\"\nunix_socket_mode = \"0640\"");

        assertThat(config.settings())
                .contains(
                        new Setting(
                                "general.idle_timeout",
                                "2000",
                                "600000",
                                true,
                                ReloadClass.POOL,
                                ""),
                        new Setting(
                                "general.unix_socket_mode",
                                "0640",
                                "0600",
                                true,
                                ReloadClass.LIVE,
                                ""),
                        new Setting(
                                "general.host", "0.0.0.0", "0.0.0.0", false, ReloadClass.LIVE, ""),
                        new Setting(
                                "general.admin_password", "***", "", true, ReloadClass.LIVE, ""),
                        new Setting(
                                "pools.app.idle_timeout", "2000", "", false, ReloadClass.POOL, ""),
                        new Setting(
                                "general.tcp_keepalives_idle",
                                "5",
                                "5",
                                false,
                                ReloadClass.NEW_CONNECTIONS,
                                ""));
    }

    @Test
    void keysOfFeaturesToComeAreReportedOnlyWhenAFileHasThem() {
        Set<Problem.Severity> without =
                Set.copyOf(
                        ConfigLoader.parse(Configs.MINIMAL, "a.toml").problems().stream()
                                .map(Problem::severity)
                                .toList());

        assertThat(without).isEmpty();
        keys().filter(key -> !key.notInEffect().isEmpty())
                .forEach(
                        key -> assertThat(ConfigReference.notInEffect()).contains("." + key + "`"));
    }

    private static <T> T read(Key<T> key, String toml) {
        var problems = new Problems();
        Node.Table table = TomlReader.read("x = " + toml, "x.toml", problems).orElseThrow();
        T value =
                key.type()
                        .read(
                                table.entries().get("x"),
                                (at, message) -> problems.error(at.position(), key.name(), message))
                        .orElseThrow(() -> new AssertionError(problems.all()));
        assertThat(problems.all()).isEmpty();
        return value;
    }
}

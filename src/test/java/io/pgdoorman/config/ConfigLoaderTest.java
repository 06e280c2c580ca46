package io.pgdoorman.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

class ConfigLoaderTest {
    @TempDir Path directory;

    @Test
    void loadsTheSmallestFileWithoutAProblem() throws Exception {
        Path file = write("a.toml", Configs.MINIMAL);

        LoadResult result = ConfigLoader.load(file);

        assertThat(result.problems()).isEmpty();
        assertThat(Configs.good(result).files()).containsExactly(file);
        assertThat(Configs.good(result).pools()).containsOnlyKeys("app");
    }

    @Test
    void reportsAllProblemsAtOnceWithFileLineKeyAndRule() {
        var text =
                """
                [general]
                admin_username = "admin"
                port = 70000
                prot = 6432
                connect_timeout = "3 weeks"

                [pools.app]
                pool_mode = "statement"
                users = [{username = "a", password = 5, pool_size = 0}]
                """;

        List<String> problems = Configs.problems(text);

        assertThat(problems)
                .containsExactlyInAnyOrder(
                        "ERROR test.toml:3: general.port: must be an integer from 0 to 65535, is"
                                + " 70000",
                        "WARNING test.toml:4: general.prot: unknown key, is ignored; did you mean"
                                + " port?",
                        "ERROR test.toml:5: general.connect_timeout: must be a duration, a number"
                                + " with a suffix ms, s, m, h or d, is \"3 weeks\"",
                        "ERROR test.toml:1: general.admin_password: missing, is required",
                        "ERROR test.toml:8: pools.app.pool_mode: must be one of \"transaction\","
                                + " \"session\", is \"statement\"",
                        "ERROR test.toml:9: pools.app.users.0.password: must be a string, is an"
                                + " integer",
                        "ERROR test.toml:9: pools.app.users.0.pool_size: must be an integer from 1"
                                + " to 2147483647, is 0");
    }

    @Test
    void warningsBecomeErrorsWhenStrict() {
        LoadResult lenient = ConfigLoader.parse(Configs.withGeneral("prot = 1"), "a.toml");

        LoadResult strict = lenient.withWarningsAsErrors();

        assertThat(lenient.config()).isPresent();
        assertThat(strict.config()).isEmpty();
        assertThat(strict.problems())
                .extracting(Problem::severity)
                .containsExactly(Problem.Severity.ERROR);
    }

    @Test
    void keysWithoutEffectAreNoErrorWhenStrict() {
        LoadResult result = ConfigLoader.parse("[web]\nui = true\n" + Configs.MINIMAL, "a.toml");

        assertThat(result.problems())
                .extracting(Problem::toString)
                .containsExactly("NOT_IN_EFFECT a.toml:2: web.ui: not in effect yet");
        assertThat(result.withWarningsAsErrors().config()).isPresent();
    }

    @Test
    void reportsAMissingFile() {
        LoadResult result = ConfigLoader.load(directory.resolve("none.toml"));

        assertThat(result.config()).isEmpty();
        assertThat(result.problems().getFirst().message())
                .isEqualTo("could not open: no such file");
    }

    @Test
    void reportsADirectoryInPlaceOfAFile() {
        LoadResult result = ConfigLoader.load(directory);

        assertThat(result.config()).isEmpty();
        assertThat(result.problems().getFirst().message()).startsWith("could not read: ");
    }

    @Test
    void reportsTextThatIsNotUtf8() throws Exception {
        Path file = directory.resolve("a.toml");
        Files.write(file, Configs.MINIMAL.getBytes(StandardCharsets.UTF_16));

        LoadResult result = ConfigLoader.load(file);

        assertThat(result.problems())
                .extracting(Problem::message)
                .containsExactly("not valid UTF-8");
    }

    @Test
    void reportsSyntaxErrorsOfBothFormatsWithTheirLine() {
        var toml = ConfigLoader.parse("[general]\nport = = 1\n", "a.toml");
        var yaml = ConfigLoader.parse("general:\n  port: [1\n  x: 2\n", "a.yaml");

        assertThat(toml.problems().getFirst().text()).startsWith("a.toml:2: TOML parse error: ");
        assertThat(yaml.problems().getFirst().text()).startsWith("a.yaml:3: YAML parse error: ");
    }

    @Test
    void namesRemovedKeysAndWhatToDoInstead() {
        assertThat(Configs.problems(Configs.withGeneral("log_level = \"debug\"")))
                .containsExactly(
                        "WARNING test.toml:4: general.log_level: removed, is ignored; use the"
                                + " option --log-level");
    }

    @Test
    void readsADeprecatedKeyWithAWarning() {
        var text = Configs.withGeneral("client_prepared_statements_cache_size = 7");

        LoadResult result = ConfigLoader.parse(text, "a.toml");

        assertThat(result.config()).isPresent();
        assertThat(result.problems())
                .extracting(Problem::toString)
                .contains(
                        "WARNING a.toml:4: general.client_prepared_statements_cache_size:"
                                + " deprecated, is now called client_anonymous_prepared_cache_size");
    }

    @Test
    void refusesAKeyAndItsDeprecatedNameTogether() {
        var text =
                Configs.withGeneral(
                        "client_prepared_statements_cache_size = 7\n"
                                + "client_anonymous_prepared_cache_size = 8");

        assertThat(Configs.problems(text))
                .containsExactly(
                        "ERROR test.toml:4: general.client_prepared_statements_cache_size:"
                                + " duplicate field, the same as"
                                + " client_anonymous_prepared_cache_size");
    }

    @Test
    void requiresGeneralAndPools() {
        assertThat(Configs.problems("[web]\nenabled = false\n"))
                .contains(
                        "ERROR test.toml:1: general: missing, is required",
                        "ERROR test.toml:1: pools: missing, is required");
    }

    @Test
    void takesPrometheusForWebButNotBoth() {
        var alias = Configs.MINIMAL + "[prometheus]\nport = 9000\n";

        assertThat(Configs.toml(alias).web().orElseThrow().port()).isEqualTo(9000);
        assertThat(Configs.problems(alias + "[web]\n"))
                .containsExactly("ERROR test.toml:6: prometheus: duplicate field, same as web");
    }

    @Test
    void readsRulesFromAFileAndReportsItsLines() throws Exception {
        Path rules = write("pg_hba.conf", "local all all trust\nhost all all ldap\n");
        var text = Configs.withGeneral("pg_hba = {path = '%s'}".formatted(rules));

        assertThat(Configs.problems(text))
                .containsExactly(
                        "ERROR "
                                + rules
                                + ":2: too few fields, expected host DATABASE USER ADDRESS"
                                + " METHOD");
    }

    @Test
    void reportsAMissingFileOfRules() {
        Path missing = directory.resolve("none.conf");

        assertThat(Configs.problems(Configs.withGeneral("pg_hba.path = '%s'".formatted(missing))))
                .containsExactly("ERROR " + missing + ": could not open: no such file");
    }

    @Test
    void listsProblemsInTheOrderOfTheLines() {
        List<String> problems =
                Configs.problems("[pools.app]\nserver_port = 0\n[general]\nport = -1\n");

        assertThat(problems).hasSize(4);
        assertThat(problems.getFirst()).startsWith("ERROR test.toml:2: ");
        assertThat(problems.getLast()).startsWith("ERROR test.toml:4: ");
    }

    @Test
    void readsAFileThatBeginsWithAByteOrderMark() throws Exception {
        assertThat(ConfigLoader.load(write("a.toml", "\uFEFF" + Configs.MINIMAL)).config())
                .isPresent();
        assertThat(
                        ConfigLoader.load(write("b.toml", Configs.MINIMAL.replace("\n", "\r\n")))
                                .config())
                .isPresent();
    }

    private Path write(String name, String text) throws Exception {
        return Files.writeString(directory.resolve(name), text);
    }
}

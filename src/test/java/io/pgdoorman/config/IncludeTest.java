package io.pgdoorman.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

class IncludeTest {
    @TempDir Path directory;

    @Test
    void mergesTablesJoinsListsAndLetsTheLastValueCount() throws Exception {
        Path one =
                write(
                        "one.yaml",
                        """
                        general: {port: 7000, hba: [10.0.0.0/8]}
                        pools:
                          app:
                            users: [{username: b, password: ""}]
                          more: {}
                        """);
        Path two =
                write(
                        "two.toml",
                        """
                        [general]
                        port = 7001
                        hba = ["11.0.0.0/8"]
                        """);
        Path main = main("users = [{username = \"a\", password = \"\"}]", one, two);

        Config config = Configs.good(ConfigLoader.load(main));

        assertThat(config.general().listen().port()).isEqualTo(7001);
        assertThat(config.general().hba().rules())
                .extracting(HbaRule::text)
                .containsExactly(
                        "local all all", "host all all 10.0.0.0/8", "host all all 11.0.0.0/8");
        assertThat(config.pools().get("app").users())
                .extracting(UserConfig::username)
                .containsExactly("a", "b");
        assertThat(config.pools()).containsOnlyKeys("app", "more");
        assertThat(config.files()).containsExactly(main, one, two);
    }

    @Test
    void mergesNumberedUsersOfOneNumberIntoOne() throws Exception {
        Path more = write("more.toml", "pools.app.users.0.password = \"\"\n");
        Path main = main("users.0 = {username = \"a\"}", more);

        Config config = Configs.good(ConfigLoader.load(main));

        assertThat(config.pools().get("app").users())
                .extracting(UserConfig::username)
                .containsExactly("a");
    }

    @Test
    void refusesValuesOfDifferentTypes() throws Exception {
        Path more = write("more.toml", "[general]\nconnect_timeout = \"3s\"\n");
        Path main = main("", more);
        Files.writeString(
                main,
                Files.readString(main).replace("[general]", "[general]\nconnect_timeout = 3"));

        assertThat(texts(main))
                .containsExactly(
                        more
                                + ":2: general.connect_timeout: could not merge: a string here, an"
                                + " integer in "
                                + main);
    }

    @Test
    void refusesAListOverATableOfUsers() throws Exception {
        Path more = write("more.toml", "[[pools.app.users]]\nusername = \"b\"\n");
        Path main = main("users.0 = {username = \"a\", password = \"\"}", more);

        assertThat(texts(main))
                .containsExactly(
                        more
                                + ":1: pools.app.users: could not merge: a list here, a table in "
                                + main);
    }

    @Test
    void namesTheFileOfAProblem() throws Exception {
        Path more = write("more.yaml", "general:\n  port: x\n  prot: 1\n");

        assertThat(texts(main("", more)))
                .containsExactly(
                        more + ":2: general.port: must be an integer from 0 to 65535, is \"x\"",
                        more + ":3: general.prot: unknown key, is ignored; did you mean port?");
    }

    @Test
    void reportsMissingAndBrokenIncludesTogether() throws Exception {
        Path missing = directory.resolve("none.toml");
        Path broken = write("broken.toml", "port = = 1\n");

        List<String> texts = texts(main("", missing, broken));

        assertThat(texts).hasSize(2);
        assertThat(texts.getFirst()).isEqualTo(missing + ": could not open: no such file");
        assertThat(texts.getLast()).startsWith(broken + ":1: TOML parse error: ");
    }

    @Test
    void followsNoIncludesOfIncludes() throws Exception {
        Path more = write("more.toml", "[include]\nfiles = [\"nowhere.toml\"]\n");

        assertThat(texts(main("", more))).isEmpty();
    }

    @Test
    void refusesTheTwoNamesOfWebInTwoFiles() throws Exception {
        Path one = write("one.toml", "[web]\n");
        Path two = write("two.toml", "[prometheus]\n");

        assertThat(ConfigLoader.load(main("", one, two)).problems().toString())
                .contains("two.toml:1: prometheus: duplicate field, same as web");
    }

    @Test
    void refusesAListOfIncludesThatIsNone() {
        assertThat(Configs.problems("include.files = \"a\"\n" + Configs.MINIMAL))
                .containsExactly(
                        "ERROR test.toml:1: include.files: must be a list of strings, is \"a\"");
    }

    @Test
    void refusesAnIncludeThatIsNoTable() {
        assertThat(Configs.problems("include = 5\n" + Configs.MINIMAL))
                .containsExactly("ERROR test.toml:1: include: must be a table, is an integer");
    }

    private Path main(String pool, Path... includes) throws Exception {
        var files = List.of(includes).stream().map(file -> "'" + file + "'").toList();
        return write(
                "main.toml", "include.files = " + files + "\n" + Configs.MINIMAL + pool + "\n");
    }

    private static List<String> texts(Path main) {
        return ConfigLoader.load(main).problems().stream().map(Problem::text).toList();
    }

    private Path write(String name, String text) throws Exception {
        return Files.writeString(directory.resolve(name), text);
    }
}

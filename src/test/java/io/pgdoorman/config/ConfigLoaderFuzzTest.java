package io.pgdoorman.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** Whatever is in a file, the loader answers with a configuration or with an error. */
class ConfigLoaderFuzzTest {
    private static final int MUTANTS = 400;
    private static final List<String> PIECES =
            List.of(
                    "[",
                    "]",
                    "[[",
                    "]]",
                    "{",
                    "}",
                    "=",
                    ":",
                    ",",
                    ".",
                    "\"",
                    "'",
                    "\"\"\"",
                    "#",
                    "\n",
                    "\t",
                    "\\",
                    "\0",
                    "- ",
                    "*a",
                    "&a ",
                    "? ",
                    "<<",
                    "!!",
                    "~",
                    "null",
                    "true",
                    "0",
                    "-1",
                    "1e9",
                    "nan",
                    "1979-05-27",
                    "99999999999999999999",
                    "\uD800",
                    "\uFEFF",
                    "users",
                    "general",
                    "pools",
                    "%",
                    "|",
                    ">");

    @TempDir Path directory;

    @ParameterizedTest
    @MethodSource("names")
    void takesRandomBytes(String name) throws Exception {
        var random = new Random(name.hashCode());
        for (int i = 0; i < MUTANTS; i++) {
            var bytes = new byte[random.nextInt(200)];
            random.nextBytes(bytes);

            assertAnswer(ConfigLoader.load(Files.write(directory.resolve(name), bytes)));
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void takesMutatedFiles(String name) throws Exception {
        String good =
                name.endsWith("toml")
                        ? Files.readString(Path.of("pg_doorman.toml.example"))
                                .replaceAll("(?m)^#(?=[a-z\\[])", "")
                                .replaceAll("(?m)^(#.*)?\n", "")
                        : "general: {admin_username: a, admin_password: b, hba: [1.2.3.4/5]}\n"
                                + "web: {port: 1}\npools:\n  a: {users: [{username: u, password:"
                                + " 'p', pool_size: 3}]}\n  b:\n    users: {0: {username: x}}\n";
        var random = new Random(name.hashCode());
        for (int i = 0; i < MUTANTS; i++) {
            var text = new StringBuilder(good);
            for (int n = 1 + random.nextInt(4); n > 0; n--) {
                mutate(text, random);
            }

            assertAnswer(ConfigLoader.parse(text.toString(), name));
        }
    }

    static Stream<String> names() {
        return Stream.of("a.toml", "a.yaml");
    }

    @ParameterizedTest
    @MethodSource("deep")
    void takesDeepNesting(String name, String open) {
        LoadResult result = ConfigLoader.parse("a" + open.repeat(20_000), name);

        assertThat(result.config()).isEmpty();
        assertAnswer(result);
    }

    static Stream<Object[]> deep() {
        return Stream.of(
                new Object[] {"a.toml", "=["},
                new Object[] {"a.toml", "={a"},
                new Object[] {"a.toml", ".a"},
                new Object[] {"a.yaml", ": ["},
                new Object[] {"a.yaml", ": {a"},
                new Object[] {"a.yaml", ": - "});
    }

    @Test
    void takesTablesNestedDeeply() {
        var text = "a = " + "[".repeat(500) + "]".repeat(500) + "\n" + Configs.MINIMAL;

        assertThat(ConfigLoader.parse(text, "a.toml").config()).isEmpty();
        assertThat(ConfigLoader.parse("x" + ".x".repeat(500) + " = 1\n", "a.toml").config())
                .isEmpty();
    }

    @Test
    void takesAnchorsThatStandForBillions() {
        var text = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (int i = 1; i < 12; i++) {
            text.append("a%d: &a%d [".formatted(i, i))
                    .append(("*a" + (i - 1) + ", ").repeat(9))
                    .append("x]\n");
        }

        LoadResult result = ConfigLoader.parse(text.toString(), "a.yaml");

        assertThat(result.config()).isEmpty();
        assertThat(result.problems().toString()).contains("too many or too deeply nested values");
    }

    @Test
    void takesAnchorsThatContainThemselves() {
        LoadResult result = ConfigLoader.parse("general: &g {x: *g}\npools: {}\n", "a.yaml");

        assertThat(result.config()).isEmpty();
        assertAnswer(result);
    }

    @Test
    void refusesFilesThatAreTooLarge() throws Exception {
        Path file = directory.resolve("large.toml");
        Files.write(file, new byte[SourceFile.MAX_BYTES + 1]);

        assertThat(ConfigLoader.load(file).problems())
                .extracting(Problem::message)
                .containsExactly("larger than " + SourceFile.MAX_BYTES + " bytes");
    }

    @Test
    void refusesADeviceWithoutAnEnd() {
        assertThat(ConfigLoader.load(Path.of("/dev/zero")).problems())
                .extracting(Problem::message)
                .containsExactly("larger than " + SourceFile.MAX_BYTES + " bytes");
    }

    private static void mutate(StringBuilder text, Random random) {
        int at = random.nextInt(text.length() + 1);
        switch (random.nextInt(4)) {
            case 0 -> text.insert(at, PIECES.get(random.nextInt(PIECES.size())));
            case 1 -> text.delete(at, Math.min(text.length(), at + 1 + random.nextInt(10)));
            case 2 -> text.setLength(at);
            default -> {
                int from = random.nextInt(text.length() + 1);
                text.insert(
                        at,
                        text.substring(from, Math.min(text.length(), from + random.nextInt(40))));
            }
        }
    }

    private static void assertAnswer(LoadResult result) {
        boolean error =
                result.problems().stream().anyMatch(p -> p.severity() == Problem.Severity.ERROR);
        assertThat(result.config().isEmpty()).isEqualTo(error);
        assertThat(result.problems())
                .allSatisfy(
                        p -> assertThat(p.text().getBytes(StandardCharsets.UTF_8)).isNotEmpty());
        result.config().ifPresent(config -> assertThat(config.settings()).isNotEmpty());
    }
}

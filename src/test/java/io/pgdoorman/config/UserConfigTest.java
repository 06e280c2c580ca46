package io.pgdoorman.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

class UserConfigTest {
    private static final String MD5 = "md5" + "0123456789abcdef".repeat(2);
    private static final String KEY = "A".repeat(43) + "=";
    private static final String SCRAM = "SCRAM-SHA-256$4096:c2FsdA==$" + KEY + ":" + KEY;

    @Test
    void hasDefaults() {
        UserConfig user = user("");

        assertThat(user)
                .isEqualTo(
                        new UserConfig(
                                "u",
                                Secret.of(""),
                                40,
                                0,
                                PoolMode.TRANSACTION,
                                Duration.ofMinutes(20),
                                "u",
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty()));
    }

    @Test
    void readsEveryKey() {
        UserConfig user =
                user(
                        """
                        pool_size = 5
                        min_pool_size = 2
                        pool_mode = "session"
                        server_lifetime = 1000
                        server_username = "role"
                        server_password = "pw"
                        auth_pam_service = "pam"
                        """);

        assertThat(user)
                .isEqualTo(
                        new UserConfig(
                                "u",
                                Secret.of(""),
                                5,
                                2,
                                PoolMode.SESSION,
                                Duration.ofSeconds(1),
                                "role",
                                Optional.of(Secret.of("pw")),
                                Optional.empty(),
                                Optional.of("pam")));
    }

    /** Those of the pool say how a command is run. */
    @ParameterizedTest
    @MethodSource
    void readsWhereThePasswordIs(String line, PasswordFrom expected) {
        PoolConfig pool =
                Configs.pool(
                        """
                        password_command_timeout = "3s"
                        password_command_max_age = "4m"
                        [[pools.app.users]]
                        username = "u"
                        password = ""
                        server_username = "role"
                        """
                                + line);

        assertThat(pool.user("u").orElseThrow().serverPasswordFrom()).hasValue(expected);
    }

    static Stream<Arguments> readsWhereThePasswordIs() {
        return Stream.of(
                Arguments.of("server_password_file = '/a'", new PasswordFrom.File(Path.of("/a"))),
                Arguments.of("server_passfile = '/b'", new PasswordFrom.PassFile(Path.of("/b"))),
                Arguments.of(
                        "server_password_command = 'echo x | cat'",
                        new PasswordFrom.Command(
                                "echo x | cat", Duration.ofSeconds(3), Duration.ofMinutes(4))));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "server_password_file = '/a'      | requires server_username to be set",
                "server_password_command = 'true' | requires server_username to be set",
                "server_passfile = '/a'           | requires server_username to be set",
                "server_username = 'r', server_password = 'x', server_passfile = '/a'"
                        + " | users.0.server_passfile: cannot be set together with server_password",
                "server_username = 'r', server_password_file = '/a', server_password_command = 'x'"
                        + " | cannot be set together with server_password_file",
                "server_username = 'r', server_password = 'jwt-priv-key-fpath:'"
                        + " | names no file after jwt-priv-key-fpath:"
            })
    void refusesPasswordsOfNoRoleOrFromTwoPlaces(String keys, String problem) {
        LoadResult result = ConfigLoader.parse(text("", keys.replace(", ", "\n")), "a.toml");

        assertThat(result.config()).isEmpty();
        assertThat(result.problems().toString()).contains(problem);
    }

    @Test
    void inheritsModeAndLifetimeFromThePool() {
        PoolConfig pool =
                Configs.pool(
                        """
                        pool_mode = "session"
                        server_lifetime = "9s"
                        users = [{username = "u", password = ""}]
                        """);

        assertThat(pool.user("u").orElseThrow().poolMode()).isEqualTo(PoolMode.SESSION);
        assertThat(pool.user("u").orElseThrow().serverLifetime()).isEqualTo(Duration.ofSeconds(9));
        assertThat(pool.user("v")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "'', EMPTY",
        "secret, PLAIN",
        "md4abc, PLAIN",
        "MD5abc, PLAIN",
        "scram-sha-256, PLAIN",
        "jwt-pkey-fpath:/k.pem, JWT"
    })
    void tellsTheKindOfASecret(String secret, PasswordKind kind) {
        assertThat(user(secret, "").passwordKind()).isEqualTo(kind);
    }

    @Test
    void takesHashesAsPostgresWritesThem() {
        assertThat(user(MD5, "").passwordKind()).isEqualTo(PasswordKind.MD5);
        assertThat(user(SCRAM, "").passwordKind()).isEqualTo(PasswordKind.SCRAM_SHA_256);
    }

    @Test
    void writesTheDigitsOfAHashInLowerCase() {
        assertThat(user("md5" + "ABCDEF0123456789".repeat(2), "").password().reveal())
                .isEqualTo("md5" + "abcdef0123456789".repeat(2));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "md5",
                "md5-my-password",
                "md50123456789abcdef0123456789abcde",
                "md50123456789abcdef0123456789abcdef0",
                "md50123456789abcdef0123456789abcdeg",
                "SCRAM-SHA-256",
                "SCRAM-SHA-256$4096:c2FsdA==$AAAA:AAAA",
                "SCRAM-SHA-256$0:c2FsdA==$KEY:KEY",
                "SCRAM-SHA-256$x:c2FsdA==$KEY:KEY",
                "SCRAM-SHA-256$4096:!!!$KEY:KEY",
                "SCRAM-SHA-256$4096:c2FsdA==$KEY",
                "SCRAM-SHA-256$4096:c2FsdA==$KEY:KEY:KEY",
                "jwt-pkey-fpath:"
            })
    void refusesMalformedSecretsWithoutShowingThem(String template) {
        String secret = template.replace("KEY", KEY);

        LoadResult result = ConfigLoader.parse(text(secret, ""), "a.toml");

        assertThat(result.config()).isEmpty();
        assertThat(result.problems().toString()).contains("pools.app.users.0.password");
        String shown = result.problems().toString();
        assertThat(shown).doesNotContain("my-password", "abcde", "AAAA", "c2FsdA");
    }

    @Test
    void takesUsersAsANumberedTableInNumericOrder() {
        PoolConfig pool =
                Configs.pool(
                        """
                        [pools.app.users.10]
                        username = "ten"
                        password = ""
                        [pools.app.users.9]
                        username = "nine"
                        password = ""
                        """);

        assertThat(pool.users()).extracting(UserConfig::username).containsExactly("nine", "ten");
    }

    @Test
    void refusesANumberedTableWithOtherKeys() {
        assertThat(Configs.problems(Configs.MINIMAL + "users.bob = {username = \"bob\"}"))
                .containsExactly(
                        "ERROR test.toml:6: pools.app.users.bob: invalid user key, expected a number"
                                + " or a list of users");
    }

    @Test
    void doesWithoutAPasswordOnlyForPam() {
        assertThat(Configs.problems(Configs.MINIMAL + "users = [{username = \"u\"}]"))
                .singleElement()
                .asString()
                .startsWith("ERROR test.toml:6: pools.app.users.0.password: missing");
        assertThat(
                        Configs.problems(
                                Configs.MINIMAL
                                        + "users = [{username = \"u\", auth_pam_service = \"p\"}]"))
                .isEmpty();
    }

    @Test
    void warnsOfAServerPasswordThatIsAHash() {
        var text = text("", "server_username = \"u\"\nserver_password = \"" + MD5 + "\"");

        assertThat(Configs.problems(text))
                .containsExactly(
                        "WARNING test.toml:10: pools.app.users.0.server_password: is taken for"
                                + " the MD5 hash of the role and its password, which is of use only"
                                + " if PostgreSQL asks for MD5");
    }

    @ParameterizedTest
    @ValueSource(strings = {"SCRAM-SHA-256$4096:c2FsdA==$x:y", "SCRAM-SHA-256$"})
    void refusesServerPasswordsThatCannotLogIn(String password) {
        var user = text("", "server_username = \"u\"\nserver_password = \"" + password + "\"");
        var lookup =
                Configs.MINIMAL
                        + "auth_query = {query = \"q\", user = \"u\", server_user = \"s\", server_password = \""
                        + password
                        + "\"}";

        assertThat(Configs.problems(user))
                .singleElement()
                .asString()
                .startsWith(
                        "ERROR test.toml:10: pools.app.users.0.server_password: is a SCRAM verifier");
        assertThat(Configs.problems(lookup))
                .singleElement()
                .asString()
                .startsWith(
                        "ERROR test.toml:6: pools.app.auth_query.server_password: is a SCRAM verifier");
    }

    @Test
    void hidesSecretsInTexts() {
        Config config =
                Configs.toml(
                        text("hunter2", "server_username = \"u\"\nserver_password = \"hunter3\""));

        assertThat(config.toString()).doesNotContain("hunter", "top-secret");
        assertThat(config.settings().toString()).doesNotContain("hunter", "top-secret");
    }

    private static UserConfig user(String keys) {
        return user("", keys);
    }

    private static UserConfig user(String password, String keys) {
        List<UserConfig> users = Configs.toml(text(password, keys)).pools().get("app").users();
        assertThat(users).hasSize(1);
        return users.getFirst();
    }

    private static String text(String password, String keys) {
        return Configs.MINIMAL
                + "[[pools.app.users]]\nusername = \"u\"\npassword = \"%s\"\n%s"
                        .formatted(password, keys);
    }
}

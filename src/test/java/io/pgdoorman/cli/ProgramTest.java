package io.pgdoorman.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.testing.TokenIssuer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;

class ProgramTest {
    private static final String GOOD =
            """
            [general]
            admin_username = "admin"
            admin_password = "a long password"

            [pools.app]
            server_host = "127.0.0.1"
            server_port = 5432
            [[pools.app.users]]
            username = "app"
            password = ""
            pool_size = 10
            """;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir private Path directory;

    @Test
    void aGoodConfigurationPassesTheCheck() throws Exception {
        Path file = write(GOOD);

        int code = execute("-t", file.toString());

        assertThat(code).isEqualTo(0);
        assertThat(out.toString(StandardCharsets.UTF_8))
                .isEqualTo(
                        """
                        pg_doorman: the configuration file %1$s syntax is ok
                        pg_doorman: configuration file %1$s test is successful
                        """
                                .formatted(file));
        assertThat(err.toString(StandardCharsets.UTF_8)).doesNotContain("error");
    }

    @Test
    void aBadConfigurationFailsTheCheckWithEachProblem() throws Exception {
        Path file =
                write(GOOD.replace("5432", "\"x\"").replace("pool_size = 10", "pool_size = -1"));

        int code = execute("--test-config", file.toString());

        assertThat(code).isEqualTo(78);
        assertThat(out.toString(StandardCharsets.UTF_8)).isEmpty();
        assertThat(err.toString(StandardCharsets.UTF_8).lines())
                .filteredOn(line -> line.startsWith("Config parse error: "))
                .hasSize(2)
                .anySatisfy(line -> assertThat(line).contains("server_port"))
                .anySatisfy(line -> assertThat(line).contains("pool_size"));
    }

    @Test
    void aMissingFileFailsTheCheck() throws Exception {
        int code = execute("-t", directory.resolve("none.toml").toString());

        assertThat(code).isEqualTo(78);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .startsWith("Config parse error: ")
                .contains("none.toml");
    }

    @Test
    void aFileOfTokenKeysThatCannotBeUsedFailsTheCheck() throws Exception {
        Path keys = directory.resolve("keys.pem");
        String file =
                write(
                                GOOD.replace(
                                        "[general]",
                                        """
                                        [general]
                                        pg_hba = "host all all all jwt jwtkeys=%s"
                                        """
                                                .formatted(keys)))
                        .toString();

        int missing = execute("-t", file);
        Files.writeString(keys, TokenIssuer.ec("secp256r1").pem());
        int good = execute("-t", file);

        assertThat(missing).isEqualTo(78);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .contains("general.pg_hba:1: jwtkeys: %s: there is no such file".formatted(keys));
        assertThat(good).isZero();
    }

    @Test
    void aMistypedSettingIsAWarningUnlessStrict() throws Exception {
        String file =
                write(GOOD.replace("[pools.app]", "[pools.app]\nidle_timeuot = 1")).toString();

        int lenient = execute("-t", file);
        String warnings = err.toString(StandardCharsets.UTF_8);
        int strict = execute("-t", "--strict", file);

        assertThat(lenient).isEqualTo(0);
        assertThat(warnings).contains("warning: ", "idle_timeuot", "idle_timeout?");
        assertThat(strict).isEqualTo(78);
    }

    @ParameterizedTest
    @CsvSource({"rw-r--r--, true", "rw-r-----, false", "rw----r--, true"})
    void warnsOfPasswordsThatEverybodyCanRead(String permissions, boolean warned) throws Exception {
        Path file = write(GOOD);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));

        int lenient = execute("-t", file.toString());
        int strict = execute("-t", "--strict", file.toString());

        String warning =
                "warning: %1$s: holds a password and everybody on this machine can read it (chmod o-rwx %1$s)"
                        .formatted(file);
        assertThat(err.toString(StandardCharsets.UTF_8).contains(warning)).isEqualTo(warned);
        assertThat(lenient).isZero();
        assertThat(strict).isEqualTo(warned ? 78 : 0);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "app@app --from 10.1.2.3 | 0 | general.pg_hba:1: host all all 10.0.0.0/8 md5",
                "app@app --from 10.1.2.3 | 0 | asked for a password (md5)",
                "a@b@app --from ::ffff:10.1.2.3 | 0 | a@b to app from 10.1.2.3: asked",
                "app@app --from local | 0 | let in without a password (trust)",
                "app@app --from 11.1.2.3 | 1 | general.pg_hba:4: host all all all reject",
                "app@app --from 11.1.2.3 | 1 | app to app from 11.1.2.3: refused",
                "app@app --from 11.1.2.3 --tls | 0 | with TLS: asked for a password (scram-sha-256)",
                "app@app --from fe80::1 --tls | 0 | general.pg_hba:3: hostssl",
                "app@nowhere --from local | 0 | let in"
            })
    void saysWhichRuleDecides(String question, int expected, String text) throws Exception {
        String rules =
                "host all all 10.0.0.0/8 md5\\nlocal all all trust\\n"
                        + "hostssl all all all scram-sha-256\\nhost all all all reject\\n";
        Path file = write(withRules(rules));

        int code = execute(("-t " + file + " --hba " + question).split(" "));

        assertThat(out.toString(StandardCharsets.UTF_8)).contains(text);
        assertThat(code).isEqualTo(expected);
    }

    @Test
    void saysThatNoRuleDecides() throws Exception {
        Path file = write(withRules("local a all trust"));

        int code = execute("-t", file.toString(), "--hba", "u@d", "--from", "local");

        assertThat(out.toString(StandardCharsets.UTF_8))
                .isEqualTo("no line matches\nu to d from local: refused\n");
        assertThat(code).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "require | 10.1.2.3 | 1 | u to d from 10.1.2.3: refused",
                "verify-ca | 10.1.2.3 | 1 | tls_mode refuses clients without TLS",
                "verify-full | 10.1.2.3 | 1 | tls_mode refuses clients without TLS",
                "require | 10.1.2.3 --tls | 0 | with TLS: let in without a password (trust)",
                "verify-ca | 10.1.2.3 --tls | 0 | needs a certificate that an authority has signed (tls_mode)",
                "require | 11.1.2.3 --tls | 0 | needs a certificate that an authority has signed (verify-ca)",
                "require | 12.1.2.3 --tls | 0 | needs a certificate of its own (verify-full)",
                "require | local | 0 | let in without a password (trust)",
                "allow | 10.1.2.3 | 0 | let in without a password (trust)"
            })
    void saysWhatTlsHasToDoWithIt(String mode, String from, int expected, String text)
            throws Exception {
        String rules =
                "local all all trust\\nhost all all 10.0.0.0/8 trust\\n"
                        + "hostssl all all 11.0.0.0/8 md5 clientcert=verify-ca\\n"
                        + "hostssl all all 12.0.0.0/8 cert\\n";
        String tls =
                """
                [general]
                tls_mode = "%s"
                tls_certificate = "c.pem"
                tls_private_key = "k.pem"
                tls_ca_cert = "ca.pem"
                """
                        .formatted(mode);
        Path file = write(withRules(rules).replace("[general]\n", tls));

        int code = execute(("-t " + file + " --hba u@d --from " + from).split(" "));

        assertThat(out.toString(StandardCharsets.UTF_8)).contains(text);
        assertThat(code).isEqualTo(expected);
    }

    @Test
    void asksNothingOfRulesThatAreNotGood() throws Exception {
        Path file = write(withRules("local all all cert"));

        int code = execute("-t", file.toString(), "--hba", "u@d", "--from", "local");

        assertThat(err.toString(StandardCharsets.UTF_8)).contains("pg_hba:1: method cert");
        assertThat(code).isEqualTo(78);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--hba=u@d --from=local",
                "-t --hba=u@d",
                "-t --from=local",
                "-t --tls",
                "-t --hba=u --from=local",
                "-t --hba=@d --from=local",
                "-t --hba=u@ --from=local",
                "-t --hba=u@d --from=db.example.com",
                "-t --hba=u@d --from=10.0.0.0/8",
                "-t --hba=u@d --from=local --tls"
            })
    void refusesWrongQuestions(String words) throws Exception {
        assertThat(execute(words.split(" "))).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--no-such-option",
                "--log-level=loud",
                "--log-format=xml",
                "--inherit-fd=three",
                "--strict",
                "one two",
                "-x",
                "--log-level",
                "--log-lev=info",
                "file --no-such-option",
                "demo more"
            })
    void wrongUsageEndsWithTwoAndSaysWhere(String arguments) throws Exception {
        int code = execute(arguments.split(" ", -1));

        assertThat(code).isEqualTo(2);
        assertThat(out.toString(StandardCharsets.UTF_8)).isEmpty();
        assertThat(err.toString(StandardCharsets.UTF_8))
                .startsWith("pg_doorman: ")
                .endsWith("Try 'pg_doorman --help' for the options.\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"INFO", "info", "Info"})
    void namesOfLevelsAreTakenInAnyCase(String level) throws Exception {
        int code = execute("-l", level, "-F", "Structured", "-t", write(GOOD).toString());

        assertThat(code).isEqualTo(0);
    }

    @Test
    void detachingNeedsAGoodConfiguration() throws Exception {
        int code = execute("-d", "no_such_file.toml");

        assertThat(code).isEqualTo(78);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("no_such_file.toml");
    }

    @Test
    void versionAndHelpGoToStandardOutput() throws Exception {
        int version = execute("-V");
        int help = execute("--help");

        assertThat(version).isEqualTo(0);
        assertThat(help).isEqualTo(0);
        assertThat(out.toString(StandardCharsets.UTF_8))
                .startsWith("pg_doorman ")
                .contains("CONFIG_FILE", "demo")
                .contains("-l, --log-level", "-F, --log-format", "-n, --no-color", "-d, --daemon")
                .contains("-t, --test-config", "--strict", "-h, --help", "-V, --version");
        assertThat(err.toString(StandardCharsets.UTF_8)).isEmpty();
    }

    private int execute(String... arguments) throws IOException, InterruptedException {
        try (var outWriter = new PrintWriter(out, true, StandardCharsets.UTF_8);
                var errWriter = new PrintWriter(err, true, StandardCharsets.UTF_8)) {
            return new Program(outWriter, errWriter, Map.of()).run(arguments);
        }
    }

    private Path write(String toml) throws IOException {
        return Files.writeString(directory.resolve("pg_doorman.toml"), toml);
    }

    private static String withRules(String rules) {
        return GOOD.replace("[general]", "[general]\npg_hba = \"" + rules + "\"");
    }
}

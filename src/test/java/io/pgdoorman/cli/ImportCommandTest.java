package io.pgdoorman.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;

/** {@code import} and {@code generate} as far as they need no PostgreSQL. */
class ImportCommandTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir private Path directory;
    private Path ini;
    private Path users;

    @BeforeEach
    void writeFiles() throws Exception {
        ini =
                Files.writeString(
                        directory.resolve("pgbouncer.ini"),
                        """
                        [databases]
                        app = host=127.0.0.1
                        [pgbouncer]
                        listen_addr = 127.0.0.1
                        auth_file = /no/such/file
                        so_reuseport = 1
                        """);
        users = Files.writeString(directory.resolve("users.txt"), "\"app\" \"hunter2\"\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"pg_doorman.toml", "pg_doorman.yaml"})
    void writesAFileThatPassesTheCheckAndOthersCannotRead(String name) throws Exception {
        Path target = Files.writeString(directory.resolve(name), "old");

        int code =
                execute(
                        "import",
                        "--ini",
                        ini.toString(),
                        "--userlist=" + users,
                        "-o",
                        target.toString());
        String report = err.toString();
        int check = execute("-t", "--strict", target.toString());

        assertThat(code).as(report).isEqualTo(0);
        assertThat(report).contains("pgbouncer.ini:6: so_reuseport: ").doesNotContain("hunter2");
        assertThat(check).as(err.toString()).isEqualTo(0);
        assertThat(Files.getPosixFilePermissions(target))
                .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    }

    @Test
    void writesToStandardOutputWithoutComments() throws Exception {
        int code =
                execute(
                        "import",
                        "--ini=" + ini,
                        "--userlist=" + users,
                        "--format=yaml",
                        "--no-comments");

        assertThat(code).isEqualTo(0);
        assertThat(out.toString()).startsWith("general:\n").doesNotContain("#");
    }

    @Test
    void aFileThatCannotBeReadIsNamedWithWhoNamesIt() throws Exception {
        int code = execute("import", "--ini", ini.toString());

        assertThat(code).isEqualTo(1);
        assertThat(out.toString()).isEmpty();
        assertThat(err.toString())
                .startsWith("pg_doorman: import: cannot read /no/such/file")
                .contains("pgbouncer.ini:5", "--userlist", "no such file");
    }

    @Test
    void aTargetThatCannotBeWrittenIsNamed() throws Exception {
        int code =
                execute(
                        "import",
                        "--ini=" + ini,
                        "--userlist=" + users,
                        "-o",
                        directory.resolve("none/a.toml").toString());

        assertThat(code).isEqualTo(1);
        assertThat(err.toString()).contains("cannot write ", "none/a.toml", "no such file");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "import",
                "import more --ini x",
                "import --in x",
                "import --ini x --format xml",
                "generate --password secret",
                "generate --port 0",
                "generate --pool-size many",
                "generate --reference --format yaml",
                "generate more"
            })
    void wrongWordsEndWithTwo(String words) throws Exception {
        int code = execute(words.split(" ", -1));

        assertThat(code).isEqualTo(2);
        assertThat(err.toString()).startsWith("pg_doorman: ").doesNotContain("secret");
    }

    @Test
    void theReferenceNeedsNoServerAndPassesTheCheck() throws Exception {
        Path target = directory.resolve("all.toml");

        int code = execute("generate", "--reference", "-o", target.toString());

        assertThat(code).isEqualTo(0);
        assertThat(execute("-t", target.toString())).as(err.toString()).isEqualTo(0);
    }

    @Test
    void aServerThatIsNotThereIsAnErrorWithAdvice() throws Exception {
        int code = execute("generate", "--host", "127.0.0.1", "--port", "1");
        int socket = execute("generate", "--host", "/var/run/postgresql");

        assertThat(code).isEqualTo(1);
        assertThat(socket).isEqualTo(1);
        assertThat(out.toString()).isEmpty();
        assertThat(err.toString())
                .startsWith("pg_doorman: generate: cannot ask 127.0.0.1:1 as postgres: ")
                .contains("--host", "--server-host")
                .doesNotContain("Exception");
    }

    @Test
    void bothHaveAHelpOfTheirOwn() throws Exception {
        int one = execute("import", "--help");
        int other = execute("generate", "-h");

        assertThat(one + other).isEqualTo(0);
        assertThat(out.toString()).contains("--userlist", "--pool-size", "PGPASSWORD");
    }

    private int execute(String... words) throws Exception {
        try (var outWriter = new PrintWriter(out);
                var errWriter = new PrintWriter(err)) {
            return new Program(outWriter, errWriter, Map.of()).run(words);
        }
    }
}

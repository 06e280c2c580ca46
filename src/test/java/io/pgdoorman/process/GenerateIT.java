package io.pgdoorman.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.testing.ChildProcess;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** {@code pg_doorman generate} of the packaged program, in front of a real PostgreSQL. */
class GenerateIT {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final PostgresServer SERVER = PostgresServer.shared();
    private static final String DATABASE = SERVER.newDatabase("generate");

    @TempDir private Path directory;

    @BeforeAll
    static void closeADatabase() {
        SERVER.execute(
                "postgres",
                "CREATE DATABASE \"closed \"\"one\"\"\" ALLOW_CONNECTIONS false",
                "CREATE DATABASE \"odd.\"\"name\"\"\"",
                "REVOKE CONNECT ON DATABASE \"odd.\"\"name\"\"\" FROM PUBLIC",
                "GRANT CONNECT ON DATABASE \"odd.\"\"name\"\"\" TO scram_user");
    }

    @ParameterizedTest
    @ValueSource(strings = {"pg_doorman.toml", "pg_doorman.yaml"})
    void whatItWritesPassesTheCheck(String name) throws Exception {
        Path file = directory.resolve(name);

        String printed = succeed("generate", "-u", PostgresServer.SUPERUSER, "-o", file.toString());
        String check = succeed("-t", "--strict", file.toString());

        assertThat(printed).isEmpty();
        assertThat(check).contains("test is successful").doesNotContain("warning");
        assertThat(Files.readString(file))
                .contains(
                        DATABASE,
                        "odd.\\\"name\\\"",
                        "max_connections of 300",
                        "\"scram_user\"",
                        "\"SCRAM-SHA-256$",
                        "\"md5_user\"",
                        "\"md5",
                        "rejected_user: has no password")
                .doesNotContain("closed", "template1", PostgresServer.PASSWORD);
    }

    @Test
    void clientsLogInWithWhatPostgresHasStored() throws Exception {
        Path file = directory.resolve("generated.toml");
        succeed("generate", "-u", PostgresServer.SUPERUSER, "-o", file.toString());
        String pools = Files.readString(file).replaceFirst("(?s).*?\n(?=\\[pools\\.)", "");

        try (var pooler =
                        PoolerProcess.builder()
                                .hba("host all all all scram-sha-256\n")
                                .append(pools)
                                .start();
                var connection =
                        DriverManager.getConnection(
                                pooler.jdbcUrl(DATABASE), "scram_user", PostgresServer.PASSWORD);
                var statement = connection.createStatement();
                var rows = statement.executeQuery("SELECT current_database()")) {
            assertThat(rows.next()).isTrue();
            assertThat(rows.getString(1)).isEqualTo(DATABASE);
        }
    }

    @Test
    void thePasswordComesFromTheEnvironmentOrThePasswordFile() throws Exception {
        Path file = directory.resolve("pgpass");
        Files.writeString(file, "*:*:*:scram_user:" + PostgresServer.PASSWORD + "\n");
        List<String> words = List.of("generate", "-u", "scram_user", "-d", DATABASE);

        ChildProcess byVariable = run(words, Map.of("PGPASSWORD", PostgresServer.PASSWORD));
        ChildProcess byFile = run(words, Map.of("PGPASSFILE", file.toString()));

        for (ChildProcess process : List.of(byVariable, byFile)) {
            try (process) {
                assertThat(process.awaitExit(LIMIT)).as(process.output()).isEqualTo(0);
                assertThat(process.output())
                        .contains("scram_user may not read pg_authid", "md5_user")
                        .doesNotContain(PostgresServer.PASSWORD);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a wrong one"})
    void aLoginThatFailsIsAnErrorWithAdvice(String password) throws Exception {
        List<String> words = List.of("generate", "-u", "scram_user", "-d", DATABASE);
        Map<String, String> environment =
                Map.of("PGPASSWORD", password, "PGPASSFILE", directory.resolve("no").toString());

        try (ChildProcess process = run(words, environment)) {
            assertThat(process.awaitExit(LIMIT)).isEqualTo(1);
            assertThat(process.output())
                    .startsWith("pg_doorman: generate: cannot ask ")
                    .contains("password", "PGPASS")
                    .doesNotContain("Exception", "\tat ", "a wrong one");
        }
    }

    private String succeed(String... words) {
        try (ChildProcess process = run(List.of(words), Map.of())) {
            assertThat(process.awaitExit(LIMIT)).as(process.output()).isEqualTo(0);
            return process.output();
        }
    }

    private ChildProcess run(List<String> words, Map<String, String> environment) {
        List<String> command = new ArrayList<>(List.of(PoolerProcess.program().toString()));
        command.addAll(words);
        var variables = new HashMap<>(environment);
        variables.put("PGHOST", SERVER.host());
        variables.put("PGPORT", Integer.toString(SERVER.port()));
        return ChildProcess.start(command, variables, directory);
    }
}

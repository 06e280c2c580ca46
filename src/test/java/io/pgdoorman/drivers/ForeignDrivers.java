package io.pgdoorman.drivers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgdoorman.testing.ChildProcess;
import io.pgdoorman.testing.Requirement;

import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Applications in other languages. They take their libraries from the registries of those, so they
 * run only on demand: {@code mvn verify -Pdrivers}.
 */
class ForeignDrivers {
    private static final Duration LIMIT = Duration.ofMinutes(1);

    static Stream<Application> applications() {
        return Stream.of(
                python("psycopg"),
                python("psycopg2"),
                python("asyncpg"),
                python("sqlalchemy"),
                python("console"),
                go("pgx"),
                go("pq"),
                go("console"),
                node("pg"),
                node("postgres"),
                rust("tokio-postgres"),
                rust("sqlx"),
                new Application(
                        "C libpq",
                        "libpq",
                        List.of("cc", "pg_config"),
                        "cc -Wall -Wextra -Werror -I\"$(pg_config --includedir)\" -o pipeline"
                                + " pipeline.c -lpq",
                        "./pipeline"));
    }

    private static Application python(String driver) {
        return new Application(
                "Python " + driver,
                "python",
                List.of("python3"),
                "python3 -m venv venv; venv/bin/pip install -q -r requirements.txt",
                "venv/bin/python use_%s.py".formatted(driver));
    }

    private static Application go(String driver) {
        return new Application(
                "Go " + driver,
                "go",
                List.of("go"),
                "go build -o drivers .",
                "./drivers " + driver);
    }

    private static Application node(String driver) {
        return new Application(
                "Node " + driver,
                "node",
                List.of("node", "npm"),
                "npm install --no-audit --no-fund --no-package-lock",
                "node use_%s.js".formatted(driver));
    }

    private static Application rust(String driver) {
        return new Application(
                "Rust " + driver,
                "rust",
                List.of("cargo"),
                "cargo build -q",
                "target/debug/drivers " + driver);
    }

    @ParameterizedTest
    @MethodSource("applications")
    void everyAnswerIsRight(Application application) throws IOException {
        application.prepare();
        try (var pooler = new DriverPooler(Application.schema())) {
            application.run(pooler);

            pooler.assertClean();
        }
    }

    /** By OpenSSL, Go's own TLS and rustls, all of which check the certificate. */
    @ParameterizedTest
    @MethodSource("applications")
    void everyAnswerIsRightByTls(Application application, @TempDir Path directory)
            throws IOException {
        application.prepare();
        try (var pooler = new DriverPooler(Application.schema(), Optional.of(directory))) {
            application.run(pooler);

            pooler.assertClean();
        }
    }

    /**
     * Each client has a thread: pgbench waits in it for the reply to a Parse, and the others of
     * that thread would keep their servers meanwhile.
     */
    @ParameterizedTest
    @ValueSource(strings = {"prepared", "extended", "simple"})
    void pgbenchHasNoFailure(String protocol) {
        Requirement.program("pgbench");
        try (var pooler = new DriverPooler(Application.schema())) {
            var environment = Application.environment(pooler);
            ChildProcess.run(List.of("pgbench", "-i", "-q", "-I", "dtGp"), environment);
            var command =
                    List.of(
                            "pgbench", "-n", "-M", protocol, "-c", "20", "-j", "20", "-T", "4",
                            "-P", "1");
            try (var pgbench = ChildProcess.start(command, environment, Path.of("/"))) {
                await().atMost(LIMIT).until(() -> pgbench.output().contains("progress: "));

                pooler.pooler().handOver();

                assertThat(pgbench.awaitExit(LIMIT)).as(pgbench::output).isZero();
                assertThat(pgbench.output()).contains("number of failed transactions: 0");
            }
            pooler.assertClean();
        }
    }
}

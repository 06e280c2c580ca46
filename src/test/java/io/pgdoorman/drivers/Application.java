package io.pgdoorman.drivers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pgdoorman.testing.ChildProcess;
import io.pgdoorman.testing.PoolerProcess;
import io.pgdoorman.testing.PostgresServer;
import io.pgdoorman.testing.Requirement;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A program in another language, in a directory of {@code src/test/drivers}. It is built and run in
 * a copy. It prints "half way", works on until it reads "go on", does as much again, prints "done"
 * and exits with 0.
 *
 * @param name what the report calls it
 * @param directory the directory of its sources; several programs may share one
 * @param tools programs that must be on the PATH
 * @param build a line of shell that makes it ready
 * @param command a line of shell that starts it
 */
record Application(
        String name, String directory, List<String> tools, String build, String command) {
    private static final Path SOURCES = Path.of("src/test/drivers").toAbsolutePath();
    private static final Path COPIES = Path.of("target/drivers").toAbsolutePath();
    private static final Duration BUILD_LIMIT = Duration.ofMinutes(10);
    private static final Duration LIMIT = Duration.ofMinutes(2);
    private static final Set<String> BUILT = ConcurrentHashMap.newKeySet();

    /** Starts its standard input later, when the test opens the pipe. */
    private static final String READING_PIPE = "exec <\"$0\"; eval \"exec $1\"";

    /** Makes it ready to run; skips the test where a tool is missing. */
    void prepare() throws IOException {
        tools.forEach(Requirement::program);
        if (!BUILT.add(directory)) {
            return;
        }
        Path copy = Files.createDirectories(COPIES.resolve(directory));
        try (var files = Files.walk(SOURCES.resolve(directory))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path target = copy.resolve(SOURCES.resolve(directory).relativize(file));
                Files.createDirectories(target.getParent());
                Files.copy(file, target, StandardCopyOption.REPLACE_EXISTING);
            }
        }
        var command = List.of("/bin/sh", "-e", "-c", build);
        try (var process = ChildProcess.start(command, Map.of(), copy)) {
            assertThat(process.awaitExit(BUILD_LIMIT)).as(process::output).isZero();
        }
    }

    /** Runs it, with a handover half way, and expects it to be content. */
    void run(DriverPooler pooler) throws IOException {
        Path home = Files.createTempDirectory("pg_doorman-driver");
        Path pipe = home.resolve("pipe");
        ChildProcess.run(List.of("mkfifo", pipe.toString()));
        var line =
                new ArrayList<>(List.of("/bin/sh", "-c", READING_PIPE, pipe.toString(), command));
        try (var process =
                ChildProcess.start(line, environment(pooler), COPIES.resolve(directory))) {
            try (var input = Files.newOutputStream(pipe)) {
                await().atMost(LIMIT)
                        .until(() -> process.output().contains("half way\n") || !process.isAlive());
                assertThat(process.isAlive()).as(process::output).isTrue();

                pooler.pooler().handOver();
                input.write("go on\n".getBytes(StandardCharsets.US_ASCII));
            }

            assertThat(process.awaitExit(LIMIT)).as(process::output).isZero();
            assertThat(process.output()).endsWith("done\n");
        } finally {
            Files.deleteIfExists(pipe);
            Files.delete(home);
        }
    }

    /** What libpq and most drivers go by. */
    static Map<String, String> environment(DriverPooler pooler) {
        Map<String, String> variables = new HashMap<>();
        variables.put("PGHOST", "127.0.0.1");
        variables.put("PGPORT", Integer.toString(pooler.port()));
        variables.put("PGUSER", PostgresServer.APP);
        variables.put("PGDATABASE", DriverPooler.POOL);
        variables.put("CONSOLE_USER", PoolerProcess.ADMIN);
        variables.put("CONSOLE_PASSWORD", PoolerProcess.ADMIN_PASSWORD);
        pooler.authority()
                .ifPresent(
                        authority -> {
                            variables.put("PGSSLMODE", "verify-full");
                            variables.put("PGSSLROOTCERT", authority.toString());
                            variables.put("PGSSL", "verify-full"); // postgres.js
                            variables.put("NODE_EXTRA_CA_CERTS", authority.toString());
                        });
        return variables;
    }

    /** Tables and types of their own, besides those of {@link DriverPooler}. */
    static String schema() {
        try {
            return Files.readString(SOURCES.resolve("schema.sql"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String toString() {
        return name;
    }
}

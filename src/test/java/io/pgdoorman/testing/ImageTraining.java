package io.pgdoorman.testing;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Properties;

/**
 * Completes the application image: adds the PostgreSQL programs for the demo, and makes the AOT
 * cache, for which the packaged program serves real traffic in front of a real PostgreSQL while the
 * virtual machine records what it loads, links and compiles. That is the one of this process, or of
 * PG_DOORMAN_JAVA_HOME, since a cache fits only the runtime that made it. Run by the build; its
 * argument is the image's directory. Any failure fails the build.
 */
public final class ImageTraining {
    private static final Duration EXIT_LIMIT = Duration.ofMinutes(2);
    private static final String PREFIX = "training-";
    private static final int CONNECTIONS = 20;
    private static final int QUERIES = 1_000;

    /** By TLS, with a query each. */
    private static final int LOGINS = 200;

    private static final int SCRAPES = 5;

    private final Path cache;

    private ImageTraining(Path image) {
        cache = image.resolve("lib/pg_doorman.aot");
    }

    public static void main(String[] args) throws Exception {
        Path image = Path.of(args[0]).toAbsolutePath();
        System.setProperty("pg_doorman.home", image.toString());
        PostgresBinaries.prepare().copyTo(image.resolve("lib/demo/postgresql"));
        new ImageTraining(image).train();
        System.exit(0); // the shared PostgreSQL is stopped by its hook
    }

    private void train() throws IOException, SQLException {
        Files.deleteIfExists(cache);
        deleteOthers();
        String javaHome =
                Objects.requireNonNullElse(
                        System.getenv("PG_DOORMAN_JAVA_HOME"), System.getProperty("java.home"));
        PostgresServer server = PostgresServer.shared();
        int webPort = Ports.free();
        String output;
        long last;
        Path keys = Files.createTempDirectory("pg_doorman-training");
        String[] tls = {quoted("server.crt", keys), quoted("server.key", keys)};
        try (var pooler =
                PoolerProcess.builder()
                        .general("tls_certificate", tls[0])
                        .general("tls_private_key", tls[1])
                        .environment("PG_DOORMAN_JAVA_HOME", javaHome)
                        .environment(
                                "PG_DOORMAN_JAVA_OPTS",
                                "-XX:AOTCacheOutput=" + cache.resolveSibling(PREFIX + "%p.aot"))
                        .pool("training", server, "postgres", "transaction", 4)
                        .append("[web]\nenabled = true\nhost = \"127.0.0.1\"\nport = " + webPort)
                        .start()) {
            drive(pooler);
            // The cache is the successor's: it has been both sides of a handover.
            replaceAtOnce(pooler);
            drive(pooler);
            pooler.ctl("upgrade", "--stage");
            drive(pooler);
            pooler.ctl("upgrade", "--rollback");
            drive(pooler);
            scrape(webPort);
            pooler.signal("TERM");
            last = pooler.pid();
            int code = pooler.awaitExit(EXIT_LIMIT);
            output = pooler.log();
            if (code != 0) {
                throw new IllegalStateException("the program exited with " + code + ": " + output);
            }
        }
        Path written = cache.resolveSibling(PREFIX + "pid" + last + ".aot");
        if (!Files.isRegularFile(written)) {
            throw new IllegalStateException("no " + written + " was written: " + output);
        }
        Files.move(written, cache);
        deleteOthers();
        for (String name : List.of("server.crt", "server.key", "")) {
            Files.delete(keys.resolve(name));
        }
    }

    /**
     * Each process would write a cache at its end, which takes seconds: the predecessor's is
     * killed.
     */
    private static void replaceAtOnce(PoolerProcess pooler) {
        long old = pooler.pid();
        pooler.signal("USR2");
        Deadline deadline = Deadline.in(EXIT_LIMIT);
        while (pooler.pid() == old) {
            if (deadline.isOver()) {
                throw new IllegalStateException("no successor: " + pooler.log());
            }
            Deadline.breathe();
            pooler.follow();
        }
        ProcessHandle.of(old).ifPresent(ProcessHandle::destroyForcibly);
    }

    /** The rolled back successor has left the page to its predecessor again. */
    private static void scrape(int port) throws IOException {
        Deadline deadline = Deadline.in(EXIT_LIMIT);
        for (int left = SCRAPES; left > 0; ) {
            try (var page =
                    URI.create("http://127.0.0.1:%d/metrics".formatted(port))
                            .toURL()
                            .openStream()) {
                page.readAllBytes();
                left--;
            } catch (ConnectException e) {
                if (deadline.isOver()) {
                    throw e;
                }
                Deadline.breathe();
            }
        }
    }

    private void deleteOthers() throws IOException {
        try (var files = Files.newDirectoryStream(cache.getParent(), PREFIX + "*")) {
            for (Path file : files) {
                Files.delete(file);
            }
        }
    }

    private static void drive(PoolerProcess pooler) throws SQLException {
        for (String mode : List.of("simple", "extended")) {
            var properties = new Properties();
            properties.setProperty("user", PostgresServer.APP);
            properties.setProperty("preferQueryMode", mode);
            properties.setProperty("sslmode", "disable");
            for (int i = 0; i < CONNECTIONS; i++) {
                try (var connection =
                        DriverManager.getConnection(pooler.jdbcUrl("training"), properties)) {
                    query(connection);
                    transact(connection);
                }
            }
        }
        logIn(pooler);
    }

    private static String quoted(String certificate, Path directory) {
        return "\"" + Certificates.copy(certificate, directory) + "\"";
    }

    private static void logIn(PoolerProcess pooler) throws SQLException {
        var properties = new Properties();
        properties.setProperty("user", PostgresServer.APP);
        properties.setProperty("sslmode", "require");
        for (int i = 0; i < LOGINS; i++) {
            try (var connection =
                            DriverManager.getConnection(pooler.jdbcUrl("training"), properties);
                    var statement = connection.createStatement()) {
                statement.execute("SELECT 1");
            }
        }
    }

    private static void query(Connection connection) throws SQLException {
        String sql = "SELECT g, repeat('x', g) FROM generate_series(1, ?) g";
        try (var statement = connection.prepareStatement(sql)) {
            for (int round = 0; round < QUERIES; round++) {
                statement.setInt(1, 1 + round % 50);
                try (var rows = statement.executeQuery()) {
                    while (rows.next()) {
                        rows.getString(2);
                    }
                }
            }
        }
    }

    private static void transact(Connection connection) throws SQLException {
        connection.setAutoCommit(false);
        try (var statement = connection.createStatement()) {
            statement.execute("CREATE TEMP TABLE t (a int) ON COMMIT DROP");
            statement.execute("INSERT INTO t SELECT generate_series(1, 100)");
            connection.commit();
            try {
                statement.execute("SELECT 1/0");
            } catch (SQLException expected) {
                connection.rollback();
            }
        }
        connection.setAutoCommit(true);
    }
}

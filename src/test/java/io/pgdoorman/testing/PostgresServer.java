package io.pgdoorman.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A real PostgreSQL with its own data directory: TCP on a free port and a Unix socket, everything
 * fast and nothing durable. {@link #shared()} is one for the whole test JVM; tests that stop or
 * kill it start their own. Threads: any.
 */
public final class PostgresServer implements AutoCloseable {
    /** The superuser; admitted without a password. */
    public static final String SUPERUSER = "postgres";

    /** An ordinary role; admitted without a password. */
    public static final String APP = "app";

    /**
     * Password of the roles {@code md5_user}, {@code scram_user} and {@code password_user}, which
     * pg_hba.conf makes log in by the method they are named after.
     */
    public static final String PASSWORD = "correct horse";

    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    private static final Duration RELOAD_LIMIT = Duration.ofSeconds(10);
    private static final String LOADED = "SELECT pg_conf_load_time()";
    private static final Duration STOP_LIMIT = Duration.ofSeconds(30);

    private static final Map<String, String> DEFAULTS =
            Map.ofEntries(
                    Map.entry("fsync", "off"),
                    Map.entry("synchronous_commit", "off"),
                    Map.entry("full_page_writes", "off"),
                    Map.entry("max_connections", "300"),
                    Map.entry("shared_buffers", "32MB"),
                    Map.entry("max_wal_size", "256MB"),
                    Map.entry("listen_addresses", "127.0.0.1,::1"),
                    Map.entry("unix_socket_permissions", "0777"),
                    Map.entry("TimeZone", "UTC"),
                    Map.entry("log_timezone", "UTC"),
                    Map.entry("max_prepared_transactions", "10"));

    private final PostgresBinaries binaries;
    private final Path home;
    private final Map<String, String> settings;
    private final AtomicInteger databases = new AtomicInteger();
    private final Thread hook = new Thread(this::remove);
    private int port;
    private ChildProcess process;

    private PostgresServer(Builder builder) throws IOException {
        binaries = Shared.BINARIES;
        settings = new TreeMap<>(DEFAULTS);
        settings.putAll(builder.settings);
        home = Files.createTempDirectory("pg_doorman-test-pg");
        Runtime.getRuntime().addShutdownHook(hook);
        Path owned = binaries.newDirectory(home, "server");
        Files.setPosixFilePermissions(
                home, java.nio.file.attribute.PosixFilePermissions.fromString("rwxr-xr-x"));
        ChildProcess.run(
                binaries.asServerUser(
                        List.of(
                                "cp",
                                "-R",
                                binaries.template().resolve("data").toString(),
                                owned.toString())));
        ChildProcess.run(binaries.asServerUser(List.of("chmod", "0700", data().toString())));
        writeHba(builder.hba);
        if (settings.containsKey("ssl")) {
            copyCertificates("server");
        }
        port = Ports.free();
        process = launch();
        execute(
                "postgres",
                "SET password_encryption = 'md5'",
                "CREATE ROLE md5_user LOGIN PASSWORD '" + PASSWORD + "'",
                "SET password_encryption = 'scram-sha-256'",
                "CREATE ROLE scram_user LOGIN PASSWORD '" + PASSWORD + "'",
                "CREATE ROLE password_user LOGIN PASSWORD '" + PASSWORD + "'",
                "CREATE ROLE rejected_user LOGIN",
                "CREATE ROLE " + APP + " LOGIN");
    }

    /** The server every test may use that leaves it running; started on first use. */
    public static PostgresServer shared() {
        return Shared.SERVER;
    }

    public static Builder builder() {
        return new Builder();
    }

    public String host() {
        return "127.0.0.1";
    }

    public int port() {
        return port;
    }

    /** The directory of the Unix socket; also what {@code server_host} of a pool may name. */
    public Path socketDirectory() {
        return home.resolve("server");
    }

    public InetSocketAddress address() {
        return new InetSocketAddress(host(), port);
    }

    public UnixDomainSocketAddress unixAddress() {
        return UnixDomainSocketAddress.of(socketDirectory().resolve(".s.PGSQL." + port));
    }

    public String jdbcUrl(String database) {
        return "jdbc:postgresql://%s:%d/%s".formatted(host(), port, database);
    }

    /** A direct connection of the superuser. */
    public Connection connect(String database) throws SQLException {
        return DriverManager.getConnection(jdbcUrl(database), SUPERUSER, "");
    }

    /** Runs {@code statements} one after the other as superuser in {@code database}. */
    public void execute(String database, String... statements) {
        try (var connection = connect(database);
                var statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The first column of the first row of {@code sql} as text, run by the superuser. */
    public String queryValue(String database, String sql) {
        try (var connection = connect(database);
                var statement = connection.createStatement();
                var rows = statement.executeQuery(sql)) {
            if (!rows.next()) {
                throw new IllegalStateException("no row from " + sql);
            }
            return String.valueOf(rows.getString(1));
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Creates a database with a name of its own that begins with {@code prefix}. */
    public String newDatabase(String prefix) {
        String name = prefix + "_" + databases.incrementAndGet();
        execute("postgres", "CREATE DATABASE " + name);
        return name;
    }

    /** Sessions of clients (not of the superuser) in {@code database}. */
    public int sessions(String database) {
        return Integer.parseInt(
                queryValue(
                        "postgres",
                        "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client"
                                + " backend' AND usename <> '"
                                + SUPERUSER
                                + "' AND datname = '"
                                + database
                                + "'"));
    }

    /** Replaces pg_hba.conf, makes the server read it and waits until it has. */
    public void hba(String rules) {
        String before = queryValue("postgres", LOADED);
        writeHba(rules);
        execute("postgres", "SELECT pg_reload_conf()");
        Deadline deadline = Deadline.in(RELOAD_LIMIT);
        // A new session is told when the main process, which admits it, has read its files.
        while (queryValue("postgres", LOADED).equals(before)) {
            if (deadline.isOver()) {
                throw new IllegalStateException("PostgreSQL does not reload: " + log());
            }
            Deadline.breathe();
        }
    }

    /** Replaces pg_ident.conf and makes the server read it. */
    public void identMap(String lines) {
        try {
            Files.writeString(data().resolve("pg_ident.conf"), lines + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        execute("postgres", "SELECT pg_reload_conf()");
    }

    /** Shows another certificate of {@link Certificates} to new clients; {@code ssl} is on. */
    public void certificate(String name) {
        copyCertificates(name);
        execute("postgres", "SELECT pg_reload_conf()");
    }

    private void copyCertificates(String name) {
        try {
            Path parts = Files.createDirectories(home.resolve("certificates"));
            for (String file : List.of(name + ".crt", name + ".key", "ca.crt", "ed25519.crt")) {
                Path copy = Certificates.copy(file, parts);
                Files.setPosixFilePermissions(
                        copy, java.nio.file.attribute.PosixFilePermissions.fromString("rw-r--r--"));
            }
            String script =
                    "umask 077; cd '%s'; cat ca.crt ed25519.crt > '%s/ca.crt'; cp %s.crt %s.key '%s'; cd '%s'; mv %s.crt own.crt; mv %s.key own.key"
                            .formatted(parts, data(), name, name, data(), data(), name, name);
            ChildProcess.run(binaries.asServerUser(List.of("/bin/sh", "-c", script)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Sends {@code signal} to the main process alone: INT is a fast stop, QUIT an immediate one.
     */
    public void signal(String signal) {
        process.signal(signal);
    }

    /** Sends SIGSTOP to every process of the server. */
    public void freeze() {
        signalAll("STOP");
    }

    /** Ends {@link #freeze()}. */
    public void thaw() {
        signalAll("CONT");
    }

    /** Kills every process of the server at once, as a crash of the machine would. */
    public void kill() {
        signalAll("KILL");
        process.awaitExit(STOP_LIMIT);
    }

    /** Stops the server; its clients get a FATAL error. */
    public void stop() {
        process.signal("INT");
        process.awaitExit(STOP_LIMIT);
    }

    /** Starts the server again after {@link #stop()} or {@link #kill()}, on the same port. */
    public void start() {
        process.close();
        String stale = data().resolve("postmaster.pid").toString();
        ChildProcess.run(binaries.asServerUser(List.of("rm", "-f", stale)));
        process = launchOnce();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** What the server wrote to its log. */
    public String log() {
        return process.output();
    }

    @Override
    public void close() {
        Runtime.getRuntime().removeShutdownHook(hook);
        remove();
    }

    private void remove() {
        if (process != null) {
            signalAll("KILL");
            process.close();
        }
        PostgresBinaries.deleteTree(home);
    }

    private void signalAll(String signal) {
        var pids = new ArrayList<Long>();
        ProcessHandle.of(process.pid())
                .ifPresent(
                        main -> {
                            pids.add(main.pid());
                            main.descendants().forEach(child -> pids.add(child.pid()));
                        });
        pids.forEach(pid -> ChildProcess.signal(pid, signal));
    }

    private ChildProcess launch() {
        for (int attempt = 0; ; attempt++) {
            try {
                return launchOnce();
            } catch (PortTakenException e) {
                if (attempt == 10) {
                    throw new IllegalStateException(e);
                }
                port = Ports.free();
            }
        }
    }

    private ChildProcess launchOnce() {
        var command =
                new ArrayList<>(
                        List.of(
                                binaries.program("postgres"),
                                "-D",
                                data().toString(),
                                "-p",
                                Integer.toString(port),
                                "-k",
                                socketDirectory().toString()));
        settings.forEach(
                (name, value) -> {
                    command.add("-c");
                    command.add(name + "=" + value);
                });
        var child = ChildProcess.start(binaries.asServerUser(command), Map.of(), home);
        Deadline deadline = Deadline.in(START_LIMIT);
        while (!child.output().contains("ready to accept connections")) {
            if (!child.isAlive() || deadline.isOver()) {
                String log = child.output();
                child.close();
                if (log.contains("Address already in use")) {
                    throw new PortTakenException(log);
                }
                throw new IllegalStateException("PostgreSQL does not start: " + log);
            }
            Deadline.breathe();
        }
        return child;
    }

    private Path data() {
        return home.resolve("server/data");
    }

    private void writeHba(String rules) {
        try {
            Files.writeString(data().resolve("pg_hba.conf"), rules);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class PortTakenException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        PortTakenException(String message) {
            super(message);
        }
    }

    private static final class Shared {
        static final PostgresBinaries BINARIES = PostgresBinaries.prepare();
        static final PostgresServer SERVER = builder().start();
    }

    /** What differs from the defaults. */
    public static final class Builder {
        private final Map<String, String> settings = new TreeMap<>();
        private String hba =
                """
                local all all trust
                host all md5_user all md5
                host all scram_user all scram-sha-256
                host all password_user all password
                host all rejected_user all reject
                host all all all trust
                """;

        private Builder() {}

        /** The text of pg_hba.conf. */
        public Builder hba(String rules) {
            hba = rules;
            return this;
        }

        /** A server setting, such as {@code max_connections}. */
        public Builder setting(String name, String value) {
            settings.put(name, value);
            return this;
        }

        /**
         * With TLS: the certificate is {@code server} of {@link Certificates}; clients may show one
         * of {@code ca}, or {@code ed25519}.
         */
        public Builder tls() {
            return setting("ssl", "on")
                    .setting("ssl_cert_file", "own.crt")
                    .setting("ssl_key_file", "own.key")
                    .setting("ssl_ca_file", "ca.crt");
        }

        /** Starts the server and waits until it takes connections. */
        public PostgresServer start() {
            try {
                return new PostgresServer(this);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}

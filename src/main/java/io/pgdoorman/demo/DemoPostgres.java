package io.pgdoorman.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A PostgreSQL in a new temporary directory, on a Unix socket there: no port, no password, nothing
 * durable. It ends, and the directory goes, with {@link #close} or with this process, however that
 * ends. Threads: confined to the caller.
 */
final class DemoPostgres implements AutoCloseable {
    static final String SUPERUSER = "demo";
    static final int PORT = 5432; // only names the socket

    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(20);
    private static final Duration POLL = Duration.ofMillis(20);

    /**
     * Runs the command in a session of its own, so that Ctrl+C does not reach it; at the end of
     * standard input, which is the end of the parent at the latest, stops it and removes {@code
     * $0}.
     */
    private static final String KEEPER =
            """
            exec 3<&0
            "$@" </dev/null 3<&- & pid=$!
            ( read -r _ <&3
              kill -INT $pid
              while kill -0 $pid; do sleep 0.1; done
              rm -rf "$0" ) 2>/dev/null &
            exec 3<&-
            wait $pid
            """;

    private final Path home;
    private final Path programs;
    private final ServerUser user;
    private final Process keeper;

    private DemoPostgres(Path home, Path installation)
            throws IOException, InterruptedException, DemoException {
        this.home = home;
        this.user = ServerUser.find();
        this.programs = home.resolve("postgresql/bin");
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.createDirectory(socketDirectory());
        user.own(socketDirectory());
        // The user may not be allowed to read where the installation is.
        run(List.of("cp", "-R", installation.toString(), home.resolve("postgresql").toString()));
        run(
                user.command(
                        List.of(
                                programs.resolve("initdb").toString(),
                                "--pgdata=" + data(),
                                "--username=" + SUPERUSER,
                                "--auth=trust",
                                "--encoding=UTF8",
                                "--locale=C",
                                "--no-sync")));
        this.keeper = keep();
        awaitReady();
    }

    /**
     * Starts one from the programs in {@code installation} and waits until it takes connections.
     */
    static DemoPostgres start(Path installation)
            throws IOException, InterruptedException, DemoException {
        if (!Files.isExecutable(installation.resolve("bin/postgres"))) {
            throw new DemoException(
                    "the demo needs the PostgreSQL programs that a build puts into "
                            + installation);
        }
        Path home = Files.createTempDirectory("pg_doorman-demo");
        try {
            return new DemoPostgres(home, installation);
        } catch (IOException | InterruptedException | DemoException | RuntimeException e) {
            delete(home);
            throw e;
        }
    }

    /** Where the socket is; also what {@code server_host} of a pool may name. */
    Path socketDirectory() {
        return home.resolve("server");
    }

    /** A directory for the files of whoever uses this server; it goes with the server. */
    Path home() {
        return home;
    }

    @Override
    public void close() throws IOException {
        keeper.getOutputStream().close();
        long deadline = System.nanoTime() + STOP_LIMIT.toNanos();
        while (Files.exists(home) && System.nanoTime() < deadline) {
            pause();
        }
    }

    private Process keep() throws IOException {
        var command = new ArrayList<>(List.of("setsid", "/bin/sh", "-c", KEEPER, home.toString()));
        command.addAll(
                user.command(
                        List.of(
                                programs.resolve("postgres").toString(),
                                "-D",
                                data().toString(),
                                "-k",
                                socketDirectory().toString(),
                                "-p",
                                Integer.toString(PORT),
                                "-c",
                                "listen_addresses=",
                                "-c",
                                "unix_socket_permissions=0777",
                                "-c",
                                "fsync=off")));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log().toFile())
                .start();
    }

    private void awaitReady() throws IOException, DemoException {
        long deadline = System.nanoTime() + START_LIMIT.toNanos();
        while (!isReady()) {
            if (!keeper.isAlive() || System.nanoTime() > deadline) {
                String log = Files.readString(log());
                keeper.getOutputStream().close();
                throw new DemoException("PostgreSQL does not start: " + log);
            }
            pause();
        }
    }

    /** The last line of postmaster.pid is the state of the server. */
    private boolean isReady() throws IOException {
        Path file = data().resolve("postmaster.pid");
        return Files.exists(file) && Files.readString(file).stripTrailing().endsWith("ready");
    }

    private void run(List<String> command) throws IOException, InterruptedException, DemoException {
        int code =
                new ProcessBuilder(command)
                        .directory(home.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(log().toFile())
                        .start()
                        .waitFor();
        if (code != 0) {
            throw new DemoException(
                    "%s ended with %d: %s".formatted(command, code, Files.readString(log())));
        }
    }

    private Path data() {
        return socketDirectory().resolve("data");
    }

    private Path log() {
        return home.resolve("postgresql.log");
    }

    private static void pause() {
        try {
            Thread.sleep(POLL);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> paths = Files.walk(directory)) {
            for (Path path : paths.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}

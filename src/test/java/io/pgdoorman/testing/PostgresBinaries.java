package io.pgdoorman.testing;

import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * PostgreSQL's programs, unpacked once per machine and user into the temporary directory, and the
 * way to run them: PostgreSQL refuses to run as root, so for root they run as {@code nobody}.
 * Threads: any; several JVMs may unpack at once, the rename decides.
 */
final class PostgresBinaries {
    /** The version of the Maven artifact the programs come from; part of the cache's name. */
    static final String VERSION = "18.6.0";

    private static final int NOBODY = 65534;

    private final Path root;
    private final List<String> prefix;

    private PostgresBinaries(Path root, List<String> prefix) {
        this.root = root;
        this.prefix = prefix;
    }

    /** Unpacks what is missing and makes the template of a data directory. */
    static PostgresBinaries prepare() {
        try {
            var binaries = new PostgresBinaries(cacheDirectory(), userPrefix());
            binaries.unpackOnce();
            binaries.initdbOnce();
            return binaries;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The command line that runs {@code arguments} as a user PostgreSQL accepts. */
    List<String> asServerUser(List<String> arguments) {
        return Stream.concat(prefix.stream(), arguments.stream()).toList();
    }

    String program(String name) {
        return root.resolve("pg/bin").resolve(name).toString();
    }

    Path template() {
        return root.resolve("template");
    }

    /** Copies PostgreSQL's programs into the new directory {@code target}. */
    void copyTo(Path target) throws IOException {
        Files.createDirectories(target.getParent());
        ChildProcess.run(List.of("cp", "-R", root.resolve("pg").toString(), target.toString()));
    }

    /** A new directory in {@code parent} that the server's user may write to. */
    Path newDirectory(Path parent, String name) throws IOException {
        Path directory = Files.createDirectories(parent.resolve(name));
        if (isRoot() && prefix.getFirst().equals("setpriv")) {
            Files.setAttribute(directory, "unix:uid", NOBODY);
            Files.setAttribute(directory, "unix:gid", NOBODY);
        }
        return directory;
    }

    private void unpackOnce() throws IOException {
        if (Files.isDirectory(root.resolve("pg"))) {
            return;
        }
        Path fresh = Files.createTempDirectory(root, "unpack");
        Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rwxr-xr-x"));
        String archive =
                switch (System.getProperty("os.arch")) {
                    case "amd64", "x86_64" -> "/postgres-linux-x86_64.txz";
                    case "aarch64", "arm64" -> "/postgres-linux-arm_64.txz";
                    case String other ->
                            throw new IllegalStateException("no PostgreSQL programs for " + other);
                };
        try (InputStream resource = PostgresBinaries.class.getResourceAsStream(archive)) {
            if (resource == null) {
                throw new IllegalStateException(archive + " is not on the class path");
            }
            unpack(resource, fresh);
        }
        publish(fresh, root.resolve("pg"));
    }

    private static void unpack(InputStream archive, Path target) throws IOException {
        var tar =
                new TarArchiveInputStream(
                        new XZCompressorInputStream(new BufferedInputStream(archive)));
        for (TarArchiveEntry entry = tar.getNextEntry();
                entry != null;
                entry = tar.getNextEntry()) {
            Path path = target.resolve(entry.getName()).normalize();
            if (!path.startsWith(target)) {
                throw new IOException("archive entry leaves its directory: " + entry.getName());
            }
            if (entry.isDirectory()) {
                Files.createDirectories(path);
            } else if (entry.isSymbolicLink()) {
                Files.createDirectories(path.getParent());
                Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
            } else {
                Files.createDirectories(path.getParent());
                Files.copy(tar, path, StandardCopyOption.REPLACE_EXISTING);
                boolean executable = (entry.getMode() & 0b001_000_000) != 0;
                Files.setPosixFilePermissions(
                        path,
                        PosixFilePermissions.fromString(executable ? "rwxr-xr-x" : "rw-r--r--"));
            }
        }
    }

    private void initdbOnce() throws IOException {
        if (Files.isDirectory(template())) {
            return;
        }
        Path fresh = newDirectory(root, "initdb" + ProcessHandle.current().pid());
        Path data = fresh.resolve("data");
        ChildProcess.run(
                asServerUser(
                        List.of(
                                program("initdb"),
                                "--pgdata=" + data,
                                "--username=postgres",
                                "--auth=trust",
                                "--encoding=UTF8",
                                "--locale=C",
                                "--wal-segsize=1",
                                "--no-sync")));
        publish(fresh, template());
    }

    /** Gives {@code fresh} its final name; where another process was faster, its result stays. */
    private static void publish(Path fresh, Path name) throws IOException {
        try {
            Files.move(fresh, name, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileAlreadyExistsException | java.nio.file.DirectoryNotEmptyException e) {
            deleteTree(fresh);
        } catch (java.nio.file.FileSystemException e) {
            if (!Files.isDirectory(name)) {
                throw e;
            }
            deleteTree(fresh);
        }
    }

    /** Deletes {@code directory} and all in it; what vanishes meanwhile is fine. */
    static void deleteTree(Path directory) {
        try (Stream<Path> paths = Files.walk(directory)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException | UncheckedIOException e) {
            // A server that is just dying may still write; the temporary directory is not ours to
            // guard.
        }
    }

    private static Path cacheDirectory() throws IOException {
        Path directory =
                Path.of(System.getProperty("java.io.tmpdir"))
                        .resolve(
                                "pg_doorman-postgres-%s-%s-%s"
                                        .formatted(
                                                VERSION,
                                                System.getProperty("os.arch"),
                                                System.getProperty("user.name")));
        Files.createDirectories(directory);
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        return directory;
    }

    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    private static List<String> userPrefix() {
        if (!isRoot()) {
            return List.of("env");
        }
        var setpriv =
                List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups");
        for (List<String> candidate : List.of(setpriv, List.of("unshare", "-U"))) {
            if (ChildProcess.succeeds(
                    Stream.concat(candidate.stream(), Stream.of("true")).toList())) {
                return candidate;
            }
        }
        throw new IllegalStateException(
                "PostgreSQL refuses to run as root, and neither setpriv nor unshare can change the"
                        + " user");
    }
}

package io.pgdoorman.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

/**
 * The copies of the program's files that the launcher made for this process alone: deleted once
 * they are open, so that nothing on disk can change under the running program. Threads: main only.
 */
final class PrivateCopy {
    /** Directories of a user whose names begin so are copies, in all versions of the launcher. */
    private static final String PREFIX = "pg_doorman-lib.";

    /** Within it every start has opened its copy, or is dead. */
    private static final Duration LONGEST_START = Duration.ofMinutes(10);

    private PrivateCopy() {}

    /**
     * Deletes them, if there are any, and those of processes that were killed while they started:
     * otherwise a service that is restarted again and again would fill the disk. The second call
     * does nothing.
     */
    static void release() {
        String directory = System.getProperty("pg_doorman.private", ""); // set by the launcher
        if (directory.isEmpty()) {
            return;
        }
        System.clearProperty("pg_doorman.private");
        // Looking for what is nowhere opens every jar of the class path.
        ClassLoader.getSystemResource("no/such/resource");
        Path path = Path.of(directory);
        if (!deleted(path)) {
            path.toFile().deleteOnExit();
        }
        deleteAbandoned(path.resolveSibling(""));
    }

    private static void deleteAbandoned(Path parent) {
        try (Stream<Path> copies = Files.list(parent)) {
            copies.filter(PrivateCopy::isAbandoned).forEach(PrivateCopy::deleted);
        } catch (IOException | UncheckedIOException e) {
            // another start has them
        }
    }

    private static boolean isAbandoned(Path path) {
        try {
            return path.getFileName().toString().startsWith(PREFIX)
                    && Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)
                    && Files.getLastModifiedTime(path)
                            .toInstant()
                            .isBefore(Instant.now().minus(LONGEST_START));
        } catch (IOException e) {
            return false; // gone meanwhile
        }
    }

    /** Whether it is gone; another user's stays. */
    private static boolean deleted(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            List<Path> all = files.toList();
            for (Path file : all) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(directory);
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}

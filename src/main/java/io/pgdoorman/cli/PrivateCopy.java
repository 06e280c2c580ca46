package io.pgdoorman.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The copies of the program's files that the launcher made for this process alone: deleted once
 * they are open, so that nothing on disk can change under the running program. Threads: main only.
 */
final class PrivateCopy {
    private PrivateCopy() {}

    /** Deletes them, if there are any; the second call does nothing. */
    static void release() {
        String directory = System.getProperty("pg_doorman.private", ""); // set by the launcher
        if (directory.isEmpty()) {
            return;
        }
        System.clearProperty("pg_doorman.private");
        // Looking for what is nowhere opens every jar of the class path.
        ClassLoader.getSystemResource("no/such/resource");
        Path path = Path.of(directory);
        try (Stream<Path> files = Files.list(path)) {
            List<Path> all = files.toList();
            for (Path file : all) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(path);
        } catch (IOException e) {
            path.toFile().deleteOnExit();
        }
    }
}

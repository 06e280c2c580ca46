package io.pgdoorman.config;

import java.nio.file.Path;
import java.time.Duration;

/**
 * Where a password for PostgreSQL is fetched each time it is needed, because it changes or may not
 * stand in the configuration. Threads: immutable.
 */
public sealed interface PasswordFrom {
    /** The first line of a file. */
    record File(Path path) implements PasswordFrom {}

    /**
     * The first line that a command of the shell writes.
     *
     * @param timeout for one run
     * @param maxAge how long its answer may be used; zero: for one login
     */
    record Command(String command, Duration timeout, Duration maxAge) implements PasswordFrom {}

    /** A password file of libpq, by host, port, database and role. */
    record PassFile(Path path) implements PasswordFrom {}
}

package io.pgdoorman.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.util.List;

/**
 * What a test needs from the machine. Where it is missing the test is skipped with the reason,
 * except in CI (environment variable {@code CI}), where it fails. Threads: any.
 */
public final class Requirement {
    private Requirement() {}

    /** The program as {@code mvn package} leaves it. */
    public static void packagedProgram() {
        require(PoolerProcess.isPackaged(), PoolerProcess.program() + "; run mvn package");
    }

    /** A program on the PATH, such as psql. */
    public static void program(String name) {
        require(
                ChildProcess.succeeds(List.of("/bin/sh", "-c", "command -v " + name)),
                "the program " + name);
    }

    /** OpenLDAP's server, with its schemas. */
    public static void slapd() {
        require(Files.isExecutable(Slapd.PROGRAM), "OpenLDAP's " + Slapd.PROGRAM);
    }

    private static void require(boolean there, String what) {
        if (!there && System.getenv("CI") != null) {
            throw new IllegalStateException("missing: " + what);
        }
        assumeTrue(there, () -> "missing: " + what);
    }
}

package io.pgdoorman.cli;

import java.util.Objects;

/** The version of the packaged program, from its jar. Threads: immutable. */
final class Version {
    private Version() {}

    static String text() {
        return Objects.requireNonNullElse(
                Version.class.getPackage().getImplementationVersion(), "development");
    }
}

package io.pgdoorman.session;

import org.jspecify.annotations.Nullable;

import java.util.Set;

/** Makes admin consoles. Any thread. */
public interface Consoles {
    /** The databases that are one. */
    Set<String> DATABASES = Set.of("pgdoorman", "pgbouncer");

    /** For a process without a console. */
    Consoles NONE = _ -> null;

    /**
     * The last handler of a client that has logged in to the console, after its first
     * ReadyForQuery, or of one that goes on.
     *
     * @return null if there is no console
     */
    @Nullable ConsoleClient open(FrozenConsole state);

    /** What it says it is, as {@code server_version}. */
    default String version() {
        return "0";
    }
}

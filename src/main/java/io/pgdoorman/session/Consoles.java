package io.pgdoorman.session;

import io.netty.channel.ChannelHandler;

import org.jspecify.annotations.Nullable;

import java.util.Set;

/** Makes admin consoles. Any thread. */
public interface Consoles {
    /** The databases that are one. */
    Set<String> DATABASES = Set.of("pgdoorman", "pgbouncer");

    /** For a process without a console. */
    Consoles NONE = (_, _, _, _) -> null;

    /**
     * The last handler of a client that has logged in to the console, after its first
     * ReadyForQuery.
     *
     * @param mayChange may use more than SHOW
     * @param name of the client, for log lines
     * @return null if there is no console
     */
    @Nullable ChannelHandler open(String user, String database, boolean mayChange, String name);

    /** What it says it is, as {@code server_version}. */
    default String version() {
        return "0";
    }
}

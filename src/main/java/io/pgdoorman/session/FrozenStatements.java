package io.pgdoorman.session;

import io.pgdoorman.statement.Statement;

import org.jspecify.annotations.Nullable;

import java.util.List;

/**
 * A client's prepared statements as data. Threads: immutable by use; the arrays are not shared.
 *
 * @param named all with a name, the one used last at the end
 * @param unnamed the one without; null if there is none
 * @param sent what has no reply yet, oldest first
 * @param used those an error may be about, oldest first
 */
public record FrozenStatements(
        List<Named> named, @Nullable Statement unnamed, List<Change> sent, List<Used> used) {
    /** Of a client that has prepared nothing. */
    public static final FrozenStatements EMPTY =
            new FrozenStatements(List.of(), null, List.of(), List.of());

    /** A name on the server, and the client's name it stood for; empty is the unnamed one. */
    public record Used(byte[] serverName, byte[] name) {}

    /**
     * A statement under the client's name.
     *
     * @param inDoubt nobody knows yet whether its Parse succeeds
     */
    public record Named(byte[] name, Statement statement, boolean inDoubt) {}

    /**
     * A Parse or Close.
     *
     * @param kind a number
     * @param name null is the unnamed one
     * @param before what the name stood for; null for nothing
     * @param after what it stands for since; null for nothing
     */
    public record Change(
            int kind,
            byte @Nullable [] name,
            @Nullable Statement before,
            @Nullable Statement after) {}
}

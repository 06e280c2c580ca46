package io.pgdoorman.backend;

import io.pgdoorman.wire.SqlState;
import io.pgdoorman.wire.backend.ErrorResponse;

/**
 * Why no server could be had from PostgreSQL.
 *
 * <p>Threads: immutable.
 *
 * @param kind decides who hears of it, and whether it is worth another try
 * @param error for the clients that wait: PostgreSQL's own, or one that says what was tried
 */
public record LoginFailure(Kind kind, ErrorResponse error) {
    /** Kinds of failure. */
    public enum Kind {
        /** PostgreSQL answered with an error. */
        REFUSED,
        /** No connection, or it broke off. */
        UNREACHABLE,
        /** Connected, but no answer in time. */
        TIMEOUT,
        /**
         * PostgreSQL asks for something the pool has no secret for, or does not speak the protocol.
         */
        IMPOSSIBLE,
        /** This process has no descriptor left. */
        RESOURCES
    }

    /**
     * Whether the next try may well succeed: a server that starts up or has no slot free, a network
     * that comes back. Then clients wait on, up to their deadline.
     */
    public boolean isTransient() {
        return switch (kind) {
            case UNREACHABLE, TIMEOUT, RESOURCES -> true;
            case IMPOSSIBLE -> false;
            case REFUSED -> {
                String state = error.fields().sqlState();
                yield state.startsWith("57P")
                        || state.equals(SqlState.TOO_MANY_CONNECTIONS)
                        || state.startsWith("53");
            }
        };
    }
}

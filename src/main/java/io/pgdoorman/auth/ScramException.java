package io.pgdoorman.auth;

import io.pgdoorman.wire.SqlState;

/**
 * A SCRAM message that breaks the mechanism's rules. Message and detail are fit for the peer.
 * Carries no stack trace, since hostile peers can cause it at any rate. Threads: immutable.
 */
final class ScramException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String sqlState;
    private final String detail;

    /** {@code detail} may be empty. */
    ScramException(String sqlState, String message, String detail) {
        super(message, null, false, false);
        this.sqlState = sqlState;
        this.detail = detail;
    }

    /** Breaks the grammar. */
    static ScramException malformed(String detail) {
        return new ScramException(SqlState.PROTOCOL_VIOLATION, "malformed SCRAM message", detail);
    }

    String sqlState() {
        return sqlState;
    }

    String detail() {
        return detail;
    }

    /** For the log. */
    String explanation() {
        return detail.isEmpty() ? message() : message() + ": " + detail;
    }

    String message() {
        return String.valueOf(getMessage());
    }
}

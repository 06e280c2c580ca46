package io.pgdoorman.admin;

import io.pgdoorman.wire.backend.ErrorResponse;
import io.pgdoorman.wire.backend.Severity;

/** A command that cannot be done; whoever gave it hears why, and what to do. */
public final class ConsoleException extends Exception {
    private static final long serialVersionUID = 1;

    /** Nothing of this name is known. */
    static final String UNKNOWN_COMMAND = "42601";

    static final String UNKNOWN_DATABASE = "3D000";
    static final String NOT_ALLOWED = "42501";
    static final String INVALID_VALUE = "22023";
    static final String FAILED = "58000";

    private final String sqlState;
    private final String hint;

    /**
     * @param hint what to do; empty if there is nothing to say
     */
    public ConsoleException(String sqlState, String message, String hint) {
        super(message);
        this.sqlState = sqlState;
        this.hint = hint;
    }

    ErrorResponse error() {
        var error = ErrorResponse.of(Severity.ERROR, sqlState, String.valueOf(getMessage()));
        return hint.isEmpty() ? error : error.withHint(hint);
    }

    public String hint() {
        return hint;
    }
}

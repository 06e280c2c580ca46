package io.pgdoorman.admin;

import io.pgdoorman.wire.backend.ErrorResponse;
import io.pgdoorman.wire.backend.Severity;

/** A command that cannot be done; whoever gave it hears why, and what to do. */
public final class ConsoleException extends Exception {
    private static final long serialVersionUID = 1;

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

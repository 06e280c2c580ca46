package io.pgdoorman.log;

/**
 * A text is no {@link LogFilter}; the message says why, in one line, and is meant for its author.
 */
public final class LogFilterException extends Exception {
    private static final long serialVersionUID = 1L;

    LogFilterException(String message) {
        super(message);
    }
}

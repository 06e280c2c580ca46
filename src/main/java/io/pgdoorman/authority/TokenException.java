package io.pgdoorman.authority;

/**
 * A token does not count. The message says why, for the log, and holds nothing of it that is
 * secret. It has no stack trace, for it is the client's mistake.
 */
final class TokenException extends Exception {
    private static final long serialVersionUID = 1L;

    TokenException(String message) {
        super(message, null, false, false);
    }
}

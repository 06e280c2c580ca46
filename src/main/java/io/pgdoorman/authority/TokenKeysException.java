package io.pgdoorman.authority;

/** A file of keys cannot be used. The message names it and says why. */
public final class TokenKeysException extends Exception {
    private static final long serialVersionUID = 1L;

    TokenKeysException(String message) {
        super(message);
    }

    TokenKeysException(String message, Throwable cause) {
        super(message, cause);
    }
}

package io.pgdoorman.secret;

/** A password is not to be had. The message says where from and why, and contains none. */
public final class SecretException extends Exception {
    private static final long serialVersionUID = 1L;

    SecretException(String message) {
        super(message);
    }

    SecretException(String message, Throwable cause) {
        super(message, cause);
    }
}

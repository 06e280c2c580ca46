package io.pgdoorman.testing;

/** The peer did not send what the test waits for. */
public final class WireTimeoutException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    WireTimeoutException(String message) {
        super(message);
    }
}

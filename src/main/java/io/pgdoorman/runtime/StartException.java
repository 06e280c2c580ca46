package io.pgdoorman.runtime;

/** The pooler cannot start; the message says which setting and why. */
final class StartException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Exit code of a failure nobody foresaw. */
    static final int FAILURE = 1;

    /** Exit code when a socket cannot be opened. */
    static final int LISTEN = 71;

    /** Exit code when the configuration is wrong. */
    static final int CONFIG = 78;

    private final int exitCode;

    StartException(int exitCode, String message) {
        super(message, null, false, false);
        this.exitCode = exitCode;
    }

    int exitCode() {
        return exitCode;
    }
}

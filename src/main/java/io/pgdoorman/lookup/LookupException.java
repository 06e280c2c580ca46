package io.pgdoorman.lookup;

/** Whether there is such a user could not be found out. The message contains no secret. */
public final class LookupException extends Exception {
    private static final long serialVersionUID = 1L;

    public LookupException(String message) {
        super(message);
    }

    public LookupException(String message, Throwable cause) {
        super(message, cause);
    }
}

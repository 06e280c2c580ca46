package io.pgdoorman.authority;

/** Nobody can tell who a client is; the message is for the log and holds no secret. */
public final class AuthorityException extends Exception {
    private static final long serialVersionUID = 1L;

    AuthorityException(String message) {
        super(message, null, false, false);
    }
}

package io.pgdoorman.wire;

/**
 * A peer broke the protocol. The message is fit for an ErrorResponse: it names the message and the
 * rule, never contents. Carries no stack trace, since hostile peers can cause it at any rate.
 * Threads: immutable.
 */
public final class ProtocolException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String sqlState;

    /** With SQLSTATE {@link SqlState#PROTOCOL_VIOLATION}. */
    public ProtocolException(String message) {
        this(SqlState.PROTOCOL_VIOLATION, message);
    }

    public ProtocolException(String sqlState, String message) {
        super(message, null, false, false);
        this.sqlState = sqlState;
    }

    /** The SQLSTATE that an ErrorResponse about this should carry. */
    public String sqlState() {
        return sqlState;
    }
}

package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.BackendType;
import io.pgdoorman.wire.Frames;

/**
 * ErrorResponse (B): an error; FATAL and PANIC also end the session. Threads: immutable. Keeps no
 * buffer.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-ERRORRESPONSE">Message
 *     Formats</a>
 */
public record ErrorResponse(ErrorFields fields) implements BackendMessage {
    public static final byte TYPE = BackendType.ERROR_RESPONSE;

    /** With severity (both forms), SQLSTATE and message. */
    public static ErrorResponse of(Severity severity, String sqlState, String message) {
        return new ErrorResponse(ErrorFields.of(severity, sqlState, message));
    }

    /** The same with another severity, in both forms. */
    public ErrorResponse withSeverity(Severity severity) {
        return new ErrorResponse(
                fields.with(ErrorFields.LOCALIZED_SEVERITY, severity.name())
                        .with(ErrorFields.SEVERITY, severity.name()));
    }

    public ErrorResponse withDetail(String detail) {
        return new ErrorResponse(fields.with(ErrorFields.DETAIL, detail));
    }

    public ErrorResponse withHint(String hint) {
        return new ErrorResponse(fields.with(ErrorFields.HINT, hint));
    }

    /** {@link Severity#ERROR} if the peer gave none that is known. */
    public Severity severity() {
        Severity severity = fields.severity();
        return severity == null ? Severity.ERROR : severity;
    }

    /** Empty if the peer broke the rule that it is always present. */
    public String sqlState() {
        return fields.sqlState();
    }

    /** Empty if the peer broke the rule that it is always present. */
    public String message() {
        return fields.message();
    }

    /** Whether the session ends with this error. */
    public boolean isFatal() {
        return severity() == Severity.FATAL || severity() == Severity.PANIC;
    }

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static ErrorResponse decode(ByteBuf body) {
        return new ErrorResponse(ErrorFields.decode(body, "ErrorResponse"));
    }

    @Override
    public byte type() {
        return TYPE;
    }

    @Override
    public void encode(ByteBuf out) {
        int lengthIndex = Frames.begin(out, TYPE);
        fields.encode(out);
        Frames.end(out, lengthIndex);
    }
}

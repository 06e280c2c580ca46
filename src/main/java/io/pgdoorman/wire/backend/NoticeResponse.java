package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.BackendType;
import io.pgdoorman.wire.Frames;

/**
 * NoticeResponse (B): a warning or information; may come at any time. Threads: immutable. Keeps no
 * buffer.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-NOTICERESPONSE">Message
 *     Formats</a>
 */
public record NoticeResponse(ErrorFields fields) implements BackendMessage {
    public static final byte TYPE = BackendType.NOTICE_RESPONSE;

    /** With severity (both forms), SQLSTATE and message. */
    public static NoticeResponse of(Severity severity, String sqlState, String message) {
        return new NoticeResponse(ErrorFields.of(severity, sqlState, message));
    }

    public NoticeResponse withDetail(String detail) {
        return new NoticeResponse(fields.with(ErrorFields.DETAIL, detail));
    }

    public NoticeResponse withHint(String hint) {
        return new NoticeResponse(fields.with(ErrorFields.HINT, hint));
    }

    /** {@link Severity#NOTICE} if the peer gave none that is known. */
    public Severity severity() {
        Severity severity = fields.severity();
        return severity == null ? Severity.NOTICE : severity;
    }

    /** Empty if the peer broke the rule that it is always present. */
    public String sqlState() {
        return fields.sqlState();
    }

    /** Empty if the peer broke the rule that it is always present. */
    public String message() {
        return fields.message();
    }

    /** Reads the body; type and length are already consumed. Borrows {@code body}. */
    public static NoticeResponse decode(ByteBuf body) {
        return new NoticeResponse(ErrorFields.decode(body, "NoticeResponse"));
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

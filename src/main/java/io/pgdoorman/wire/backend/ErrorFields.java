package io.pgdoorman.wire.backend;

import io.netty.buffer.ByteBuf;
import io.pgdoorman.wire.MessageBody;
import io.pgdoorman.wire.WireStrings;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/**
 * The fields of an ErrorResponse or NoticeResponse in the order sent; unknown ones are kept.
 * Threads: immutable. Keeps no buffer.
 *
 * @param all unmodifiable
 * @see <a href="https://www.postgresql.org/docs/current/protocol-error-fields.html">Error and
 *     Notice Message Fields</a>
 */
public record ErrorFields(List<Field> all) {
    /** Severity, possibly translated. */
    public static final byte LOCALIZED_SEVERITY = 'S';

    /** Severity, never translated. PostgreSQL 9.6 and later. */
    public static final byte SEVERITY = 'V';

    public static final byte SQLSTATE = 'C';
    public static final byte MESSAGE = 'M';
    public static final byte DETAIL = 'D';
    public static final byte HINT = 'H';

    /** Where in the query, counted in characters from 1. */
    public static final byte POSITION = 'P';

    public static final byte INTERNAL_POSITION = 'p';
    public static final byte INTERNAL_QUERY = 'q';
    public static final byte WHERE = 'W';
    public static final byte SCHEMA_NAME = 's';
    public static final byte TABLE_NAME = 't';
    public static final byte COLUMN_NAME = 'c';
    public static final byte DATA_TYPE_NAME = 'd';
    public static final byte CONSTRAINT_NAME = 'n';
    public static final byte FILE = 'F';
    public static final byte LINE = 'L';
    public static final byte ROUTINE = 'R';

    private static final byte TERMINATOR = 0;

    /**
     * Whether a body, not decoded, has a field of this value. Allocates nothing. Borrows {@code
     * in}.
     *
     * @param index of the body of an ErrorResponse or NoticeResponse
     * @param value in ASCII
     */
    public static boolean has(ByteBuf in, int index, int bodyLength, byte field, String value) {
        int at = indexOf(in, index, bodyLength, field);
        return at >= 0
                && in.indexOf(at, index + bodyLength, TERMINATOR) == at + value.length()
                && isAt(in, at, value);
    }

    /**
     * Where the value of a field begins in a body, not decoded. Allocates nothing. Borrows {@code
     * in}.
     *
     * @param index of the body of an ErrorResponse or NoticeResponse
     * @return index of its first byte, which a NUL follows sooner or later; -1 if it has none
     */
    public static int indexOf(ByteBuf in, int index, int bodyLength, byte field) {
        int end = index + bodyLength;
        for (int at = index; at < end && in.getByte(at) != TERMINATOR; ) {
            int terminator = in.indexOf(at + 1, end, TERMINATOR);
            if (terminator < 0) {
                return -1;
            }
            if (in.getByte(at) == field) {
                return at + 1;
            }
            at = terminator + 1;
        }
        return -1;
    }

    private static boolean isAt(ByteBuf in, int index, String value) {
        for (int i = 0; i < value.length(); i++) {
            if (in.getByte(index + i) != value.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    public ErrorFields {
        all = List.copyOf(all);
    }

    /**
     * One field.
     *
     * @param code not 0, which ends the fields
     */
    public record Field(byte code, String value) {
        public Field {
            if (code == TERMINATOR) {
                throw new IllegalArgumentException("error field without a code");
            }
        }
    }

    /** Severity (both forms), SQLSTATE and message. */
    public static ErrorFields of(Severity severity, String sqlState, String message) {
        return new ErrorFields(
                List.of(
                        new Field(LOCALIZED_SEVERITY, severity.name()),
                        new Field(SEVERITY, severity.name()),
                        new Field(SQLSTATE, sqlState),
                        new Field(MESSAGE, message)));
    }

    /** These fields with {@code code} replaced where it stands, or added at the end. */
    public ErrorFields with(byte code, String value) {
        List<Field> changed = new ArrayList<>(all);
        Field field = new Field(code, value);
        for (int i = 0; i < changed.size(); i++) {
            if (changed.get(i).code() == code) {
                changed.set(i, field);
                return new ErrorFields(changed);
            }
        }
        changed.add(field);
        return new ErrorFields(changed);
    }

    /** The value of the first field with that code; null if there is none. */
    public @Nullable String get(byte code) {
        for (Field field : all) {
            if (field.code() == code) {
                return field.value();
            }
        }
        return null;
    }

    /** From the form that is never translated, else from the other; null if neither is known. */
    public @Nullable Severity severity() {
        Severity severity = Severity.of(get(SEVERITY));
        return severity == null ? Severity.of(get(LOCALIZED_SEVERITY)) : severity;
    }

    /** Empty if the peer broke the rule that it is always present. */
    public String sqlState() {
        return getOrEmpty(SQLSTATE);
    }

    /** Empty if the peer broke the rule that it is always present. */
    public String message() {
        return getOrEmpty(MESSAGE);
    }

    public @Nullable String detail() {
        return get(DETAIL);
    }

    public @Nullable String hint() {
        return get(HINT);
    }

    /** A number as text, in characters from 1. */
    public @Nullable String position() {
        return get(POSITION);
    }

    private String getOrEmpty(byte code) {
        String value = get(code);
        return value == null ? "" : value;
    }

    /** For a log line: severity, SQLSTATE and message. */
    @Override
    public String toString() {
        return "%s %s: %s".formatted(get(LOCALIZED_SEVERITY), sqlState(), message());
    }

    static ErrorFields decode(ByteBuf body, String message) {
        List<Field> fields = new ArrayList<>();
        byte code = MessageBody.readByte(body, message + ": field code");
        while (code != TERMINATOR) {
            fields.add(new Field(code, WireStrings.readCString(body, message + ": field")));
            code = MessageBody.readByte(body, message + ": field code");
        }
        MessageBody.requireEnd(body, message);
        return new ErrorFields(fields);
    }

    void encode(ByteBuf out) {
        for (Field field : all) {
            out.writeByte(field.code());
            WireStrings.writeCString(out, field.value());
        }
        out.writeByte(TERMINATOR);
    }
}

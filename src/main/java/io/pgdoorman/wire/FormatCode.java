package io.pgdoorman.wire;

/**
 * How a parameter or a column is represented. Threads: immutable.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-overview.html#PROTOCOL-FORMAT-CODES">Formats
 *     and Format Codes</a>
 */
public enum FormatCode {
    TEXT,
    BINARY;

    /** The number on the wire. */
    public int code() {
        return this == TEXT ? 0 : 1;
    }

    /** Throws {@link ProtocolException} for any number but 0 and 1. */
    public static FormatCode of(int code) {
        return switch (code) {
            case 0 -> TEXT;
            case 1 -> BINARY;
            default -> throw new ProtocolException("unsupported format code: " + code);
        };
    }
}

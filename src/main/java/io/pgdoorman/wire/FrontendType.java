package io.pgdoorman.wire;

/**
 * Type bytes of the messages a client sends. Names are the manual's. Threads: static constants and
 * pure functions.
 *
 * @see <a href="https://www.postgresql.org/docs/current/protocol-message-formats.html">Message
 *     Formats</a>
 */
public final class FrontendType {
    public static final byte BIND = 'B';
    public static final byte CLOSE = 'C';
    public static final byte COPY_DATA = 'd';
    public static final byte COPY_DONE = 'c';
    public static final byte COPY_FAIL = 'f';
    public static final byte DESCRIBE = 'D';
    public static final byte EXECUTE = 'E';
    public static final byte FLUSH = 'H';
    public static final byte FUNCTION_CALL = 'F';
    public static final byte PARSE = 'P';

    /** Also GSSResponse, SASLInitialResponse and SASLResponse: the context tells which. */
    public static final byte PASSWORD_MESSAGE = 'p';

    public static final byte QUERY = 'Q';
    public static final byte SYNC = 'S';
    public static final byte TERMINATE = 'X';

    private FrontendType() {}

    /** Whether the manual has a message of this direction with this type byte. */
    public static boolean isKnown(byte type) {
        return nameOrEmpty(type).length() > 0;
    }

    /** The manual's name, or the byte in hexadecimal for a type that does not exist. */
    public static String name(byte type) {
        String name = nameOrEmpty(type);
        return name.isEmpty() ? "unknown message type 0x%02X".formatted(type & 0xFF) : name;
    }

    private static String nameOrEmpty(byte type) {
        return switch (type) {
            case BIND -> "Bind";
            case CLOSE -> "Close";
            case COPY_DATA -> "CopyData";
            case COPY_DONE -> "CopyDone";
            case COPY_FAIL -> "CopyFail";
            case DESCRIBE -> "Describe";
            case EXECUTE -> "Execute";
            case FLUSH -> "Flush";
            case FUNCTION_CALL -> "FunctionCall";
            case PARSE -> "Parse";
            case PASSWORD_MESSAGE -> "PasswordMessage";
            case QUERY -> "Query";
            case SYNC -> "Sync";
            case TERMINATE -> "Terminate";
            default -> "";
        };
    }
}

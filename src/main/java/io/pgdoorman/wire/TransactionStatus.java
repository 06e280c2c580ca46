package io.pgdoorman.wire;

/**
 * The status byte of ReadyForQuery. Threads: immutable.
 *
 * @see <a
 *     href="https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-READYFORQUERY">Message
 *     Formats</a>
 */
public enum TransactionStatus {
    /** Not in a transaction block. */
    IDLE((byte) 'I'),
    /** In a transaction block. */
    IN_TRANSACTION((byte) 'T'),
    /** In a failed transaction block: queries are refused until it ends. */
    FAILED((byte) 'E');

    private final byte code;

    TransactionStatus(byte code) {
        this.code = code;
    }

    /** The byte on the wire. */
    public byte code() {
        return code;
    }

    /** Throws {@link ProtocolException} for any byte but the three. */
    public static TransactionStatus of(byte code) {
        return switch (code) {
            case 'I' -> IDLE;
            case 'T' -> IN_TRANSACTION;
            case 'E' -> FAILED;
            default ->
                    throw new ProtocolException(
                            "invalid transaction status 0x%02X".formatted(code & 0xFF));
        };
    }
}

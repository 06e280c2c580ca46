package io.pgdoorman.wire.frontend;

import io.pgdoorman.wire.ProtocolException;

/** What Describe and Close are about. Threads: immutable. */
public enum Target {
    STATEMENT((byte) 'S'),
    PORTAL((byte) 'P');

    private final byte code;

    Target(byte code) {
        this.code = code;
    }

    /** The byte on the wire. */
    public byte code() {
        return code;
    }

    /** Throws {@link ProtocolException} for any byte but the two. */
    public static Target of(byte code) {
        return switch (code) {
            case 'S' -> STATEMENT;
            case 'P' -> PORTAL;
            default ->
                    throw new ProtocolException(
                            "invalid subtype 0x%02X: neither statement nor portal"
                                    .formatted(code & 0xFF));
        };
    }
}

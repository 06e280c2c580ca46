package io.pgdoorman.wire;

import io.netty.buffer.ByteBuf;

/**
 * Framing: a message is a type byte, a length word that counts itself and the body, and the body. A
 * startup packet has no type byte. All limits are in bytes; those of messages apply to the length
 * word, as in PostgreSQL. Threads: constants and pure functions.
 *
 * @see <a href="https://www.postgresql.org/docs/current/protocol-message-formats.html">Message
 *     Formats</a>
 */
public final class Frames {
    /** Type byte and length word. */
    public static final int HEADER_BYTES = 1 + Integer.BYTES;

    /** The length word counts itself, so no message is shorter. */
    public static final int MIN_LENGTH = Integer.BYTES;

    /** A startup packet without its length word has at least a code. */
    public static final int MIN_STARTUP_PACKET_BYTES = Integer.BYTES;

    /**
     * Longest startup packet without its length word. PostgreSQL: MAX_STARTUP_PACKET_LENGTH in
     * libpq/pqcomm.h.
     */
    public static final int MAX_STARTUP_PACKET_BYTES = 10_000;

    /**
     * Longest authentication response. PostgreSQL: PG_MAX_AUTH_TOKEN_LENGTH in libpq/auth.h, enough
     * for Kerberos tickets with many groups.
     */
    public static final int MAX_AUTH_MESSAGE_BYTES = 65_535;

    /**
     * Longest client message of the types that have a short body. PostgreSQL:
     * PQ_SMALL_MESSAGE_LIMIT in libpq/libpq.h.
     */
    public static final int MAX_SMALL_MESSAGE_BYTES = 10_000;

    /**
     * Longest client message. PostgreSQL: PQ_LARGE_MESSAGE_LIMIT in libpq/libpq.h, which is
     * MaxAllocSize - 1, and MaxAllocSize is one gibibyte less one.
     */
    public static final int MAX_MESSAGE_BYTES = 0x3FFF_FFFF - 1;

    /**
     * Longest server message. PostgreSQL builds the body in one allocation of at most MaxAllocSize
     * (utils/memutils.h); the length word comes on top.
     */
    public static final int MAX_BACKEND_MESSAGE_BYTES = 0x3FFF_FFFF + Integer.BYTES;

    private Frames() {}

    /**
     * Refuses the length word of a client message of any type that is below {@link #MIN_LENGTH} or
     * above {@link #MAX_MESSAGE_BYTES}.
     *
     * @throws ProtocolException names type and length
     */
    public static void checkLength(byte type, int length) {
        if (!isLength(length, MAX_MESSAGE_BYTES)) {
            throw badLength(FrontendType.name(type), length);
        }
    }

    /** As {@link #checkLength(byte, int)}, with PostgreSQL's own limit for that very type. */
    public static void checkFrontendLength(byte type, int length) {
        if (!isLength(length, maxFrontendLength(type))) {
            throw badLength(FrontendType.name(type), length);
        }
    }

    /** As {@link #checkLength(byte, int)}, for a message of a server. */
    public static void checkBackendLength(byte type, int length) {
        if (!isLength(length, MAX_BACKEND_MESSAGE_BYTES)) {
            throw badLength(BackendType.name(type), length);
        }
    }

    /**
     * Refuses the length word of a startup packet, which counts itself, in PostgreSQL's words.
     *
     * @throws ProtocolException names the length
     */
    public static void checkStartupLength(int length) {
        if (length < Integer.BYTES + MIN_STARTUP_PACKET_BYTES
                || length > Integer.BYTES + MAX_STARTUP_PACKET_BYTES) {
            throw new ProtocolException("invalid length of startup packet: " + length);
        }
    }

    /** What PostgreSQL accepts at most in the length word of a client message after login. */
    public static int maxFrontendLength(byte type) {
        return switch (type) {
            case FrontendType.CLOSE,
                    FrontendType.COPY_DONE,
                    FrontendType.COPY_FAIL,
                    FrontendType.DESCRIBE,
                    FrontendType.EXECUTE,
                    FrontendType.FLUSH,
                    FrontendType.SYNC,
                    FrontendType.TERMINATE ->
                    MAX_SMALL_MESSAGE_BYTES;
            case FrontendType.PASSWORD_MESSAGE -> MAX_AUTH_MESSAGE_BYTES;
            default -> MAX_MESSAGE_BYTES;
        };
    }

    /**
     * Writes the type byte and room for the length word. Borrows {@code out}.
     *
     * @return what {@link #end} needs
     */
    public static int begin(ByteBuf out, byte type) {
        out.writeByte(type);
        return beginUntyped(out);
    }

    /** Writes room for the length word of a startup packet. Borrows {@code out}. */
    public static int beginUntyped(ByteBuf out) {
        int lengthIndex = out.writerIndex();
        out.writeInt(0);
        return lengthIndex;
    }

    /** Fills in the length word, now that the body is written. Borrows {@code out}. */
    public static void end(ByteBuf out, int lengthIndex) {
        out.setInt(lengthIndex, out.writerIndex() - lengthIndex);
    }

    /** Writes a message that is its type alone. Borrows {@code out}. */
    public static void writeEmpty(ByteBuf out, byte type) {
        out.writeByte(type).writeInt(MIN_LENGTH);
    }

    private static boolean isLength(int length, int maxLength) {
        return length >= MIN_LENGTH && length <= maxLength;
    }

    private static ProtocolException badLength(String name, int length) {
        return new ProtocolException("invalid message length %d in %s".formatted(length, name));
    }
}

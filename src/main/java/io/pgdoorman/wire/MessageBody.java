package io.pgdoorman.wire;

import io.netty.buffer.ByteBuf;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Reads and writes the parts of a message body. Reading has bounds: what is not there is a {@link
 * ProtocolException} that names the part, never an index error, and nothing is reserved for a count
 * or length before it is known to fit. Borrows every buffer. Threads: pure functions.
 *
 * @see <a href="https://www.postgresql.org/docs/current/protocol-message-types.html">Message Data
 *     Types</a>
 */
public final class MessageBody {
    /** The length word of a parameter or column that is NULL. */
    public static final int NULL_LENGTH = -1;

    private static final int MAX_COUNT = 0xFFFF;

    private MessageBody() {}

    public static byte readByte(ByteBuf body, String what) {
        requireReadable(body, Byte.BYTES, what);
        return body.readByte();
    }

    public static short readShort(ByteBuf body, String what) {
        requireReadable(body, Short.BYTES, what);
        return body.readShort();
    }

    public static int readInt(ByteBuf body, String what) {
        requireReadable(body, Integer.BYTES, what);
        return body.readInt();
    }

    public static FormatCode readFormat(ByteBuf body, String what) {
        return FormatCode.of(readShort(body, what));
    }

    /**
     * Reads a 16-bit count of elements, unsigned as PostgreSQL takes it.
     *
     * @param minElementBytes an element has at least this many bytes; more elements than fit into
     *     what is left are refused
     */
    public static int readCount(ByteBuf body, int minElementBytes, String what) {
        int count = readShort(body, what) & MAX_COUNT;
        requireReadable(body, (long) count * minElementBytes, what);
        return count;
    }

    /** Reads a count and that many 16-bit format codes. */
    public static List<FormatCode> readFormats(ByteBuf body, String what) {
        int count = readCount(body, Short.BYTES, what);
        List<FormatCode> formats = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            formats.add(FormatCode.of(body.readShort()));
        }
        return formats;
    }

    /** Writes what {@link #readFormats} reads. */
    public static void writeFormats(ByteBuf out, List<FormatCode> formats) {
        writeCount(out, formats.size());
        formats.forEach(format -> out.writeShort(format.code()));
    }

    /** Reads a length word and that many bytes; null for {@link #NULL_LENGTH}. */
    public static @Nullable Bytes readValue(ByteBuf body, String what) {
        int length = readLength(body, what);
        return length == NULL_LENGTH ? null : Bytes.read(body, length);
    }

    /** Writes what {@link #readValue} reads. */
    public static void writeValue(ByteBuf out, @Nullable Bytes value) {
        if (value == null) {
            out.writeInt(NULL_LENGTH);
        } else {
            out.writeInt(value.length());
            value.encode(out);
        }
    }

    /** Reads a count and that many values; null stands for NULL. */
    public static List<@Nullable Bytes> readValues(ByteBuf body, String what) {
        int count = readCount(body, Integer.BYTES, what);
        List<@Nullable Bytes> values = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            values.add(readValue(body, what));
        }
        return values;
    }

    /** Writes what {@link #readValues} reads. */
    public static void writeValues(ByteBuf out, List<@Nullable Bytes> values) {
        writeCount(out, values.size());
        values.forEach(value -> writeValue(out, value));
    }

    /** Values in text format; null stands for NULL. */
    public static List<@Nullable Bytes> textValues(@Nullable String... texts) {
        List<@Nullable Bytes> values = new ArrayList<>(texts.length);
        for (String text : texts) {
            values.add(text == null ? null : Bytes.ofText(text));
        }
        return values;
    }

    /** An unmodifiable copy; unlike {@link List#copyOf} it takes nulls. */
    public static List<@Nullable Bytes> copyOfNullable(List<@Nullable Bytes> values) {
        return Collections.unmodifiableList(new ArrayList<>(values));
    }

    /**
     * Writes what {@link #readCount} reads.
     *
     * @throws IllegalArgumentException more than 65535
     */
    public static void writeCount(ByteBuf out, int count) {
        if (count > MAX_COUNT) {
            throw new IllegalArgumentException(count + " elements do not fit into a message");
        }
        out.writeShort(count);
    }

    /** Reads a 32-bit length of {@link #NULL_LENGTH} or more that fits into what is left. */
    public static int readLength(ByteBuf body, String what) {
        int length = readInt(body, what);
        if (length < NULL_LENGTH) {
            throw new ProtocolException(what + " is " + length);
        }
        requireReadable(body, length, what);
        return length;
    }

    /** Reads exactly {@code length} bytes. */
    public static Bytes readBytes(ByteBuf body, int length, String what) {
        requireReadable(body, length, what);
        return Bytes.read(body, length);
    }

    /** All that is left. */
    public static Bytes readRemaining(ByteBuf body) {
        return Bytes.read(body, body.readableBytes());
    }

    /** Refuses bytes after the last part. */
    public static void requireEnd(ByteBuf body, String message) {
        if (body.isReadable()) {
            throw new ProtocolException(
                    "%s has %d bytes after its end".formatted(message, body.readableBytes()));
        }
    }

    private static void requireReadable(ByteBuf body, long bytes, String what) {
        if (body.readableBytes() < bytes) {
            throw new ProtocolException(
                    "%s needs %d bytes, %d are left".formatted(what, bytes, body.readableBytes()));
        }
    }
}

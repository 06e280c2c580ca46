package io.pgdoorman.testing;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * One backend message as it was received: the type byte and the body after the length. Equality is
 * by content. {@link #toString} shows every byte, long bodies abridged with their hash. Threads:
 * immutable, as long as nobody writes to the body.
 */
public record Message(char type, byte[] body) {
    /** What a read returns when the peer has closed or reset the connection. */
    public static final Message END = new Message('\0', new byte[0]);

    private static final int SHOWN_BYTES = 400;

    public boolean isEnd() {
        return type == END.type;
    }

    /** The field {@code code} of an ErrorResponse or NoticeResponse, or an empty string. */
    public String field(char code) {
        if (type != 'E' && type != 'N') {
            return "";
        }
        for (String field : new String(body, StandardCharsets.UTF_8).split("\0")) {
            if (!field.isEmpty() && field.charAt(0) == code) {
                return field.substring(1);
            }
        }
        return "";
    }

    /** SQLSTATE of an ErrorResponse or NoticeResponse. */
    public String sqlState() {
        return field('C');
    }

    /** The body as text without its final NUL. */
    public String text() {
        int length = body.length > 0 && body[body.length - 1] == 0 ? body.length - 1 : body.length;
        return new String(body, 0, length, StandardCharsets.UTF_8);
    }

    /** The columns of a DataRow as text; NULL is shown as {@code "<null>"}. */
    public String[] columns() {
        var in = ByteBuffer.wrap(body);
        var columns = new String[in.getShort()];
        for (int i = 0; i < columns.length; i++) {
            int length = in.getInt();
            if (length < 0) {
                columns[i] = "<null>";
            } else {
                byte[] value = new byte[length];
                in.get(value);
                columns[i] = new String(value, StandardCharsets.UTF_8);
            }
        }
        return columns;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Message(char otherType, byte[] otherBody)
                && type == otherType
                && Arrays.equals(body, otherBody);
    }

    @Override
    public int hashCode() {
        return 31 * type + Arrays.hashCode(body);
    }

    @Override
    public String toString() {
        return isEnd() ? "(closed)" : type + " " + escape(body);
    }

    private static String escape(byte[] bytes) {
        var text = new StringBuilder();
        for (int i = 0; i < Math.min(bytes.length, SHOWN_BYTES); i++) {
            char c = (char) (bytes[i] & 0xff);
            if (c == '\\') {
                text.append("\\\\");
            } else if (c >= ' ' && c < 0x7f) {
                text.append(c);
            } else {
                text.append("\\%02x".formatted((int) c));
            }
        }
        if (bytes.length > SHOWN_BYTES) {
            text.append("... %d bytes, hash %08x".formatted(bytes.length, Arrays.hashCode(bytes)));
        }
        return text.toString();
    }
}

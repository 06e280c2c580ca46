package io.pgdoorman.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Strings of the protocol: bytes up to a NUL, in an encoding that only the two ends know. They are
 * read as UTF-8. A byte that is not part of valid UTF-8 becomes the lone surrogate U+DC80 to U+DCFF
 * that carries its low eight bits and is written back as that byte, so every string that was read
 * is written unchanged: a LATIN1 user name, query or error text survives. Threads: pure functions.
 *
 * @see <a href="https://www.postgresql.org/docs/current/protocol-message-types.html">Message Data
 *     Types</a>
 */
public final class WireStrings {
    private static final char REPLACEMENT = '\uFFFD';
    private static final char ESCAPE_BASE = '\uDC00';
    private static final char ESCAPE_FIRST = '\uDC80';
    private static final char ESCAPE_LAST = '\uDCFF';

    private WireStrings() {}

    /**
     * Reads a string and its NUL. Borrows {@code in}.
     *
     * @param what message and field, for the {@link ProtocolException} about a missing NUL
     */
    public static String readCString(ByteBuf in, String what) {
        int length = in.bytesBefore((byte) 0);
        if (length < 0) {
            throw new ProtocolException(what + " has no terminator");
        }
        byte[] bytes = new byte[length];
        in.readBytes(bytes).skipBytes(1);
        return toText(bytes);
    }

    /**
     * Writes a string and its NUL. Borrows {@code out}.
     *
     * @throws IllegalArgumentException {@code text} contains a NUL, which would end it early
     */
    public static void writeCString(ByteBuf out, String text) {
        if (text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("NUL inside a protocol string");
        }
        if (hasEscape(text)) {
            out.writeBytes(unescape(text));
        } else {
            ByteBufUtil.writeUtf8(out, text);
        }
        out.writeByte(0);
    }

    /** The bytes of {@code text} without a terminator. */
    public static byte[] toBytes(String text) {
        return hasEscape(text) ? unescape(text) : text.getBytes(StandardCharsets.UTF_8);
    }

    /** The text of bytes without a terminator; they may contain anything. */
    public static String toText(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        // Only a malformed input or a genuine U+FFFD shows a replacement: both are rare.
        return text.indexOf(REPLACEMENT) < 0 ? text : escape(bytes);
    }

    private static String escape(byte[] bytes) {
        CharsetDecoder decoder =
                StandardCharsets.UTF_8
                        .newDecoder()
                        .onMalformedInput(CodingErrorAction.REPORT)
                        .onUnmappableCharacter(CodingErrorAction.REPORT);
        ByteBuffer in = ByteBuffer.wrap(bytes);
        // UTF-8 never has fewer bytes than chars
        CharBuffer out = CharBuffer.allocate(bytes.length);
        while (decoder.decode(in, out, true).isError()) {
            out.put((char) (ESCAPE_BASE + (in.get() & 0xFF)));
            decoder.reset();
        }
        return out.flip().toString();
    }

    private static boolean hasEscape(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (isEscape(text, i)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isEscape(String text, int index) {
        char c = text.charAt(index);
        return c >= ESCAPE_FIRST
                && c <= ESCAPE_LAST
                && (index == 0 || !Character.isHighSurrogate(text.charAt(index - 1)));
    }

    private static byte[] unescape(String text) {
        ByteBuffer out = ByteBuffer.allocate(Math.multiplyExact(text.length(), 3));
        int start = 0;
        for (int i = 0; i < text.length(); i++) {
            if (isEscape(text, i)) {
                out.put(text.substring(start, i).getBytes(StandardCharsets.UTF_8));
                out.put((byte) text.charAt(i));
                start = i + 1;
            }
        }
        out.put(text.substring(start).getBytes(StandardCharsets.UTF_8));
        byte[] bytes = new byte[out.flip().remaining()];
        out.get(bytes);
        return bytes;
    }
}

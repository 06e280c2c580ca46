package io.pgdoorman.auth;

import io.pgdoorman.wire.Bytes;
import io.pgdoorman.wire.SqlState;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * A cursor over a SCRAM message. Each byte is one char (ISO 8859-1), so text that is signed comes
 * back as the bytes that were sent. Errors are worded as PostgreSQL words them. Threads: confined
 * to the parsing call.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc5802#section-7">RFC 5802, formal syntax</a>
 */
final class ScramAttributes {
    private static final int MAX_SHOWN = 30;

    private final String text;
    private int position;

    private ScramAttributes(String text) {
        this.text = text;
    }

    /** Refuses an empty message and one with a NUL. */
    static ScramAttributes of(Bytes message) throws ScramException {
        String text = new String(message.toByteArray(), StandardCharsets.ISO_8859_1);
        if (text.isEmpty()) {
            throw ScramException.malformed("The message is empty.");
        }
        if (text.indexOf('\0') >= 0) {
            throw ScramException.malformed("Message length does not match input length.");
        }
        return new ScramAttributes(text);
    }

    int position() {
        return position;
    }

    boolean atEnd() {
        return position == text.length();
    }

    /** The next char; NUL at the end, which no message contains. */
    char peek() {
        return atEnd() ? '\0' : text.charAt(position);
    }

    void skip() {
        position++;
    }

    String from(int start) {
        return text.substring(start);
    }

    String between(int start, int end) {
        return text.substring(start, end);
    }

    void expectComma() throws ScramException {
        if (peek() != ',') {
            throw ScramException.malformed(
                    "Comma expected, but found character \"%s\".".formatted(show(peek())));
        }
        skip();
    }

    /** Reads the value of attribute {@code name}, which must come next, and the comma after it. */
    String value(char name) throws ScramException {
        if (peek() != name) {
            throw ScramException.malformed(
                    "Expected attribute \"%s\" but found \"%s\".".formatted(name, show(peek())));
        }
        return readValue(name);
    }

    /** Reads the value of whatever attribute comes next; {@link #peek} tells its name before. */
    String anyValue() throws ScramException {
        if (atEnd()) {
            throw ScramException.malformed("Attribute expected, but found end of string.");
        }
        char name = peek();
        if (!((name >= 'A' && name <= 'Z') || (name >= 'a' && name <= 'z'))) {
            throw ScramException.malformed(
                    "Attribute expected, but found invalid character \"%s\"."
                            .formatted(show(name)));
        }
        return readValue(name);
    }

    private String readValue(char name) throws ScramException {
        skip();
        if (peek() != '=') {
            throw ScramException.malformed(
                    "Expected character \"=\" for attribute \"%s\".".formatted(name));
        }
        skip();
        int end = text.indexOf(',', position);
        String value = text.substring(position, end < 0 ? text.length() : end);
        position = end < 0 ? text.length() : end + 1;
        return value;
    }

    /** Decodes base64 of a value; {@code detail} says what is wrong with it otherwise. */
    static Bytes base64(String value, String detail) throws ScramException {
        try {
            return decodeBase64(value);
        } catch (IllegalArgumentException e) {
            throw ScramException.malformed(detail);
        }
    }

    /** Unlike Java's decoder it insists on the padding, as PostgreSQL does. */
    static Bytes decodeBase64(String text) {
        if (text.length() % 4 != 0) {
            throw new IllegalArgumentException("base64 without padding");
        }
        return Bytes.copyOf(Base64.getDecoder().decode(text));
    }

    /** A nonce is printable ASCII without a comma, and not empty. */
    static String requireNonce(String nonce) throws ScramException {
        if (nonce.isEmpty() || !nonce.chars().allMatch(c -> c >= 0x21 && c <= 0x7e)) {
            throw new ScramException(
                    SqlState.PROTOCOL_VIOLATION, "non-printable characters in SCRAM nonce", "");
        }
        return nonce;
    }

    static String encode(Bytes bytes) {
        return Base64.getEncoder().encodeToString(bytes.toByteArray());
    }

    static Bytes toBytes(String message) {
        return Bytes.copyOf(message.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Cut, and without what a log could not show. */
    static String show(String value) {
        String part = value.substring(0, Math.min(value.length(), MAX_SHOWN));
        return part.replaceAll("[^\\x21-\\x7e]", "?");
    }

    static String show(char c) {
        return c >= 0x21 && c <= 0x7e ? String.valueOf(c) : "0x%02x".formatted((int) c);
    }
}

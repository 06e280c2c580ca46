package io.pgdoorman.bench.load;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/**
 * The query of one client: its answer is a text that no other query has. The bytes are made once;
 * only the number in the text changes. Threads: confined to its client's.
 */
final class Query {
    private static final int DIGITS = 10;

    private final ByteBuffer bytes;
    private final byte[] expected;
    private final int numberInQuery;
    private final int numberInAnswer;
    private long number;

    private Query(byte[] message, byte[] expected) {
        bytes = ByteBuffer.allocateDirect(message.length).put(message).flip();
        this.expected = expected;
        numberInAnswer = expected.length - DIGITS;
        numberInQuery = indexOf(message, expected) + numberInAnswer;
    }

    /** A Query message with the text in it. */
    static Query simple(int client) {
        byte[] text = text(client);
        return new Query(
                message('Q', join("SELECT '".getBytes(US_ASCII), text, "'\0".getBytes(US_ASCII))),
                text);
    }

    /** Parse, Bind with the text as parameter, Describe, Execute, Sync. */
    static Query extended(int client) {
        byte[] text = text(client);
        byte[] parameter =
                join(
                        new byte[] {0, 0, 0, 0, 0, 1, 0, 0, 0, (byte) text.length},
                        text,
                        new byte[] {0, 0});
        return new Query(
                join(
                        message('P', "\0SELECT $1::text\0\0\0".getBytes(US_ASCII)),
                        message('B', parameter),
                        message('D', "P\0".getBytes(US_ASCII)),
                        message('E', new byte[5]),
                        message('S', new byte[0])),
                text);
    }

    static byte[] startup(String user, String database) {
        String parameters = "user\0%s\0database\0%s\0application_name\0bench\0\0";
        byte[] body = parameters.formatted(user, database).getBytes(US_ASCII);
        return ByteBuffer.allocate(8 + body.length)
                .putInt(8 + body.length)
                .putInt(3 << 16)
                .put(body)
                .array();
    }

    static byte[] terminate() {
        return message('X', new byte[0]);
    }

    /** The bytes of the next query; the answer to the one before is not expected any more. */
    ByteBuffer next() {
        long rest = ++number;
        for (int digit = DIGITS - 1; digit >= 0; digit--) {
            byte character = (byte) ('0' + rest % 10);
            bytes.put(numberInQuery + digit, character);
            expected[numberInAnswer + digit] = character;
            rest /= 10;
        }
        return bytes.rewind();
    }

    /**
     * Whether {@code buffer} has at {@code at} the body of a DataRow with the one text asked for.
     */
    boolean isAnswer(ByteBuffer buffer, int at, int length) {
        if (length != 6 + expected.length
                || buffer.getShort(at) != 1
                || buffer.getInt(at + 2) != expected.length) {
            return false;
        }
        for (int i = 0; i < expected.length; i++) {
            if (buffer.get(at + 6 + i) != expected[i]) {
                return false;
            }
        }
        return true;
    }

    private static byte[] text(int client) {
        return ("client %06d query " + "0".repeat(DIGITS)).formatted(client).getBytes(US_ASCII);
    }

    private static byte[] message(char type, byte[] body) {
        return ByteBuffer.allocate(5 + body.length)
                .put((byte) type)
                .putInt(4 + body.length)
                .put(body)
                .array();
    }

    private static byte[] join(byte[]... parts) {
        var all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    private static int indexOf(byte[] where, byte[] what) {
        return new String(where, US_ASCII).indexOf(new String(what, US_ASCII));
    }
}

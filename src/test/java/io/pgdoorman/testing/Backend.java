package io.pgdoorman.testing;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Encodes the messages a server sends, well formed or not; named after the manual. Threads: pure
 * functions.
 *
 * @see <a href="https://www.postgresql.org/docs/current/protocol-message-formats.html">Message
 *     Formats</a>
 */
public final class Backend {
    private Backend() {}

    public static byte[] readyForQuery(char status) {
        return Frontend.message('Z', (byte) status);
    }

    public static byte[] commandComplete(String tag) {
        return Frontend.message('C', text(tag));
    }

    public static byte[] parameterStatus(String name, String value) {
        return Frontend.message('S', Frontend.concat(text(name), text(value)));
    }

    public static byte[] error(String severity, String sqlState, String message) {
        return Frontend.message('E', fields(severity, sqlState, message));
    }

    public static byte[] error(String sqlState, String message) {
        return error("ERROR", sqlState, message);
    }

    public static byte[] notice(String message) {
        return Frontend.message('N', fields("NOTICE", "00000", message));
    }

    public static byte[] notification(int processId, String channel, String payload) {
        return Frontend.message(
                'A', Frontend.concat(Frontend.int32(processId), text(channel), text(payload)));
    }

    public static byte[] authentication(int code, byte... rest) {
        return Frontend.message('R', Frontend.concat(Frontend.int32(code), rest));
    }

    public static byte[] backendKeyData(int processId, byte... secret) {
        return Frontend.message('K', Frontend.concat(Frontend.int32(processId), secret));
    }

    /** A row of one text column. */
    public static byte[] dataRow(String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        return Frontend.message(
                'D', Frontend.concat(new byte[] {0, 1}, Frontend.int32(bytes.length), bytes));
    }

    /** A description of one text column. */
    public static byte[] rowDescription(String column) {
        byte[] rest =
                ByteBuffer.allocate(18)
                        .putInt(0)
                        .putShort((short) 0)
                        .putInt(25)
                        .putShort((short) -1)
                        .putInt(-1)
                        .putShort((short) 0)
                        .array();
        return Frontend.message('T', Frontend.concat(new byte[] {0, 1}, text(column), rest));
    }

    public static byte[] copyInResponse() {
        return Frontend.message('G', (byte) 0, (byte) 0, (byte) 0);
    }

    /** ParseComplete, BindComplete, CloseComplete, NoData and others that are their type alone. */
    public static byte[] empty(char type) {
        return Frontend.message(type);
    }

    private static byte[] fields(String severity, String sqlState, String message) {
        var body = new ByteArrayOutputStream();
        body.writeBytes(text("S" + severity));
        body.writeBytes(text("V" + severity));
        body.writeBytes(text("C" + sqlState));
        body.writeBytes(text("M" + message));
        body.write(0);
        return body.toByteArray();
    }

    private static byte[] text(String value) {
        return (value + "\0").getBytes(StandardCharsets.UTF_8);
    }
}

package io.pgdoorman.testing;

import org.jspecify.annotations.Nullable;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Encodes the messages a client sends, well formed or not; named after the manual. Threads: pure
 * functions.
 *
 * @see <a href="https://www.postgresql.org/docs/current/protocol-message-formats.html">Message
 *     Formats</a>
 */
public final class Frontend {
    public static final int PROTOCOL_3_0 = 3 << 16;
    public static final int PROTOCOL_3_2 = (3 << 16) | 2;

    private static final int SSL_REQUEST = 80877103;
    private static final int GSSENC_REQUEST = 80877104;
    private static final int CANCEL_REQUEST = 80877102;

    private Frontend() {}

    public static byte[] startup(int version, Map<String, String> parameters) {
        var body = new Body().int32(version);
        parameters.forEach((name, value) -> body.string(name).string(value));
        return body.int8(0).untyped();
    }

    public static byte[] sslRequest() {
        return new Body().int32(SSL_REQUEST).untyped();
    }

    public static byte[] gssEncRequest() {
        return new Body().int32(GSSENC_REQUEST).untyped();
    }

    public static byte[] cancelRequest(int processId, byte[] secret) {
        return new Body().int32(CANCEL_REQUEST).int32(processId).bytes(secret).untyped();
    }

    public static byte[] query(String sql) {
        return new Body().string(sql).typed('Q');
    }

    public static byte[] parse(String statement, String sql, int... parameterTypes) {
        var body = new Body().string(statement).string(sql).int16(parameterTypes.length);
        Arrays.stream(parameterTypes).forEach(body::int32);
        return body.typed('P');
    }

    /** Bind with text parameters and text results; a null value is SQL NULL. */
    public static byte[] bind(String portal, String statement, @Nullable String... values) {
        var body = new Body().string(portal).string(statement).int16(0).int16(values.length);
        for (String value : values) {
            body.value(value == null ? null : value.getBytes(StandardCharsets.UTF_8));
        }
        return body.int16(0).typed('B');
    }

    /** Bind whose parameters and results are binary. */
    public static byte[] bindBinary(String portal, String statement, byte[]... values) {
        var body = new Body().string(portal).string(statement).int16(1).int16(1);
        body.int16(values.length);
        for (byte[] value : values) {
            body.value(value);
        }
        return body.int16(1).int16(1).typed('B');
    }

    public static byte[] describeStatement(String name) {
        return new Body().int8('S').string(name).typed('D');
    }

    public static byte[] describePortal(String name) {
        return new Body().int8('P').string(name).typed('D');
    }

    public static byte[] execute(String portal, int maxRows) {
        return new Body().string(portal).int32(maxRows).typed('E');
    }

    public static byte[] closeStatement(String name) {
        return new Body().int8('S').string(name).typed('C');
    }

    public static byte[] closePortal(String name) {
        return new Body().int8('P').string(name).typed('C');
    }

    public static byte[] sync() {
        return new Body().typed('S');
    }

    public static byte[] flush() {
        return new Body().typed('H');
    }

    public static byte[] copyData(byte[] data) {
        return new Body().bytes(data).typed('d');
    }

    public static byte[] copyData(String text) {
        return copyData(text.getBytes(StandardCharsets.UTF_8));
    }

    public static byte[] copyDone() {
        return new Body().typed('c');
    }

    public static byte[] copyFail(String reason) {
        return new Body().string(reason).typed('f');
    }

    /** FunctionCall with binary arguments and a binary result. */
    public static byte[] functionCall(int functionOid, byte[]... arguments) {
        var body = new Body().int32(functionOid).int16(1).int16(1).int16(arguments.length);
        for (byte[] argument : arguments) {
            body.value(argument);
        }
        return body.int16(1).typed('F');
    }

    public static byte[] password(String password) {
        return new Body().string(password).typed('p');
    }

    public static byte[] saslInitialResponse(String mechanism, byte[] response) {
        return new Body().string(mechanism).int32(response.length).bytes(response).typed('p');
    }

    public static byte[] saslResponse(byte[] response) {
        return new Body().bytes(response).typed('p');
    }

    public static byte[] terminate() {
        return new Body().typed('X');
    }

    /** Any type byte with any body; the length is right. */
    public static byte[] message(char type, byte... body) {
        return new Body().bytes(body).typed(type);
    }

    /** A type byte and a length as told, whatever follows. */
    public static byte[] header(char type, int length) {
        return ByteBuffer.allocate(5).put((byte) type).putInt(length).array();
    }

    /** A 32-bit integer in network order, as a binary parameter. */
    public static byte[] int32(int value) {
        return ByteBuffer.allocate(Integer.BYTES).putInt(value).array();
    }

    public static byte[] concat(List<byte[]> parts) {
        var out = new ByteArrayOutputStream();
        parts.forEach(out::writeBytes);
        return out.toByteArray();
    }

    public static byte[] concat(byte[]... parts) {
        return concat(List.of(parts));
    }

    /** A message body under construction. */
    private static final class Body {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        Body int8(int value) {
            out.write(value);
            return this;
        }

        Body int16(int value) {
            return int8(value >> 8).int8(value);
        }

        Body int32(int value) {
            return int16(value >> 16).int16(value);
        }

        Body bytes(byte[] value) {
            out.writeBytes(value);
            return this;
        }

        Body string(String value) {
            return bytes(value.getBytes(StandardCharsets.UTF_8)).int8(0);
        }

        void value(byte @Nullable [] value) {
            if (value == null) {
                int32(-1);
            } else {
                int32(value.length).bytes(value);
            }
        }

        byte[] untyped() {
            return concat(int32Of(out.size() + Integer.BYTES), out.toByteArray());
        }

        byte[] typed(char type) {
            return concat(new byte[] {(byte) type}, untyped());
        }

        private static byte[] int32Of(int value) {
            return Frontend.int32(value);
        }
    }
}

package io.pgdoorman.testing;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;

/**
 * First messages of a TLS handshake: good ones of JSSE, and what becomes of them by one or a few
 * changes. Threads: any, if the source of random numbers is the caller's.
 */
public final class ClientHellos {
    private static final int RECORD_HEADER_BYTES = 5;
    private static final int MESSAGE_HEADER_BYTES = 4;
    private static final int MAX_RECORD = 1 << 14;
    private static final int HANDSHAKE = 22;

    /** Behind version and random bytes. */
    private static final int SESSION_ID = MESSAGE_HEADER_BYTES + 2 + 32;

    /** Types of extensions that mean much: keys, early data, cookies, names, retries, QUIC, ECH. */
    private static final int[] TYPES = {
        0, 5, 10, 13, 16, 18, 21, 23, 27, 35, 41, 42, 43, 44, 45, 51, 57, 17513, 65037, 65281
    };

    private ClientHellos() {}

    /**
     * One record.
     *
     * @param version as JSSE calls it
     */
    public static byte[] of(String version) {
        try {
            SSLEngine engine = SSLContext.getDefault().createSSLEngine("localhost", 5432);
            engine.setUseClientMode(true);
            engine.setEnabledProtocols(new String[] {version});
            ByteBuffer hello = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
            engine.wrap(ByteBuffer.allocate(0), hello);
            return Arrays.copyOf(hello.array(), hello.position());
        } catch (NoSuchAlgorithmException | SSLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The same message, its first {@code bytes} in a record of their own. */
    public static byte[] split(byte[] record, int bytes) {
        byte[] message = message(record);
        return Frontend.concat(
                records(Arrays.copyOf(message, bytes)),
                records(Arrays.copyOfRange(message, bytes, message.length)));
    }

    /** How many bytes {@link #split} can have in the second record, and one more. */
    public static int messageBytes(byte[] record) {
        return record.length - RECORD_HEADER_BYTES;
    }

    /** What is no good hello any more, or is one all the same. */
    public static byte[] mutated(byte[] record, Random random) {
        byte[] message = message(record);
        return switch (random.nextInt(10)) {
            case 0 -> flipped(record, random);
            case 1 -> Arrays.copyOf(record, random.nextInt(record.length));
            case 2 -> records(Arrays.copyOf(message, 1 + random.nextInt(message.length - 1)));
            case 3 -> records(withLength(message, random));
            case 4 -> records(duplicated(message, random));
            case 5 -> records(oversized(message, random));
            case 6 -> split(record, 1 + random.nextInt(message.length - 1));
            case 7 -> records(retyped(message, random));
            case 8 -> {
                byte[] more = new byte[random.nextInt(300)];
                random.nextBytes(more);
                yield Frontend.concat(record, random.nextBoolean() ? record : more);
            }
            default -> flipped(records(oversized(duplicated(message, random), random)), random);
        };
    }

    private static byte[] message(byte[] record) {
        return Arrays.copyOfRange(record, RECORD_HEADER_BYTES, record.length);
    }

    private static byte[] records(byte[] message) {
        var out = new ByteArrayOutputStream();
        for (int at = 0; at < message.length; at += MAX_RECORD) {
            int length = Math.min(MAX_RECORD, message.length - at);
            out.writeBytes(new byte[] {HANDSHAKE, 3, 1, (byte) (length >> 8), (byte) length});
            out.write(message, at, length);
        }
        return out.toByteArray();
    }

    private static byte[] flipped(byte[] bytes, Random random) {
        byte[] copy = bytes.clone();
        for (int i = random.nextInt(8); i >= 0; i--) {
            copy[random.nextInt(copy.length)] ^= (byte) (1 << random.nextInt(Byte.SIZE));
        }
        return copy;
    }

    /** Something else in one of the places where a length stands. */
    private static byte[] withLength(byte[] message, Random random) {
        byte[] copy = message.clone();
        List<Integer> places = new ArrayList<>(List.of(2, SESSION_ID, suites(copy)));
        places.add(compressions(copy));
        places.add(extensions(copy));
        each(copy, at -> places.add(at + 2));
        int at = places.get(random.nextInt(places.size()));
        int old = ((copy[at] & 0xff) << 8) | (copy[at + 1] & 0xff);
        int[] values = {0, 1, old - 1, old + 1, 0x7fff, 0xffff, random.nextInt(1 << 16)};
        int value = values[random.nextInt(values.length)];
        copy[at] = (byte) (value >> 8);
        copy[at + 1] = (byte) value;
        return copy;
    }

    private static byte[] duplicated(byte[] message, Random random) {
        List<Integer> starts = new ArrayList<>();
        each(message, starts::add);
        int at = starts.get(random.nextInt(starts.size()));
        int length = MESSAGE_HEADER_BYTES + unsigned(message, at + 2);
        return withExtension(message, Arrays.copyOfRange(message, at, at + length));
    }

    private static byte[] oversized(byte[] message, Random random) {
        int room = 0xffff - (message.length - extensions(message)) - MESSAGE_HEADER_BYTES;
        byte[] body = new byte[random.nextInt(random.nextBoolean() ? room : 500)];
        if (random.nextBoolean()) {
            random.nextBytes(body);
        }
        int type = random.nextBoolean() ? TYPES[random.nextInt(TYPES.length)] : random.nextInt();
        return withExtension(
                message,
                ByteBuffer.allocate(MESSAGE_HEADER_BYTES + body.length)
                        .putShort((short) type)
                        .putShort((short) body.length)
                        .put(body)
                        .array());
    }

    private static byte[] retyped(byte[] message, Random random) {
        byte[] copy = message.clone();
        List<Integer> starts = new ArrayList<>();
        each(copy, starts::add);
        int at = starts.get(random.nextInt(starts.size()));
        int type = TYPES[random.nextInt(TYPES.length)];
        copy[at] = (byte) (type >> 8);
        copy[at + 1] = (byte) type;
        return copy;
    }

    /** Behind the others; the lengths fit. */
    private static byte[] withExtension(byte[] message, byte[] extension) {
        byte[] longer = Frontend.concat(message, extension);
        int at = extensions(message);
        ByteBuffer all = ByteBuffer.wrap(longer);
        all.putInt(0, (message[0] << 24) | (longer.length - MESSAGE_HEADER_BYTES));
        all.putShort(at, (short) (unsigned(message, at) + extension.length));
        return longer;
    }

    // ---- where things stand (RFC 8446, 4.1.2) ---------------------------------------------------

    private static int suites(byte[] message) {
        return SESSION_ID + 1 + (message[SESSION_ID] & 0xff);
    }

    private static int compressions(byte[] message) {
        int at = suites(message);
        return at + 2 + unsigned(message, at);
    }

    private static int extensions(byte[] message) {
        int at = compressions(message);
        return at + 1 + (message[at] & 0xff);
    }

    private interface Place {
        void at(int extension);
    }

    private static void each(byte[] message, Place place) {
        int at = extensions(message) + 2;
        while (at < message.length) {
            place.at(at);
            at += MESSAGE_HEADER_BYTES + unsigned(message, at + 2);
        }
    }

    private static int unsigned(byte[] bytes, int at) {
        return ((bytes[at] & 0xff) << 8) | (bytes[at + 1] & 0xff);
    }
}

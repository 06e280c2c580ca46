package io.pgdoorman.handover;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgdoorman.handover.format.FieldWriter;
import io.pgdoorman.handover.format.FormatException;

import java.util.Arrays;
import java.util.Random;

/** Messages for what reads them. */
final class Messages {
    private static final int RANDOM_MESSAGES = 20_000;

    /** What reads a message, and says by one exception or the other that it is none. */
    interface Reading {
        Object read(Message message) throws HandoverException, FormatException;
    }

    private Messages() {}

    static Message of(MessageType type, FieldWriter body) {
        return of(type, body.toByteArray());
    }

    static Message of(MessageType type, byte[] body) {
        return new Message(type, body, new int[0], false);
    }

    /** However a good message is cut or changed, it is read as something, or refused. */
    static void assertHostile(byte[] good, MessageType type, Reading reading) {
        for (int length = 0; length < good.length; length++) {
            tryReading(Arrays.copyOf(good, length), type, reading);
        }
        for (int i = 0; i < good.length * Byte.SIZE; i++) {
            byte[] changed = good.clone();
            changed[i / Byte.SIZE] ^= (byte) (1 << i % Byte.SIZE);
            tryReading(changed, type, reading);
        }
        var random = new Random(4);
        for (int i = 0; i < RANDOM_MESSAGES; i++) {
            byte[] bytes = new byte[random.nextInt(40)];
            random.nextBytes(bytes);
            tryReading(bytes, type, reading);
        }
        byte[] cut = Arrays.copyOf(good, good.length + 1);
        cut[good.length] = 0x08; // a field without its value
        assertThat(tryReading(cut, type, reading)).isFalse();
    }

    private static boolean tryReading(byte[] bytes, MessageType type, Reading reading) {
        try {
            assertThat(reading.read(of(type, bytes))).isNotNull();
            return true;
        } catch (HandoverException | FormatException e) {
            assertThat(e).hasMessageMatching("(?s).{10,}");
            return false;
        }
    }
}

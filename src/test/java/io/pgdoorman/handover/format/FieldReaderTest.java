package io.pgdoorman.handover.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;

/** What is no message is a {@link FormatException} and nothing else. */
class FieldReaderTest {
    private static final int RANDOM_MESSAGES = 200_000;
    private static final int LONGEST_RANDOM_MESSAGE = 48;

    /** One field of each wire type, and where each ends. */
    private static final String MESSAGE =
            "08ffffffffffffffffff01" // 1: a number of ten bytes
                    + "110102030405060708" // 2: eight bytes
                    + "1a03010203" // 3: bytes
                    + "220408011001" // 4: a message of two fields
                    + "2d01020304" // 5: four bytes
                    + "8208027a7a"; // 128: a tag of two bytes

    private static final int[] ENDS = {0, 11, 20, 25, 31, 36, 41};

    private static FieldReader reader(String hex) {
        return new FieldReader(HexFormat.of().parseHex(hex));
    }

    /** Reads every field of a known number as what it is, and skips the others. */
    private static int readAll(FieldReader in) throws FormatException {
        int fields = 0;
        for (int field = in.next(); field != 0; field = in.next()) {
            fields++;
            switch (field) {
                case 1 -> in.number();
                case 3 -> in.bytes();
                case 4 -> readAll(in.message());
                case 128 -> in.text();
                default -> {}
            }
        }
        return fields;
    }

    private static int skipAll(FieldReader in) throws FormatException {
        int fields = 0;
        while (in.next() != 0) {
            fields++;
        }
        return fields;
    }

    @Test
    void aMessageCutAnywhereButBetweenTwoFieldsIsNone() throws Exception {
        byte[] message = HexFormat.of().parseHex(MESSAGE);

        for (int length = 0; length <= message.length; length++) {
            byte[] cut = Arrays.copyOf(message, length);
            int whole = Arrays.binarySearch(ENDS, length);
            if (whole >= 0) {
                assertThat(readAll(new FieldReader(cut))).isEqualTo(whole);
                assertThat(skipAll(new FieldReader(cut))).isEqualTo(whole);
            } else {
                assertThatThrownBy(() -> readAll(new FieldReader(cut)))
                        .as("read, cut at %d", length)
                        .isInstanceOf(FormatException.class);
                assertThatThrownBy(() -> skipAll(new FieldReader(cut)))
                        .as("skipped, cut at %d", length)
                        .isInstanceOf(FormatException.class);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0b, a group begins",
        "0c, a group ends",
        "0e, wire type 6",
        "0f, wire type 7",
    })
    void aFieldOfAWireTypeThatIsNoneCannotBeSkipped(String tag, String what) throws Exception {
        FieldReader in = reader(tag + "0000000000000000");
        in.next();

        assertThatThrownBy(in::next).as(what).isInstanceOf(FormatException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "00", // field number 0
                "0200", // the same, of another wire type
                "ffffffffffffffffff01", // the highest number there can be
                "80808080800101", // 2^32
                "8080808080808080808001" // of eleven bytes
            })
    void aFieldNumberThatIsNoneIsRefused(String message) {
        FieldReader in = reader(message);

        assertThatThrownBy(in::next).isInstanceOf(FormatException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "0aff7f, just too long",
        "0affffffff07, 2^31 - 1",
        "0a8080808008, 2^31",
        "0affffffff0f, 2^32 - 1",
        "0a808080801000, 2^32",
        "0affffffffffffffff7f, 2^63 - 1",
        "0a80808080808080808001, -2^63",
        "0affffffffffffffffff01, -1"
    })
    void aLengthBeyondTheEndReservesNothing(String message, String length) throws Exception {
        FieldReader bytes = reader(message);
        FieldReader text = reader(message);
        FieldReader inner = reader(message);
        FieldReader skipped = reader(message);
        for (FieldReader in : new FieldReader[] {bytes, text, inner, skipped}) {
            in.next();
        }

        assertThatThrownBy(bytes::bytes).as(length).isInstanceOf(FormatException.class);
        assertThatThrownBy(text::text).as(length).isInstanceOf(FormatException.class);
        assertThatThrownBy(inner::message).as(length).isInstanceOf(FormatException.class);
        assertThatThrownBy(skipped::next).as(length).isInstanceOf(FormatException.class);
    }

    @Test
    void aNumberOfElevenBytesIsRefused() throws Exception {
        FieldReader read = reader("08" + "80".repeat(10) + "01");
        FieldReader skipped = reader("08" + "80".repeat(10) + "01");
        read.next();
        skipped.next();

        assertThatThrownBy(read::number).isInstanceOf(FormatException.class);
        assertThatThrownBy(skipped::next).isInstanceOf(FormatException.class);
    }

    @Test
    void aMessageInAMessageEndsWhereItsLengthSays() throws Exception {
        FieldReader outer = reader("0a020a031001"); // the inner field would reach into the outer
        outer.next();
        FieldReader inner = outer.message();
        inner.next();

        assertThatThrownBy(inner::bytes).isInstanceOf(FormatException.class);
        assertThat(outer.next()).isEqualTo(2);
    }

    @Test
    void aValueIsReadAsWhatItIs() throws Exception {
        String[] values = {"0801", "090102030405060708", "0a0101", "0d01020304"};
        for (int type = 0; type < values.length; type++) {
            FieldReader number = reader(values[type]);
            FieldReader bytes = reader(values[type]);
            number.next();
            bytes.next();

            if (type != 0) {
                assertThatThrownBy(number::number).isInstanceOf(FormatException.class);
            }
            if (type != 2) {
                assertThatThrownBy(bytes::bytes).isInstanceOf(FormatException.class);
            }
        }
    }

    @Test
    void aValueIsReadOnce() throws Exception {
        FieldReader in = reader("08010802");
        in.next();
        in.number();

        assertThatThrownBy(in::number).isInstanceOf(FormatException.class);
        assertThat(in.next()).isEqualTo(1);
        assertThat(in.number()).isEqualTo(2);
    }

    @Test
    void theEndStaysTheEnd() throws Exception {
        FieldReader in = reader("0801");
        in.next();

        assertThat(in.next()).isZero();
        assertThat(in.next()).isZero();
        assertThatThrownBy(in::number).isInstanceOf(FormatException.class);
    }

    @Test
    void randomBytesAreAMessageOrNone() {
        var random = new Random(1);
        int messages = 0;
        for (int i = 0; i < RANDOM_MESSAGES; i++) {
            byte[] bytes = new byte[random.nextInt(LONGEST_RANDOM_MESSAGE)];
            random.nextBytes(bytes);

            messages += isMessage(bytes, FieldReaderTest::readAll);
            messages += isMessage(bytes, FieldReaderTest::skipAll);
        }

        assertThat(messages).isPositive().isLessThan(2 * RANDOM_MESSAGES);
    }

    private interface Reading {
        int read(FieldReader in) throws FormatException;
    }

    private static int isMessage(byte[] bytes, Reading reading) {
        try {
            assertThat(reading.read(new FieldReader(bytes))).isBetween(0, bytes.length);
            return 1;
        } catch (FormatException e) {
            return 0;
        }
    }
}

package io.pgdoorman.handover.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgdoorman.wire.WireStrings;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.HexFormat;

/** Fields as they stand in a message. */
class FieldsTest {
    private static String hex(FieldWriter out) {
        return HexFormat.of().formatHex(out.toByteArray());
    }

    private static FieldReader reader(String hex) {
        return new FieldReader(HexFormat.of().parseHex(hex));
    }

    /** At the value of the only field. */
    private static FieldReader atValue(FieldWriter out) throws FormatException {
        var in = new FieldReader(out.toByteArray());
        in.next();
        return in;
    }

    @ParameterizedTest
    @CsvSource({
        "1, 0801",
        "127, 087f",
        "128, 088001",
        "150, 089601",
        "2147483647, 08ffffffff07",
        "-1, 08ffffffffffffffffff01",
        "9223372036854775807, 08ffffffffffffffff7f",
        "-9223372036854775808, 0880808080808080808001"
    })
    void aNumberHasTheBytesOfProtocolBuffers(long value, String bytes) throws Exception {
        var out = new FieldWriter().put(1, value);

        FieldReader in = reader(bytes);

        assertThat(hex(out)).isEqualTo(bytes);
        assertThat(in.next()).isEqualTo(1);
        assertThat(in.number()).isEqualTo(value);
        assertThat(in.next()).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "-1, 0801",
        "1, 0802",
        "-2, 0803",
        "2147483647, 08feffffff0f",
        "9223372036854775807, 08feffffffffffffffff01",
        "-9223372036854775808, 08ffffffffffffffffff01"
    })
    void aDifferenceHasTheBytesOfProtocolBuffers(long value, String bytes) throws Exception {
        var out = new FieldWriter().putSigned(1, value);

        FieldReader in = reader(bytes);

        assertThat(hex(out)).isEqualTo(bytes);
        assertThat(in.next()).isEqualTo(1);
        assertThat(in.signed()).isEqualTo(value);
    }

    @Test
    void aTextHasTheBytesOfProtocolBuffers() throws Exception {
        var out = new FieldWriter().put(2, "testing");

        FieldReader in = reader("120774657374696e67");

        assertThat(hex(out)).isEqualTo("120774657374696e67");
        assertThat(in.next()).isEqualTo(2);
        assertThat(in.text()).isEqualTo("testing");
    }

    @Test
    void aMessageInAMessageHasTheBytesOfProtocolBuffers() throws Exception {
        var out = new FieldWriter().put(3, new FieldWriter().put(1, 150));

        FieldReader in = reader("1a03089601");

        assertThat(hex(out)).isEqualTo("1a03089601");
        assertThat(in.next()).isEqualTo(3);
        FieldReader inner = in.message();
        assertThat(inner.next()).isEqualTo(1);
        assertThat(inner.number()).isEqualTo(150);
        assertThat(inner.next()).isZero();
        assertThat(in.next()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"1, 08", "15, 78", "16, 8001", "2047, f87f", "268435455, f8ffffff07"})
    void aFieldNumberMayBeLong(int field, String tag) throws Exception {
        var out = new FieldWriter().put(field, 1);

        FieldReader in = reader(tag + "01");

        assertThat(hex(out)).isEqualTo(tag + "01");
        assertThat(in.next()).isEqualTo(field);
    }

    /** A secret is in the message at last, and nowhere else. */
    @Test
    void whatIsLeftBehindIsOverwritten() {
        byte[] secret = new byte[100];
        java.util.Arrays.fill(secret, (byte) 7);
        var inner = new FieldWriter().put(1, secret);
        byte[] ofInner = inner.bytes;
        var out = new FieldWriter().put(2, inner);
        byte[] small = out.bytes;

        out.put(3, new byte[1_000]);
        byte[] large = out.bytes;
        byte[] all = out.take();

        assertThat(ofInner).containsOnly(0);
        assertThat(small).isNotSameAs(large).containsOnly(0);
        assertThat(large).containsOnly(0);
        assertThat(all).contains(7);
        assertThat(inner.size()).isZero();
        assertThat(out.size()).isZero();
    }

    @Test
    void whatSaysNothingIsNotWritten() {
        var out =
                new FieldWriter()
                        .put(1, 0)
                        .putSigned(2, 0)
                        .put(3, false)
                        .put(4, "")
                        .put(5, new byte[0]);

        assertThat(out.size()).isZero();
        assertThat(out.toByteArray()).isEmpty();
    }

    @Test
    void anEmptyMessageIsWritten() {
        var out = new FieldWriter().put(1, new FieldWriter());

        assertThat(hex(out)).isEqualTo("0a00");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 127, 128, 255, 256, 257, 16_383, 16_384, 1_000_000})
    void bytesOfEveryLengthSurvive(int length) throws Exception {
        byte[] value = Samples.secret(length);

        FieldReader in = atValue(new FieldWriter().put(1, value));

        assertThat(in.bytes()).isEqualTo(value);
        assertThat(in.next()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"naïve", "\uFFFD", "\uD83D\uDE00", "a\0b"})
    void textSurvives(String text) throws Exception {
        FieldReader in = atValue(new FieldWriter().put(1, text));

        assertThat(in.text()).isEqualTo(text);
    }

    @Test
    void bytesThatAreNoTextSurviveAsText() throws Exception {
        byte[] latin1 = {'M', (byte) 0xFC, 'l', 'l', 'e', 'r', (byte) 0xFF};

        FieldReader in = atValue(new FieldWriter().put(1, WireStrings.toText(latin1)));

        assertThat(WireStrings.toBytes(in.text())).isEqualTo(latin1);
    }

    @Test
    void fieldsOfAnotherMessageComeBehind() {
        var out = new FieldWriter().put(1, 1).append(new FieldWriter().put(2, 2));

        assertThat(hex(out)).isEqualTo("08011002");
        assertThat(out.size()).isEqualTo(4);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, -1, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void anIntegerSurvives(int value) throws Exception {
        FieldReader in = atValue(new FieldWriter().put(1, value).put(2, 1));

        assertThat(value == 0 ? 0 : in.integer()).isEqualTo(value);
    }

    @ParameterizedTest
    @ValueSource(longs = {1L << 31, -(1L << 31) - 1, Long.MAX_VALUE, Long.MIN_VALUE})
    void aNumberThatIsNoIntegerIsNoneBySilentlyCuttingIt(long value) throws Exception {
        FieldReader in = atValue(new FieldWriter().put(1, value));

        assertThatThrownBy(in::integer)
                .isInstanceOf(FormatException.class)
                .hasMessageContaining(Long.toString(value));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, -1, Long.MIN_VALUE})
    void everyNumberButZeroIsTrue(long value) throws Exception {
        FieldReader in = atValue(new FieldWriter().put(1, value));

        assertThat(in.bool()).isTrue();
    }

    /** As the next field shows, whose place depends on the length of the one skipped. */
    @ParameterizedTest
    @CsvSource({
        "0, 00",
        "0, ffffffffffffffffff01",
        "1, 0102030405060708",
        "2, 00",
        "2, 0108",
        "2, 03109601",
        "5, 01020304"
    })
    void aFieldNobodyAsksForIsSkipped(int wireType, String value) throws Exception {
        String tag = HexFormat.of().toHexDigits((byte) (15 << 3 | wireType));

        FieldReader in = reader(tag + value + "0807");

        assertThat(in.next()).isEqualTo(15);
        assertThat(in.next()).isEqualTo(1);
        assertThat(in.number()).isEqualTo(7);
        assertThat(in.next()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 127, 128, 300, 16_383, 16_384, 100_000})
    void bytesOfEveryLengthAreSkipped(int length) throws Exception {
        byte[] skipped = new byte[length];
        java.util.Arrays.fill(skipped, (byte) 0x12);
        var out = new FieldWriter().put(1, skipped).put(2, new FieldWriter()).put(3, 33);

        var in = new FieldReader(out.toByteArray());

        if (length > 0) {
            assertThat(in.next()).isEqualTo(1);
        }
        assertThat(in.next()).isEqualTo(2);
        assertThat(in.next()).isEqualTo(3);
        assertThat(in.number()).isEqualTo(33);
        assertThat(in.next()).isZero();
    }
}

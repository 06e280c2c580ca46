package io.pgdoorman.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.security.SecureRandom;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

class WireValuesTest {
    /** All 256 bytes in the order of their unsigned values. */
    private static String bytesThat(Predicate<Byte> predicate) {
        return IntStream.range(0, 256)
                .filter(b -> predicate.test((byte) b))
                .mapToObj(b -> String.valueOf((char) b))
                .collect(Collectors.joining());
    }

    @Test
    void knowsTheTypesOfTheManual() {
        assertThat(bytesThat(FrontendType::isKnown)).isEqualTo("BCDEFHPQSXcdfp");
        assertThat(bytesThat(BackendType::isKnown)).isEqualTo("123ACDEGHIKNRSTVWZcdnstv");
    }

    @Test
    void namesTypesAndTheirAbsence() {
        assertThat(FrontendType.name((byte) 'H')).isEqualTo("Flush");
        assertThat(BackendType.name((byte) 'H')).isEqualTo("CopyOutResponse");
        assertThat(FrontendType.name((byte) 0x7F)).isEqualTo("unknown message type 0x7F");
        assertThat(BackendType.name((byte) 0xFF)).isEqualTo("unknown message type 0xFF");
    }

    @ParameterizedTest
    @EnumSource(TransactionStatus.class)
    void readsTheStatusItWrites(TransactionStatus status) {
        assertThat(TransactionStatus.of(status.code())).isEqualTo(status);
    }

    @Test
    void refusesEveryOtherTransactionStatus() {
        assertThat(
                        bytesThat(
                                b -> {
                                    try {
                                        return TransactionStatus.of(b).code() == b;
                                    } catch (ProtocolException _) {
                                        return false;
                                    }
                                }))
                .isEqualTo("EIT");
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 2, 256, Short.MIN_VALUE})
    void refusesAnUnknownFormatCode(int code) {
        assertThatExceptionOfType(ProtocolException.class)
                .isThrownBy(() -> FormatCode.of(code))
                .withMessage("unsupported format code: %d", code);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 196_608, 196_610, -1, Integer.MIN_VALUE, Integer.MAX_VALUE})
    void writesTheVersionItReads(int code) {
        assertThat(ProtocolVersion.of(code).code()).isEqualTo(code);
    }

    @Test
    void ordersVersionsByMajorThenMinor() {
        assertThat(ProtocolVersion.V3_2.isAtLeast(ProtocolVersion.V3_0)).isTrue();
        assertThat(ProtocolVersion.V3_0.isAtLeast(ProtocolVersion.V3_2)).isFalse();
        assertThat(new ProtocolVersion(2, 9).isAtLeast(ProtocolVersion.V3_0)).isFalse();
        assertThat(ProtocolVersion.V3_2).hasToString("3.2");
    }

    @Test
    void protocolExceptionsCarryASqlStateAndNoStackTrace() {
        var exception = new ProtocolException("m");

        assertThat(exception.sqlState()).isEqualTo("08P01");
        assertThat(exception.getStackTrace()).isEmpty();
    }

    @Test
    void cancelKeysAreEqualByContent() {
        CancelKey key = CancelKey.of(1, new byte[] {1, 2, 3, 4});

        assertThat(key)
                .isEqualTo(CancelKey.of(1, new byte[] {1, 2, 3, 4}))
                .hasSameHashCodeAs(CancelKey.of(1, new byte[] {1, 2, 3, 4}))
                .isNotEqualTo(CancelKey.of(2, new byte[] {1, 2, 3, 4}))
                .isNotEqualTo(CancelKey.of(1, new byte[] {1, 2, 3, 5}))
                .isNotEqualTo(CancelKey.of(1, new byte[] {1, 2, 3, 4, 0}));
    }

    @Test
    void cancelKeysShareNoArrayAndHideTheirSecret() {
        byte[] secret = {77, 78, 79, 80};
        CancelKey key = CancelKey.of(1, secret);

        secret[0] = 0;
        key.secret()[1] = 0;

        assertThat(key.secret()).containsExactly(77, 78, 79, 80);
        assertThat(key).hasToString("CancelKey[processId=1, secret=4 bytes]");
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 32, 256})
    void randomCancelKeysDiffer(int secretBytes) {
        var random = new SecureRandom();
        CancelKey key = CancelKey.random(5, secretBytes, random);

        assertThat(key.secretBytes()).isEqualTo(secretBytes);
        assertThat(key.encodedBytes()).isEqualTo(WireBytes.encoded(key::encode).length);
        assertThat(
                        IntStream.range(0, 4)
                                .mapToObj(_ -> CancelKey.random(5, secretBytes, random))
                                .filter(key::equals)
                                .count())
                .isLessThan(4);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 257})
    void refusesToMakeACancelKeyOfBadLength(int secretBytes) {
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> CancelKey.of(1, new byte[secretBytes]));
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> CancelKey.random(1, secretBytes, new SecureRandom()));
    }

    @Test
    void bytesShareNoArrayAndShowTheirLengthOnly() {
        byte[] source = {65, 66};
        Bytes bytes = Bytes.copyOf(source);

        source[0] = 0;
        bytes.toByteArray()[1] = 0;

        assertThat(bytes).isEqualTo(Bytes.ofText("AB")).hasSameHashCodeAs(Bytes.ofText("AB"));
        assertThat(bytes.toText()).isEqualTo("AB");
        assertThat(bytes).hasToString("2 bytes").isNotEqualTo(Bytes.EMPTY);
    }
}

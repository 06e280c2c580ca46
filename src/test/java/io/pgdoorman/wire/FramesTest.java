package io.pgdoorman.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakCheck.class)
class FramesTest {
    @ParameterizedTest
    @ValueSource(ints = {4, 5, 10_000, 1_073_741_822})
    void acceptsLengthsUpToTheLimit(int length) {
        assertThatCode(() -> Frames.checkLength(FrontendType.QUERY, length))
                .doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, 3, 1_073_741_823, Integer.MAX_VALUE})
    void refusesLengthsBeyondTheLimitsByTypeAndLength(int length) {
        assertThatExceptionOfType(ProtocolException.class)
                .isThrownBy(() -> Frames.checkLength(FrontendType.QUERY, length))
                .withMessage("invalid message length %d in Query", length)
                .returns("08P01", ProtocolException::sqlState);
    }

    @ParameterizedTest
    @CsvSource({
        "S, 10000",
        "H, 10000",
        "X, 10000",
        "D, 10000",
        "C, 10000",
        "E, 10000",
        "c, 10000",
        "f, 10000",
        "p, 65535",
        "Q, 1073741822",
        "P, 1073741822",
        "B, 1073741822",
        "F, 1073741822",
        "d, 1073741822"
    })
    void hasPostgresqlsLimitForEachTypeOfAClient(char type, int limit) {
        assertThatCode(() -> Frames.checkFrontendLength((byte) type, limit))
                .doesNotThrowAnyException();
        assertThatExceptionOfType(ProtocolException.class)
                .isThrownBy(() -> Frames.checkFrontendLength((byte) type, limit + 1))
                .withMessageContaining(FrontendType.name((byte) type));
    }

    @Test
    void acceptsTheLongestMessageAServerCanBuild() {
        assertThatCode(() -> Frames.checkBackendLength(BackendType.DATA_ROW, 0x4000_0003))
                .doesNotThrowAnyException();
        assertThatExceptionOfType(ProtocolException.class)
                .isThrownBy(() -> Frames.checkBackendLength(BackendType.DATA_ROW, 0x4000_0004))
                .withMessage("invalid message length 1073741828 in DataRow");
    }

    @ParameterizedTest
    @CsvSource({"7, false", "8, true", "10004, true", "10005, false", "-1, false"})
    void limitsTheLengthOfAStartupPacket(int length, boolean accepted) {
        if (accepted) {
            assertThatCode(() -> Frames.checkStartupLength(length)).doesNotThrowAnyException();
        } else {
            assertThatExceptionOfType(ProtocolException.class)
                    .isThrownBy(() -> Frames.checkStartupLength(length))
                    .withMessage("invalid length of startup packet: %d", length);
        }
    }

    @Test
    void fillsInTheLengthWhereverTheMessageStands() {
        byte[] bytes =
                WireBytes.encoded(
                        out -> {
                            Frames.writeEmpty(out, FrontendType.SYNC);
                            int lengthIndex = Frames.begin(out, FrontendType.QUERY);
                            out.writeByte(0);
                            Frames.end(out, lengthIndex);
                        });

        assertThat(bytes).isEqualTo(WireBytes.of("S\0\0\0\4Q\0\0\0\5\0"));
    }
}

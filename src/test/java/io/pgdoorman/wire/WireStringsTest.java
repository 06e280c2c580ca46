package io.pgdoorman.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;
import java.util.Random;

@ExtendWith(LeakCheck.class)
class WireStringsTest {
    private static final int FUZZ_INPUTS = 50_000;

    private static String read(byte[] bytes) {
        return WireBytes.decoded(bytes, in -> WireStrings.readCString(in, "test"));
    }

    private static byte[] written(String text) {
        return WireBytes.encoded(out -> WireStrings.writeCString(out, text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "zoë", "Ω≈ç", "日本", "\uD83D\uDC18", "\uFFFD", "\uFFFDa\uFFFD"})
    void readsAndWritesUtf8(String text) {
        byte[] bytes = (text + "\0").getBytes(StandardCharsets.UTF_8);

        assertThat(read(bytes)).isEqualTo(text);
        assertThat(written(text)).isEqualTo(bytes);
        assertThat(WireStrings.toBytes(text)).isEqualTo(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void carriesBytesThatAreNotUtf8AsLoneSurrogates() {
        assertThat(read(WireBytes.of("zo\u00eb!\0"))).isEqualTo("zo\uDCEB!");
        assertThat(written("zo\uDCEB!")).isEqualTo(WireBytes.of("zo\u00eb!\0"));
    }

    @Test
    void writesEverySequenceOfBytesAsItWasRead() {
        var random = new Random(3);
        // leads, continuations and borders of UTF-8, where decoders differ
        byte[] awkward =
                WireBytes.of(
                        "aa\u0080\u00bf\u00c0\u00c3\u00e0\u00ed\u00ef\u00f0\u00f4\u00ff\u00a0\u00b2");
        for (int i = 0; i < FUZZ_INPUTS; i++) {
            byte[] bytes = new byte[random.nextInt(10) + 1];
            for (int j = 0; j < bytes.length - 1; j++) {
                bytes[j] = awkward[random.nextInt(awkward.length)];
            }

            assertThat(written(read(bytes))).isEqualTo(bytes);
        }
    }

    @Test
    void readsUpToTheFirstNulOnly() {
        String rest =
                WireBytes.decoded(
                        WireBytes.of("a\0b\0"),
                        in ->
                                WireStrings.readCString(in, "1st")
                                        + ","
                                        + WireStrings.readCString(in, "2nd"));

        assertThat(rest).isEqualTo("a,b");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "no end"})
    void refusesAStringWithoutTerminator(String text) {
        assertThatExceptionOfType(ProtocolException.class)
                .isThrownBy(() -> read(WireBytes.of(text)))
                .withMessage("test has no terminator");
    }

    @Test
    void refusesToWriteANul() {
        assertThatExceptionOfType(IllegalArgumentException.class).isThrownBy(() -> written("a\0b"));
    }
}
